"""Scans and photos are read by OCR, each word with its place on the picture as it is shown."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from fpdf import FPDF
from PIL import Image, ImageDraw

from kontorist.core.errors import NotReadable
from kontorist.reading import pdf, sandbox, scan, text_of
from kontorist.reading.parts import notes_on

LINES = (
    "Schreinerei Großmüller GmbH, Löwenstraße 7, 80331 München",
    "Rechnung Nr. RE-2026-4711 vom 03.11.2026",
    "Übergrößen, Maßanfertigung und Größenänderung",
    "Gesamtbetrag: 1.234,56 EUR",
)


def _letters(text: str) -> list[str]:
    """The lines without blanks, which OCR overlooks now and then."""
    return ["".join(line.split()) for line in text.splitlines()]


def _sheet(*lines: str) -> bytes:
    """A page of text as a PDF."""
    page = FPDF(format=(150, 90))
    page.add_page()
    page.set_font("helvetica", size=12)
    for line in lines:
        page.cell(0, 10, line, new_x="LMARGIN", new_y="NEXT")
    return bytes(page.output())


def _photo(turn: float = 0, form: str = "PNG") -> bytes:
    """The page as a picture that lies turned clockwise."""
    picture = Image.open(io.BytesIO(pdf.render(_sheet(*LINES), 1, 200 / 72))).convert("RGB")
    target = io.BytesIO()
    picture.rotate(-turn, expand=True, fillcolor="white").save(target, form)
    return target.getvalue()


def test_a_photo_is_read_in_german_without_a_mistake() -> None:
    [part] = text_of("foto.jpg", "image/jpeg", _photo(form="JPEG"))
    assert _letters(part.text) == _letters("\n".join(LINES))
    assert "RE-2026-4711 vom 03.11.2026" in part.text
    assert part.read_by == "ocr"
    assert notes_on("foto.jpg", [part]) == ["'foto.jpg' is a scan, read by OCR: compare what was read with the picture."]


def test_a_photo_of_an_iphone_is_read_and_shown_like_any_other() -> None:
    data = (Path(__file__).parent / "photo.heic").read_bytes()
    [part] = text_of("IMG_2041.HEIC", "application/octet-stream", data)
    assert _letters(part.text) == _letters("\n".join(LINES))
    assert part.read_by == "ocr"
    with Image.open(io.BytesIO(scan.shown(data))) as picture:
        assert (picture.format, picture.size) == ("PNG", (1182, 709))


@pytest.mark.parametrize("keep", [11, 60, 2_000, 15_000])
def test_half_a_photo_of_an_iphone_is_refused_with_a_reason(keep: int) -> None:
    data = (Path(__file__).parent / "photo.heic").read_bytes()[:keep]
    with pytest.raises(NotReadable):
        text_of("IMG_2041.HEIC", "image/heic", data)


@pytest.mark.parametrize("turn", [90, 180, 3])
def test_a_page_that_lies_turned_is_read_and_its_words_are_marked_where_they_lie(turn: int) -> None:
    data = _photo(turn)
    [page] = scan.pages(data)
    start = page.text.index("4711")
    box = page.evidence(start - 8, start + 4).box
    assert box is not None
    picture = Image.open(io.BytesIO(data))
    dots = max(picture.size) / 842
    marked = picture.crop(tuple(int(side * dots) for side in box)).rotate(turn, expand=True, fillcolor="white")
    framed = Image.new("RGB", (700, 500), "white")
    framed.paste(marked, (50, 100))
    target = io.BytesIO()
    framed.save(target, "PNG")
    assert "RE-2026-4711" in scan.pages(target.getvalue())[0].text


def test_pages_of_a_pdf_that_are_only_a_picture_are_read_beside_those_with_text() -> None:
    page = FPDF(format=(150, 90))
    page.add_page()
    page.set_font("helvetica", size=12)
    page.cell(0, 10, "Seite mit Text")
    page.add_page()
    page.image(io.BytesIO(_photo()), 0, 0, 150)
    page.add_page()
    first, second, third = pdf.pages(bytes(page.output()))
    assert (first.text.strip(), first.read_by) == ("Seite mit Text", "")
    assert (_letters(second.text), second.read_by) == (_letters("\n".join(LINES)), "ocr")
    assert (third.text, third.read_by) == ("", "")
    assert second.words[-1].x1 < second.width == pytest.approx(first.width, abs=0.1)


def test_every_page_of_a_fax_is_read() -> None:
    frames = [Image.open(io.BytesIO(pdf.render(_sheet(line), 1, 200 / 72))).convert("1") for line in LINES[1:3]]
    fax = io.BytesIO()
    frames[0].save(fax, "TIFF", save_all=True, append_images=frames[1:], compression="group4")
    parts = text_of("fax.tif", "image/tiff", fax.getvalue())
    assert _letters("".join(part.text for part in parts)) == _letters("\n".join(LINES[1:3]))


def test_a_logo_is_no_document_and_starts_nothing() -> None:
    target = io.BytesIO()
    Image.new("RGB", (120, 40), "red").save(target, "PNG")
    assert text_of("logo.png", "image/png", target.getvalue()) == []


def test_a_picture_without_letters_has_no_words() -> None:
    picture = Image.new("RGB", (600, 600), "white")
    ImageDraw.Draw(picture).ellipse((100, 100, 400, 400), fill="green")
    target = io.BytesIO()
    picture.save(target, "PNG")
    [part] = text_of("kreis.png", "image/png", target.getvalue())
    assert not any(letter.isalnum() for letter in part.text)


def test_a_broken_picture_is_refused_with_its_name_and_the_next_one_is_read() -> None:
    with pytest.raises(NotReadable, match=r"'a\.png'.*broken"):
        text_of("a.png", "image/png", b"\x89PNG\r\n\x1a\n" + b"0" * 50)
    whole = _photo()
    with pytest.raises(NotReadable, match=r"'cut\.png'.*broken"):
        text_of("cut.png", "image/png", whole[: len(whole) // 2])
    assert scan.sizes(whole)


def test_the_reader_of_pictures_has_its_own_limits_and_sees_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "swordfish")
    sandbox.stop()
    scan.sizes(_photo())
    worker = Path(f"/proc/{sandbox._current['picture'].process.pid}")
    assert b"swordfish" not in (worker / "environ").read_bytes()
    limits = {line[:25].strip(): line[26:].split() for line in (worker / "limits").read_text().splitlines()}
    assert limits["Max address space"][0] == str(2560 * 1024**2)
    assert limits["Max file size"][0] == "0"
    assert "onnxruntime" not in (worker / "maps").read_text(), "the models are loaded with the first picture that is read"
