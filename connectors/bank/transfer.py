"""The action `transfer`: approved payments become one file that a person hands to the bank."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors import _files
from connectors.bank import pain
from connectors.bank.config import TransferPayload
from connectors.base import Action, Context, Proposal, Receipt, Warn
from kontorist.core.clock import utcnow
from kontorist.core.errors import NotReadable, Rejected, Uncertain
from kontorist.core.filters import ZONE, format_money
from kontorist.core.permit import Permit
from kontorist.core.values import canonical, sha256

if TYPE_CHECKING:
    from connectors.bank.connector import Bank


class WriteTransfers(Action):
    """Write a file of SEPA credit transfers (pain.001.001.09). It pays nothing itself: the bank asks for its own release."""

    Payload = TransferPayload
    recipients = ("transfers",)
    approvers = 2
    # the file may have been taken to the bank meanwhile: a missing one proves nothing, and nothing is written again
    authoritative_find = False

    def propose(self, connector: Bank, payload: TransferPayload, context: Context) -> Proposal:
        """The payments with their sum. Raises Rejected for one that stands in an earlier file, or twice in this one."""
        payer = _payer(connector)
        references = [pain.reference(one.reference) for one in payload.transfers]
        _only_once(references)
        _sayable(payload)
        if again := sorted(_paid(connector.output, references)):
            raise Rejected(f"{'; '.join(again)}. Nothing is paid twice; take it out of the file.")
        if payload.execute_on and payload.execute_on < utcnow().astimezone(ZONE).date():
            raise Rejected(f"The day of execution, {payload.execute_on}, is over; choose another.")
        total = sum((one.amount for one in payload.transfers), Decimal(0))
        stored = payload.model_copy(update={"pay_from": payer.iban, "total": total, "file": ""}).model_dump(mode="json")
        stored["file"] = f"pain001-{sha256(canonical(stored))[:16]}.xml"
        return Proposal(
            payload=stored,
            sentence=_sentence(payload, total, payer, context.language),
            business_key=f"transfer:{references[0]}" if len(references) == 1 else f"transfers:{_together(references)}",
            warnings=_signs(payload, payer, context.language),
            rests_on={"pay_from": payer.iban},
        )

    def check(self, connector: Bank, payload: Any, rests_on: Mapping[str, Any]) -> Sequence[str]:
        """The account must be the same, and none of the payments in another file meanwhile."""
        payload = payload if isinstance(payload, dict) else payload.model_dump(mode="json")
        changed = [] if connector.config.pay_from == rests_on.get("pay_from") else ["The account that is paid from has changed."]
        references = [pain.reference(one["reference"]) for one in payload["transfers"]]
        return [*changed, *(f"{one}." for one in sorted(_paid(connector.output, references, but=payload["file"])))]

    def execute(self, connector: Bank, permit: Permit) -> Receipt:
        """Write the file, whole and under a new name only."""
        payload = permit.payload
        target = _files.inside(connector.output, "") / _files.safe_name(str(payload["file"]))
        if target.exists():
            raise Uncertain(f"{target} is there already: look whether it was handed to the bank, then decide.")
        day = date.fromisoformat(payload["execute_on"]) if payload.get("execute_on") else None
        data = pain.write(_message(payload), utcnow(), _payer(connector), pain.payments_of(payload["transfers"]), day)
        _files.publish(data, target, permit.commit)
        return _receipt(target, data)

    def find(self, connector: Bank, payload: Any, key: str) -> Receipt | None:
        """The file with this name, if it holds these payments."""
        payload = payload if isinstance(payload, dict) else payload.model_dump(mode="json")
        target = connector.output / _files.safe_name(str(payload["file"]))
        if not target.is_file():
            return None
        data = target.read_bytes()
        try:
            return _receipt(target, data) if pain.read(data).message == _message(payload) else None
        except NotReadable:
            return None

    def outputs(self, connector: Bank, payload: Any, key: str) -> Mapping[str, Any]:
        """Where it was written."""
        return _receipt(connector.output / _files.safe_name(payload.file), b"").outputs


def _payer(connector: Bank) -> pain.Payer:
    company = connector.surroundings.settings.get("company") or {}
    name = connector.config.holder or str(company.get("name") or "")
    if not connector.config.pay_from or not pain.plain(name, 70):
        raise Rejected(
            "No account is named that is paid from; add 'pay_from' (and 'holder') to the connection in connections.yaml."
        )
    return pain.Payer(name, connector.config.pay_from, connector.config.bic)


def _only_once(references: Sequence[str]) -> None:
    twins = {one for one in references if references.count(one) > 1}
    if twins or "" in references:
        raise Rejected(
            f"Every payment needs a reference of its own; {', '.join(sorted(twins)) or 'one'} is there twice or empty."
        )


def _sayable(payload: TransferPayload) -> None:
    for one in payload.transfers:
        for what, text, length in (("name", one.name, 70), ("purpose", one.purpose, 140)):
            if not pain.plain(text, length).strip("/-?:().,'+ "):
                raise Rejected(
                    f"The {what} '{text}' has no letters that banks take; write it in Latin letters in the master data."
                )


def _paid(output: Path, references: Sequence[str], *, but: str = "") -> Iterator[str]:
    """The references that stand in payment files already."""
    for path in sorted(output.glob("*.xml")) if output.is_dir() else []:
        if path.name == but:
            continue
        try:
            known = {one.reference for one in pain.read(path.read_bytes()).payments}
        except NotReadable:
            continue  # another program's file
        yield from (f"{one} is paid in {path.name} already" for one in references if one in known)


def _signs(payload: TransferPayload, payer: pain.Payer, language: str) -> list[Warn]:
    """What the approvers should look at: our own account, and several payments to one account under several names."""
    german, found = language.startswith("de"), []
    if any(one.iban == payer.iban for one in payload.transfers):
        text = "Eine Zahlung geht an das eigene Konto." if german else "One payment goes to the account it is paid from."
        found.append(Warn("own-account", text, stop=True))
    for one in payload.transfers:
        if letters := pain.lost(one.name) + pain.lost(one.purpose):
            text = (
                f"Banken kennen diese Buchstaben nicht, sie fallen weg: {letters} ({one.name}, {one.purpose})."
                if german
                else f"Banks do not take these letters, they are left out: {letters} ({one.name}, {one.purpose})."
            )
            found.append(Warn("lost-letters", text))
    names: dict[str, set[str]] = {}
    for one in payload.transfers:
        names.setdefault(one.iban, set()).add(pain.plain(one.name, 70).lower())
    for iban, told in names.items():
        if len(told) > 1:
            who = ", ".join(sorted(told))
            text = (
                f"Das Konto {iban} steht für mehrere Empfänger: {who}." if german else f"{iban} is the account of several: {who}."
            )
            found.append(Warn("shared-account", text, stop=True))
    return found


def _sentence(payload: TransferPayload, total: Decimal, payer: pain.Payer, language: str) -> str:
    count, first = len(payload.transfers), payload.transfers[0]
    if language.startswith("de"):
        whom = f"an {first.name} ({first.iban})" if count == 1 else f"an {count} Empfänger"
        return f"Zahlungsdatei über {format_money(total)} {whom} vom Konto {payer.iban} schreiben; die Bank führt sie erst nach ihrer eigenen Freigabe aus."
    whom = f"to {first.name} ({first.iban})" if count == 1 else f"to {count} receivers"
    return f"Write a payment file of {format_money(total, language='en')} {whom} from {payer.iban}; the bank executes it after its own release only."


def _together(references: Sequence[str]) -> str:
    return sha256(canonical({"references": sorted(references)}))


def _message(payload: Mapping[str, Any]) -> str:
    return sha256(canonical({"transfers": payload["transfers"], "file": payload["file"]}))[:32]


def _receipt(target: Path, data: bytes) -> Receipt:
    return Receipt(evidence={"file": str(target), "sha256": sha256(data)}, outputs={"file": str(target), "name": target.name})
