"""What a case is called where the product itself found the name: of a bank entry or a timetable, with its amount or day as the reader writes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kontorist.inbox.ways import rewritten

_AMOUNT = re.compile(r"^-?[\d.]+,\d{2} [A-Z]{3}(?= · )")
_DAY = re.compile(r"\d{2}\.\d{2}\.\d{4} \d{2}:\d{2}$")


def titled(title: str, data: Mapping[str, Any], language: str) -> str:
    """The title of a case; a mail's subject and a file's name are somebody else's and stay as they are."""
    if "row" in data:
        return _AMOUNT.sub(lambda found: rewritten(found[0], "amount", language), title)
    if "scheduled" in data:
        return _DAY.sub(lambda found: rewritten(found[0], "day", language), title)
    return title
