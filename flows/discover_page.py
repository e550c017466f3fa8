"""What a mailbox is about, as one page; personal data is masked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flows import report
from flows.charts import Bar, bars
from flows.discover import Found
from flows.masking import masked

_WORDS: Mapping[str, tuple[str, str]] = {
    "title": ("Worum es in diesem Postfach geht", "What this mailbox is about"),
    "read": ("{n} Mails von Menschen in {days} Tagen; {auto} automatische ausgelassen.", "{n} mails of people in {days} days; {auto} automatic ones left out."),
    "worth": ("Was sich zuerst lohnt: Minuten im Monat", "What is worth most first: minutes a month"),
    "minutes": ("Minuten im Monat", "minutes a month"),
    "mails": ("Mails", "mails"), "answered": ("beantwortet", "answered"), "median": ("Stunden, Median", "hours, median"), "p90": ("Stunden, 90 %", "hours, 90 %"),
    "alike": ("Antworten ähnlich", "answers alike"), "looked_up": ("mit Blick ins ERP", "looked up in the ERP"), "senders": ("Absender", "senders"),
    "folders": ("liegen heute in", "lie today in"), "about": ("Worum", "About"), "assumed": ("angenommen", "assumed"), "told": ("von Ihnen angegeben", "as you said"),
    "a_month": ("im Monat", "a month"),
}  # fmt: skip


def masked_rows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The figures with the subjects masked."""
    return [{**row, "examples": list(dict.fromkeys(masked(text) for text in row["examples"]))} for row in rows]


def page(found: Found, rows: Sequence[Mapping[str, Any]], language: str) -> str:
    """The page, in German or English."""
    say = {key: pair[0 if language == "de" else 1] for key, pair in _WORDS.items()}
    parts = [
        report.paragraph(say["read"].format(n=len(found.asked), days=round(found.days), auto=found.automatic)),
        report.heading(say["worth"]),
    ]
    parts.append(
        bars(
            say["worth"],
            [
                Bar(
                    f"{r['cluster']}. {r['keywords'][0] if r['keywords'] else ''}",
                    [(say["minutes"], r["estimate"]["minutes_a_month"], "#2f6f8f")],
                )
                for r in rows
            ],
        )
    )
    for row in rows:
        parts += [
            report.heading(f"{row['cluster']}. {', '.join(row['keywords'][:5])}"),
            report.paragraph(" · ".join(row["examples"])),
        ]
        heads = [say[k] for k in ("mails", "senders", "answered", "median", "p90", "alike", "looked_up", "folders")]
        looked = "–" if row["looked_up"] is None else f"{row['looked_up']:.0%} {', '.join(row['columns'])}"
        cells = [
            row["mails"],
            row["senders"],
            f"{row['answered']:.0%}",
            row["hours_median"],
            row["hours_p90"],
            row["answers_alike"]["meaning"],
            looked,
        ]
        parts.append(report.table(heads, [[*cells, ", ".join(f"{k}: {n}" for k, n in row["folders"].items())]]))
        est = row["estimate"]
        source = say["assumed"] if est["assumed"] else say["told"]
        sum_ = f"{est['mails_a_month']:g} {say['a_month']} × {est['answered']:.0%} {say['answered']} × {est['minutes_by_hand']:g} min ({source}) × {est['alike']:g} {say['alike']} = {est['minutes_a_month']:g} {say['minutes']}"
        parts.append(report.paragraph(sum_))
    return report.page(say["title"], parts, language)
