"""What a mailbox is about, as one page that an owner understands; personal data is masked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flows import report
from flows.charts import Bar, bars
from flows.discover import Found
from flows.masking import masked
from flows.report import Html

_WORDS: Mapping[str, tuple[str, str]] = {
    "title": ("Worum es in diesem Postfach geht", "What this mailbox is about"),
    "read": (
        "{n} Mails von Menschen aus {days} Tagen und {sent} gesendete Mails wurden gelesen; {auto} automatische Mails blieben außer Betracht. Nichts wurde verändert.",
        "{n} mails of people in {days} days and {sent} sent mails were read; {auto} automatic mails were left out. Nothing was changed.",
    ),
    "first": (
        "Am meisten lohnt sich Nr. 1 ({about}): bis zu {hours} Stunden im Monat.",
        "No. 1 ({about}) is worth most: up to {hours} hours a month.",
    ),
    "none": ("Nichts wiederholt sich so, dass sich ein Ablauf lohnt.", "Nothing repeats in a way that makes a flow worth while."),
    "worth": ("Was sich zuerst lohnt", "What is worth most first"),
    "minutes": ("Minuten im Monat, geschätzt", "minutes a month, estimated"),
    "mails": ("{n} Mails von {senders} Absendern", "{n} mails of {senders} senders"),
    "subjects": ("Betreffe zum Beispiel: {subjects}", "Subjects, for example: {subjects}"),
    "answered": (
        "{share} wurden beantwortet: die Hälfte in höchstens {median} Stunden, neun von zehn in höchstens {p90} Stunden.",
        "{share} were answered: half of them within {median} hours, nine of ten within {p90} hours.",
    ),
    "answered_few": ("{share} wurden beantwortet.", "{share} were answered."),
    "unanswered": ("Keine wurde beantwortet.", "None was answered."),
    "alike": (
        "Die Antworten gleichen einander zu {share} (Bedeutung; ihre Wörter zu {words}).",
        "The answers are alike by {share} (in meaning; {words} in words).",
    ),
    "looked_up": (
        "{share} der Antworten sagen etwas, das im ERP steht und nicht in der Mail: {columns}.",
        "{share} of the answers say something that stands in the ERP and not in the mail: {columns}.",
    ),
    "folders": ("Heute liegen sie in: {folders}.", "Today they lie in: {folders}."),
    "sum": (
        "{a_month} Mails im Monat × {answered} beantwortet × {by_hand} Minuten von Hand ({source}) × {alike} Ähnlichkeit = {minutes} Minuten im Monat.",
        "{a_month} mails a month × {answered} answered × {by_hand} minutes by hand ({source}) × {alike} alike = {minutes} minutes a month.",
    ),
    "assumed": ("angenommen, nicht gemessen", "assumed, not measured"), "told": ("von Ihnen angegeben", "as you said"),
    "odd": (
        "{n} Mails gehören zu keiner Art, die fünfmal oder öfter vorkam.",
        "{n} mails belong to no kind that came five times or more.",
    ),
    "how": ("Wie das entstand, und was es nicht sagt", "How this was made, and what it does not say"),
    "how_1": (
        ("Die Arten von Anfragen hat der Rechner nach der Bedeutung gebildet, ohne dass jemand sie ihm nannte. Sie sind ein Vorschlag: Lesen Sie die Betreffe, bevor Sie "
        "etwas darauf bauen. Zwei Arten können eine sein, und eine kann zwei enthalten."),
        ("The kinds of request were formed by meaning, without anybody naming them. They are a suggestion: read the subjects before you build on them. "
        "Two kinds may be one, and one may hold two."),
    ),
    "how_2": (
        "Die Minuten sind eine Obergrenze: Jeder Vorschlag wird noch von einem Menschen gelesen und freigegeben. Genauer sagt es ein Probelauf (kontorist shadow).",
        "The minutes are an upper limit: a person still reads and approves each proposal. A shadow run says it more exactly (kontorist shadow).",
    ),
    "how_3": (
        "Alles entstand auf diesem Rechner; nichts hat ihn verlassen. Namen, Adressen und Nummern sind hier verdeckt.",
        "All of this was made on this machine; nothing left it. Names, addresses and numbers are masked here.",
    ),
    "next": ("Ein erster Ablauf dafür: {command}", "A first flow for it: {command}"),
}  # fmt: skip


def masked_rows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The figures with the subjects masked; one of which nothing is left is none."""
    return [{**row, "examples": [s for s in dict.fromkeys(map(masked, row["examples"])) if s.strip("[…]. ")]} for row in rows]


