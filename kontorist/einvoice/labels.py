"""The words that stand before values on German and English invoices, and the shapes of the values."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

_SEP = r"\s*(?:[:#.=]|\bis\b)?\s*"


def _label(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{words}){_SEP}", re.IGNORECASE)


NUMBER = (
    _label(
        r"rechnungs?[-\s]*(?:nummer|nr\b\.?|no\b\.?|id\b)|(?:rg|re|rech)\.?[-\s]*(?:nr\b\.?|nummer)|faktura?[-\s]*(?:nummer|nr\b\.?)|bill\s*(?:number|no\b\.?|#)|(?:tax\s+)?invoice\s*(?:number|no\b\.?|nr\b\.?|id|#)|gutschrifts?[-\s]*(?:nummer|nr\b\.?)|credit\s+note\s*(?:number|no\b\.?|#)"
    ),
    _label(
        r"beleg[-\s]*(?:nummer|nr\b\.?)|(?:\w*rechnung|rechnungskorrektur|gutschrift|invoice)(?:\s*\([^)\n]{1,40}\)){0,2}\s*(?:nummer|nr\b\.?|no\b\.?|#)"
    ),
    _label(r"(?:rechnung(?:skorrektur)?|invoice|gutschrift|credit\s+note)(?![^\W\d_])"),
)
ISSUED = (
    _label(
        r"(?:rechnungs?|faktura?|re\.?|rg\.?)[-\s]*datum|ausstellungs[-\s]*datum|bill(?:ing)?\s+date|datum\s+der\s+rechnung|invoice\s+date|date\s+of\s+(?:invoice|issue)|issue\s+date|issued(?:\s+(?:at|on))?|belegdatum|gutschriftsdatum"
    ),
    _label(
        r"(?:\w*rechnung|rechnungskorrektur|gutschrift|invoice|credit\s+note)\b(?:(?!bestell|auftrag|order|liefer|angebot|rechnung)[^\n]){0,80}?\b(?:vom|von|dated|of)"
    ),
    _label(r"datum|date|ausgestellt\s+am"),
)
REFERRED = re.compile(
    r"(?:\b(?:zu[rm]?|betr(?:ifft|\.)|bezug|gegen|storniert|korrigiert|ersetzt)[^\S\n:]*:?\s+(?:(?:unser|ihr|der|die|o\.)\w*\s+(?:g\.\s+)?)?\w*rechnung|"
    r"\b(?:ursprungs|original|bezugs)rechnung|\b(?:to|against|cancels|corrects|original)\s(?:(?:our|your|the)\s)?invoice)\b(?:(?!\bdatum\b|\bdate\b)[^\n])*$",
    re.IGNORECASE,
)
"""Words before a day on its line that make it the day of another invoice, which this document is about."""
WHOLE = re.compile(r"\b(?:[üu]ber|betrag|summe|gesamt|total|amount|for)\b", re.IGNORECASE)
"""Words between a day and an amount that make both those of the whole invoice."""
DUE = (
    _label(r"(?:betrag|summe|wir|konto)\b[^\n]{0,60}\b(?:wird|werden|ziehen|buchen)\b[^\n]{0,40}?\bam"),
    _label(
        r"f[äa]llig(?:keit(?:s\s*datum)?)?(?:\s+(?:am|bis|zum))?|zahlbar\s+(?:(?:ohne|netto|rein)\s+\w+\s+)?bis(?:\s+zum)?|zahlungsziel|due\s+date|payment\s+due(?:\s+(?:by|on|date))?|due\s+(?:by|on)|(?:please\s+)?(?:pay|remit)\s+(?:by|until)|bis\s+(?:sp[äa]testens|zum)"
    ),
)
DELIVERED = (
    _label(
        r"(?:liefer|leistungs)(?:-?\s*(?:und|/)\s*(?:leistungs?|liefer))?[-\s]*datum|lieferung\s+(?:am|vom)|date\s+of\s+(?:delivery|supply)|delivery\s+date|service\s+date"
    ),
)
ORDER = (
    _label(
        r"(?:ihre\s+)?bestell(?:ung|nummer|[-\s]*nr\b\.?)(?:\s*nr\b\.?)?|(?:your\s+|purchase\s+)order(?:\s*(?:number|no\b\.?|#))?|p\.?o\.?[-\s]*(?:number|no\b\.?|#)"
    ),
)
GROSS = (
    _label(
        r"(?:rechnungs|end|zahl|brutto|rechnungsend)[-\s]*betrag|brutto(?:summe|gesamt)?|gesamt(?:betrag|summe)?\s*\(?\s*(?:brutto|inkl)|zu\s+zahlen(?:der\s+betrag)?|f[äa]lliger?\s+betrag|zahlbetrag|grand\s+total|(?:total\s+)?amount\s+(?:due|payable)|due\s+payable|balance\s+due|invoice\s+(?:total|amount)|total\s+(?:due|gross|payable|incl)|gross(?:\s+(?:total|amount))?|amount\s+due"
    ),
    _label(r"gesamt(?:betrag|summe|preis)|total\s+amount"),
    _label(r"gesamt|summe|total|betrag"),
)
NET = (
    _label(
        r"(?:rechnungs|gesamt)?(?:summe|betrag)\s+(?:ohne|exkl\.?|vor)\s+(?:ust|mwst|umsatzsteuer|mehrwertsteuer|steuer)|netto(?:[-\s]*(?:betrag|summe|gesamt|warenwert))?|summe\s+netto|gesamt\s*\(?netto|zwischensumme|warenwert|net(?:\s+(?:total|amount|value))?|sub-?\s?total|total\s+(?:net|excl)|bemessungsgrundlage"
    ),
)
TAX = (
    _label(
        r"(?:zzgl\.?\s*|plus\s+|\+\s*)?(?:\d{1,2}(?:[.,]\d{1,2})?\s?%\s*)?(?:gesetzl\.?\s+)?(?:ust|mwst|mehrwertsteuer|umsatzsteuer|u\.?st|m\.?w\.?st|steuerbetrag|steuer|vat|tax|sales\s+tax)\b\.?(?:[-\s]*(?:betrag|gesamt|amount|total))?(?!\s*-?\s*id)"
    ),
)
REST = _label(
    r"(?:noch|verbleib\w*)\s+(?:zu\s+)?(?:be)?zahlen(?:d\w*(?:\s+betrag)?)?|zahlbetrag|rest(?:betrag|zahlung|summe|forderung)|(?:noch\s+)?(?:offene[rs]?|verbleibende[rs]?|f[äa]llige[rs]?)\s+(?:rest)?betrag|balance\s+due|remaining\s+(?:amount|balance)|amount\s+(?:due|payable)"
)
PREPAID = re.compile(
    r"(?<![\w-])(?:an(?:zahlung(?:en|sbetrag)?|bezahlt)\b|(?:abschlags|voraus|teil)zahlung(?:en)?|(?:abz[üu]gl?(?:ich)?\.?|abzgl\.?|minus|less|\./\.)\s+(?:[\w.]+\s+){0,2}(?:anzahlungs|abschlags|teil)?(?:rechnung(?:en)?|abschl[äa]ge?)|(?:bereits|schon)\s+(?:be|ge)zahlt\w*|(?:bereits\s+)?geleistete\s+\w*zahlung(?:en)?|erhaltene\s+\w*zahlung(?:en)?|less\s+deposit|deposit\s+(?:paid|received)|prepa(?:id|yments?)|already\s+paid|amount\s+paid|payments?\s+received)[^\S\n]*:?",
    re.IGNORECASE,
)
"""Not over the end of its line: without an amount there was nothing paid, or it cannot be read."""
NONE = re.compile(r"\b(?:keine|no)\s+$", re.IGNORECASE)
"""Before a prepayment: there was none. `Ohne Anzahlung` says nothing, it may be the amount without the one there was."""
SUPPOSED = re.compile(r"\b(?:sollten?|falls|sofern|wenn|if)\b[^.;:!?\n\d]{0,40}$", re.IGNORECASE)
"""Before `bereits bezahlt`: meant for those who have paid, whoever they are."""
PART = re.compile(
    r"\binkl|\bincl|enth[aä]lt|\bdarin|\bdavon|\bthereof|\bof\s+which|\(|zahlung|\babz|\bskonto|discount|if\s+paid", re.IGNORECASE
)
"""Words between two amounts: the second is a part of the first, or what is left of it for early payment."""
ADDED = re.compile(r"zzgl|zuz[üu]gl|\bplus\b|\+", re.IGNORECASE)
BIC = (_label(r"bic(?:\s*/\s*swift)?|swift(?:[-\s]*code)?"),)

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9/._-]{0,60}\d[A-Za-z0-9/._-]*|\d+")
BIC_CODE = re.compile(r"\b[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?\b")
_MINUS = "-–−"
_GROUPED = r"(?<!(?<![\d.,])\d )(?<!(?<![\d.,])\d\d )(?<!(?<![\d.,])\d\d\d )"  # 500,00 of 2 500,00 is no amount
_TAIL = r"(?:[-–−](?!\w))?(?!\d|[.,]\d|\s?%)"
AMOUNT = re.compile(
    rf"(?<![\w.,'’])(?:[-–−]\s?)?(?:\d{{1,3}}(?:[.,'’ \u00a0\u202f]\d{{3}})+|{_GROUPED}\d{{3}}|\d{{1,2}})[.,]\d{{2}}{_TAIL}|(?<![\w.,'’])[-–−]?\d{{4,}}[.,]\d{{2}}{_TAIL}"
)
"""With a sign before or behind it, and groups of thousands parted by a point, comma, apostrophe or blank."""
PERCENT = re.compile(r"(?<![\d.,])(\d{1,2}(?:[.,]\d{1,2})?)\s?%")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ \u00a0]?[A-Z0-9]{4}){2,7}(?:[ \u00a0]?[A-Z0-9]{1,3})?\b")
LABELLED_IBAN = re.compile(r"\bIBAN\W{1,8}(?P<iban>[A-Z]{2}[ ]?\d{2}(?:[ ]?[A-Z0-9]){11,30})\b")
"""Also one whose check digits are wrong: it is shown with that warning, which is better than none."""
VAT_ID = re.compile(
    r"\b(?:DE\s?\d{3}\s?\d{3}\s?\d{3}|ATU\d{8}|BE\s?[01]\d{9}|BG\d{9,10}|CY\d{8}[A-Z]|CZ\d{8,10}|DK\d{8}|EE\d{9}|EL\d{9}|ES[A-Z0-9]\d{7}[A-Z0-9]|FI\d{8}|"
    r"FR[A-Z0-9]{2}\s?\d{9}|HR\d{11}|HU\d{8}|IE\d[A-Z0-9]\d{5}[A-Z]{1,2}|IT\d{11}|LT(?:\d{9}|\d{12})|LU\d{8}|LV\d{11}|MT\d{8}|NL\d{9}B\d{2}|PL\d{10}|"
    r"PT\d{9}|RO\d{2,10}|SE\d{12}|SI\d{8}|SK\d{10}|XI\d{9}|GB\d{9}|CHE-?\d{3}\.?\d{3}\.?\d{3})(?![\w])"
)
ID_LINE = re.compile(
    r"^\W*(?:(?:ust|umsatzsteuer|mwst|mehrwertsteuer|steuer|vat|tax|st)[-.\s]{0,3}(?:id|nr|nummer|no\b|number|reg)|uid\b|www\.|\S+@\S|"
    r"(?:tel(?:e?fon)?|(?:tele)?fax|mobil|phone|e-?mail|web|internet|iban|bic|swift|bank(?:verbindung)?|konto(?:nummer|nr)?|blz)\b\.?\s*(?:[:/+\d]|[A-Z]{2}\d)|"
    r"[^\n]*\bHR[AB]\s?\d)",
    re.IGNORECASE,
)
"""A line of numbers and ways to reach somebody, which is nobody's name."""
TAX_NUMBER = re.compile(r"(?:steuer[-\s]*(?:nummer|nr\b\.?)|st\.?-?nr\.?)\s*:?\s*(\d[\d /]{6,15}\d)", re.IGNORECASE)
_GAP = r"(?:\s{0,9}[•·|●,]\s{0,9}|\s{1,9}[-–]\s{1,9}|\s{3,60})"
_WRITTEN_DAY = r"\d{1,2}\.\d{1,2}\.\d{2}"
SENDER = re.compile(
    rf"^[^\w\n]*+(?P<name>\w[^\n•·|●]{{2,59}}?){_GAP}(?!{_WRITTEN_DAY})(?P<street>[^\s•·|●,][^\n•·|●,]{{2,39}}?\d+\s?[a-zA-Z]?){_GAP}(?:[A-Z]{{1,2}}-)?(?P<postcode>\d{{4,5}})[^\S\n]{{1,9}}(?P<city>[A-ZÄÖÜ][\w.\- ]{{1,30}}?)(?=\s{{0,9}}(?:$|[•·|●,]|\s{{3}}))",
    re.MULTILINE,
)
"""Name, street and town on one line; a row with a number, a day and a customer's number is none."""
LETTERHEAD = re.compile(
    r"^[^\w\n]*(?P<name>[^\W\d][^\n:]{2,60})\n[ ]*(?P<street>[^\n•·|,:]{3,40}?\d+\s?[a-zA-Z]?)\s{0,9}[•·|●,]\s{0,9}(?:[A-Z]{1,2}-)?(?P<postcode>\d{4,5}|\d{2}-\d{3})\s{1,9}(?P<city>[^\W\d][\w.\- ]{1,30}?)[ ]*$",
    re.MULTILINE,
)
"""The name above, street and town on one line below it."""
LEGAL = re.compile(
    r"[^\n•·|●]{2,50}?\b(?:GmbH(?:\s*&\s*Co\.?\s*KG)?|AG|KG|OHG|UG(?:\s*\(haftungsbeschränkt\))?|e\.\s?K\.|GbR|SE|Ltd\.?|Limited|Inc\.?|LLC|B\.V\.|S\.A\.(?:R\.L\.)?|SARL|SAS|S\.r\.l\.|ApS|AB|Oy|eG|e\.V\.|PartGmbB|PartG|Sp\.\s?z\s?o\.\s?o\.|s\.\s?r\.\s?o\.|a\.\s?s\.|Kft\.?|Zrt\.?|S\.p\.A\.|S\.L\.|Lda\.?|N\.V\.|BV)(?=\W|$)"
)
_SELLER = r"verk[äa]ufer|lieferant|rechnungssteller|leistungserbringer|absender|seller|supplier|vendor|from"
SELLER_BLOCK = re.compile(
    rf"^[^\w\n]*(?:{_SELLER})\b[^\n]{{0,30}}\n(?:[^\n]*\n){{0,3}}?\W*(?:firmen)?name\s*:?\s+(?P<name>[^\n]{{2,70}}?)(?=\s{{3}}|\n)",
    re.IGNORECASE | re.MULTILINE,
)
_BUYER = r"k[äa]ufer|kunde|rechnungsempf[äa]nger|leistungsempf[äa]nger|buyer|customer|bill(?:ed)?\s+to|to"
BUYER_BLOCK = re.compile(
    rf"^[^\w\n]*(?:{_BUYER})\b[^\n]{{0,30}}\n(?:[^\n]*\n){{0,3}}?\W*(?:firmen)?name\s*:?\s+(?P<name>[^\n]{{2,70}}?)(?=\s{{3}}|\n)",
    re.IGNORECASE | re.MULTILINE,
)
POSTCODE_LINE = re.compile(r"^\W*(?:[A-Z]{1,2}[-\s])?(?P<postcode>\d{5})\s*(?P<city>[A-ZÄÖÜ][\w.\-/ ]{1,40}?)(?=\s{3}|$)")
DIRECT_DEBIT = re.compile(
    r"bankeinzug|lastschrift|abgebucht|eingezogen|einzugserm[äa]chtigung|direct\s+debit|mandatsreferenz", re.IGNORECASE
)
TITLE = re.compile(
    r"(?<![\w-])(?:rechnung(?:s?[-\s]*(?:nummer|nr|datum|korrektur))?|\w{3,12}rechnung|invoice|gutschrift|credit\s+note|stornorechnung)(?!\w)",
    re.IGNORECASE,
)
OTHER_TITLE = re.compile(
    r"^[^\w\n]*(?:(?:\d{1,2}\s?\.|erste|zweite|dritte|letzte|first|second|third|final|last)\s*)?(?:auftragsbest[äa]tigung|lieferschein|angebot|mahnung|zahlungserinnerung|zahlungsaufforderung|kontoauszug|bestellung|order\s+confirmation|delivery\s+note|quotation|quote|offer|(?:payment\s+)?reminder|purchase\s+order|statement|pro[- ]?forma)\b",
    re.IGNORECASE | re.MULTILINE,
)
CREDIT = re.compile(r"(?<!\w)(?:gutschrift|rechnungskorrektur|stornorechnung|credit\s+note)(?!\w)", re.IGNORECASE)
SKONTO = re.compile(r"\b(?:skonto|cash\s+discount)\b", re.IGNORECASE)
PAYMENT = re.compile(
    r"\b(?:zahlbar|zahlungsziel|zahlungsbedingung\w*|payable\s+(?:within|by)|payment\s+terms|skonto)\b", re.IGNORECASE
)
CURRENCIES = {
    "€": "EUR",
    "EUR": "EUR",
    "$": "USD",
    "USD": "USD",
    "CHF": "CHF",
    "£": "GBP",
    "GBP": "GBP",
    "DKK": "DKK",
    "SEK": "SEK",
    "PLN": "PLN",
    "CZK": "CZK",
}

