"""Many mails through one office in one process: `python -m tests.chaos.soak` samples memory, open files and the database."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import linear_regression

from flows.advance import Tally, advance
from flows.gate import gate
from flows.intake import intake
from flows.runtime import Runtime
from kontorist.store import actions, deciding
from tests.connectors.mail.conftest import letter
from tests.flows.offices import ANNA, make_office

PORTION = 250
GROWTH = 20.0  # MB in 10,000 mails are no leak but noise of the allocator
CONNECTIONS = 'box: {connector: mail, transport: maildir, path: "data:box", from: service@example.com}\n'
FLOW = """
    trigger: {mail: {connection: box}}
    steps:
      - set: {order: "{{ mail.subject }}"}
      - id: answer
        action: box.reply
        with: {to: "{{ [mail.from.address] }}", body: "We look after {{ order }}."}
        approve: {by: service}
      - id: away
        action: box.move
        with: {folder: Done}
        approve: {by: service, together_with: answer}
"""


@dataclass(frozen=True)
class Sample:
    """The office after so many mails."""

    mails: int
    rss_mb: float
    open_files: int
    database_bytes: int
    seconds: float


def soak(folder: Path, mails: int) -> list[Sample]:
    """Deliver, take in, propose, approve and execute, portion by portion; one sample for each."""
    runtime = make_office(folder, {"answer": FLOW}, connections=CONNECTIONS)
    began, samples = time.monotonic(), []
    for start in range(0, mails, PORTION):
        deliver(runtime, start, min(PORTION, mails - start))
        tally = Tally()
        while intake(runtime, "answer", tally) + advance(runtime, tally) + approve_all(runtime) + gate(runtime, tally):
            pass
        samples.append(sample(folder, min(start + PORTION, mails), time.monotonic() - began))
        print(json.dumps(asdict(samples[-1])), file=sys.stderr, flush=True)
    with runtime.database.read() as connection:
        states = actions.counts(connection)
    runtime.close()
    assert states == {"done": 2 * mails}, states
    return samples


def deliver(runtime: Runtime, start: int, count: int) -> None:
    """New mails from customers."""
    transport = runtime.connections.get("box").transport  # type: ignore[attr-defined]
    for number in range(start, start + count):
        home, body = f"kunde-{number}.example", f"Where is order {number}?\n" * 20
        data = letter(subject=f"Order {number}", body=body, sender=f"Karla <karla@{home}>", message_id=f"<1@{home}>")
        transport.append("INBOX", data.replace(b"\n", b"\r\n"), f"mail-{number}", [])


def approve_all(runtime: Runtime) -> int:
    """A person approves all that is proposed."""
    with runtime.database.write() as connection:
        rows = actions.find(connection, state="proposed", limit=2 * PORTION)
        deciding.approve(connection, [r.shown for r in rows], ANNA)
    return len(rows)


def sample(folder: Path, mails: int, seconds: float) -> Sample:
    """What this process and the database take up now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    size = sum(p.stat().st_size for p in folder.glob("store.sqlite*"))
    files = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names that are gone by the time they are looked at
    return Sample(mails, round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1), files, size, round(seconds, 1))


def figures(samples: list[Sample]) -> dict[str, float | int]:
    """What grew in the second half of the run, when everything is warm."""
    warm = samples[len(samples) // 2 :]
    grows = linear_regression([s.mails for s in warm], [s.rss_mb for s in warm]).slope * 10_000
    size = (samples[-1].database_bytes - samples[0].database_bytes) / max(1, samples[-1].mails - samples[0].mails)
    return {
        "mails": samples[-1].mails,
        "seconds": samples[-1].seconds,
        "rss_mb_first": samples[0].rss_mb,
        "rss_mb_half": warm[0].rss_mb,
        "rss_mb_last": samples[-1].rss_mb,
        "rss_mb_growth_in_10000_mails": round(grows, 1),
        "open_files_half": warm[0].open_files,
        "open_files_last": samples[-1].open_files,
        "database_bytes_a_mail": round(size),
    }


def main() -> None:
    """Soak with as many mails as SOAK_MAILS says; ends with 1 when memory or open files have grown."""
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        found = figures(soak(Path(folder), int(os.environ.get("SOAK_MAILS", "100000"))))
    print(json.dumps({"soak": found}), flush=True)
    if found["rss_mb_growth_in_10000_mails"] > GROWTH or found["open_files_last"] > found["open_files_half"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
