"""Personal data made unreadable for a report that leaves the desk."""

from __future__ import annotations

import re

from agents._model.pseudonyms import Pseudonyms

_GREETED = re.compile(
    r"(?im)^((?:hallo|hello|hi|dear|liebe[r]?|moin|guten (?:tag|morgen))[ ]+)(?!sir\b|all\b|team\b)[^\W\d_][^,\n]{1,40}"
)
_LONG_NUMBER = re.compile(r"\b(?=[\w/-]*\d{4})[\w/-]{4,}\b")
_NAME = re.compile(r"\b[A-ZÄÖÜ][a-zäöüß]+ [A-ZÄÖÜ][a-zäöüß]+(?=\s*$)", re.MULTILINE)


def masked(text: str) -> str:
    """A text without names, addresses, phone numbers, accounts and long numbers, as far as patterns know them."""
    hidden = Pseudonyms().hide(text)
    hidden = _GREETED.sub(r"\1[…]", hidden)
    hidden = _NAME.sub("[…]", hidden)
    return _LONG_NUMBER.sub(lambda m: m.group() if re.fullmatch(r"(?:19|20)\d\d", m.group()) else "[…]", hidden)
