"""For each mail of a shadow run: what the flow would have done against what people did, kind by kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flows.alike import Likeness, likenesses
from flows.shadow import Past, Run, same_folder
from flows.shadow_postings import Postings, proposed
from kontorist.core.flow import ActionStep, UseStep, walk
from kontorist.core.office import Office

KINDS = ("reply", "forward", "move", "post")
SAME, DIFFERENT, ONLY_FLOW, ONLY_PEOPLE = "same", "different", "only_flow", "only_people"
ENOUGH_FACTS, ENOUGH_MEANING = 0.5, 0.6
"""A draft says the same when half of its facts stand in the true reply; one without facts, from this cosine on."""


@dataclass(frozen=True)
class Verdict:
    """One kind of action on one mail: `verdict` is same, different, only_flow or only_people."""

    kind: str
    verdict: str
    step: str = ""
    would: str = ""
    did: str = ""
    why: str = ""
    """For a different one: recipient, content, folder, vendor, amount or account."""
    likeness: Likeness | None = None


@dataclass(frozen=True)
class Case:
    """One mail with its verdicts."""

    past: Past
    verdicts: Sequence[Verdict]
    others: Sequence[str]
    """Actions of which a mailbox and the books show nothing."""

    @property
    def proposed(self) -> bool:
        """Whether the flow would have proposed something that can be compared."""
        return any(v.verdict != ONLY_PEOPLE for v in self.verdicts)

    @property
    def agrees(self) -> bool:
        """Whether flow and people did the same, or both nothing."""
        return all(v.verdict == SAME for v in self.verdicts)

    @property
    def unclear(self) -> bool:
        """Whether the flow would have left it to a person."""
        return bool(self.past.result["state"] == "unclear")


def kinds_of(office: Office, flow: str) -> list[str]:
    """The kinds of action that a flow, with what it uses, can propose and that leave a trace to compare with."""
    found, todo, seen = set(), [flow], set()
    while todo:
        name = todo.pop()
        if name in seen or name not in office.flows:
            continue
        seen.add(name)
        for _, step in walk(office.flows[name].steps):
            if isinstance(step, UseStep):
                todo.append(step.use)
            elif isinstance(step, ActionStep):
                found.add(kind_of(office, step.action))
    return [kind for kind in KINDS if kind in found]


def kind_of(office: Office, action: str) -> str:
    """reply, forward, move, post, or empty for what leaves no trace to compare with."""
    connection, _, name = action.partition(".")
    configured = office.connections.get(connection)
    connector = configured.connector if configured else ""
    kinds = {"mail": {"reply": "reply", "draft": "reply", "send": "forward", "move": "move"}, "accounting": {"post": "post"}}
    return kinds.get(connector, {}).get(name, "")


def compare(office: Office, run: Run, booked: Postings) -> list[Case]:
    """The verdicts on every mail, only on kinds that the flow can propose at all."""
    kinds = kinds_of(office, run.flow)
    rough = [(past, *_one(office, past, kinds, booked)) for past in run.past]
    open_pairs = [(i, j) for i, (_, verdicts, _) in enumerate(rough) for j, v in enumerate(verdicts) if _is_pair(v)]
    texts = [(rough[i][1][j].would, rough[i][1][j].did, rough[i][0].text) for i, j in open_pairs]
    for (i, j), likeness in zip(open_pairs, likenesses(texts), strict=True):
        rough[i][1][j] = _with_likeness(rough[i][1][j], likeness)
    return [Case(past, verdicts, others) for past, verdicts, others in rough]


def _is_pair(verdict: Verdict) -> bool:
    return verdict.kind == "reply" and verdict.verdict in (SAME, DIFFERENT)


def _one(office: Office, past: Past, kinds: Sequence[str], booked: Postings) -> tuple[list[Verdict], list[str]]:
    by_kind: dict[str, Mapping[str, Any]] = {}
    others = []
    for proposal in past.result["proposals"]:
        if kind := kind_of(office, proposal["action"]):
            by_kind.setdefault(kind, proposal)
        else:
            others.append(proposal["action"])
    verdicts = []
    for kind in kinds:
        verdicts += list(_verdict(kind, by_kind.get(kind), past, booked))
    return verdicts, others


def _verdict(kind: str, proposal: Mapping[str, Any] | None, past: Past, booked: Postings) -> Iterator[Verdict]:
    step = str(proposal["step"]) if proposal else ""
    payload: Mapping[str, Any] = proposal["payload"] if proposal else {}
    would, did = _would(kind, payload), _did(kind, past, payload, booked)
    if proposal and did:
        why = _difference(kind, payload, past, booked)
        yield Verdict(kind, DIFFERENT if why else SAME, step, would, did, why)
    elif proposal:
        yield Verdict(kind, ONLY_FLOW, step, would=would)
    elif did:
        yield Verdict(kind, ONLY_PEOPLE, did=did)


def _would(kind: str, payload: Mapping[str, Any]) -> str:
    if kind in ("reply", "forward"):
        return str(payload.get("body", ""))
    return str(payload.get("folder", "")) if kind == "move" else _booking(proposed(payload)) if payload else ""


def _did(kind: str, past: Past, payload: Mapping[str, Any], booked: Postings) -> str:
    if kind == "reply":
        return (past.deed.answer.text or " ") if past.deed.answer else ""
    if kind == "forward":
        return (past.deed.forwarded.text or " ") if past.deed.forwarded else ""
    if kind == "move":
        return past.deed.moved_to or ""
    found = _booked(past, payload, booked)
    return _booking(found) if found else ""


def _booked(past: Past, payload: Mapping[str, Any], booked: Postings) -> Mapping[str, Any] | None:
    if not payload:
        return next(iter(past.postings), None)
    wanted = proposed(payload)
    return booked.of_invoice(wanted["vendor"], wanted["number"], wanted["document"])


def _booking(one: Mapping[str, Any]) -> str:
    return f"{one['vendor']} · {one['number']} · {one['gross']} · {', '.join(sorted(one['accounts']))}"


def _difference(kind: str, payload: Mapping[str, Any], past: Past, booked: Postings) -> str:
    """What is different between a proposal and what people did; empty: nothing. The content of replies is looked at later."""
    if kind in ("reply", "forward"):
        answer = past.deed.answer if kind == "reply" else past.deed.forwarded
        wanted = {str(address).lower() for address in payload.get("to", ())}
        return "" if answer and wanted <= answer.to else "recipient"
    if kind == "move":
        return "" if same_folder(str(payload.get("folder", "")), past.deed.moved_to or "") else "folder"
    wanted_posting, found = proposed(payload), _booked(past, payload, booked) or {}
    different = {
        "vendor": wanted_posting["vendor"] != found.get("vendor"),
        "amount": abs(wanted_posting["gross"]) != abs(found.get("gross", 0)),
        "account": wanted_posting["accounts"] != found.get("accounts"),
    }
    return next((name for name, is_so in different.items() if is_so), "")


def _with_likeness(verdict: Verdict, likeness: Likeness) -> Verdict:
    says_the_same = likeness.facts >= ENOUGH_FACTS if likeness.facts is not None else likeness.meaning >= ENOUGH_MEANING
    why = verdict.why or ("" if says_the_same else "content")
    return Verdict(verdict.kind, DIFFERENT if why else SAME, verdict.step, verdict.would, verdict.did, why, likeness)
