"""Moves cases on, in chunks, step by step: one piece of work for all cases of a chunk that stand at the same step."""

from __future__ import annotations

import dataclasses
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import attrs

from flows import limits, stated
from flows.addressee import addressed
from flows.pace import LARGEST
from flows.runtime import Runtime
from flows.steps import Outcome, perform
from flows.walk import Pause, Walk, Work
from kontorist.core import logs
from kontorist.core.clock import parse_duration, utcnow
from kontorist.core.errors import Away, KontoristError, Unavailable
from kontorist.core.flow import Retry, kind_of
from kontorist.store import actions, case_moves, cases, leasing, proposing, versions, words
from kontorist.store.case_moves import Move
from kontorist.store.cases import Case
from kontorist.store.versions import NEWEST

LEASE_SECONDS = 600.0
CHEAP_MS = 20.0
"""What an agent without a model does within this time for a case is stored together with what follows."""
_PAUSE_AT_MOST, _AWAY_AT_MOST = timedelta(hours=6), timedelta(minutes=5)
"""The longest pause before a step is tried again; and before a model is asked again for which cases wait without end."""

RunStep = Callable[[Runtime, Sequence[Work]], list[Outcome]]
"""How the work of one step is run: directly, or as a Prefect task."""


@dataclasses.dataclass
class Tally:
    """What happened, counted by flow: Counter of (flow, what)."""

    counts: Counter[tuple[str, str]] = dataclasses.field(default_factory=Counter)
    notes: list[dict[str, Any]] = dataclasses.field(default_factory=list)

    def add(self, flow: str, what: str, n: int = 1) -> None:
        """Count something."""
        self.counts[(flow, what)] += n

    def of(self, flow: str, what: str) -> int:
        """How often."""
        return self.counts[(flow, what)]


def advance(runtime: Runtime, tally: Tally, *, run_step: RunStep = perform, flow: str | None = None) -> int:
    """Move every runnable case on as far as it goes, or until the pass is over. Returns how many cases were worked on."""
    total, pace = 0, runtime.pace
    while not (total and pace.is_over):
        with runtime.database.write() as connection:
            if flow:
                of, ids = flow, leasing.lease(connection, runtime.owner, pace.chunk(flow), LEASE_SECONDS, flow)
            else:
                of, ids = leasing.lease_next(connection, runtime.owner, pace.chunk, LEASE_SECONDS)
        if not ids:
            break
        began = time.perf_counter()
        advance_chunk(runtime, ids, tally, run_step)
        total += len(ids)
        pace.worked(of, len(ids), time.perf_counter() - began)
    return total


def advance_chunk(runtime: Runtime, ids: Sequence[int], tally: Tally, run_step: RunStep = perform) -> None:
    """Move leased cases on until each of them waits or has ended."""
    with runtime.database.read() as connection:
        found = cases.load(connection, ids)
        rows = actions.of_cases(connection, ids)
        unnoted = words.missing(connection, ids)
    for case in found:
        case.noted = case.id not in unnoted
    _begin_newest(runtime, found)
    walks = {
        c.id: Walk(c, runtime.flows_of(c), {r.path: r for r in rows.get(c.id, ())}, patient=not runtime.simulated) for c in found
    }
    renewed = time.monotonic()
    while walks:
        works: dict[tuple[str, str], list[Work]] = {}
        moves: list[Move] = []
        for case_id, walk in list(walks.items()):
            following = _following(runtime, walk)
            if isinstance(following, Work):
                works.setdefault((following.place, walk.case.flow_version), []).append(following)
                continue
            moves.append(_pause(runtime, walk, following))
            tally.add(walk.case.flow, _TALLIED.get(following.state, "advanced"))
            _note(tally, walk.case, following.state, following.text)
            del walks[case_id]
        _store(runtime, [], moves, tally)
        for group in works.values():
            _do(runtime, group, walks, tally, run_step)
            renewed = _renewed(runtime, list(walks), renewed)


