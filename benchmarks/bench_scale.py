"""How the work of office-1000 grows with workers on PostgreSQL, when classifying is a call of 50 ms to a model.

Environment: KONTORIST_BENCH_MAILS (1000), KONTORIST_BENCH_WORKERS ("1 2 4"). Prefect is left out here: its workers start a
process for each run, which takes the same few seconds however many there are.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import deque
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import environment, keep
from benchmarks.office import ours
from benchmarks.office.work import KEYWORDS

MAILS = int(os.environ.get("KONTORIST_BENCH_MAILS", "1000"))
WORKERS = [int(n) for n in os.environ.get("KONTORIST_BENCH_WORKERS", "1 2 4").split()]
CALL = 0.05
"""Seconds that the model takes."""
WARM = 20
"""Mails that a worker prepares before its time is taken: it loads the embeddings and the HTTP client with the first one."""


def make_office(folder: Path, url: str, mails: int) -> tuple[Path, Path]:
    """The office of office-1000 with a model that is always asked."""
    office, data = ours.make_office(folder, mails)
    with (office / "office.yaml").open("a") as file:
        file.write(f"models:\n  slow: {{base_url: {url!r}, model: slow, trusted: true}}\n")
    flow = office / "flows" / "mails.yaml"
    lines = [line for line in flow.read_text().splitlines() if "certain:" not in line]
    at = next(i for i, line in enumerate(lines) if "labels:" in line)
    flow.write_text("\n".join([*lines[: at + 1], "    model: slow", "    ask_model: always", *lines[at + 1 :]]) + "\n")
    return office, data


def model() -> None:
    """The model: a server of its own that answers after 50 ms. Prints its address and runs until its input ends."""
    from tests.agents.scripted_server import Reply, ScriptedServer

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        asked = request["messages"][-1]["content"].lower()
        return {"label": next((n for n, word in KEYWORDS.items() if word in asked), "other"), "confidence": 0.9, "quote": ""}

    with ScriptedServer(replies=deque([Reply(answer, delay=CALL)])) as server:
        print(server.url, flush=True)
        sys.stdin.read()


def work(office: Path, data: Path, url: str) -> None:
    """A worker, warm as one that has run all day; each line that comes in names what to do until nothing is left of it."""
    from flows.advance import Tally, advance, advance_chunk
    from flows.gate import gate
    from flows.runtime import open_runtime
    from kontorist.store import leasing

    runtime = open_runtime(office, data, url=url)
    with runtime.database.write() as connection:
        first = leasing.lease(connection, runtime.owner, WARM, 600)
    advance_chunk(runtime, first, Tally())
    print("ready", flush=True)
    for line in sys.stdin:
        before = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        done = {"prepare": advance, "execute": gate}[line.strip()](runtime, Tally())
        cpu = sum(resource.getrusage(resource.RUSAGE_SELF)[:2]) - before
        print(json.dumps({"done": done, "cpu": cpu}), flush=True)
    runtime.close()


def _start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, __file__, *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _say(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdin
    process.stdin.write(f"{word}\n")
    process.stdin.flush()


def _hear(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def together(workers: list[subprocess.Popen[str]], what: str, mails: int) -> dict[str, float]:
    """All workers at the same work until it is done."""
    began = time.perf_counter()
    for worker in workers:
        _say(worker, what)
    answers = [json.loads(_hear(worker)) for worker in workers]
    seconds = time.perf_counter() - began
    assert sum(a["done"] for a in answers) == mails, answers
    return {"seconds": round(seconds, 3), "cpu": round(sum(a["cpu"] for a in answers), 3)}


def measure(folder: Path, database: str, url: str, count: int) -> dict[str, Any]:
    """Take in, start so many workers, prepare, approve all, execute."""
    from flows.advance import Tally
    from flows.intake import intake
    from flows.runtime import open_runtime

    mails = MAILS + WARM * count
    office, data = make_office(folder, url, mails)
    os.environ["DATABASE_URL"] = database
    runtime = open_runtime(office, data, url=database)
    taken = 0
    while more := intake(runtime, "mails", Tally()):
        taken += more
    assert taken == mails, taken
    workers = [_start("work", str(office), str(data), database) for _ in range(count)]
    try:
        assert [_hear(w) for w in workers] == ["ready"] * count
        found: dict[str, Any] = {"prepare": together(workers, "prepare", MAILS)}
        assert ours.approve_all(runtime.database) == mails
        found["execute"] = together(workers, "execute", mails)
    finally:
        for worker in workers:
            assert worker.stdin
            worker.stdin.close()
            worker.wait(30)
        runtime.close()
    assert len(set((data / "lines.txt").read_text().splitlines())) == mails  # each once
    return found


def main() -> None:
    """Print a JSON line for each number of workers, and keep the figures."""
    from tests.postgres import Postgres

    ours.install()
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as in the Dockerfile: threads of several workers that spin wait for each other
    postgres, server = Postgres(), _start("model")
    lines: list[dict[str, Any]] = []
    try:
        url = _hear(server)
        with tempfile.TemporaryDirectory() as name:
            for count in WORKERS:
                found = measure(Path(name) / str(count), _durable(postgres), url, count)
                lines.append(_line(count, found, lines[0]["parts"] if lines else found))
                print(json.dumps(lines[-1]), flush=True)
    finally:
        server.kill()
        postgres.stop()
    keep("scale", {"environment": environment(), "mails": MAILS, "call_ms": CALL * 1000, "lines": lines})


def _durable(postgres: Any) -> str:
    """A new database on a server that forgets nothing: the tests' own one is set to forget."""
    import psycopg

    url = str(postgres.durable_database())
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        for setting in ("fsync = on", "synchronous_commit = on", "full_page_writes = on"):
            connection.execute(f"ALTER SYSTEM SET {setting}")
        connection.execute("SELECT pg_reload_conf()")
    return url


def _line(count: int, found: dict[str, Any], first: dict[str, Any]) -> dict[str, Any]:
    seconds = sum(part["seconds"] for part in found.values())
    alone = sum(part["seconds"] for part in first.values())
    return {
        "name": f"office-{MAILS} with a model, PostgreSQL, {count} workers",
        "value": round(MAILS / seconds, 1),
        "unit": "mails/s",
        "baseline": f"one worker: {MAILS / alone:.1f} mails/s",
        "ratio": round(alone / seconds, 2),
        "cores_busy": round(sum(part["cpu"] for part in found.values()) / seconds, 2),
        "parts": found,
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["model"]:
        model()
    elif sys.argv[1:2] == ["work"]:
        work(Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
    else:
        main()
