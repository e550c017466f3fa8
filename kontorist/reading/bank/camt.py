"""camt.052, camt.053 and camt.054 (ISO 20022), in any of their versions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from kontorist.core.errors import NotReadable
from kontorist.reading.bank.statement import NOTIFICATION, REPORT, STATEMENT, Balance, Entry, Statement

_SPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:(camt\.05[234]\.001\.\d\d)$")
_KINDS = {
    "BkToCstmrAcctRpt": ("Rpt", REPORT),
    "BkToCstmrStmt": ("Stmt", STATEMENT),
    "BkToCstmrDbtCdtNtfctn": ("Ntfctn", NOTIFICATION),
}
_OPENING, _CLOSING = ("OPBD", "PRCD"), ("CLBD",)
_AMOUNT = re.compile(r"\d{1,18}(\.\d{1,5})?")
_CALLED = {"Stmt": "statement", "Rpt": "statement", "Ntfctn": "statement", "Ntry": "entry", "Bal": "balance", "TxDtls": "part"}
_NONE = {"NOTPROVIDED", "NOTAVAILABLE", "NONREF"}


def read_camt(root: Any) -> list[Statement]:
    """The statements under the root of a message. Raises NotReadable naming what is missing where."""
    space = _SPACE.match(str(root.tag)[1:].partition("}")[0])
    message = next((child for child in root if _name(child) in _KINDS), None)
    if space is None or message is None:
        raise NotReadable("The XML is no bank statement (camt.052, camt.053 or camt.054).")
    part, kind = _KINDS[_name(message)]
    found = [_statement(one, space.group(1), kind, place) for one, place in _numbered(message, part)]
    if not found:
        raise NotReadable(f"The message {_text(message, 'GrpHdr/MsgId') or '?'} holds no statement.")
    return found


def _statement(node: Any, version: str, kind: str, place: str) -> Statement:
    account = _text(node, "Acct/Id/IBAN") or _text(node, "Acct/Id/Othr/Id")
    number, currency = _text(node, "Id"), _text(node, "Acct/Ccy")
    if not account or not number:
        raise NotReadable(f"{_place(node)}: the statement has no {'account' if not account else 'id'}.")
    balances = {_text(one, "Tp/CdOrPrtry/Cd"): _balance(one) for one in _all(node, "Bal")}
    within = f"{place}, " if place else ""
    entries = [entry for one, step in _numbered(node, "Ntry") for entry in _entries(one, account, f"{within}{step}")]
    return Statement(
        format=version,
        account=account,
        id=number,
        number=_text(node, "ElctrncSeqNb") or _text(node, "LglSeqNb"),
        currency=currency or next((one.currency for one in balances.values()), ""),
        message=kind,
        opening=next((balances[code] for code in _OPENING if code in balances), None),
        closing=next((balances[code] for code in _CLOSING if code in balances), None),
        entries=tuple(entries),
    ).sound()


def _balance(node: Any) -> Balance:
    amount, currency = _amount(node, "Amt")
    return Balance(amount * _sign(node), currency, _day(node, "Dt"))


def _entries(node: Any, account: str, place: str) -> Iterator[Entry]:
    """The details of an entry when they say their amounts and these make up the entry; else the entry as one."""
    whole, currency = _amount(node, "Amt")
    whole *= _sign(node)
    details = list(_all(node, "NtryDtls/TxDtls"))
    amounts = [_detail_amount(one, currency, _sign(node)) for one in details]
    if len(details) > 1 and None not in amounts and sum((one or Decimal(0) for one in amounts), Decimal(0)) == whole:
        for detail, amount in zip(details, amounts, strict=True):
            yield _entry(node, [detail], amount or Decimal(0), currency, account, place)
    else:
        yield _entry(node, details, whole, currency, account, place)


def _detail_amount(node: Any, currency: str, sign: int) -> Decimal | None:
    """What a detail moved; the sign is the entry's where it says none: a batch may hold a return among its payments."""
    own = _sign(node) if _text(node, "CdtDbtInd") else sign
    for path in ("Amt", "AmtDtls/TxAmt/Amt"):
        if (found := _one(node, path)) is not None and found.get("Ccy") == currency:
            return _amount(node, path)[0] * own
    return None


def _entry(node: Any, details: list[Any], amount: Decimal, currency: str, account: str, place: str) -> Entry:
    status = _text(node, "Sts/Cd") or _text(node, "Sts")
    told = [node, *details] if len(details) == 1 else [node]
    detail = details[0] if len(details) == 1 else None
    reversal = _text(node, "RvslInd").lower() in ("true", "1")
    goes_back = reversal or bool(_returned(detail))
    side = _other_side(detail, came_in=amount > 0, back=goes_back, account=account)
    purposes = [text for one in details for text in (*_purpose(one), *_returned(one))]
    return Entry(
        amount=amount,
        currency=currency,
        booking_date=_day(node, "BookgDt"),
        value_date=_day(node, "ValDt"),
        account=account,
        counterparty=_party(detail, side),
        iban=_account_of(detail, side),
        bic=_first(detail, f"RltdAgts/{side}Agt/FinInstnId/BICFI", f"RltdAgts/{side}Agt/FinInstnId/BIC"),
        purpose=" ".join(purposes) or _first(detail, "AddtlTxInf") or _text(node, "AddtlNtryInf"),
        end_to_end_id=_agreed(details, "Refs/EndToEndId"),
        mandate=_reference(detail, "Refs/MndtId"),
        creditor_id=_text(detail, "RltdPties/Cdtr/Id/PrvtId/Othr/Id"),
        customer_reference=_reference(detail, "Refs/InstrId") or _reference(node, "NtryRef"),
        bank_reference=next((ref for one in told if (ref := _bank_reference(one))), ""),
        kind=_kind(node),
        reversal=goes_back,
        pending=status not in ("BOOK", ""),
        place=f"{place}, line {node.sourceline}",
    )


