"""`kontorist shadow | discover`: a mailbox's past, beside a flow or by kind of request. Only read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from kontorist.cli.common import DATA, OFFICE, DataOption, JsonOption, OfficeOption, json_line, open_office, out, say, table
from kontorist.core.errors import Unavailable

PageOption = Annotated[Path | None, typer.Option("--page", metavar="FILE.html", help="Write the report as one page.")]
LanguageOption = Annotated[str, typer.Option("--language", help="Language of the page: de or en; default: the office's first.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("shadow")(shadow)
    app.command("discover")(discover)


def shadow(
    flow: Annotated[str, typer.Argument(metavar="FLOW", help="Name of the flow.")],
    since: Annotated[str, typer.Option("--since", help="A date (2026-11-01) or a span (30d).")] = "30d",
    version: Annotated[Path | None, typer.Option("--try", metavar="FILE.yaml", help="Another version of the flow.")] = None,
    connection: Annotated[str, typer.Option("--connection", help="The mailbox, where none feeds the flow yet.")] = "",
    minutes: Annotated[
        list[str] | None,
        typer.Option("--minutes", metavar="KIND=N", help="Minutes by hand for reply, forward, move or post; repeatable."),
    ] = None,
    page: PageOption = None,
    mask: Annotated[bool, typer.Option("--mask", help="Personal data masked on the page and in JSON.")] = False,
    language: LanguageOption = "",
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """Run a flow on past mail beside what people really did. Nothing is done."""
    from flows import compare, shadow_page, shadow_report
    from flows.shadow import shadow as run_shadow

    _is_since(since)
    loaded, by_hand = open_office(office).require_valid(), _minutes(minutes or [])
    if version is not None:
        loaded = compare.with_flow(loaded, flow, version)
    with progress(as_json) as tell:
        run = run_shadow(loaded, data, flow, since, connection=connection, tell=tell)
        report = shadow_report.report(loaded, data, run, by_hand)
    if page is not None:
        write(page, shadow_page.page(report, language or loaded.settings.languages[0], mask=mask))
    if as_json:
        for line in shadow_report.lines(report, mask=mask):
            json_line(line)
    else:
        _print(report.figures, flow)
    sys.exit(0)


def _is_since(text: str) -> None:
    from kontorist.core.clock import since_day

    try:
        since_day(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--since") from error


def _minutes(given: list[str]) -> dict[str, float]:
    from flows.shadow_figures import BY_HAND

    found = {}
    for one in given:
        kind, _, number = one.partition("=")
        try:
            found[kind] = float(number)
        except ValueError:
            found[kind] = -1.0
        if kind not in BY_HAND or not 0 <= found[kind] < 1_000:
            raise typer.BadParameter(
                f"'{one}': write one of {', '.join(BY_HAND)}, and minutes, as in reply=4", param_hint="--minutes"
            )
    return found


def write(page: Path, text: str) -> None:
    """Write a report and say where. Raises Unavailable."""
    try:
        page.write_text(text, encoding="utf-8")
        page.chmod(0o600)
    except OSError as error:
        raise Unavailable(f"{page} cannot be written: {error.strerror}.") from error
    say(f"The page is {page}.")


@contextmanager
def progress(quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A bar on a terminal, a line every 500 elsewhere, on standard error."""
    words = {"mails": "mails", "sent": "sent mails"}
    if not sys.stderr.isatty():
        yield lambda what, done, of: say(f"{done} of {of} {words[what]}") if done % 500 == 0 and not quiet else None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=Console(stderr=True)
    )
    tasks: dict[str, Any] = {}
    with bar:

        def tell(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(words[what], total=of)
            bar.update(tasks[what], completed=done, total=of)

        yield tell


def _print(figures: dict[str, Any], flow: str) -> None:
    from flows.shadow_report import ADVICE

    low, high = figures["between"]
    rate = "–" if figures["rate"] is None else f"{figures['rate']:.1%}"
    out(
        f"{flow}: {figures['cases']} mails, {figures['proposed']} with a proposal; {figures['agreed']} as people did: {rate} (95 %: {low:.0%} to {high:.0%})"
    )
    out(ADVICE["en"][figures["recommendation"]])
    out(f"left to a person: {figures['unclear']}; failed: {figures['failed']}; minutes saved: {figures['minutes']['saved']:g}")
    rows = [[k, v["same"], v["different"], v["only_flow"], v["only_people"]] for k, v in figures["actions"].items()]
    table("Actions", ("action", "same", "different", "only the flow", "only people"), rows)
    steps = [
        [s["flow"], s["step"], s["reached"], s["unclear"], "–" if s["rate"] is None else f"{s['rate']:.0%}"]
        for s in figures["steps"]
    ]
    table("Steps", ("flow", "step", "reached", "undecided", "agreed of the rest"), steps)


def discover(
    connection: Annotated[str, typer.Argument(metavar="CONNECTION", help="The mailbox.")],
    since: Annotated[str, typer.Option("--since", help="A date (2026-11-01) or a span (90d).")] = "90d",
    minutes: Annotated[float | None, typer.Option("--minutes", min=0, help="Minutes for an answer by hand.")] = None,
    page: PageOption = None,
    to: Annotated[Path | None, typer.Option("--write", metavar="FLOW.yaml", help="Write a first flow for --cluster.")] = None,
    cluster: Annotated[int, typer.Option("--cluster", min=1, help="Which kind of request, by its number.")] = 1,
    language: LanguageOption = "",
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """Show what a mailbox is about, and what is worth automating first. Only read; personal data is masked."""
    from flows import discover_flow, discover_page
    from flows.discover import discover as run_discover
    from flows.discover_figures import figures

    _is_since(since)
    loaded = open_office(office).require_valid()
    with progress(as_json) as tell:
        found = run_discover(loaded, data, connection, since, tell=tell)
        rows = discover_page.masked_rows(figures(found, minutes))
    if page is not None:
        write(page, discover_page.page(found, rows, language or loaded.settings.languages[0]))
    if to is not None:
        if cluster > len(rows):
            raise typer.BadParameter(f"There are {len(rows)} kinds of request.", param_hint="--cluster")
        text, starter = discover_flow.first_flow(loaded, rows[cluster - 1], connection, to.stem)
        _write_flow(to, text, starter)
    _show(found, rows, as_json)
    sys.exit(0)


def _write_flow(to: Path, text: str, starter: str) -> None:
    if to.exists():
        raise Unavailable(f"{to} is there already; name a new file.")
    try:
        to.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Unavailable(f"{to} cannot be written: {error.strerror}.") from error
    say(f"The flow is {to}, from the starter {starter}. Next: kontorist check, then kontorist shadow {to.stem}.")


def _show(found: Any, rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        for row in rows:
            json_line(row)
        return
    heads = ("no.", "mails", "about", "answered", "hours", "alike", "looked up", "minutes a month")
    table("Kinds of request; the first is worth most", heads, [_row(row) for row in rows])
    odd = sum(group < 0 for group in found.groups)
    out(
        f"{len(found.asked)} mails of people, {odd} of them odds and ends; {found.automatic} automatic ones left out; {found.sent} sent mails read."
    )


def _row(row: dict[str, Any]) -> list[Any]:
    about = ", ".join(row["keywords"][:4])
    alike = row["answers_alike"]["meaning"]
    return [
        row["cluster"],
        row["mails"],
        about,
        f"{row['answered']:.0%}",
        row["hours_median"],
        alike,
        row["looked_up"],
        row["estimate"]["minutes_a_month"],
    ]