def _renewed(runtime: Runtime, ids: Sequence[int], last: float) -> float:
    """Keep the cases of a chunk that a slow model works on; when that was done last."""
    now = time.monotonic()
    if now - last < LEASE_SECONDS / 4:
        return last
    with runtime.database.write() as connection:
        leasing.renew(connection, ids, runtime.owner, LEASE_SECONDS)
    return now


def _begin_newest(runtime: Runtime, found: Sequence[Case]) -> None:
    """Cases that a person had try again go on with the newest version of their flow."""
    versions_now = {
        c.id: runtime.flow_versions[c.flow] for c in found if c.flow_version == NEWEST and c.flow in runtime.office.flows
    }
    if versions_now:
        with runtime.database.write() as connection:
            versions.begin(connection, versions_now)
        for case in found:
            case.flow_version = versions_now.get(case.id, case.flow_version)


_TALLIED = {"unclear": "unclear", "failed": "failed"}


def _following(runtime: Runtime, walk: Walk) -> Work | Pause:
    try:
        return walk.next()
    except KontoristError as error:
        question = stated.question_for(runtime, walk.case, walk.at, error)
        return Pause("unclear", question["text"], question=question) if question else Pause("failed", str(error))
    except Exception as error:  # noqa: BLE001 - one case must not keep all others from going on
        return Pause("failed", f"{walk.case.flow}: step {walk.at}: {_defect(error)}")


def _pause(runtime: Runtime, walk: Walk, pause: Pause) -> Move:
    question = pause.question
    if pause.state == "unclear":
        question = _addressed(runtime, walk.case, walk.at_flow, walk.at, question or {"kind": "look", "text": pause.text})
    entries = _taken(walk)
    return Move(walk.case.id, entries, walk.case.round, pause.state, pause.text, question, pause.until, words=_words(walk.case))


def _words(case: Case) -> Any:
    """What a case is found by, if that is still to be noted."""
    return None if case.noted else _found_by(case)


def _found_by(case: Case) -> Any:
    return words.of_case(case.id, case.title, case.source, case.data, case.documents)


def _addressed(runtime: Runtime, case: Case, flow: str, path: str, question: Mapping[str, Any]) -> dict[str, Any]:
    """The question with those it is for, as the flow says that this case goes through."""
    return addressed(runtime.office, runtime.flows_of(case).get(flow), case, path, question)


def _taken(walk: Walk) -> list[cases.Entry]:
    entries, walk.entries = walk.entries, []
    return entries


def _said_of_twins(runtime: Runtime) -> str:
    """What is said of a proposal for a business fact that stands already."""
    german = next(iter(runtime.office.settings.languages), "de") == "de"
    return (
        "Dasselbe ist schon vorbereitet oder erledigt: Karte {}."
        if german
        else "The same is already prepared or done: action {}."
    )


def _do(runtime: Runtime, group: Sequence[Work], walks: dict[int, Walk], tally: Tally, run_step: RunStep) -> None:
    """Run one step for a group of cases and write what came out, in one transaction."""
    _note_before_waiting(runtime, group)
    outcomes = [_forgiven(work, _asked(runtime, work, o)) for work, o in zip(group, run_step(runtime, group), strict=True)]
    both = list(zip(group, outcomes, strict=True))
    moves = [move for work, o in both if (move := _move_of(runtime, work, o, walks[work.case.id], tally)) is not None]
    proposed = [(work, o.proposal) for work, o in both if o.proposal is not None]
    rows, gone = _store(runtime, proposed, moves, tally)
    for move in moves:
        walks[move.case_id].case.noted = True
    for work, _ in proposed:
        if (row := rows.get(work.case.id)) is not None:
            walk = walks[work.case.id]
            walk.actions = {**walk.actions, work.path: row}
            tally.add(work.flow, "proposed")
    for move in moves:
        if move.state is not None or move.case_id in gone:
            del walks[move.case_id]
    for work, outcome in both:
        if outcome.entry is not None:
            work.case.journal[outcome.entry.path] = outcome.entry


