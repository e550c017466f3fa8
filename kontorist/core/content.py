"""Which names of a flow hold what somebody outside wrote, so that `check` sees when such text would choose a recipient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jinja2

from kontorist.core import expressions

_WHOLE = {"file", "webhook", "documents", "before"}
_WRITTEN = {"mail": {"text", "new_text", "gist", "subject", "attachments"}}
"""Of a mail its words; who sent it is known to the office's own mail server."""


class Content:
    """The names met so far that were read from content; grows along the steps."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def of(self, shape: Any, *, expression: bool = False) -> list[str]:
        """What a shape takes from content, as it would be written; nothing where its syntax is wrong (reported on its own)."""
        try:
            return sorted(set(self._of(shape, expression=expression)))
        except jinja2.TemplateError:
            return []

    def _of(self, shape: Any, *, expression: bool) -> list[str]:
        if isinstance(shape, Mapping):
            return [name for value in shape.values() for name in self._of(value, expression=False)]
        if isinstance(shape, list):
            return [name for value in shape for name in self._of(value, expression=False)]
        if not isinstance(shape, str):
            return []
        paths = [path for path, _ in expressions.uses(shape, expression=expression)]
        whole = [path[0] for path in paths if path[0] in self.names or path[0] in _WHOLE]
        return whole + [".".join(path[:2]) for path in paths if len(path) > 1 and path[1] in _WRITTEN.get(path[0], ())]

    def note(self, name: str | None, shape: Any = None, *, expression: bool = False) -> None:
        """A name has this value; one without a shape is what an agent gave."""
        if name and (shape is None or self.of(shape, expression=expression)):
            self.names.add(name)
