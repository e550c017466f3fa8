"""Child processes for risky parsing: little memory, little time, no secrets in their environment; replaced when they fail."""

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

    def __init__(self, kind: str) -> None:
        self.owner = os.getpid()
        self.jobs = 0
        environment = {"PATH": os.defpath, "PYTHONPATH": str(_ROOT), "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
        environment |= {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "kontorist.reading.worker", kind],
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


_locks = {"pdf": threading.Lock(), "picture": threading.Lock()}
_current: dict[str, _Child] = {}
"""One worker of a kind a process; the one for pictures starts with the first picture."""


def run(job: str, data: bytes, seconds: float = SECONDS, *, kind: str = "pdf", **options: Any) -> Any:
    """The worker's answer to a job. Raises NotReadable when it refuses, dies or takes too long; the next call has a new worker."""
    with _locks[kind]:
        try:
            answer = _child(kind).ask({"job": job, "options": options}, data, seconds)
        except TimeoutError as error:
            _drop(kind)
            raise NotReadable(f"Reading it took longer than {seconds:g} seconds, so it was stopped.") from error
        except (OSError, EOFError, ValueError, struct.error) as error:
            _drop(kind)
            raise NotReadable("Reading it needed more memory or time than a document may take, or it is broken.") from error
        except BaseException:  # an interrupted call leaves half an answer in the pipe
            _drop(kind)
            raise
    if "error" in answer:
        raise NotReadable(str(answer["error"]))
    return answer["result"]


def stop() -> None:
    """End the workers, if there are any."""
    for kind, lock in _locks.items():
        with lock:
            _drop(kind)


def _child(kind: str) -> _Child:
    if kind not in _current or not _current[kind].usable():
        _drop(kind)
        _current[kind] = _Child(kind)
    return _current[kind]


def _drop(kind: str) -> None:
    child = _current.pop(kind, None)
    if child is not None:
        child.end()


atexit.register(stop)
