"""Why a bank statement cannot be read, in German: pairs of pattern and sentence."""

from __future__ import annotations

SENTENCES: tuple[tuple[str, str], ...] = (
    (
        r"The file is no bank statement: neither camt \(XML\) nor MT940 nor CSV\.",
        "Die Datei ist kein Kontoauszug: weder camt (XML) noch MT940 noch CSV.",
    ),
    (
        r"The file is no bank statement: it has no columns for booking date and amount\.",
        "Die Datei ist kein Kontoauszug: Ihr fehlen Spalten für Buchungstag und Betrag.",
    ),
    (
        r"The XML is no bank statement \(camt\.052, camt\.053 or camt\.054\)\.",
        "Das XML ist kein Kontoauszug (camt.052, camt.053 oder camt.054).",
    ),
    (r"The message (.+) holds no statement\.", r"Die Nachricht \1 enthält keinen Auszug."),
    (r"The file holds no statement \(MT940\)\.", "Die Datei enthält keinen Auszug (MT940)."),
    (
        r"The file has entries of several accounts \((.+)\); export one at a time\.",
        r"Die Datei enthält Umsätze mehrerer Konten (\1); bitte einzeln exportieren.",
    ),
    (r": the statement has no reference \(:20:\)\.", ": Dem Auszug fehlt die Referenz (:20:)."),
    (r": the statement has no account \(:25:\)\.", ": Dem Auszug fehlt das Konto (:25:)."),
    (r": the statement has no number \(:28C:\)\.", ": Dem Auszug fehlt die Nummer (:28C:)."),
    (r": the statement has no opening balance \(:60F:\)\.", ": Dem Auszug fehlt der Anfangssaldo (:60F:)."),
    (
        r": the statement has no closing balance \(:62F:\); it breaks off\.",
        ": Dem Auszug fehlt der Schlusssaldo (:62F:); er bricht ab.",
    ),
    (r": the statement has no account\.", ": Dem Auszug fehlt das Konto."),
    (r": the statement has no id\.", ": Dem Auszug fehlt die Kennung."),
    (
        r": the statement names a second account \(:25:\), where text of an entry belongs\.",
        ": Der Auszug nennt ein zweites Konto (:25:), wo der Text eines Umsatzes stehen müsste.",
    ),
    (
        r": whether it is a credit or a debit is not said\.",
        ": Ob Gutschrift oder Lastschrift, steht nicht da.",
    ),
    (r": the row has an amount, but no booking date\.", ": Die Zeile hat einen Betrag, aber keinen Buchungstag."),
    (r": the amount is missing\.", ": Der Betrag fehlt."),
    (r"('[^']*') is no amount\.", r"\1 ist kein Betrag."),
    (r"('[^']*') is no balance( \(:\w+:\))\.", r"\1 ist kein Saldo\2."),
    (r"('[^']*') is no entry \(:61:\)\.", r"\1 ist kein Umsatz (:61:)."),
    (r"('[^']*') is no day of a year \(:61:\)\.", r"\1 ist kein Tag eines Jahres (:61:)."),
    (r"('[^']*') is no date( \(:\w+:\))?\.", r"\1 ist kein Datum\2."),
    (
        r"The file is so badly built that it cannot be read \((\w+)\)\.",
        r"Die Datei ist so fehlerhaft aufgebaut, dass sie nicht gelesen werden kann (\1).",
    ),
    (
        r": the row cannot be read; a cell in it never ends\.",
        ": Die Zeile ist nicht lesbar; eine Zelle in ihr hört nicht auf.",
    ),
    (
        r": a quotation mark swallows line (\d+); take it out of the file\.",
        r": Ein Anführungszeichen verschluckt Zeile \1; bitte aus der Datei nehmen.",
    ),
    (
        r"The column ('[^']*') holds S and H, and it is not known whether they mean debit and credit\.",
        r"In der Spalte \1 stehen S und H; ob das Soll und Haben heißt, ist nicht bekannt.",
    ),
    (r"('[^']*') is neither debit \(S\) nor credit \(H\)\.", r"\1 ist weder Soll (S) noch Haben (H)."),
    (
        (
            r"The statement (.*?) does not add up: (\S+) and its entries make (\S+), its closing balance is (\S+)\. "
            r"Entries may be missing; get it from the bank again\."
        ),
        (
            r"Der Auszug \1 geht nicht auf: \2 und seine Umsätze ergeben \3, der Schlusssaldo ist \4. "
            "Es können Umsätze fehlen; bitte noch einmal bei der Bank holen."
        ),
    ),
    (
        r"('[^']*') is about the account (\S+), which is not one of ours in connections\.yaml\.",
        r"\1 betrifft das Konto \2, das in connections.yaml nicht zu unseren gehört.",
    ),
    (r"\bstatement (\d+)(?=, )", r"Auszug \1"),
    (r"\bbalance (\d+)(?=, )", r"Saldo \1"),
    (r"\bentry (\d+)(?=, )", r"Umsatz \1"),
    (r"\bpart (\d+)(?=, )", r"Teil \1"),
    (r"\bline (\d+)(?=:|$)", r"Zeile \1"),
)
