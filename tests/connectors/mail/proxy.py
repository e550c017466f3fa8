"""A line between the office and its mail server that breaks as lines do: cut at random, silent after IDLE, refusing MOVE."""

from __future__ import annotations

import asyncio
import random
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass
class Faults:
    """What goes wrong, and how often; may be changed while the proxy runs."""

    cut: float = 0.0
    """Chance that a piece of 1 to 64 KB is the last one that comes through; of smaller ones in proportion, for some servers
    write each line alone."""
    cut_after: int = 0
    """Bytes from the server after which every connection breaks."""
    refuse_move: bool = False
    """The server offers MOVE and refuses it."""
    mute_after_idle: bool = False
    """After IDLE nothing passes any more, in either direction, and nobody hangs up."""
    pieces: bool = False
    """What the server says comes in two pieces, some time apart."""
    at: bytes = b""
    """A command, as `UID EXPUNGE`, at which `act` is called and the line breaks, once."""
    answered: bool = False
    """At the server's answer to that command, which does not come through; else before the server gets it."""
    act: Callable[[], None] = lambda: None
    lie: tuple[bytes, bytes] | None = None
    """What the server says otherwise than it is: a pattern, and what stands there instead."""
    counts: dict[str, int] = field(
        default_factory=lambda: {
            "connections": 0,
            "cuts": 0,
            "lies": 0,
            "refused moves": 0,
            "mute idles": 0,
            "open": 0,
            "most open": 0,
        }
    )


class Proxy:
    """Listens on a free port until stopped; speaks to `target` on this machine without encryption."""

    def __init__(self, target: int, seed: int = 1) -> None:
        self.faults, self.port = Faults(), 0
        self._target, self._random = target, random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._started.wait(10)

    def stop(self) -> None:
        """Hang up everywhere."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _serve(self, near: asyncio.StreamReader, to_near: asyncio.StreamWriter) -> None:
        counts = self.faults.counts
        counts["connections"] += 1
        counts["open"] += 1
        counts["most open"] = max(counts["most open"], counts["open"])
        writers = [to_near]
        try:
            far, to_far = await asyncio.open_connection("127.0.0.1", self._target)
            writers.append(to_far)
            line = _Line(self.faults, self._random, to_near, to_far)
            both = [asyncio.create_task(line.up(near)), asyncio.create_task(line.down(far))]
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in both:
                    task.cancel()
                await asyncio.gather(*both, return_exceptions=True)
        except OSError:
            pass
        finally:
            counts["open"] -= 1
            for writer in writers:
                with suppress(OSError, RuntimeError):
                    writer.transport.abort()


class _Line:
    """One connection."""

    def __init__(
        self, faults: Faults, chance: random.Random, to_near: asyncio.StreamWriter, to_far: asyncio.StreamWriter
    ) -> None:
        self.faults, self.chance, self.to_near, self.to_far = faults, chance, to_near, to_far
        self.mute = self.due = False
        self.passed = 0

    async def up(self, near: asyncio.StreamReader) -> None:
        """From the office to the server, looking at each command."""
        while data := await near.read(65_536):
            words = data[:200].upper().split()
            if self.faults.mute_after_idle and words[1:2] == [b"IDLE"]:
                self.mute = True
                self.faults.counts["mute idles"] += 1
            if self.mute:
                continue
            if self.faults.at and b" ".join(words[1:]).startswith(self.faults.at):
                if not self.faults.answered:
                    self._act()
                    return
                self.due = True
            if self.faults.refuse_move and words[1:3] == [b"UID", b"MOVE"]:
                self.faults.counts["refused moves"] += 1
                self.to_near.write(words[0] + b" NO [CANNOT] not here\r\n")
                continue
            self.to_far.write(data)
            await self.to_far.drain()

    def _act(self) -> None:
        self.faults.at = b""
        self.faults.act()

    async def down(self, far: asyncio.StreamReader) -> None:
        """From the server to the office, until the line breaks."""
        while data := await far.read(65_536):
            if self.mute:
                continue
            if self.due and not data.startswith(b"+"):  # the server asks for the mail that it is to put away
                self._act()
                return
            if self.faults.lie:
                data, times = re.subn(*self.faults.lie, data)
                self.faults.counts["lies"] += times
            self.passed += len(data)
            if (0 < self.faults.cut_after < self.passed) or self.chance.random() < self.faults.cut * min(1.0, len(data) / 1024):
                self.faults.counts["cuts"] += 1
                self.to_near.write(data[: self.chance.randrange(len(data))])
                with suppress(OSError):
                    await self.to_near.drain()
                return
            if self.faults.pieces:
                self.to_near.write(data[: len(data) // 3])
                await self.to_near.drain()
                await asyncio.sleep(0.2)
                data = data[len(data) // 3 :]
            self.to_near.write(data)
            await self.to_near.drain()
