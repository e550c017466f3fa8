"""How much is done at once: more where it takes no time, less where others would wait for it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

CHUNK, SMALLEST, LARGEST = 50, 10, 500
"""Cases worked on at once: at first, at least and at most."""
QUICK, SLOW = 1.0, 5.0
"""Seconds: portions that take less grow to what takes half of that, portions that take more shrink."""
ROUND, AT_ONCE = 50, 1000
"""Items of one flow that are taken in before work on them begins, at first and at most: a mailbox with years in it delays nobody's first card."""
ROUND_QUICK, ROUND_SLOW = 10.0, 20.0
"""Seconds of a round: what comes in the meantime is taken in with the next one, newest first."""
SLICE = 20.0
"""Seconds after which a pass of a runner begins nothing new: the runner makes another one, with what has changed since."""
RESTS, RESTS_AT_MOST = 20.0, 60.0
"""A source that was away is left in peace for so many times as long as it took to say so, and seconds at most: others wait for it meanwhile."""

AGAIN, AGAIN_AT_MOST = 2.0, 60.0
"""Seconds after which a source that was away is asked again although it says nothing: at first, and at most as the pauses double."""


def following_size(size: int, done: int, seconds: float, largest: int, quick: float = QUICK, slow: float = SLOW) -> int:
    """How much to take next: more where the last took no time, less where it kept the first result, and other workers, waiting."""
    if done < size and seconds < slow:
        return size  # there was no more to do: it says nothing of a whole one
    if seconds < quick:
        return min(largest, max(size * 2, int(done * quick / 2 / max(seconds, 0.01))))
    return max(SMALLEST, size // 2) if seconds > slow else size


@dataclass
class Pace:
    """How much is taken on at once, as the last portions were quick or slow; kept from pass to pass by who makes many."""

    round: int = ROUND
    """Items of each flow that are taken in before work on them begins."""
    until: float = math.inf
    """The moment (time.monotonic) after which nothing new is begun."""
    first_chunk: int = CHUNK
    """Cases of a flow that are worked on at once, as long as nobody knows how long they take."""
    _chunks: dict[str, int] = field(default_factory=dict)
    """The same by flow: one asks a model, another takes a millisecond."""
    away: float = 0.0
    """Seconds of a round that went into sources that were away: they say nothing of how quick the others are."""
    _stopped: bool = False
    """Apart from `until`, which a pass that is about to begin sets anew."""
    _resting: dict[str, float] = field(default_factory=dict)
    """Flows whose source was away, and until when it is not asked."""
    _failures: dict[str, int] = field(default_factory=dict)
    """How often in a row the source of a flow was away."""
    _again: dict[str, float] = field(default_factory=dict)
    """Flows whose source was away, and when it is asked again."""
    _called: dict[str, float] = field(default_factory=dict)
    """When the source of a flow last said that something is there."""

    def stop(self) -> None:
        """Begin nothing new any more, whatever time is given afterwards."""
        self._stopped = True

    def chunk(self, flow: str) -> int:
        """How many cases of a flow are worked on at once."""
        return self._chunks.get(flow, self.first_chunk)

    def worked(self, flow: str, done: int, seconds: float) -> None:
        """Remember how long so many cases of a flow took."""
        self._chunks[flow] = following_size(self.chunk(flow), done, seconds, LARGEST)

    def was_away(self, flow: str, seconds: float) -> None:
        """The source of a flow was asked just now, and away; finding that out took so long. It rests, unless it has called meanwhile."""
        now, rest = time.monotonic(), min(RESTS * seconds, RESTS_AT_MOST)
        self.away += seconds
        if self._called.get(flow, -math.inf) < now - seconds:
            self._resting[flow] = now + rest
        failures = self._failures.get(flow, 0)
        self._failures[flow] = failures + 1
        self._again[flow] = now + max(rest, min(AGAIN * 2.0 ** min(failures, 10), AGAIN_AT_MOST))

    def answered(self, flow: str) -> None:
        """The source of a flow was asked just now, and there."""
        self._failures.pop(flow, None)
        self._again.pop(flow, None)

    @property
    def asks_again(self) -> float:
        """The moment (time.monotonic) at which a source that was away is to be asked again, the first of them; never, if there is none."""
        return min(self._again.values(), default=math.inf)

    def to_ask(self, flows: Sequence[str]) -> list[str]:
        """Those of these flows whose source is not left in peace; who waited to be asked again has its turn now."""
        now = time.monotonic()
        self._again = {flow: moment for flow, moment in self._again.items() if moment > now}
        return [flow for flow in flows if not self.rests(flow)]

    def called(self, flow: str) -> None:
        """The source of a flow says that something is there; from any thread."""
        self._called[flow] = time.monotonic()
        self._resting.pop(flow, None)

    def rests(self, flow: str) -> bool:
        """Whether the source of a flow is to be left in peace."""
        return time.monotonic() < self._resting.get(flow, -math.inf)

    @property
    def is_over(self) -> bool:
        """Whether whoever makes this pass wants to look after something else."""
        return self._stopped or time.monotonic() > self.until


def rounds(
    pace: Pace, names: Sequence[str], intake: Callable[[list[str]], dict[str, int]], advance: Callable[[], object]
) -> None:
    """Take in and work off in turn, until nothing is left or the time is over.

    `intake` takes in at most `pace.round` items of each of these flows and says how many it were.
    """
    left = pace.to_ask(names)
    while True:
        began, size, pace.away = time.monotonic(), pace.round, 0.0
        taken = intake(left)
        advance()
        seconds = time.monotonic() - began - pace.away
        pace.round = following_size(size, max(taken.values(), default=0), seconds, AT_ONCE, ROUND_QUICK, ROUND_SLOW)
        left = [name for name in left if taken.get(name, 0) >= size]
        if not left or pace.is_over:
            return
