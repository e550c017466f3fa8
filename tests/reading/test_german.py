"""Every reason why a document cannot be read has a German sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kontorist.core.errors import NotReadable
from kontorist.reading.german import said_in
from kontorist.reading.parts import text_of
from kontorist.reading.worker import KINDS

READING = Path(__file__).resolve().parents[2] / "kontorist/reading"
RAISED = re.compile(r"""(?:NotReadable|Refused)\(f?"([^"]+)"\)|"error": f?"([^"]+)\"""")

WHAT = [limits.what for limits in KINDS.values()]


def sentences() -> list[str]:
    found = [one or other for path in sorted(READING.glob("*.py")) for one, other in RAISED.findall(path.read_text("utf-8"))]
    filled = (re.sub(r"'\{name\}'", "'a.pdf'", sentence) for sentence in found)
    told = (sentence.replace("{what}", what) for sentence in filled for what in WHAT[: 1 + ("{what}" in sentence)])
    return [re.sub(r"\{[^{}]*\}", "7", sentence) for sentence in told if sentence != "'a.pdf': {error}"]


def test_there_are_sentences_to_look_at() -> None:
    assert len(sentences()) > 12


@pytest.mark.parametrize("sentence", sentences())
def test_every_reason_is_said_in_german(sentence: str) -> None:
    german = said_in("de", sentence)
    assert german != sentence
    assert not re.search(r"\b(the|is|has|was|than|cannot)\b", german, re.IGNORECASE)
    assert said_in("en", sentence) == sentence


def test_a_broken_xml_says_where_in_german() -> None:
    with pytest.raises(NotReadable) as caught:
        text_of("a.xml", "text/xml", b"<a>\n<b></a>")
    german = said_in("de-DE", str(caught.value))
    assert german == "'a.xml': Das XML ist in Zeile 2 beschädigt; bitte lassen Sie sich die Datei noch einmal geben."
