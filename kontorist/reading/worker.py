"""The child process of the sandbox: takes one job at a time on standard input, answers JSON on standard output."""

from __future__ import annotations

import json
import os
import struct
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from kontorist.reading.refused import Refused


@dataclass(frozen=True)
class Limits:
    """What a child may use: bytes of address space, seconds of computing for a job."""

    what: str
    memory: int
    cpu_seconds: int


KINDS = {
    "pdf": Limits("The PDF", 384 * 1024 * 1024, 30),
    # the models and their runtime map 1.5 GB for a page of 2,000 dots, of which 0.6 GB are in use for a moment
    "picture": Limits("The picture", 2560 * 1024 * 1024, 120),
}


def main(kind: str) -> None:
    """Answer jobs until the parent closes the pipe."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the answers
    limits = KINDS[kind]
    _limit(limits.memory)
    jobs = _jobs(kind)
    while (job := _next(sys.stdin.buffer)) is not None:
        head, data = job
        _allow_cpu(limits.cpu_seconds)
        body = json.dumps(_answer(jobs, limits.what, head, data), ensure_ascii=False).encode("utf-8", "replace")
        answers.write(struct.pack(">I", len(body)) + body)
        answers.flush()


def _jobs(kind: str) -> Mapping[str, Callable[..., Any]]:
    if kind == "picture":
        from kontorist.reading import recognizer

        return recognizer.JOBS
    from kontorist.reading import pdfium

    return pdfium.JOBS


def _next(stream: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    prefix = stream.read(4)
    if len(prefix) < 4:
        return None
    head = json.loads(stream.read(struct.unpack(">I", prefix)[0]))
    return head, stream.read(head["size"])


def _answer(jobs: Mapping[str, Callable[..., Any]], what: str, head: dict[str, Any], data: bytes) -> dict[str, Any]:
    try:
        return {"result": jobs[head["job"]](data, **head["options"])}
    except Refused as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": f"{what} needs more memory than a document may take."}
    except Exception as error:  # noqa: BLE001 - the edge of the process: every failure of a parser is an answer
        return {"error": f"{what} is broken ({type(error).__name__})."}


def _limit(memory: int) -> None:
    """Little memory and no files; `resource` is not there on Windows, where only the time-out protects."""
    try:
        import resource
    except ImportError:  # pragma: no cover
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _allow_cpu(seconds: int) -> None:
    """The limit counts from the start of the process, so each job moves it on."""
    try:
        import resource
    except ImportError:  # pragma: no cover
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


if __name__ == "__main__":
    main(sys.argv[1])
