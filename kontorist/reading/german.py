"""What cannot be read, said in German: the sentences of this package for offices that read German."""

from __future__ import annotations

import re

_SENTENCES: tuple[tuple[str, str], ...] = (
    (r"The PDF is protected by a password\.", "Das PDF ist mit einem Passwort geschützt."),
    (r"The PDF is broken and cannot be opened\.", "Das PDF ist beschädigt und lässt sich nicht öffnen."),
    (r"The PDF is broken \((\w+)\)\.", r"Das PDF ist beschädigt (\1)."),
    (r"The PDF needs more memory than a document may take\.", "Das PDF braucht mehr Speicher, als ein Beleg darf."),
    (r"The PDF has (\d+) pages, more than the (\d+) that are read\.", r"Das PDF hat \1 Seiten, gelesen werden höchstens \2."),
    (r"The PDF has more than (\d+) words on a page\.", r"Das PDF hat mehr als \1 Wörter auf einer Seite."),
    (r"The PDF has no page (\d+)\.", r"Das PDF hat keine Seite \1."),
    (r"The XML is larger than (\d+) MB\.", r"Das XML ist größer als \1 MB."),
    (
        r"The XML has a document type declaration, which invoices never have and attacks need\.",
        "Das XML hat eine Dokumenttyp-Deklaration (DOCTYPE): Rechnungen haben nie eine, Angriffe brauchen sie.",
    ),
    (r"The XML is a program or a schema, not a document\.", "Das XML ist ein Programm oder ein Schema, kein Beleg."),
    (r"The XML is broken: ", "Das XML ist beschädigt: "),
    (
        r"Reading it took longer than (\d+) seconds, so it was stopped\.",
        r"Das Lesen dauerte länger als \1 Sekunden und wurde abgebrochen.",
    ),
    (
        r"Reading it needed more memory or time than a document may take, or it is broken\.",
        "Das Lesen brauchte mehr Speicher oder Zeit, als ein Beleg darf, oder der Beleg ist beschädigt.",
    ),
    (r"The invoice data inside the PDF cannot be read: ", "Die Rechnungsdaten im PDF sind nicht lesbar: "),
    (r"('[^']*') is larger than (\d+) MB, so it was not read\.", r"\1 ist größer als \2 MB und wurde nicht gelesen."),
    (r"('[^']*') is a picture; it has no text that could be read\.", r"\1 ist ein Bild ohne lesbaren Text."),
    (r"('[^']*') is in a format that cannot be read here\.", r"\1 hat ein Format, das hier nicht gelesen werden kann."),
)


def said_in(language: str, sentence: str) -> str:
    """The sentence in the office's language; as it is when nobody translated it."""
    if not language.startswith("de"):
        return sentence
    for english, german in _SENTENCES:
        sentence = re.sub(english, german, sentence)
    return sentence
