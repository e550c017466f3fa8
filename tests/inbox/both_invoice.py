"""Finds what is said of an e-invoice in German and in English: sentences, most of them put together around a phrase."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from kontorist.einvoice.codes import TEXTS
from kontorist.einvoice.compare import _NAMES
from tests.inbox.both import ROOT, Pair, paired

AROUND = {
    "_absent": (3, "Pflichtangabe fehlt: {} ({rule}).", "Mandatory: {} ({rule})."),
    "_problem": (2, "Umsatzsteuer ({category}): {} ({rule}).", "VAT ({category}): {} ({rule})."),
    "_code": (2, "Unbekannter Code: {} '{value}' ({rule}).", "Unknown code: {} '{value}' ({rule})."),
    "_compare": (
        5,
        "Rechenfehler: {} {stated} ist nicht {due} aus {of} ({rule}).",
        "Wrong sum: {} {stated:amount} is not {due:amount} from {of} ({rule}).",
    ),
    "xrechnung": (2, "XRechnung: {} ({rule}).", "XRechnung: {} ({rule})."),
    "further": (2, "{} ({rule}).", "{} ({rule})."),
}
"""What functions and modules put around a phrase, and where the phrase stands."""
ONLY_AROUND = re.compile(r"(Pflichtangabe fehlt|Unbekannter Code|Umsatzsteuer|XRechnung)\b.*|[^a-z]*")
PHRASES = [
    ("Zuschlags", "charge"),
    ("Nachlasses", "allowance"),
    ("Rechnungsdatum", "issue date"),
    ("in Position {1}", "in line {1}"),
]


def said_of_invoices() -> Iterator[Pair]:
    """Every pair in `kontorist/einvoice`."""
    for file in sorted((ROOT / "kontorist/einvoice").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            yield from _of(node, file.stem)
    yield from (pair for pair in (*_NAMES.values(), *PHRASES) if pair[0] != pair[1])
    for german, english in TEXTS.values():
        yield in_order(f"{german} ({{rule}}).", f"{english} ({{rule}}).")
        yield in_order(f"{german}: '{{said}}' ({{rule}}).", f"{english}: '{{said}}' ({{rule}}).")


def _of(node: ast.AST, module: str) -> Iterator[Pair]:
    match node:
        case ast.Call(func=ast.Name(id="Problem"), args=[_, german, english, *_]):
            yield from (pair for pair in paired(german, english) if not ONLY_AROUND.fullmatch(re.sub(r"\{\w+\}", "", pair[0])))
        case ast.Call(func=ast.Name(id="Category"), args=[_, _, german, english, *_]):
            yield from (pair for pair in paired(german, english) if pair[0] != pair[1])
        case ast.Call(func=ast.Name(id="_compare"), args=args):
            ((german, english),) = paired(args[7], args[8])
            yield from (_around("_compare", pair, german, english) for pair in paired(args[5], args[6]))
        case ast.Call(func=ast.Name(id=name), args=args) if name in AROUND and len(args) > AROUND[name][0] + 1:
            yield from (_around(name, pair) for pair in paired(*args[AROUND[name][0] :][:2]))
        case ast.Assign(
            targets=[ast.Tuple(elts=[ast.Name(id="german"), ast.Name(id="english")])], value=ast.Tuple(elts=[one, two])
        ):
            if module == "vat_rules":
                yield from (_around("_problem", pair) for pair in paired(one, two))
        case ast.Tuple(elts=[ast.Constant(value=str(rule)), _, german, english, _, *_]) if module in AROUND and rule.startswith(
            "BR"
        ):
            yield from (_around(module, pair) for pair in paired(german, english))


def _around(name: str, pair: Pair, of: str = "", of_english: str = "") -> Pair:
    _, german, english = AROUND[name]
    return in_order(german.replace("{}", pair[0]).replace("{of}", of), english.replace("{}", pair[1]).replace("{of}", of_english))


def in_order(german: str, english: str) -> Pair:
    """Both with their places numbered as they come in the German one."""
    found = dict.fromkeys(re.findall(r"\{(\w+)", german))
    numbers = {name: str(n) for n, name in enumerate(found, 1)}
    one, other = (re.sub(r"\{(\w+)", lambda place: "{" + numbers[place[1]], text) for text in (german, english))
    return one, other