def _note_before_waiting(runtime: Runtime, group: Sequence[Work]) -> None:
    """Who looks for a case finds it while a model or another system is asked about it, and those that wait behind it as well."""
    unnoted = [work.case for work in group if not work.case.noted]
    if unnoted and limits.of_works(runtime, group):
        with runtime.database.write() as connection:
            words.note(connection, {case.id: _found_by(case) for case in unnoted})
        for case in unnoted:
            case.noted = True
        note_words(runtime)


def note_words(runtime: Runtime) -> None:
    """Cases that were taken in and nobody has worked on yet are found by their words from now on."""
    full = True
    while full:
        with runtime.database.write() as connection:
            ids = words.waiting(connection, LARGEST)
            waiting = cases.load(connection, ids) if ids else []
            words.note(connection, {case.id: _found_by(case) for case in waiting})
        full = len(ids) == LARGEST


def _is_cheap(entry: cases.Entry) -> bool:
    """Whether a step without a model may as well be done again: then it costs no commit of its own."""
    return entry.kind == "agent" and not entry.info.get("usage") and entry.ms < CHEAP_MS


Proposed = Sequence[tuple[Work, proposing.NewAction]]
Stored = tuple[dict[int, actions.ActionRow], set[int]]
"""The actions as they are stored, by case; and the cases that this worker has no longer, or that have failed over it."""


def _store(runtime: Runtime, proposed: Proposed, moves: Sequence[Move], tally: Tally) -> Stored:
    """Proposals and moves of one step, in one transaction. What cannot be stored fails its own case, not the others."""
    if not moves:  # a proposal never comes without the move of its case
        return {}, set()
    try:
        return _written(runtime, proposed, moves)
    except KontoristError:
        raise  # the database does not answer: nothing is said of the cases
    except Exception as error:  # noqa: BLE001 - see above
        ids = dict.fromkeys(m.case_id for m in moves)
        if len(ids) == 1:
            return _unstorable(runtime, proposed, moves[0], tally, error)
        rows, gone = dict[int, actions.ActionRow](), set[int]()
        for one in ids:
            mine = [(w, p) for w, p in proposed if w.case.id == one]
            more, lost = _store(runtime, mine, [m for m in moves if m.case_id == one], tally)
            rows, gone = rows | more, gone | lost
        return rows, gone


def _written(runtime: Runtime, proposed: Proposed, moves: Sequence[Move]) -> Stored:
    with runtime.database.write() as connection:
        late = case_moves.move(connection, moves, runtime.owner, runtime.run)
        mine = [(work, proposal) for work, proposal in proposed if work.case.id not in late]
        new = [runtime_action(runtime, proposal) for _, proposal in mine]
        unnoted = {m.case_id: m.words for m in moves if m.words is not None and m.case_id not in late}
        rows = proposing.propose_many(connection, new, _said_of_twins(runtime), unnoted)
        if not new:
            words.note(connection, unnoted)
    return {work.case.id: row for (work, _), row in zip(mine, rows, strict=True)}, late


def _unstorable(runtime: Runtime, proposed: Proposed, move: Move, tally: Tally, error: Exception) -> Stored:
    """A case fails of which something cannot be stored."""
    text = str(_defect(error))
    _written(runtime, [], [Move(move.case_id, (), move.round, "failed", text, words=move.words)])
    for work, _ in proposed:
        tally.add(work.case.flow, "failed")
        _note(tally, work.case, "failed", text)
    return {}, {move.case_id}


def _defect(error: Exception) -> KontoristError:
    """What went wrong, without the statement of a database, which would repeat the case's texts."""
    what = getattr(error, "orig", None) or error
    return KontoristError(f"This cannot be worked with ({type(what).__name__}: {what}). Look at what the flow does there.")