_MONTHS = {
    **{
        name: number
        for number, name in enumerate(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)
    },
    "mär": 3,
    "mrz": 3,
    "mae": 3,
    "mai": 5,
    "okt": 10,
    "dez": 12,
}
DATE = re.compile(
    r"\b(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4}|\d{2})\b|\b(?P<y2>\d{4})-(?P<m2>\d{2})-(?P<d2>\d{2})\b|\b(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<y3>\d{4})\b"
    r"|\b(?P<d4>\d{1,2})\.?\s(?P<n4>[A-Za-zä]{3,9})\.?,?\s(?P<y4>\d{4})\b|\b(?P<n5>[A-Z][a-zä]{2,8})\.?\s(?P<d5>\d{1,2})(?:st|nd|rd|th)?,\s(?P<y5>\d{4})\b"
)


def as_amount(text: str) -> Decimal:
    """The number in an AMOUNT: the last separator is the decimal one; the sign may stand behind it, as accountants print it."""
    written = text.strip()
    sign = "-" if written[0] in _MINUS or written[-1] in _MINUS else ""
    digits = re.sub(r"\D", "", text)
    return Decimal(f"{sign}{digits[:-2]}.{digits[-2:]}")


def as_date(match: re.Match[str]) -> date | None:
    """The day in a DATE; None when it is none or could be two (04/05/2026)."""
    part = match.groupdict()
    try:
        if part["y"]:
            year = int(part["y"])
            return date(year if year > 99 else 2000 + year, int(part["m"]), int(part["d"]))
        if part["y2"]:
            return date(int(part["y2"]), int(part["m2"]), int(part["d2"]))
        if part["y3"]:
            return _slashed(int(part["a"]), int(part["b"]), int(part["y3"]))
        name, day, year4 = (part["n4"], part["d4"], part["y4"]) if part["n4"] else (part["n5"], part["d5"], part["y5"])
        return date(int(year4), _MONTHS[name[:3].lower()], int(day))
    except (ValueError, KeyError):
        return None


def _slashed(first: int, second: int, year: int) -> date | None:
    if first > 12 or first == second:
        return date(year, second, first)
    return date(year, first, second) if second > 12 else None
