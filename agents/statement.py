"""Reads the bank statements among a case's documents: their entries, for statements that come by mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from agents.base import Agent, Options, Result, Setting, Task
from kontorist.core.errors import NotReadable
from kontorist.core.evidence import Evidence
from kontorist.reading.bank import REPORT, Statement, as_ours, own_account, read_statements
from kontorist.reading.german import said_in

_SUFFIXES = (".xml", ".sta", ".mt940", ".940", ".942", ".txt", ".csv", ".camt")


class StatementOptions(Options):
    """Options of the step."""

    documents: str = Field(description='The documents to look through, usually "{{ mail.attachments }}"')
    accounts: list[str] = Field([], description="Our accounts; statements of others go to a person. Empty: all are ours")


class ReadStatement(Agent):
    """Finds bank statements (camt, MT940, CSV) and gives their entries, each with the line it stands in."""

    Options = StatementOptions
    templates = ("documents",)
    version = "1"

    def run(self, tasks: Sequence[Task], setting: Setting) -> list[Result | Exception]:
        """One result a case."""
        language = str(next(iter(setting.languages), "de"))
        return [_one(task, language) for task in tasks]

    def outputs(self, options: Any) -> Mapping[str, str]:
        """The fields of the result."""
        return {"found": "boolean", "entries": "list", "accounts": "list", "problems": "list"}


def _one(task: Task, language: str) -> Result:
    entries: list[dict[str, Any]] = []
    evidence: dict[str, list[Evidence]] = {}
    statements: list[Statement] = []
    unread: list[str] = []
    seen: set[str] = set()
    for name, digest, data in _documents(task):
        try:
            found = [as_ours(one, task.options.accounts) for one in read_statements(name, data)]
        except NotReadable as error:
            unread.append(said_in(language, str(error)))
            continue
        statements += found
        for statement in found:
            for one in (entry for entry in statement.entries if not entry.pending and statement.message != REPORT):
                if one.key in seen:
                    continue  # one movement that stands in two of the files is one
                seen.add(one.key)
                evidence[f"entries[{len(entries)}]"] = [Evidence(str(one.amount), digest, row=one.place)]
                entries.append(one.as_dict() | {"message": statement.message, "statement": statement.id, "file": name})
    problems = [said_in(language, problem) for one in statements for problem in one.problems]
    problems += unread if statements else []
    output = {
        "found": bool(statements),
        "entries": entries,
        "accounts": sorted({one.account for one in statements}),
        "problems": problems,
    }
    return Result(output, evidence, unclear=_doubt(task, statements, unread, language), warnings=problems)


def _documents(task: Task) -> list[tuple[str, str, bytes]]:
    given = task.rendered.get("documents") or []
    given = [given] if isinstance(given, Mapping) else given
    told = [(str(one.get("name") or ""), str(one.get("sha256") or "")) for one in given if isinstance(one, Mapping)]
    return [
        (name, digest, task.documents[digest])
        for name, digest in told
        if name.lower().endswith(_SUFFIXES) and digest in task.documents
    ]


def _doubt(task: Task, statements: Sequence[Statement], unread: list[str], language: str) -> str:
    german = language.startswith("de")
    ours = task.options.accounts
    strange = [one.account for one in statements if ours and not own_account(one.account, ours)]
    if strange:
        return f"Das Konto {strange[0]} ist nicht unseres." if german else f"The account {strange[0]} is not ours."
    if unread and not statements:
        return f"{'Nicht lesbar' if german else 'Not readable'}: {' '.join(unread)}"
    return ""
