"""What is read of invoices whose data is ignored: field by field from the text of the PDF, and from the same pages as scans.

Usage: python benchmarks/bench_extract.py FOLDER [--scans]. A value that does not stand on the page is not counted. A value is right when it is
that of the invoice's XML, and marked when the words under the evidence's box give that value.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kontorist.core.errors import NotReadable
from kontorist.einvoice.document import Found, read_pdf
from kontorist.einvoice.onpage import first_place, written
from kontorist.reading import pdf
from kontorist.reading.layout import Page

FIELDS = ("number", "issue_date", "seller.name", "net", "tax", "gross", "iban", "seller.vat_id")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scans", action="store_true")
    options = parser.parse_args()
    score: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for path in sorted(options.folder.rglob("*.pdf")):
        for field, right, marked, absent, told in _compared(path, options.scans):
            counts = score[field]
            counts[0] += not absent
            counts[1] += right and not absent
            counts[2] += marked and right and not absent
            counts[3] += absent
            if not right and not absent:
                print(f"  {path.name}: {field} {told}", file=sys.stderr)
    print(f"{'field':<16}{'on the page':>12}{'right':>8}{'marked':>8}{'not on the page':>17}")
    for name, counts in score.items():
        print(f"{name:<16}{counts[0]:>12}{counts[1]:>8}{counts[2]:>8}{counts[3]:>17}")
    there, right, marked = (sum(c[i] for c in score.values()) for i in (0, 1, 2))
    print(f"all: {right} of {there} right ({100 * right / max(there, 1):.1f} %), {marked} of these marked on the page")


def _compared(path: Path, scans: bool) -> Iterator[tuple[str, bool, bool, bool, str]]:
    data = path.read_bytes()
    try:
        known = read_pdf(data)
    except NotReadable as error:  # no truth to compare with
        print(f"{path.name}: {error}", file=sys.stderr)
        return
    if known is None or known.invoice.syntax == "PDF":
        return
    pages = pdf.pages(data)
    try:
        read = read_pdf(_scanned(data) if scans else data, ignore_xml=True)
    except NotReadable as error:
        print(f"{path.name}: {error}", file=sys.stderr)
        read = None
    for field in FIELDS:
        truth, value = _value(known, field), _value(read, field) if read else None
        if truth is not None:
            right = _same(truth, value)
            yield (
                field,
                right,
                right and _marked(read, field, value),
                first_place(pages, truth) is None,
                f"{value!r}, not {truth!r}",
            )


def _scanned(data: bytes) -> bytes:
    """The same pages as pictures at 200 dots an inch."""
    from PIL import Image

    pictures = [Image.open(io.BytesIO(pdf.render(data, n, 200 / 72))).convert("RGB") for n in range(1, pdf.page_count(data) + 1)]
    target = io.BytesIO()
    pictures[0].save(target, "PDF", resolution=200, save_all=True, append_images=pictures[1:])
    return target.getvalue()


def _value(found: Found, field: str) -> Any:
    if field == "iban":
        return found.invoice.ibans[0] if found.invoice.ibans else None
    value: Any = found.invoice
    for part in field.split("."):
        value = getattr(value, part)
    return value


def _same(truth: Any, value: Any) -> bool:
    if isinstance(truth, Decimal | date) or value is None:
        return bool(truth == value)
    return re.sub(r"\W", "", str(truth)).casefold() == re.sub(r"\W", "", str(value)).casefold()


def _marked(found: Found | None, field: str, value: Any) -> bool:
    """Whether a box of the evidence holds words that are the value and little else."""
    for place in found.evidence.get(field, ()) if found else ():
        page = next((p for p in found.pages if p.number == place.page), None) if found else None
        under = _under(page, place.box) if page and place.box else ""
        hit = re.search("|".join(written(value)), under, re.IGNORECASE)
        if hit and len(under) < 2 * len(hit.group()) + 12:
            return True
    return False


def _under(page: Page, box: tuple[float, float, float, float]) -> str:
    def inside(x: float, y: float) -> bool:
        return box[0] <= x <= box[2] and box[1] <= y <= box[3]

    shown = [
        (word, page.shown((word.x0, word.top, word.x1, word.bottom)) if page.turn else (word.x0, word.top, word.x1, word.bottom))
        for word in page.words
    ]
    return " ".join(word.text for word, b in shown if inside((b[0] + b[2]) / 2, (b[1] + b[3]) / 2))


if __name__ == "__main__":
    main()
