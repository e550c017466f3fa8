"""Tells what the sender wrote now from what is quoted and from the signature.

One look at each line and no backtracking over the whole mail: a stranger decides what stands in it, and the usual
patterns for this take minutes for a few kilobytes made for the purpose.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

_LOOKED_AT = 20_000  # lines
_LONGEST = 400  # characters of a line that can be a heading

# "Am 3. November 2026 um 10:12 schrieb Anna Petersen <anna@…>:", in the languages that Europe's mail programs speak
_WROTE = re.compile(
    r"\b(schrieb|schrieben|geschrieben|wrote|writes|a écrit|escribió|escreveu|ha scritto|schreef|skrev|kirjoitti|napisał|napisała|napisał\(a\)"
    r"|napsal|napsala|napsal\(a\)|píše|irta|írta|пишет|писал|написал|写道|님이 작성|のメール)\b",
    re.IGNORECASE,
)
_WROTE_START = re.compile(
    r"^\W{0,4}(am|on|le|el|il|op|den|em|dnia|dne|på|pe|w dniu|den|lør|man|tir|ons|tor|fre|søn|mån|tis|lör|sön|mo|di|mi|do|fr|sa|so"
    r"|mon|tue|wed|thu|fri|sat|sun|\d{1,4}[./-]|\d{4}年|\d{1,2}\s|begin)",
    re.IGNORECASE,
)
_HAS_DATE = re.compile(r"\d{1,2}[.:/ -]\s?\w|\d{4}")
_RULE = re.compile(
    r"^[\s>*]*[-_=~]{2,}\s*(original(e|al)?[ -]?(message|nachricht|mail|appointment)?|ursprüngliche (nachricht|mail|e-mail)|urspr\. nachricht|weitergeleitete nachricht"
    r"|forwarded message( follows)?|begin forwarded message|message d'origine|message original|mensaje original|messaggio originale|oorspronkelijk bericht"
    r"|oprindelig meddelelse|ursprungligt meddelande|wiadomość oryginalna|původní zpráva|reply message|antwort|doorgestuurd bericht|пересылаемое сообщение)\b.{0,40}$",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"^\W{0,3}(begin forwarded message|anfang der weitergeleiteten (nachricht|e-mail)|début du message (réexpédié|transféré))\s*:?\s*$",
    re.IGNORECASE,
)
_FIELD = re.compile(
    r"^[\s>*]{0,6}(from|von|de|da|van|från|fra|od|от|sent|gesendet|envoyé|enviado|inviato|verzonden|skickat|sendt|wysłano|odesláno|date|datum|data|fecha|dato"
    r"|to|an|à|para|a|aan|till|til|do|komu|subject|betreff|objet|asunto|oggetto|onderwerp|ämne|emne|temat|předmět|cc|kopie|kopia|antwort an|reply-to|发件人|보낸사람)\s?\*?\s?:",
    re.IGNORECASE,
)
_FROM_FIELD = re.compile(r"^[\s>*]{0,6}(from|von|de|da|van|från|fra|od|от|发件人|보낸사람)\s?\*?\s?:", re.IGNORECASE)
_DISCLAIMER = re.compile(
    r"^\W{0,4}(disclaimer|vertraulichkeitshinweis|haftungsausschluss|confidentiality notice|diese (e-?mail|nachricht) (enthält|kann|und|ist)\b.*vertraulich"
    r"|this (e-?mail|message) (and any|contains|is)\b.*(confidential|intended)|the information contained in this (communication|e-?mail|message))",
    re.IGNORECASE,
)
_DASHES = re.compile(r"^\s*(--|—|__+|-- ?)\s*$")
_DEVICE = re.compile(
    r"^\s*(gesendet (von|mit|über) |von meinem .{2,30} gesendet|diese nachricht wurde von meinem|sent from (my |mail |outlook|yahoo|samsung|a |windows)|get outlook for|envoyé de(puis)? mon"
    r"|enviado desde mi|inviato da(l mio)?|verzonden vanaf|skickat från min|sendt fra min|von meinem (iphone|ipad|samsung|handy|mobil)|holen sie sich outlook|outlook für (ios|android) beziehen)",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"^\W{0,3}(mit (freundlichen|besten|vielen|herzlichen|lieben|sonnigen|den besten) (grüßen|grüssen|gruessen|grußen|empfehlungen)|mit freundlichem gru(ß|ss)|freundliche (grüße|grüsse|gruesse)|freundlichen gru(ß|ss)|beste (grüße|grüsse|gruesse)|besten gru(ß|ss)"
    r"|viele (grüße|grüsse|gruesse)|vielen gru(ß|ss)|(liebe|schöne|herzliche|sonnige) (grüße|grüsse|gruesse)|(gruß|gruss|grüße|grüsse|gruesse|hochachtungsvoll|mfg|vg|lg|bg)"
    r"|(kind|best|warm|many|with kind|with best) regards|regards|kind regards|best wishes|all the best|sincerely|yours (sincerely|faithfully|truly)|cheers|thanks( and regards)?|many thanks|thank you|best"
    r"|cordialement|bien cordialement|cordiali saluti|saludos|un saludo|met vriendelijke groet(en)?|med venlig hilsen|mvh|med vänliga hälsningar|z poważaniem|pozdrawiam)"
    r"\b[\s,.!]{0,4}([\w.]+([ -][\w.]+){0,3})?[\s,.!]{0,3}$",
    re.IGNORECASE,
)
_THANKS = re.compile(r"^\W{0,3}(many )?(thanks|thank you|best|cheers)\b", re.IGNORECASE)
_THANKS_ALONE = re.compile(
    r"^\W{0,3}(many )?(thanks|thank you|cheers)(,? (and|&) (kind |best |warm )?regards| in advance| again| so much| very much| a lot|[\s,]+\w+)?[\s,.!]{0,4}$"
    r"|^\W{0,3}best(,[\s]*\w*|[\s.!]*)$|^\W{0,3}best (regards|wishes)\b",
    re.IGNORECASE,
)
"""Words that end a letter as often as they begin a sentence, where they stand alone."""
_POSTSCRIPT = re.compile(r"^\s*(p\.?\s?s\.?\b|nachtrag|noch etwas|one more thing)", re.IGNORECASE)
_SIGNATURE_AT_MOST = 25


@dataclass(frozen=True)
class Split:
    """A mail's text in its parts; together they are all of it, in order but for answers between quotes."""

    new: str
    quoted: str
    signature: str


