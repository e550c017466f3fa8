"""The child process of the sandbox: takes one job at a time on standard input, answers JSON on standard output."""

from __future__ import annotations

import json
import os
import struct
import sys
from typing import Any, BinaryIO

MEMORY = 384 * 1024 * 1024
CPU_SECONDS = 30


def main() -> None:
    """Answer jobs until the parent closes the pipe."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the answers
    _limit()
    from kontorist.reading import pdfium

    while (job := _next(sys.stdin.buffer)) is not None:
        head, data = job
        _allow_cpu()
        body = json.dumps(_answer(pdfium, head, data), ensure_ascii=False).encode("utf-8", "replace")
        answers.write(struct.pack(">I", len(body)) + body)
        answers.flush()


def _next(stream: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    prefix = stream.read(4)
    if len(prefix) < 4:
        return None
    head = json.loads(stream.read(struct.unpack(">I", prefix)[0]))
    return head, stream.read(head["size"])


def _answer(pdfium: Any, head: dict[str, Any], data: bytes) -> dict[str, Any]:
    try:
        return {"result": pdfium.JOBS[head["job"]](data, **head["options"])}
    except pdfium.Refused as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": "The PDF needs more memory than a document may take."}
    except Exception as error:  # noqa: BLE001 - the edge of the process: every failure of a parser is an answer
        return {"error": f"The PDF is broken ({type(error).__name__})."}


def _limit() -> None:
    """Little memory and no files; `resource` is not there on Windows, where only the time-out protects."""
    try:
        import resource
    except ImportError:  # pragma: no cover
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _allow_cpu() -> None:
    """The limit counts from the start of the process, so each job moves it on."""
    try:
        import resource
    except ImportError:  # pragma: no cover
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


if __name__ == "__main__":
    main()
