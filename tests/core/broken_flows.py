"""Breaks the shipped flows in every way a person does with an editor; each with the line where `check` must point."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FLOWS = Path(__file__).resolve().parents[2] / "config" / "flows"


@dataclass(frozen=True)
class Broken:
    """A flow's file with one mistake in it."""

    flow: str
    what: str
    text: str
    line: int
    says: str
    """What the message must contain, as a regular expression."""


SLIPS: list[tuple[str, str, str, str]] = [
    ("agent misspelt as a key", r"\bagent:", "agnet:", "agnet"),
    ("lookup misspelt", r"\blookup:", "lokup:", "lokup"),
    ("action misspelt", r"\baction:", "acton:", "acton"),
    ("agent that is none", r"(?<=agent: )(\w+)", r"\1x", "no agent"),
    ("connection that is none", r"(?<=action: )mailbox", "malbox", "no connection.*did you mean 'mailbox'"),
    ("action that is none", r"(?<=action: mailbox\.)reply", "repply", "no action.*did you mean 'reply'"),
    ("table that is none", r"(?<=lookup: erp\.)orders\b", "ordres", "no table.*did you mean 'orders'"),
    ("column that is none", r"(?<=where: \{)number:", "numer:", "no column.*did you mean 'number'"),
    ("field that is none", r"order\.shipped_on", "order.shiped_on", "did you mean 'shipped_on'"),
    ("field of an agent", r"answer\.text", "answer.txt", "did you mean 'text'"),
    ("field of a mail", r"mail\.subject", "mail.subjct", "did you mean 'subject'"),
    ("field within a field", r"mail\.from\.address", "mail.from.adress", "did you mean 'address'"),
    ("label that is none", r"(?<=topic\.label == \")order-status", "order-staus", "topic.label is never.*did you mean 'order-status'"),
    ("label of several that is none", r"(?<=topic\.label in \[)\"(\w+)", r'"\1x', "topic.label is never"),
    ("name that is none", r"topic\.label", "tpic.label", "not known here.*did you mean 'topic'"),
    ("group that is none", r"(?<=by: )service", "servise", "no group or person.*did you mean 'service'"),
    ("escalates to nobody", r"(?<=escalate: )office-lead", "ofice-lead", "no group or person"),
    ("duration that is none", r"(?<=due: )(\d)([hd])", r"\1 moons", "not a duration"),
    ("option of approve", r"(?<=, )due:", "dew:", "unknown option 'dew'"),
    ("payload key", r"\bsubject: \"", 'subjekt: "', "takes no 'subjekt'.*did you mean 'subject'"),
    ("no body", r", body: \"\{\{ answer\.text \}\}\"", "", "needs 'body'"),
    ("flow that is none", r"(?<=use: )order-status", "order-staus", "no flow.*did you mean 'order-status'"),
    ("parameter that is none", r"(?<=with: \{)kind", "kimd", "no parameter.*did you mean 'kind'"),
    ("knowledge that is none", r"(?<=knowledge: \[)reklamation", "reklamtion", "no knowledge page.*did you mean 'reklamation'"),
    ("filter that is none", r"\| salutation", "| salutaton", "filter.*salutaton"),
    ("bracket that is not closed", r"(\{\{ mail\.[a-z.]+ )\}\}", r"\1}", "template"),
    ("block that is not closed", r"\{% endif %\}", "", "template|endif"),
    ("comparison with one sign", r"==", "=", "expression|template"),
    ("two kinds in one step", r"^( *)- id: (\w+)\n", r"\1- id: \2\n\1  stop: here\n", "one thing"),
    ("key twice", r"^( *)action: (.+)\n", r"\1action: \2\n\1action: \2\n", "twice"),
    ("tab", r"^    (?=action:)", "\t", "not valid YAML"),
    ("quote that is not closed", r"\"(?=\}$)", "", "not valid YAML"),
    ("choice that is none", r"if_missing: \w+", "if_missing: perhaps", "perhaps|ask"),
    ("yes or no", r"many: true", "many: maybe", "true or false|bool"),
    ("cron", r"(?<=schedule: )\"[^\"]+\"", '"every morning"', "cron"),
    ("text for a number", r"at_least: 0\.7", "at_least: high", "number"),
    ("number out of range", r"at_least: 0\.7", "at_least: 7", "less than or equal|at most"),
    ("id with a capital", r"(?<=- id: )([a-z])(\w*)", r"X\2", "X"),
    ("nobody may approve", r"approve: \{by: [^{}]+\}", "approve: {due: 1d}", "nobody who may approve"),
    ("together with nothing", r"together_with: \w+", "together_with: nothing", "no action.*'nothing'|'nothing'"),
    ("too many approvers", r"approve: \{by: (\w+),", r"approve: {by: \1, count: 9,", "9 people must approve"),
    ("recipient out of the text", r"(?<=to: \"\{\{ )mail\.from\.address", "answer.text", "decides who gets it"),
    ("trigger that is none", r"^  mail: \{", "  male: {", "male"),
    ("folder option", r"folder: INBOX", "foldr: INBOX", "unknown option 'foldr'.*did you mean 'folder'"),
]  # fmt: skip
"""(what, pattern, replacement, what the message says); one broken file for each flow and each of the first two places."""


def broken() -> Iterator[Broken]:
    """Every broken file."""
    for path in sorted(FLOWS.glob("*.yaml")):
        text = path.read_text()
        for what, pattern, replacement, says in SLIPS:
            for match in list(re.finditer(pattern, text, re.MULTILINE))[:2]:
                if text[text.rfind("\n", 0, match.start()) + 1 : match.start()].lstrip().startswith("#"):
                    continue
                new = match.expand(replacement) if "\\" in replacement else replacement
                changed = text[: match.start()] + new + text[match.end() :]
                yield Broken(path.stem, what, changed, text.count("\n", 0, match.start()) + 1 + (what == "key twice"), says)
