"""Personal data made unreadable for a report that leaves the desk."""

from __future__ import annotations

import re

from agents._model.pseudonyms import Pseudonyms

_GREETED = re.compile(
    r"(?im)^((?:hallo|hello|hi|dear|liebe[r]?|moin|guten (?:tag|morgen))[ ]+)(?!sir\b|all\b|team\b)[^\W\d_][^,\n]{1,40}"
)
_CODE = re.compile(r"\w(?:[\w/-]*\w)?")
_LONG_NUMBER = re.compile(r"\d{4}")
_YEAR = re.compile(r"(?:19|20)\d\d")
_NAME = re.compile(r"\b[A-ZÄÖÜ][a-zäöüß]+ [A-ZÄÖÜ][a-zäöüß]+(?=\s*$)", re.MULTILINE)


def masked(text: str) -> str:
    """A text without names, addresses, phone numbers, accounts and long numbers, as far as patterns know them."""
    hidden = Pseudonyms().hide(text)
    hidden = _GREETED.sub(r"\1[…]", hidden)
    hidden = _NAME.sub("[…]", hidden)
    return _CODE.sub(lambda m: "[…]" if _LONG_NUMBER.search(m.group()) and not _YEAR.fullmatch(m.group()) else m.group(), hidden)
