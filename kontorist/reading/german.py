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
    (r"The XML is broken; get the file again\.", "Das XML ist beschädigt; bitte lassen Sie sich die Datei noch einmal geben."),
    (
        r"The XML is broken in line (\d+); get the file again\.",
        r"Das XML ist in Zeile \1 beschädigt; bitte lassen Sie sich die Datei noch einmal geben.",
    ),
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
    (r"The ZIP is protected by a password\.", "Das ZIP ist mit einem Passwort geschützt."),
    (r"The ZIP is broken \((\w+)\)\.", r"Das ZIP ist beschädigt (\1)."),
    (
        r"The ZIP would become (\d+) MB in (\d+) files, so it was not opened\.",
        r"Das ZIP ergäbe \1 MB in \2 Dateien und wurde nicht geöffnet.",
    ),
    (
        r"The ZIP holds more than (\d+) files, so it was not opened\.",
        r"Das ZIP enthält mehr als \1 Dateien und wurde nicht geöffnet.",
    ),
    (r"The ZIP is larger than it claims, so it was not opened\.", "Das ZIP ist größer, als es angibt, und wurde nicht geöffnet."),
    (
        r"It holds more than (\d+) files or (\d+) MB, so it was not opened\.",
        r"Es enthält mehr als \1 Dateien oder \2 MB und wurde nicht geöffnet.",
    ),
    (
        r"It lies in (\d+) others already, so it was not opened\.",
        r"Es steckt schon in \1 anderen und wurde nicht geöffnet.",
    ),
    (r"The winmail\.dat is broken: it does not begin as one\.", "Die winmail.dat ist beschädigt: sie beginnt nicht wie eine."),
    (r"The winmail\.dat is broken off in the middle\.", "Die winmail.dat bricht mittendrin ab."),
    (
        r"The mail has (\d+) parts, or they are nested deeper than (\d+) levels: no real one has more than (\d+)\.",
        r"Die Mail hat \1 Teile, oder sie sind tiefer als \2 Ebenen verschachtelt: keine echte hat mehr als \3.",
    ),
    (r"The mail is larger than (\d+) MB, so it was not read\.", r"Die Mail ist größer als \1 MB und wurde nicht gelesen."),
    (
        r"The mail is built so badly that it cannot be taken apart \((\w+)\)\.",
        r"Die Mail ist so fehlerhaft gebaut, dass sie nicht zerlegt werden kann (\1).",
    ),
    (r"This is no mail: it has no header fields\.", "Das ist keine Mail: sie hat keine Kopfzeilen."),
    (
        r"('[^']*') is a scan, read by OCR: compare what was read with the picture\.",
        r"\1 ist ein Scan, per OCR gelesen: bitte mit dem Bild vergleichen.",
    ),
    (r"('[^']*'): page ([\d, ]+) could not be read: ", r"\1: Seite \2 wurde nicht gelesen: "),
    (
        r"Of scans at most (\d+) pages and (\d+) seconds of reading are spent; the rest was not read\.",
        r"Von Scans werden höchstens \1 Seiten und \2 Sekunden lang gelesen; der Rest blieb ungelesen.",
    ),
    (r"The picture is broken and cannot be opened\.", "Das Bild ist beschädigt und lässt sich nicht öffnen."),
    (r"The picture is broken \((\w+)\)\.", r"Das Bild ist beschädigt (\1)."),
    (r"The picture needs more memory than a document may take\.", "Das Bild braucht mehr Speicher, als ein Beleg darf."),
    (r"The picture has more than (\d+) million dots\.", r"Das Bild hat mehr als \1 Millionen Punkte."),
    (r"The picture has no page (\d+)\.", r"Das Bild hat keine Seite \1."),
    (r"('[^']*') is in a format that cannot be read here\.", r"\1 hat ein Format, das hier nicht gelesen werden kann."),
)


def said_in(language: str, sentence: str) -> str:
    """The sentence in the office's language; as it is when nobody translated it."""
    if not language.startswith("de"):
        return sentence
    from kontorist.reading.bank.german import SENTENCES as OF_BANKS

    for english, german in (*_SENTENCES, *OF_BANKS):
        sentence = re.sub(english, german, sentence)
    return sentence
