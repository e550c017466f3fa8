"""How long a mail takes to its proposal, and an approval to the mail server: the sample office under `kontorist up`, Dovecot, SMTP.

Environment: KONTORIST_BENCH_LETTERS (40). The baseline of the first figure is another session that waits at the same mailbox
with IDLE and fetches what comes; that of the second is a mail handed to the same SMTP server by smtplib.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from imapclient import IMAPClient
from sqlalchemy import select

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import environment, keep
from kontorist.store import actions, authority, deciding
from kontorist.store.database import Database, open_database
from kontorist.store.tables import actions as actions_table
from kontorist.store.tables import cases
from tests.connectors.mail.servers import DOVECOT, PASSWORD, USER, Imap, Mailserver, smtp_server, start_dovecot

ROOT = Path(__file__).resolve().parents[1]
LETTERS = int(os.environ.get("KONTORIST_BENCH_LETTERS", "40"))
ANNA = authority.Who("anna", frozenset({"service", "sales"}))
LETTER = ROOT / "config" / "mails" / "003-status-behrens-47001.eml"


def prepare(folder: Path, imap: Imap, smtp: Mailserver) -> tuple[Path, Path]:
    """The sample office on these servers, without undo window; its folder and its data folder."""
    office = folder / "office"
    shutil.copytree(ROOT / "config", office)
    mailbox = f"""mailbox:
  connector: mail
  transport: imap
  imap: {{host: 127.0.0.1, port: {imap.tls_port}, user: {USER}, password: "${{MAIL_PASSWORD}}", ca_file: "{imap.ca_file}"}}
  smtp: {{host: 127.0.0.1, port: {smtp.port}, tls: none}}
  from: Hansen & Brandt Kundenservice <service@hansen-brandt.example>
  replies_per_day: 1000  # one customer writes all letters, and is no loop of automatic answers

"""
    connections = office / "connections.yaml"
    connections.write_text(re.sub(r"(?ms)^mailbox:.*?(?=^# The same)", lambda _: mailbox, connections.read_text()))
    settings = office / "office.yaml"
    settings.write_text(settings.read_text().replace("undo_window: 15s", "undo_window: 0s"))
    (office / ".env").write_text(f"MAIL_PASSWORD={PASSWORD}\n")
    return office, folder / "data"


@contextmanager
def running(office: Path, data: Path) -> Iterator[None]:
    """`kontorist up`, as an office runs it."""
    command = [sys.executable, "-m", "kontorist.cli", "up", "--port", "0", "--office", str(office), "--data", str(data)]
    with (data.parent / "up.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, cwd=ROOT)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def until(found: Callable[[], Any], seconds: float = 120) -> float:
    """The moment at which it is found."""
    end = time.perf_counter() + seconds
    while not found():
        if time.perf_counter() > end:
            raise TimeoutError("This did not happen in time.")
        time.sleep(0.003)
    return time.perf_counter()


def letter(number: int) -> bytes:
    """A customer asks after an order, each time a little differently."""
    text = LETTER.read_text(encoding="utf-8").replace("status-behrens-47001.2026", f"latency-{number}")
    return text.replace("Auftrag 47001", subject(number)).replace("\n", "\r\n").encode()


def subject(number: int) -> str:
    """What that letter is recognised by."""
    return f"Auftrag 47001, Frage {number:04d}"


def reply_to(database: Database, number: int) -> actions.ActionRow | None:
    """The proposed reply to that letter."""
    query = select(actions_table.c.id).join(cases, cases.c.id == actions_table.c.case_id)
    query = query.where(actions_table.c.action == "reply", cases.c.title.contains(subject(number)))
    with database.read() as connection:
        found = connection.execute(query).scalar()
        return actions.get(connection, found) if found else None


class Office:
    """The sample office and what is measured of it."""

    def __init__(self, database: Database, imap: Imap, smtp: Mailserver) -> None:
        self.database, self.smtp = database, smtp
        self._sender = self._session(imap)
        self._reader = self._session(imap)
        self._reader.select_folder("INBOX", readonly=True)

    def _session(self, imap: Imap) -> IMAPClient:
        client = IMAPClient("127.0.0.1", port=imap.port, ssl=False, timeout=60)
        client.login(USER, PASSWORD)
        return client

    def arrive(self, number: int) -> tuple[float, float, actions.ActionRow]:
        """Seconds until the bare session has read it, seconds until its reply is proposed, and the proposal."""
        self._reader.idle()
        began = time.perf_counter()
        self._sender.append("INBOX", letter(number))
        while not any(part[1] == b"EXISTS" for part in self._reader.idle_check(timeout=30)):
            pass
        self._reader.idle_done()
        self._reader.fetch(self._reader.search(["ALL"])[-1:], ["BODY.PEEK[]"])
        bare = time.perf_counter() - began
        seconds = until(lambda: reply_to(self.database, number)) - began
        row = reply_to(self.database, number)
        assert row
        return bare, seconds, row

    def approve(self, row: actions.ActionRow) -> float:
        """Seconds from the approval to the mail at the server."""
        before, began = len(self.smtp.taken), time.perf_counter()
        with self.database.write() as connection:
            deciding.approve(connection, [row.shown], ANNA)
        return until(lambda: len(self.smtp.taken) > before) - began

    def hand_over(self) -> float:
        """Seconds for a mail by smtplib alone."""
        began = time.perf_counter()
        with smtplib.SMTP("127.0.0.1", self.smtp.port) as client:
            client.sendmail("a@example.com", ["b@example.com"], letter(0))
        return time.perf_counter() - began


def measure(office: Office) -> dict[str, list[float]]:
    """Each letter by itself, as on a quiet morning; the first one warms everything up."""
    found: dict[str, list[float]] = {"bare": [], "proposed": [], "smtplib": [], "sent": []}
    for number in range(LETTERS + 1):
        bare, proposed, row = office.arrive(number)
        sent, plain = office.approve(row), office.hand_over()
        if number:
            for name, value in zip(found, (bare, proposed, plain, sent), strict=True):
                found[name].append(value)
        time.sleep(0.5)
    return found


def line(name: str, values: list[float], baseline: list[float], what: str) -> dict[str, Any]:
    """One figure with its quantiles."""
    middle = statistics.median(baseline)
    cuts = statistics.quantiles(values, n=20, method="inclusive")
    about = {"p50": round(statistics.median(values), 3), "p95": round(cuts[18], 3), "most": round(max(values), 3)}
    ratio = round(statistics.median(values) / middle, 1)
    return {"name": name, "value": about["p95"], "unit": "s", "baseline": f"{what}: {middle:.3f} s", "ratio": ratio, **about}


def main() -> None:
    """Print a JSON line for each figure, and keep them."""
    if DOVECOT is None:
        print("Dovecot is not installed (apt-get install dovecot-imapd); this benchmark is left out.", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as name, smtp_server() as smtp:
        folder = Path(name)
        imap = start_dovecot(folder)
        try:
            office, data = prepare(folder, imap, smtp)
            data.mkdir()
            with running(office, data):
                until(lambda: "Prefect shows" in (folder / "up.log").read_text())
                database = open_database(data)
                found = measure(Office(database, imap, smtp))
                database.close()
        finally:
            imap.stop()
    lines = [
        line("a mail at Dovecot to its proposal", found["proposed"], found["bare"], "a session with IDLE reads it"),
        line("an approval to the mail at the SMTP server", found["sent"], found["smtplib"], "smtplib alone"),
    ]
    for each in lines:
        print(json.dumps(each), flush=True)
    keep("latency", {"environment": environment(), "letters": LETTERS, "lines": lines})


if __name__ == "__main__":
    main()