def _asked(runtime: Runtime, work: Work, outcome: Outcome) -> Outcome:
    """A question instead of a failure, where a step lacks what came of an action of which a person said that it happened."""
    question = stated.question_for(runtime, work.case, work.path, outcome.error)
    return Outcome(unclear=question["text"], question=question) if question else outcome


def _forgiven(work: Work, outcome: Outcome) -> Outcome:
    """What the step's `on_error` makes of a failure that is not tried again."""
    if outcome.error is None or work.step.on_error == "fail" or _is_tried_again(work, outcome.error):
        return outcome
    text = f"{work.flow}: step {work.step.id or work.path}: {outcome.error}"
    if work.step.on_error == "ask":
        return Outcome(unclear=text)
    entry = cases.Entry(
        work.path, len(work.case.journal), work.step.id or "", kind_of(work.step), work.flow, {"error": str(outcome.error)}
    )
    return Outcome(entry=attrs.evolve(entry, info={"warnings": [text]}))


def _is_tried_again(work: Work, error: Exception) -> bool:
    if isinstance(error, Away):
        return True
    return isinstance(error, Unavailable) and work.case.attempts < (work.step.retry or Retry.model_validate({})).times


def runtime_action(runtime: Runtime, new: proposing.NewAction) -> proposing.NewAction:
    """The proposal with somebody who may decide: where the flow names nobody, the admins."""
    if new.rule.get("by"):
        return new
    admins = [name for name, person in runtime.office.settings.people.items() if person.role == "admin"]
    return attrs.evolve(new, rule={**new.rule, "by": admins})


def _move_of(runtime: Runtime, work: Work, outcome: Outcome, walk: Walk, tally: Tally) -> Move | None:
    """What is stored of a step; None when that can wait for what follows."""
    if outcome.entry is not None and _is_cheap(outcome.entry):
        walk.entries.append(outcome.entry)  # who dies before it is stored does it again
        return None
    entries = _taken(walk)
    case = work.case
    if outcome.error is not None:
        return _failed(work, outcome.error, entries, tally)
    if outcome.unclear:
        tally.add(case.flow, "unclear")
        _note(tally, case, "unclear", outcome.unclear)
        question = _addressed(runtime, case, work.flow, work.path, outcome.question or {"kind": "look", "text": outcome.unclear})
        return Move(case.id, entries, case.round, "unclear", outcome.unclear, question, words=_words(case))
    if outcome.stop:
        tally.add(case.flow, "advanced")
        return Move(case.id, entries, case.round, "done", outcome.stop, words=_words(case))
    if outcome.entry is not None:
        entries = [*entries, outcome.entry]
    return Move(case.id, entries, case.round, words=_words(case))


def _failed(work: Work, error: Exception, entries: list[cases.Entry], tally: Tally) -> Move:
    case, retry = work.case, work.step.retry or Retry.model_validate({})
    text = f"{work.flow}: step {work.step.id or work.path}: {error}"
    if _is_tried_again(work, error):
        is_away = isinstance(error, Away)
        pause = min(parse_duration(retry.wait) * 2 ** min(case.attempts, 20), _AWAY_AT_MOST if is_away else _PAUSE_AT_MOST)
        tally.add(case.flow, "waiting")
        until = utcnow() + pause
        return Move(case.id, entries, case.round, "runnable", text, None, until, failed_attempt=True, words=_words(case))
    tally.add(case.flow, "failed")
    _note(tally, case, "failed", text)
    return Move(case.id, entries, case.round, "failed", text, words=_words(case))


def _note(tally: Tally, case: Case, state: str, text: str | None) -> None:
    if state in ("unclear", "failed"):
        logs.event(state, flow=case.flow, case=case.id, level=logging.WARNING if state == "failed" else logging.INFO)
        tally.notes.append({"case": case.id, "flow": case.flow, "title": case.title, "state": state, "why": text or ""})