def _other_side(detail: Any, *, came_in: bool, back: bool, account: str) -> str:
    """The debtor of what came in and the creditor of what went out; the other way round for what goes back.

    Banks turn the parties of what goes back around or leave them as they were: whose account is ours is never the other one.
    """
    side, opposite = ("Dbtr", "Cdtr") if came_in is not back else ("Cdtr", "Dbtr")
    ours = _bare(_account_of(detail, side)) == _bare(account) != _bare(_account_of(detail, opposite))
    return opposite if ours else side


def _account_of(detail: Any, side: str) -> str:
    return _first(detail, f"RltdPties/{side}Acct/Id/IBAN", f"RltdPties/{side}Acct/Id/Othr/Id")


def _bare(account: str) -> str:
    return "".join(account.split()).upper()


def _returned(detail: Any) -> list[str]:
    """Why a payment was given back: the code of ISO 20022 or the bank's own, and its words; MT940 tells it in the purpose, too."""
    reason = _first(detail, "RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry")
    return [text for text in (reason, *map(_own, _all(detail, "RtrInf/AddtlInf"))) if text]


def _purpose(detail: Any) -> list[str]:
    plain = [text for one in _all(detail, "RmtInf/Ustrd") if (text := _own(one))]
    structured = [text for one in _all(detail, "RmtInf/Strd") if (text := _text(one, "CdtrRefInf/Ref"))]
    numbers = [text for one in _all(detail, "RmtInf/Strd/RfrdDocInf") if (text := _text(one, "Nb"))]
    further = [text for one in _all(detail, "RmtInf/Strd/AddtlRmtInf") if (text := _own(one))]
    return [*plain, *structured, *numbers, *further]


def _party(detail: Any, side: str) -> str:
    paths = (f"RltdPties/{side}/Nm", f"RltdPties/{side}/Pty/Nm", f"RltdPties/Ultmt{side}/Nm", f"RltdPties/Ultmt{side}/Pty/Nm")
    return _first(detail, *paths)


def _kind(node: Any) -> str:
    domain = [_text(node, f"BkTxCd/Domn/{path}") for path in ("Cd", "Fmly/Cd", "Fmly/SubFmlyCd")]
    return "-".join(domain) if all(domain) else _text(node, "BkTxCd/Prtry/Cd")


def _bank_reference(node: Any) -> str:
    return _reference(node, "AcctSvcrRef") or _reference(node, "Refs/AcctSvcrRef")


def _agreed(details: list[Any], path: str) -> str:
    """What all details of an entry say alike."""
    found = {_reference(one, path) for one in details}
    return found.pop() if len(found) == 1 else ""


def _reference(node: Any, path: str) -> str:
    found = _text(node, path)
    return "" if found.upper() in _NONE else found


# walking ------------------------------------------------------------------


def _name(node: Any) -> str:
    return str(node.tag).rpartition("}")[2] if isinstance(node.tag, str) else ""


def _all(node: Any, path: str) -> Iterator[Any]:
    step, _, rest = path.partition("/")
    for child in () if node is None else node:
        if _name(child) == step:
            if rest:
                yield from _all(child, rest)
            else:
                yield child


def _numbered(node: Any, step: str) -> Iterator[tuple[Any, str]]:
    """The children of this name with what people call them, `entry 3`: looking that up for each alone takes time by the square."""
    found = list(_all(node, step))
    for number, child in enumerate(found, 1):
        yield child, _called(step, number, len(found))


def _called(name: str, number: int, of: int) -> str:
    """`entry 3`; empty for what people have no word for, and for the only statement or balance of a file."""
    word = _CALLED.get(name, "")
    return f"{word} {number}" if word and (of > 1 or word == "entry") else ""


def _one(node: Any, path: str) -> Any:
    return next(_all(node, path), None)


def _own(node: Any) -> str:
    return " ".join((node.text or "").split())


def _text(node: Any, path: str) -> str:
    found = _one(node, path)
    return "" if found is None else _own(found)


def _first(node: Any, *paths: str) -> str:
    return next((text for path in paths if (text := _text(node, path))), "")


def _sign(node: Any) -> int:
    found = _text(node, "CdtDbtInd")
    if found not in ("CRDT", "DBIT"):
        raise NotReadable(f"{_place(node)}: whether it is a credit or a debit is not said.")
    return 1 if found == "CRDT" else -1


def _amount(node: Any, path: str) -> tuple[Decimal, str]:
    found = _one(node, path)
    text, currency = ("", "") if found is None else (_own(found), str(found.get("Ccy") or ""))
    if not text:
        raise NotReadable(f"{_place(node)}: the amount is missing.")
    if not _AMOUNT.fullmatch(text) or not re.fullmatch(r"[A-Z]{3}", currency):
        raise NotReadable(f"{_place(node)}: '{text} {currency}' is no amount.")
    value = Decimal(text)
    return (value.quantize(Decimal("0.01")) if value == round(value, 2) else value), currency


def _day(node: Any, path: str) -> date | None:
    text = _text(node, f"{path}/Dt") or _text(node, f"{path}/DtTm")
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError as error:
        raise NotReadable(f"{_place(node)}: '{text}' is no date.") from error


def _place(node: Any) -> str:
    """`statement 2, entry 3, line 40`: for people."""
    steps, line = [], node.sourceline
    while node is not None and node.getparent() is not None:
        twins = [one for one in node.getparent() if one.tag == node.tag]
        steps.append(_called(_name(node), twins.index(node) + 1, len(twins)))
        node = node.getparent()
    return ", ".join([*filter(None, reversed(steps)), f"line {line}"])
