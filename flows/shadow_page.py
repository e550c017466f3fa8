"""A shadow run as one page that an owner understands: a number, what to do, and the letters beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flows import report
from flows.charts import Bar, bars
from flows.masking import masked
from flows.report import Html
from flows.shadow_compare import DIFFERENT, ONLY_FLOW, ONLY_PEOPLE, SAME, Case
from flows.shadow_report import ADVICE, Report
from flows.shadow_words import WORDS

SHOWN = 25
"""So many letters of each sort stand on the page; JSON has them all."""
ADVISED = {"on": "#2f7d4f", "look": "#8a6d1a", "not_yet": "#b3541e", "too_few": "#5b6b7f"}
COLOURS = {SAME: "#2f7d4f", DIFFERENT: "#b3541e", ONLY_FLOW: "#8a6d1a", ONLY_PEOPLE: "#5b6b7f"}


def page(found: Report, language: str, *, mask: bool = False) -> str:
    """The page, in German or English."""
    say, figures, number = report.words(WORDS, language), found.figures, report.Numbers(language)
    hide = masked if mask else str
    parts = [
        *_number(found, say, language, number),
        *_actions(figures, say, number),
        *_steps(figures, say, number),
        *_minutes(figures, say, number),
    ]
    for title, verdict in (("different", DIFFERENT), ("nobody", ONLY_FLOW), ("missed", ONLY_PEOPLE), ("alike", SAME)):
        parts += _letters(
            [case for case in found.cases if any(v.verdict == verdict for v in case.verdicts)], verdict, title, say, number, hide
        )
    parts += [report.heading(say["how"]), *(report.paragraph(say[key]) for key in ("how_1", "how_2", "how_3", "how_4"))]
    return report.page(say["title"].format(flow=found.run.flow), parts, language)


def _number(found: Report, say: Mapping[str, str], language: str, number: report.Numbers) -> Iterator[Html]:
    figures, run = found.figures, found.run
    if run.first and run.last:
        yield report.paragraph(
            say["period"].format(
                mails=figures["cases"], first=_day(run.first, language), last=_day(run.last, language), sent=run.sent
            )
        )
    low, high = figures["between"]
    yield report.figure(
        number.share(figures["rate"]),
        say["rate"].format(
            agreed=figures["agreed"], proposed=figures["proposed"], low=number.share(low), high=number.share(high)
        ),
    )
    advice = ADVICE.get(language, ADVICE["en"])[figures["recommendation"]]
    yield report.advice(advice, ADVISED[figures["recommendation"]])
    yield report.figure(
        figures["unclear"], say["unclear"].format(share=number.share(figures["unclear"] / max(1, figures["cases"])))
    )
    yield report.figure(number.share(figures["coverage"]), say["coverage"])
    yield report.figure(f"{number(figures['minutes']['saved'] / 60, 1)} h", say["saved"])


def _actions(figures: Mapping[str, Any], say: Mapping[str, str], number: report.Numbers) -> Iterator[Html]:
    yield report.heading(say["actions"])
    shown = [
        Bar(say[kind], [(say[name], counts[name], COLOURS[name]) for name in COLOURS])
        for kind, counts in figures["actions"].items()
    ]
    yield bars(say["actions"], shown)
    rows = [
        [say[kind], c[SAME], c[DIFFERENT], c[ONLY_FLOW], c[ONLY_PEOPLE], number.share(c["precision"]), number.share(c["coverage"]),
         ", ".join(f"{say['why_' + why]}: {n}" for why, n in c["differences"].items())]
        for kind, c in figures["actions"].items()
    ]  # fmt: skip
    heads = [say[k] for k in ("action", SAME, DIFFERENT, ONLY_FLOW, ONLY_PEOPLE, "right", "covered", "what_differs")]
    yield report.table(heads, rows)
    replies = figures["replies"]
    if replies["compared"]:
        yield report.paragraph(
            say["alike_figures"].format(
                n=replies["compared"],
                words=number.share(replies["words"]),
                meaning=number.share(replies["meaning"]),
                facts=number.share(replies["facts"]),
            )
        )
    for name, count in figures["not_comparable"].items():
        yield report.paragraph(say["no_trace"].format(action=name, n=count))


def _steps(figures: Mapping[str, Any], say: Mapping[str, str], number: report.Numbers) -> Iterator[Html]:
    yield report.heading(say["steps"])
    rows = [[s["flow"], s["step"], s["reached"], s["unclear"], s["agreed"], number.share(s["rate"])] for s in figures["steps"]]
    yield report.table([say[k] for k in ("flow", "step", "reached", "undecided", "agreed", "share")], rows)
    if figures["labels"]:
        rows = [[name, c["cases"], c["proposed"], c["agreed"], number.share(c["rate"])] for name, c in figures["labels"].items()]
        yield report.table([say[k] for k in ("label", "cases", "proposed", "agreed", "share")], rows)


def _minutes(figures: Mapping[str, Any], say: Mapping[str, str], number: report.Numbers) -> Iterator[Html]:
    about = figures["minutes"]
    yield report.heading(say["time"])
    for line in about["lines"]:
        source = say["told"] if line["told"] else say["assumed"]
        yield report.paragraph(
            f"{line['actions']} × {say[line['kind']]} × {number(line['by_hand'])} min ({source}) = {number(line['minutes'])} min"
        )
    source = say["measured"] if about["approve_measured"] else say["assumed"]
    yield report.paragraph(
        f"− {about['approvals']} × {say['approval']} × {number(about['approve'])} min ({source}) = {number(about['approvals'] * about['approve'])} min"
    )
    yield report.paragraph(say["sum"].format(minutes=number(about["saved"]), hours=number(about["saved"] / 60, 1)))


def _letters(
    cases: Sequence[Case], verdict: str, title: str, say: Mapping[str, str], number: report.Numbers, hide: Any
) -> Iterator[Html]:
    if not cases:
        return
    yield report.heading(f"{say['list_' + title]} ({len(cases)})")
    if len(cases) > SHOWN:
        yield report.paragraph(say["first_ones"].format(n=SHOWN))
    for case in cases[:SHOWN]:
        inside = [Html(f"<p class='mail'>{report.e(hide(case.past.text[:800]))}</p>")]
        for one in case.verdicts:
            if one.verdict == verdict:
                like = one.likeness
                marks = (
                    ""
                    if like is None
                    else " · ".join(
                        [
                            f"{say['meaning']} {number.share(like.meaning)}",
                            f"{say['words']} {number.share(like.words)}",
                            *([f"{say['facts']} {number.share(like.facts)}"] if like.facts is not None else []),
                        ]
                    )
                )
                why = f" – {say['why_' + one.why]}" if one.why else ""
                inside.append(Html(f"<p><strong>{report.e(say[one.kind])}{report.e(why)}</strong> {report.e(marks)}</p>"))
                inside.append(
                    report.columns(
                        (say["would"], hide(one.would) or say["nothing"]), (say["did"], hide(one.did) or say["nothing"])
                    )
                )
        yield report.details(hide(case.past.letter.subject) or "–", inside)


def _day(moment: Any, language: str) -> str:
    return f"{moment:%d.%m.%Y}" if language == "de" else f"{moment:%d %b %Y}"