def page(found: Found, rows: Sequence[Mapping[str, Any]], language: str) -> str:
    """The page, in German or English."""
    say = report.words(_WORDS, language)
    number = report.Numbers(language)
    read = say["read"].format(n=len(found.asked), days=round(found.days), sent=found.sent, auto=found.automatic)
    parts = [report.paragraph(read), _first(rows, say, number)]
    if rows:
        shown = [
            Bar(f"{r['cluster']}. {_about(r, 1)}", [(say["minutes"], r["estimate"]["minutes_a_month"], "#2f6f8f")]) for r in rows
        ]
        parts += [report.heading(say["worth"]), bars(say["worth"], shown)]
    for row in rows:
        parts += _kind(found.connection, row, say, number)
    if odd := sum(group < 0 for group in found.groups):
        parts.append(report.paragraph(say["odd"].format(n=odd)))
    parts += [report.heading(say["how"]), *(report.paragraph(say[key]) for key in ("how_1", "how_2", "how_3"))]
    return report.page(say["title"], parts, language)


def _first(rows: Sequence[Mapping[str, Any]], say: Mapping[str, str], number: report.Numbers) -> Html:
    if not rows or not rows[0]["estimate"]["minutes_a_month"]:
        return report.advice(say["none"], "#8a6d1a")
    hours = number(rows[0]["estimate"]["minutes_a_month"] / 60, 1)
    return report.advice(say["first"].format(about=_about(rows[0], 3), hours=hours), "#2f7d4f")


def _about(row: Mapping[str, Any], words: int) -> str:
    return ", ".join(row["keywords"][:words]) or "–"


def _kind(connection: str, row: Mapping[str, Any], say: Mapping[str, str], number: report.Numbers) -> Iterator[Html]:
    yield report.heading(f"{row['cluster']}. {_about(row, 5)}")
    sentences = [say["mails"].format(n=row["mails"], senders=row["senders"]) + ".", _waited(row, say, number)]
    if row["examples"]:
        yield report.paragraph(say["subjects"].format(subjects=" · ".join(row["examples"])))
    alike = row["answers_alike"]
    if alike["meaning"] is not None:
        sentences.append(say["alike"].format(share=number.share(alike["meaning"]), words=number.share(alike["words"])))
    if row["looked_up"]:
        sentences.append(say["looked_up"].format(share=number.share(row["looked_up"]), columns=", ".join(row["columns"])))
    sentences.append(say["folders"].format(folders=", ".join(f"{name} ({n})" for name, n in row["folders"].items())))
    yield report.paragraph(" ".join(sentences))
    if not row["answered"]:
        return
    yield report.paragraph(_sum(row["estimate"], say, number))
    command = f"kontorist discover {connection} --cluster {row['cluster']} --write config/flows/NAME.yaml"
    yield Html(f"<p>{report.e(say['next']).format(command=f'<code>{report.e(command)}</code>')}</p>")


def _waited(row: Mapping[str, Any], say: Mapping[str, str], number: report.Numbers) -> str:
    share = number.share(row["answered"])
    if not row["answered"]:
        return say["unanswered"]
    if row["hours_p90"] is None:
        return say["answered_few"].format(share=share)
    return say["answered"].format(share=share, median=number(row["hours_median"], 1), p90=number(row["hours_p90"], 1))


def _sum(estimate: Mapping[str, Any], say: Mapping[str, str], number: report.Numbers) -> str:
    return say["sum"].format(
        a_month=number(estimate["mails_a_month"], 1),
        answered=number.share(estimate["answered"]),
        by_hand=number(estimate["minutes_by_hand"]),
        source=say["assumed"] if estimate["assumed"] else say["told"],
        alike=number.share(estimate["alike"]),
        minutes=number(estimate["minutes_a_month"]),
    )
