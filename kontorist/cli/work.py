"""`kontorist run | up | demo | simulate | deploy`: the work itself."""

from __future__ import annotations

import secrets
import sys
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from kontorist.cli.common import (
    DATA,
    EXIT_PROBLEM,
    OFFICE,
    DataOption,
    JsonOption,
    OfficeOption,
    json_line,
    open_office,
    open_store,
    out,
    say,
    table,
)
from kontorist.core.clock import utcnow
from kontorist.core.errors import KontoristError, NotFound, Unavailable

COLUMNS = ("flow", "taken_in", "advanced", "proposed", "executed", "unclear", "failed")
_LEAST_FREE = 20 * 2**20
UNDO_PATIENCE = 60.0
"""A one-shot pass stays for approved mail whose undo window ends within this many seconds."""
PortOption = Annotated[
    int, typer.Option("--port", min=0, max=65535, help="Port of the inbox on this machine; 0 takes a free one.")
]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (demo, run, up, simulate, deploy):
        app.command()(command)


def run(
    flows: Annotated[list[str] | None, typer.Argument(metavar="[FLOW…]", help="Take in only for these flows.")] = None,
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """One pass: take in what arrived, move cases on, execute what is approved."""
    loaded = open_office(office).require_valid()
    for name in flows or ():
        if name not in loaded.flows:
            raise NotFound(f"There is no flow '{name}'; there are: {', '.join(loaded.flows)}.")
    lines = _pass(office, data, flows or None)
    _print(lines, as_json)
    sys.exit(_exit_code(lines))


def _exit_code(lines: list[dict[str, Any]]) -> int:
    return EXIT_PROBLEM if any(line["failed"] for line in lines) else 0


def _pass(office: Path, data: Path, only: list[str] | None) -> list[dict[str, Any]]:
    from flows import prefect_server
    from kontorist.store import sample

    sample.refuse_other(data, office)
    open_store(data).close()  # a database that cannot be opened is said before anything is started
    started = utcnow()
    with prefect_server.server(data, say):
        from flows.schedule import one_pass

        try:
            with _spinner("Working …"):
                lines = one_pass(office, data, only, patience=UNDO_PATIENCE)
        except KontoristError:
            raise
        except Exception as error:  # whatever Prefect raises, a person gets a sentence
            raise Unavailable(_prefect_failed(data, error)) from error
    _say_unread(data, started)
    return lines


def _say_unread(data: Path, since: datetime) -> None:
    """What the connections that were read since a moment could not read: files, statements, rows, each with its place."""
    from kontorist.store import office_state

    with open_store(data).read() as connection:
        beats = office_state.heartbeats(connection)
    for name, beat in sorted(beats.items()):
        for fault in beat.get("faults", ()) if beat["at"] >= since else ():
            say(f"Could not be read at '{name}': {fault}")


def _prefect_failed(data: Path, error: Exception) -> str:
    import shutil

    kept = "Nothing is lost or done twice: the next run goes on where this one stopped."
    if shutil.disk_usage(data).free < _LEAST_FREE:
        return f"The disk of the data folder {data.resolve()} is full. Make room. {kept}"
    text = " ".join(str(error).split())[:300]
    return f"The pass was broken off ({type(error).__name__}: {text}). Run `kontorist doctor`. {kept}"


def _spinner(text: str) -> Any:
    import contextlib

    if not sys.stderr.isatty():
        return contextlib.nullcontext()
    from rich.console import Console

    return Console(stderr=True).status(text)


def _print(lines: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        for line in lines:
            json_line(line)
        return
    table("This pass", COLUMNS, [[line[c] for c in COLUMNS] for line in lines])
    notes = [n for line in lines for n in line["notes"]]
    for note in notes:
        where = f"case {note['case']}" if note["case"] else note["flow"]
        out(f"{note['state']}: {where} ({note['title']}): {note['why']}")


def demo(
    once: Annotated[bool, typer.Option("--once", help="One pass, print what was proposed, and exit.")] = False,
    port: PortOption = 8765,
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """The sample office on embedded parts, with its inbox in the browser."""
    from kontorist.store import people, sample

    loaded = open_office(office).require_valid()
    store = open_store(data)
    sample.begin(store, office)
    if once:
        store.close()
        _demo_once(office, data, as_json)
        return
    password = f"kontorist-{secrets.token_hex(3)}"
    with store.write() as connection:
        for name in loaded.settings.people:
            people.add(connection, name, password, sample.ACTOR)
    store.close()
    _everything(office, data, port, dict.fromkeys(loaded.settings.people, password), open_browser=True)


def _demo_once(office: Path, data: Path, as_json: bool) -> None:
    started = time.perf_counter()
    lines = _pass(office, data, None)
    _print(lines, as_json)
    if not as_json:
        _print_proposals(data)
        say(
            f"Done in {time.perf_counter() - started:.0f} s. `kontorist inbox list` shows what waits; `kontorist demo` opens the inbox in the browser."
        )
    sys.exit(_exit_code(lines))


def _print_proposals(data: Path) -> None:
    from kontorist.store import actions

    with open_store(data).read() as connection:
        rows = actions.find(connection)
    cards: dict[int, list[Any]] = {}
    for row in rows:
        cards.setdefault(row.card, []).append(row)
    table(
        "Prepared, waiting for a person",
        ("id", "flow", "what", "for"),
        [[c[0].id, c[0].flow, " ".join(r.sentence for r in c), ", ".join(c[0].rule.get("by", []))] for c in cards.values()],
    )


def up(port: PortOption = 8765, office: OfficeOption = OFFICE, data: DataOption = DATA) -> None:
    """Everything, until stopped: Prefect server, passes, watchers, inbox."""
    from kontorist.store import sample

    sample.refuse_other(data, office)
    _everything(office, data, port, None, open_browser=False)


def _everything(office: Path, data: Path, port: int, sample_people: dict[str, str] | None, *, open_browser: bool) -> None:
    from flows import up as service

    open_office(office).require_valid()
    service.serve(office, data, port, sample_people, say, open_browser=open_browser)


def simulate(
    flow: Annotated[str, typer.Argument(metavar="FLOW", help="Name of the flow.")],
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="PATH…", help=".eml, mbox, Maildir, PDF, XML, CSV … or folders of them.")
    ] = None,
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    as_json: JsonOption = False,
    ignore_xml: Annotated[
        bool, typer.Option("--ignore-xml", help="Read invoices from the page alone, to see how well that goes.")
    ] = False,
    since: Annotated[
        str,
        typer.Option(
            "--since", help="Instead of files: what lies in the flow's own mailbox since a date or span (30d); only read."
        ),
    ] = "",
    compare: Annotated[
        Path | None,
        typer.Option("--compare", metavar="OLD.yaml", help="Another version of the flow: which cases change, and how."),
    ] = None,
    page: Annotated[
        Path | None, typer.Option("--page", metavar="FILE.html", help="Write a page with every case and step.")
    ] = None,
) -> None:
    """Feed files through a flow with no side effect; one line a case, exit code 1 where one failed."""
    from flows import compare as comparing
    from flows.simulate import simulate as run_simulation

    loaded = open_office(office).require_valid()
    if not paths and not since:
        _works_without_files(loaded, flow)
    results = []
    for result in run_simulation(loaded, data, flow, paths or [], ignore_xml=ignore_xml, since=since):
        results.append(result)
        if as_json and compare is None:
            json_line(result)
    changes: list[dict[str, Any]] = []
    if compare is not None:
        older = comparing.with_flow(loaded, flow, compare)
        old = list(run_simulation(older, data, flow, paths or [], ignore_xml=ignore_xml, since=since))
        changes = list(comparing.compared(old, results))
    if page is not None:
        page.write_text(comparing.page(flow, results, changes), encoding="utf-8")
        say(f"The page is {page}.")
    _say_simulation(results, changes, as_json=as_json, compared=compare is not None)
    sys.exit(EXIT_PROBLEM if any(result["state"] == "failed" for result in results) else 0)


def _works_without_files(office: Any, flow: str) -> None:
    """Wrong usage, where a flow has nothing to work on."""
    from flows.simulate import trigger_kind

    if flow in office.flows and (kind := trigger_kind(office, flow)):
        raise typer.BadParameter(
            f"the flow '{flow}' works on what comes in (`{kind}:`). Name files or folders, or read its own source with --since 30d.",
            param_hint="PATH…",
        )


def _say_simulation(results: list[dict[str, Any]], changes: list[dict[str, Any]], *, as_json: bool, compared: bool) -> None:
    if as_json:
        for change in changes:
            json_line(change)
        return
    if compared:
        rows = [[c["source"], c["state"], "; ".join(c["changes"])] for c in changes if c["changed"]]
        table("What changes; nothing was done", ("source", "state", "what changes"), rows)
        out(f"{len(rows)} of {len(changes)} cases change.")
        return
    _print_simulation(results)
    counts = Counter(r["state"] for r in results)
    proposed = sum(bool(r["proposals"]) for r in results)
    out(f"{len(results)} cases, {proposed} with a proposal: " + ", ".join(f"{n} {state}" for state, n in sorted(counts.items())))


def _print_simulation(results: list[dict[str, Any]]) -> None:
    rows = [[r["source"], r["state"], "; ".join(p["sentence"] for p in r["proposals"]) or r["error"] or ""] for r in results]
    table("Simulated; nothing was done", ("source", "state", "what would be proposed"), rows)


def deploy(
    pool: Annotated[str, typer.Option("--pool", help="Name of the work pool.")],
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    every: Annotated[int, typer.Option("--every", help="Seconds between passes.")] = 60,
) -> None:
    """Register the flows with the Prefect server that PREFECT_API_URL names; start workers with `prefect worker start --pool NAME`."""
    from flows import prefect_server
    from kontorist.store import sample

    loaded = open_office(office).require_valid()
    sample.refuse_other(data, office)
    url = prefect_server.running(data)
    if not url:
        raise KontoristError("No Prefect server answers. Set PREFECT_API_URL to yours, or start one with `kontorist up`.")
    prefect_server.use(data, url)
    from flows.deploy import deploy as register_flows

    for line in register_flows(loaded, data, pool, every):
        out(line)
    say(f"Registered at {url}. On each machine: prefect worker start --pool {pool}; on one of them: kontorist watch")
