"""Documents become text with places, or a sentence saying why not."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from kontorist.core.errors import NotReadable
from kontorist.reading import pdf, sandbox, text_of
from kontorist.reading.xml import MAX_BYTES, parse_xml

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the shared inputs are not here")


@pytest.mark.parametrize(
    "data",
    ["Größe 5 €".encode(), b"\xef\xbb\xbf" + "Größe 5 €".encode(), "Größe 5 €".encode("cp1252"), "Größe 5 €".encode("utf-16")],
)
def test_text_is_read_in_the_encodings_that_offices_meet(data):
    assert [part.text for part in text_of("a.txt", "text/plain", data)] == ["Größe 5 €"]


def test_html_is_read_as_its_visible_text():
    source = (
        b"<html><head><title>t</title><style>x{}</style></head><body><p>Gr&uuml;&szlig;e</p><script>no()</script><div>Ende</div>"
    )
    assert text_of("a.html", "text/html", source)[0].text == "Grüße\n\nEnde"


def test_the_bytes_decide_what_a_document_is():
    assert text_of("a.bin", "application/octet-stream", b"<?xml version='1.0'?><a>b</a>")[0].name == "xml"


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n", b"PK\x03\x04\x00\x00"])
def test_what_has_no_text_is_refused_with_a_sentence_naming_it(data):
    with pytest.raises(NotReadable, match=r"'scan\.xyz'"):
        text_of("scan.xyz", "application/octet-stream", data)


@needs_data
@pytest.mark.parametrize("path", sorted((DATA / "hostile" / "xml").glob("*")), ids=lambda p: p.name)
def test_hostile_xml_is_refused(path):
    if path.name.startswith("simple"):
        assert parse_xml(path.read_bytes()).tag.endswith("root")
    else:
        with pytest.raises(NotReadable):
            parse_xml(path.read_bytes())


def test_a_document_type_is_refused_in_utf_16_and_utf_7_too():
    hostile = '<?xml version="1.0" encoding="%s"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>'
    for encoding in ("utf-16", "utf-7"):
        with pytest.raises(NotReadable):
            parse_xml((hostile % encoding).encode(encoding))


def test_blank_lines_before_the_declaration_keep_nobody_from_reading():
    assert parse_xml(b'\r\n \n<?xml version="1.0"?><Invoice/>').tag == "Invoice"


def test_xml_beyond_the_cap_is_refused_before_parsing():
    with pytest.raises(NotReadable, match="10 MB"):
        parse_xml(b"<a>" + b" " * MAX_BYTES + b"</a>")


@needs_data
def test_every_sample_pdf_is_read_or_refused_for_the_right_reason():
    refused = {}
    for path in sorted((DATA / "pdf").glob("*/*.pdf")):
        try:
            for page in pdf.pages(path.read_bytes()):
                assert all(page.text[word.start : word.end] == word.text for word in page.words)
        except NotReadable as error:
            refused[path.name] = str(error)
    assert refused == {"libreoffice-writer-password.pdf": "The PDF is protected by a password."}


@needs_data
def test_words_lie_on_their_page_even_when_it_is_rotated():
    for page in pdf.pages((DATA / "pdf/015-arabic/habibi-rotated.pdf").read_bytes()):
        for word in page.words:
            assert -1 <= word.x0 <= word.x1 <= page.width + 1
            assert -1 <= word.top <= word.bottom <= page.height + 1


@needs_data
def test_files_inside_a_pdf_are_found_and_pages_become_pictures():
    data = (DATA / "pdf/025-attachment/with-attachment.pdf").read_bytes()
    files = pdf.embedded_files(data)
    assert list(files) == ["image.png"]
    assert files["image.png"].startswith(b"\x89PNG")
    assert pdf.render(data, 1, 0.5).startswith(b"\x89PNG")
    assert pdf.page_count(data) == 1
    with pytest.raises(NotReadable, match="no page 7"):
        pdf.render(data, 7)


def test_a_broken_pdf_is_refused_and_the_next_one_is_read():
    with pytest.raises(NotReadable, match=r"'a\.pdf'.*broken"):
        text_of("a.pdf", "application/pdf", b"%PDF-1.7 nothing else")


@needs_data
def test_a_worker_that_dies_or_hangs_is_replaced():
    data = (DATA / "pdf/001-trivial/minimal-document.pdf").read_bytes()
    assert pdf.page_count(data) == 1
    sandbox._current["pdf"].process.kill()
    sandbox._current["pdf"].process.wait()
    assert pdf.page_count(data) == 1
    sandbox._current["pdf"].process.send_signal(signal.SIGSTOP)
    with pytest.raises(NotReadable, match="longer than"):
        sandbox.run("pages", data, seconds=0.1)
    assert pdf.page_count(data) == 1


@needs_data
def test_the_worker_sees_no_secrets_and_has_little_memory(monkeypatch):
    monkeypatch.setenv("MAIL_PASSWORD", "swordfish")
    sandbox.stop()
    pdf.page_count((DATA / "pdf/001-trivial/minimal-document.pdf").read_bytes())
    worker = Path(f"/proc/{sandbox._current['pdf'].process.pid}")
    assert b"swordfish" not in (worker / "environ").read_bytes()
    limits = {line[:25].strip(): line[26:].split() for line in (worker / "limits").read_text().splitlines()}
    assert limits["Max address space"][0] == str(384 * 1024**2)
    assert limits["Max file size"][0] == "0"


def test_a_comment_within_a_value_does_not_cut_it() -> None:
    assert parse_xml(b"<a><b>1<!-- x -->19.00</b></a>")[0].text == "119.00"
