"""`kontorist privacy`: what a person may ask of the office: a copy of what it holds, its erasure, no language model."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kontorist.cli.common import (
    DATA,
    OFFICE,
    DataOption,
    JsonOption,
    OfficeOption,
    existing_store,
    json_line,
    open_office,
    out,
    plain_deep,
    say,
)
from kontorist.core.errors import NotAllowed, Unavailable

if TYPE_CHECKING:
    from kontorist.store.subjects import Found

app = typer.Typer(no_args_is_help=True, help="Access, erasure and objection of a data subject (Art. 15, 17, 21 GDPR).")

SubjectArgument = Annotated[str, typer.Argument(metavar="SUBJECT", help="An e-mail address, a full name or a customer number.")]
AsOption = Annotated[str, typer.Option("--as", help="The admin who does it; a name of office.yaml.")]
_ELSEWHERE = "Not searched: the mailbox itself, the ERP, the accounting program, backups, and what was sent to others."


@app.command()
def export(
    subject: SubjectArgument,
    to: Annotated[Path | None, typer.Option("--to", help="The ZIP file to write.")] = None,
    data: DataOption = DATA,
    office: OfficeOption = OFFICE,
    as_json: JsonOption = False,
) -> None:
    """Everything the office holds about a person, as one ZIP file: data.json and the documents."""
    from kontorist.store import privacy

    store = existing_store(data)
    found = _find(store, subject)
    held = [{"found_in": sorted(places), **privacy.export(store, case, found)} for case, places in found.cases.items()]
    result = {"subject": subject, "cases": held, "not_read": found.unread, "shared_documents": found.shared, "note": _ELSEWHERE}
    target = to if to is not None or as_json else Path(f"privacy-{re.sub(r'[^a-z0-9]+', '-', subject.lower()).strip('-')}.zip")
    if target is not None:
        _write(store, target, result)
    if as_json:
        json_line({**result, "file": target})
        return
    theirs = sum(case["whole"] for case in held)
    out(f"{theirs} cases are about {subject}, {len(held) - theirs} about others have rows or entries about {subject}.")
    out(f"Written to {target}. Look through it before you hand it on: it may name others, too.")
    _say_rest(found)


@app.command()
def erase(
    subject: SubjectArgument,
    as_: AsOption,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go and what would stay.")] = False,
    data: DataOption = DATA,
    office: OfficeOption = OFFICE,
    as_json: JsonOption = False,
) -> None:
    """Empty every case that is about a person; what the law has be kept is restricted and said, cases about others stay."""
    from kontorist.store import privacy

    settings = _admin(office, as_)
    store = existing_store(data)
    found = _find(store, subject)
    others = privacy.of_others(store, found)
    done = privacy.erase(store, [case for case in found.cases if case not in others], _held(settings), as_, dry_run=dry_run)
    done.kept |= others
    if as_json:
        kept = [{"case": case, "reason": reason} for case, reason in done.kept.items()]
        json_line(
            {
                "subject": subject,
                "dry_run": dry_run,
                "emptied": done.emptied,
                "kept": kept,
                "documents": done.documents,
                "not_read": found.unread,
                "shared_documents": found.shared,
            }
        )
        return
    for case, reason in done.kept.items():
        out(f"case {case} stays: {reason}")
    would = "would be emptied" if dry_run else "were emptied"
    out(f"{len(done.emptied)} cases {would}, {len(done.kept)} stay, {done.documents} documents were deleted.")
    _say_rest(found)


@app.command("object")
def object_(
    subject: SubjectArgument,
    as_: AsOption,
    lift: Annotated[bool, typer.Option("--lift", help="The person no longer objects.")] = False,
    data: DataOption = DATA,
    office: OfficeOption = OFFICE,
    as_json: JsonOption = False,
) -> None:
    """Note that nothing of a person goes to a language model from now on."""
    from kontorist.core.subject import Subject
    from kontorist.store import privacy

    _admin(office, as_)
    name = Subject(subject).text
    with existing_store(data).write() as connection:
        changed = privacy.object_to(connection, name, as_, lift=lift)
        known = privacy.objections(connection)
    if as_json:
        json_line({"subject": name, "objects": not lift, "changed": changed, "objections": known})
    elif lift:
        out(f"The objection of {name} is lifted." if changed else f"There was no objection of {name}.")
    else:
        out(f"Nothing that speaks of {name} goes to a language model{'' if changed else ' (that was noted already)'}.")


def _find(store: Any, subject: str) -> Found:
    from kontorist.core.subject import Subject
    from kontorist.store import subjects

    return subjects.find(store, Subject(subject), _progress())


def _progress() -> Callable[[int, int], None]:
    def told(done: int, of: int) -> None:
        if done and done % 500 == 0:
            say(f"{done} of {of} documents looked through")

    return told


def _admin(office: Path, name: str) -> Any:
    settings = open_office(office)
    person = settings.settings.people.get(name)
    if person is None or person.role != "admin":
        raise NotAllowed(f"{name} is no admin of this office; office.yaml names those who are (role: admin).")
    return settings


def _held(office: Any) -> Callable[[str], str]:
    """Which connections make records that the law has be kept."""
    from kontorist.core import registry

    def law(connection: str) -> str:
        known = office.connections.get(connection)
        if known is None:
            return "it was done on a connection that is no longer configured, so nobody can tell whether the law has it be kept"
        return str(registry.load("connectors", known.connector).retention_law)

    return law


def _write(store: Any, target: Path, result: dict[str, Any]) -> None:
    from kontorist.store import documents

    try:
        with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED) as file:
            target.chmod(0o600)
            file.writestr("data.json", json.dumps(plain_deep(result), ensure_ascii=False, indent=2, default=str))
            for digest, name in _documents(result["cases"]):
                file.writestr(f"documents/{digest[:12]}-{name}", documents.get(store, digest))
    except FileExistsError as error:
        raise NotAllowed(f"{target} is there already; name another file with --to.") from error
    except OSError as error:
        raise Unavailable(f"{target} cannot be written: {error.strerror}.") from error


def _documents(cases: Iterable[dict[str, Any]]) -> Iterable[tuple[str, str]]:
    every = [document for case in cases for document in case["documents"]]
    return {d["sha256"]: re.sub(r"[^\w.-]+", "_", str(d["name"]))[-80:] for d in every}.items()


def _say_rest(found: Found) -> None:
    for line in found.unread:
        say(f"could not be read, look yourself: {line}")
    for line in found.shared:
        say(f"names the person among others and is kept as it is, look yourself: {line}")
    say(_ELSEWHERE)
