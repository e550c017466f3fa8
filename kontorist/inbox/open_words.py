"""The words of the open cases, kept: what waits for a decision is searched without asking the database for ten thousand texts."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, select

from kontorist.inbox.open_rows import CASE, Line, changed
from kontorist.store.tables import case_words

_ROOM = 64_000_000
"""Characters that are kept; what does not fit is read at each search."""
_AT_ONCE = 500


class OpenWords:
    """The words of the open cases of one store, each once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: Mapping[int, Line] = {}
        self._words: dict[int, str] = {}

    def of(self, connection: Connection, lines: Mapping[int, Line]) -> Mapping[int, str]:
        """Of each case of these lines its words, with a space before each."""
        with self._lock:
            if self._lines is not lines:
                self._follow(connection, lines)
            return self._words

    def _follow(self, connection: Connection, lines: Mapping[int, Line]) -> None:
        """What is kept becomes that of these lines; only what changed is read."""
        lines_anew, gone = changed(self._lines, lines)
        anew = {line[CASE] for line in lines_anew}
        kept = {case: has for case, has in self._words.items() if case not in anew}
        if gone:
            still = {line[CASE] for line in lines.values()}
            for case in {self._lines[card][CASE] for card in gone if card in self._lines} - still:
                kept.pop(case, None)
        room = _ROOM - sum(map(len, kept.values()))
        order = sorted(anew)
        for start in range(0, len(order), _AT_ONCE):
            if room <= 0:
                break
            some = case_words.c.case_id.in_(order[start : start + _AT_ONCE])
            for case, has in connection.execute(select(case_words.c.case_id, case_words.c.words).where(some)):
                kept[case] = f" {' '.join(dict.fromkeys(has.split()))}"
                room -= len(kept[case])
        self._lines, self._words = lines, kept


_OF: WeakKeyDictionary[Engine, OpenWords] = WeakKeyDictionary()


def open_words(connection: Connection, lines: Mapping[int, Line]) -> Mapping[int, str]:
    """Of each open case its words; without those for which there is no room."""
    return _OF.setdefault(connection.engine, OpenWords()).of(connection, lines)
