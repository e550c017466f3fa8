"""A data subject: a person, or what stands for one, as it is looked for in texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kontorist.core.errors import NotAllowed


class Subject:
    """A person, or what stands for one: an e-mail address, a name, a customer number."""

    def __init__(self, text: str) -> None:
        words = text.split()
        if len("".join(words)) < 3:
            raise NotAllowed(f"'{text}' is too short to find a person by; give an e-mail address or a full name.")
        self.text = " ".join(words)
        inner = r"\s+".join(re.escape(word) for word in words)
        # not inside a longer word or address: anna@firma.de is neither joanna@firma.de nor anna@firma.dev
        self._pattern = re.compile(rf"(?<![\w.+%-]){inner}(?![\w@-])(?!\.\w)", re.IGNORECASE)

    def is_in(self, value: Any) -> bool:
        """Whether a text, or a text anywhere in a value, speaks of this person."""
        if isinstance(value, str):
            return self._pattern.search(value) is not None
        if isinstance(value, bytes):
            return self.is_in(value.decode("utf-8", "replace").replace("\\n", "\n"))
        if isinstance(value, Mapping):
            return any(self.is_in(inner) for pair in value.items() for inner in pair)
        return isinstance(value, list | tuple) and any(self.is_in(inner) for inner in value)
