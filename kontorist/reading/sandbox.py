"""A child process for risky parsing: little memory, little time, no secrets in its environment; replaced when it fails."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import selectors
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from kontorist.core.errors import NotReadable

SECONDS = 30.0
_MAX_ANSWER = 256 * 1024 * 1024
_MAX_JOBS = 500  # then a fresh child: libraries in C leak
_ROOT = Path(__file__).resolve().parents[2]


class _Child:
    """One living worker process."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.jobs = 0
        environment = {"PATH": os.defpath, "PYTHONPATH": str(_ROOT), "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "kontorist.reading.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd="/" if os.name == "posix" else None,
            bufsize=0,
        )

    def usable(self) -> bool:
        return self.owner == os.getpid() and self.process.poll() is None and self.jobs < _MAX_JOBS

    def ask(self, job: dict[str, Any], data: bytes, seconds: float) -> dict[str, Any]:
        self.jobs += 1
        deadline = time.monotonic() + seconds
        head = json.dumps(job | {"size": len(data)}).encode()
        self._send(struct.pack(">I", len(head)) + head + data, deadline)
        (size,) = struct.unpack(">I", self._receive(4, deadline))
        if size > _MAX_ANSWER:
            raise EOFError
        answer: dict[str, Any] = json.loads(self._receive(size, deadline))
        return answer

    def _send(self, data: bytes, deadline: float) -> None:
        assert self.process.stdin is not None
        descriptor = self.process.stdin.fileno()
        os.set_blocking(descriptor, False)
        rest = memoryview(data)
        while rest:
            _wait(descriptor, selectors.EVENT_WRITE, deadline)
            rest = rest[os.write(descriptor, rest) :]

    def _receive(self, count: int, deadline: float) -> bytes:
        assert self.process.stdout is not None
        descriptor = self.process.stdout.fileno()
        pieces = bytearray()
        while len(pieces) < count:
            _wait(descriptor, selectors.EVENT_READ, deadline)
            piece = os.read(descriptor, min(count - len(pieces), 1 << 20))
            if not piece:
                raise EOFError
            pieces += piece
        return bytes(pieces)

    def end(self) -> None:
        if self.owner != os.getpid():  # after a fork the child belongs to the parent
            return
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def _wait(descriptor: int, event: int, deadline: float) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, event)
        if not selector.select(max(0.0, deadline - time.monotonic())):
            raise TimeoutError


_lock = threading.Lock()
_current: _Child | None = None


def run(job: str, data: bytes, seconds: float = SECONDS, **options: Any) -> Any:
    """The worker's answer to a job. Raises NotReadable when it refuses, dies or takes too long; the next call has a new worker."""
    with _lock:
        try:
            answer = _child().ask({"job": job, "options": options}, data, seconds)
        except TimeoutError as error:
            _drop()
            raise NotReadable(f"Reading it took longer than {seconds:g} seconds, so it was stopped.") from error
        except (OSError, EOFError, ValueError, struct.error) as error:
            _drop()
            raise NotReadable("Reading it needed more memory or time than a document may take, or it is broken.") from error
        except BaseException:  # an interrupted call leaves half an answer in the pipe
            _drop()
            raise
    if "error" in answer:
        raise NotReadable(str(answer["error"]))
    return answer["result"]


def stop() -> None:
    """End the worker, if there is one."""
    with _lock:
        _drop()


def _child() -> _Child:
    global _current  # noqa: PLW0603 - one worker a process, by design
    if _current is None or not _current.usable():
        _drop()
        _current = _Child()
    return _current


def _drop() -> None:
    global _current  # noqa: PLW0603
    if _current is not None:
        _current.end()
    _current = None


atexit.register(stop)