def split_reply(text: str) -> Split:
    """What was written now, what is quoted, and the signature. A mere forward counts as new: there is nothing else."""
    lines = text.split("\n")
    new, quoted = _without_quotes(lines[:_LOOKED_AT])
    body, signature = _without_signature(new)
    if not "".join(body).strip():  # nothing but a greeting above, or nothing at all: the forwarded mail is the message
        return Split(text.strip("\n"), "", "")
    return Split(_joined(body), _joined([*quoted, *lines[_LOOKED_AT:]]), _joined(signature))


def _joined(lines: Sequence[str]) -> str:
    return "\n".join(lines).strip("\n")


def _without_quotes(lines: list[str]) -> tuple[list[str], list[str]]:
    new: list[str] = []
    quoted: list[str] = []
    i = 0
    while i < len(lines):
        if length := _heading(lines, i):
            after = i + length
            if not _marked(lines, after):  # the quote has no marks: all that follows belongs to it
                return new, [*quoted, *lines[i:]]
            quoted += lines[i:after]
            i = after
        elif lines[i].lstrip().startswith((">", "|>")):
            quoted.append(lines[i])
            i += 1
        else:
            new.append(lines[i])
            i += 1
    return new, quoted


def _marked(lines: list[str], start: int) -> bool:
    first = next((line for line in lines[start : start + 5] if line.strip()), "")
    return first.lstrip().startswith((">", "|>"))


def _heading(lines: list[str], i: int) -> int:
    """How many lines the heading of a quoted mail has that begins here; 0 when none does."""
    line = lines[i]
    if not line.strip() or len(line) > _LONGEST or line.lstrip().startswith(">"):
        return 0
    if _RULE.match(line) or _FORWARDED.match(line):
        return 1
    if re.fullmatch(r"\s*[_-]{20,}\s*", line) and _fields(lines, i + 1) >= 2:
        return 1
    if _FROM_FIELD.match(line) and _fields(lines, i) >= 3:
        return 1
    return _wrote(lines, i)


def _fields(lines: list[str], i: int) -> int:
    """How many header fields follow one another from here on; blank lines at the start do not count."""
    count, looked = 0, 0
    for line in lines[i : i + 14]:
        if _FIELD.match(line[:60]):
            count += 1
        elif not line.strip():
            if count >= 3:
                break
        else:
            looked += 1  # a field folded over lines
            if looked > 3:
                break
    return count


def _wrote(lines: list[str], i: int) -> int:
    """An "on … somebody wrote:" of up to four lines."""
    if not (_WROTE_START.match(lines[i]) or ("<" in lines[i] and "@" in lines[i])):
        return 0
    joined = ""
    for length, line in enumerate(lines[i : i + 4], 1):
        joined = f"{joined} {line.strip()}".strip()
        if len(joined) > _LONGEST or (length > 1 and not line.strip()):
            return 0
        if joined.endswith((":", "：")) and (_WROTE.search(joined) or "年" in joined) and _HAS_DATE.search(joined):
            return length
    return 0


def _without_signature(lines: list[str]) -> tuple[list[str], list[str]]:
    last = len(lines)
    while last and not lines[last - 1].strip():
        last -= 1
    start = next((i for i in range(last) if _DASHES.match(lines[i]) and last - i <= _SIGNATURE_AT_MOST and i), None)
    if start is None:
        start = next((i for i in range(max(0, last - _SIGNATURE_AT_MOST), last) if _ends_here(lines, i)), None)
    if start is None:
        start = next((i for i in range(1, last) if _DISCLAIMER.match(lines[i][:200])), None)
    if start is None:
        start = next((i for i in range(max(0, last - 4), last) if _DEVICE.match(lines[i][:120])), None)
    if start is None:
        return lines[:last], []
    postscript = next((i for i in range(start + 1, last) if _POSTSCRIPT.match(lines[i][:40])), last)
    return [*lines[:start], *lines[postscript:last]], lines[start:postscript]


def _ends_here(lines: list[str], i: int) -> bool:
    return (
        len(lines[i]) <= 80
        and bool(_CLOSING.match(lines[i]))
        and not lines[i].rstrip().endswith("?")
        and (not _THANKS.match(lines[i]) or (bool(_THANKS_ALONE.match(lines[i])) and _is_name(lines[i + 1 :])))
        and any(s.strip() for s in lines[:i])
    )


def _is_name(lines: Sequence[str]) -> bool:
    """Whether the next few lines are who wrote, and no sentence of the letter."""
    rest = list(itertools.dropwhile(lambda line: not line.strip(), lines))
    block = list(itertools.takewhile(lambda line: line.strip(), rest))
    return all(
        len(line) <= 60 and len(line.split()) <= 7 and not line.rstrip().endswith((".", "?", "!", ":")) for line in block[:4]
    )
