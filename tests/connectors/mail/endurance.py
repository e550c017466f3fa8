"""A mailbox with ten thousand mails under everything that goes wrong; `python -m tests.connectors.mail.endurance` prints figures.

Two workers take in from one mailbox, as two copies of the program would. Meanwhile their lines are cut at random, go silent
after IDLE and refuse MOVE; people read mails; a virus scanner puts them back under new numbers; a folder gets another
UIDVALIDITY; mails that were taken in are moved away. In the end every mail has exactly one case.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError
from sqlalchemy import func, select

from kontorist.store.tables import cases
from tests.connectors.mail.proxy import Proxy
from tests.connectors.mail.servers import PASSWORD, USER, Imap, start_dovecot, start_pymap
from tests.flows.offices import make_office

FOLDERS = ("INBOX", "Eingang")
FLOW = """
trigger:
  mail: {connection: mailbox, folder: [INBOX, Eingang]}
steps:
  - id: mark
    action: mailbox.flag
    with: {flag: flagged}
    approve: {by: service}
"""
_CONNECTION = """
mailbox:
  connector: mail
  from: service@example.com
  imap: {{host: 127.0.0.1, port: {port}, user: {user}, password: "${{MAILBOX_PASSWORD}}", tls: none, timeout: 1.5}}
"""
_TOKEN = re.compile(r"TOKEN\d{6}")


@dataclass
class Trial:
    """One mailbox and what happens to it."""

    kind: str
    mails: int = 160
    seed: int = 1
    burst: int = 20
    patience: float = 300.0

    def run(self) -> dict[str, Any]:
        """Start server, line and workers, let the world happen, wait until all is quiet; returns the figures."""
        with tempfile.TemporaryDirectory(prefix="kontorist-endurance-") as name:
            folder = Path(name)
            server = (start_pymap if self.kind == "pymap" else start_dovecot)(folder)
            proxy = Proxy(server.port, self.seed)
            try:
                return self._run(folder, server, proxy)
            finally:
                proxy.stop()
                server.stop()

    def _run(self, folder: Path, server: Imap, proxy: Proxy) -> dict[str, Any]:
        connection = _CONNECTION.format(port=proxy.port, user=USER)
        os.environ["MAILBOX_PASSWORD"] = PASSWORD
        runtime = make_office(folder, {"mails": FLOW}, connections=connection)
        world = World(server.port, self.seed)
        began = time.monotonic()
        workers = [_Worker(folder, i) for i in range(2)]
        try:
            world.happen(self.mails, proxy, self.burst)
            proxy.faults.cut, proxy.faults.mute_after_idle = 0.0, False
            found = self._drain(runtime)
            seconds = time.monotonic() - began
        finally:
            world.close()
            (folder / "stop").touch()
            reports = [w.report() for w in workers]
        tokens = Counter(t for title in found for t in _TOKEN.findall(title))
        runtime.close()
        return {
            "server": self.kind,
            "mails": self.mails,
            "cases": len(found),
            "missed": sum(t not in tokens for t in world.tokens),
            "twice": sum(n > 1 for n in tokens.values()),
            "seconds": round(seconds, 1),
            **world.counts,
            **{name: n for name, n in proxy.faults.counts.items() if name != "lies"},
            "workers": reports,
        }

    def _drain(self, runtime: Any) -> list[str]:
        """Until every mail is in, and then a little longer: one that comes twice comes late."""
        end, quiet = time.monotonic() + self.patience, 0
        while time.monotonic() < end and quiet < 4:
            with runtime.database.read() as database:
                count = database.execute(select(func.count()).select_from(cases)).scalar()
            quiet = quiet + 1 if count and count >= self.mails else 0
            time.sleep(0.5)
        with runtime.database.read() as database:
            return list(database.execute(select(cases.c.title)).scalars())


class World:
    """Everybody else who uses the mailbox, over lines that do not break."""

    def __init__(self, port: int, seed: int) -> None:
        self.tokens: list[str] = []
        self.counts: Counter[str] = Counter({"uidvalidity changes": 0, "put back": 0, "read by people": 0})
        self._random, self._port = random.Random(seed), port
        self._sign_in()
        self._client.create_folder("Eingang")
        self._bytes: dict[str, bytes] = {}

    def _sign_in(self) -> None:
        self._client = IMAPClient("127.0.0.1", port=self._port, ssl=False, timeout=60)
        self._client.login(USER, PASSWORD)

    def _again(self, command: Callable[[], Any]) -> None:
        """What a server refuses while a folder changes under its hands is tried again in a new session."""
        for _ in range(20):
            try:
                command()
            except IMAPClientError:
                time.sleep(0.1)
                self.close()
                self._sign_in()
            else:
                return
        command()

    def close(self) -> None:
        """Sign out."""
        with suppress(Exception):
            self._client.logout()

    def happen(self, mails: int, proxy: Proxy, burst: int) -> None:
        """Deliver the mails in bursts; after each burst something happens."""
        happenings = itertools.cycle((self._read, self._renumber, self._put_back))
        for turn, start in enumerate(range(0, mails, burst)):
            before = dict(proxy.faults.counts)
            fault = ("cuts", "refused moves", "mute idles")[turn % 3]
            proxy.faults.cut = 0.1 if fault == "cuts" else 0.003 * (turn % 2)
            proxy.faults.refuse_move, proxy.faults.mute_after_idle = fault == "refused moves", fault == "mute idles"
            for number in range(start, min(start + burst, mails)):
                self._deliver(number)
            for _ in range(2):
                self._again(next(happenings))
            _until(lambda fault=fault, before=before: proxy.faults.counts[fault] > before[fault])

    def _deliver(self, number: int) -> None:
        token = f"TOKEN{number:06d}"
        data = mail(number, token)
        self.tokens.append(token)
        if len(self._bytes) < 2_000:
            self._bytes[token] = data
        self._again(lambda: self._client.append(self._random.choice(FOLDERS), data))

    def _some(self, folder: str, count: int) -> list[int]:
        self._again(lambda: self._client.select_folder(folder))
        ids = self._client.search(["ALL"])
        return self._random.sample(ids, min(count, len(ids)))

    def _read(self) -> None:
        """A person opens mails in another program."""
        if ids := self._some(self._random.choice(FOLDERS), 10):
            self._client.add_flags(ids, [rb"\Seen"])
            self.counts["read by people"] += len(ids)

    def _put_back(self) -> None:
        """A virus scanner takes a mail out, looks at it and puts it back with a header field more."""
        folder = self._random.choice(FOLDERS)
        for number, row in self._client.fetch(self._some(folder, 5), ["BODY.PEEK[]"]).items():
            if b"BODY[]" not in row:
                continue
            data = b"X-Virus-Scanned: clean\r\n" + row[b"BODY[]"]
            self._again(lambda data=data: self._client.append(folder, data))
            self._client.delete_messages([number])
            with suppress(IMAPClientError):
                self._client.uid_expunge([number])
            self.counts["put back"] += 1

    def _renumber(self) -> None:
        """The folder is made anew, as after a restored backup: another UIDVALIDITY, other numbers, the same mails."""
        ids = self._some("Eingang", 1_000_000)
        if not self._client.folder_exists("Neu"):
            self._client.create_folder("Neu")
        if ids:
            self._again(lambda: self._client.copy(sorted(ids), "Neu"))
        self._client.select_folder("INBOX")
        self._again(lambda: self._client.delete_folder("Eingang"))
        self._again(lambda: self._client.rename_folder("Neu", "Eingang"))
        self.close()
        self._sign_in()
        self.counts["uidvalidity changes"] += 1


def _until(happened: Callable[[], bool], seconds: float = 180.0) -> None:
    end = time.monotonic() + seconds
    while not happened() and time.monotonic() < end:
        time.sleep(0.05)


def mail(number: int, token: str) -> bytes:
    """Mails of all kinds: plain, HTML, with an attachment, without Message-ID, with a used one, with a wrong charset."""
    shape = number % 6
    head = [f"From: Kunde {number} <kunde{number}@kunde.example>", "To: service@example.com", f"Subject: Frage {token}"]
    head += ["Date: Mon, 23 Nov 2026 09:00:00 +0100"]
    if shape != 3:
        head += [f"Message-ID: <{'immer-dieselbe' if shape == 4 else token}@kunde.example>"]
    text = f"Guten Tag,\n\nwo bleibt meine Bestellung {token}? Sie sollte schon da sein.\n\nViele Grüße\n"
    charset = "utf-8" if shape != 5 else "us-ascii"
    body = [f"Content-Type: text/plain; charset={charset}", "Content-Transfer-Encoding: 8bit", "", text]
    if shape == 1:
        body = ["Content-Type: text/html; charset=utf-8", "", f"<p>{text}</p>" * 20]
    if shape == 2:
        rows = "\n".join(["QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo" * 2] * 300)
        body = ["MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=x", "", "--x", *body, "--x"]
        body += ["Content-Type: application/octet-stream; name=daten.bin", "Content-Transfer-Encoding: base64", "", rows, "--x--"]
    return "\r\n".join([*head, *body]).replace("\r\n", "\n").replace("\n", "\r\n").encode()


class _Worker:
    """A process that takes in until it is told to stop."""

    def __init__(self, folder: Path, number: int) -> None:
        self._log = folder / f"worker-{number}.jsonl"
        command = [sys.executable, "-m", "tests.connectors.mail.endurance", "--work", str(folder), str(self._log)]
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[3])}
        self._process = subprocess.Popen(command, env=environment)

    def report(self) -> dict[str, Any]:
        """What it did and how large it grew."""
        code = self._process.wait(900)  # a pass over a folder that was numbered anew lasts
        passes = [json.loads(line) for line in self._log.read_text().splitlines()]
        sizes = [p["mb"] for p in passes]
        return {
            "exit": code,
            "passes": len(passes),
            "taken in by whole passes": sum(p["taken"] for p in passes),
            "interrupted": dict(Counter(p["problem"] for p in passes if p["problem"])),
            "moved": sum(p["moved"] for p in passes),
            "mb": [round(s) for s in sizes[:: max(1, len(sizes) // 8)]],
            "mb at a third": round(max(sizes[: max(1, len(sizes) // 3)])),
            "mb at the end": round(max(sizes)),
            "files open": [min(p["files"] for p in passes), max(p["files"] for p in passes)],
        }


def work(folder: Path, log: Path) -> None:
    """Take in, move some of it away, wait for more; until the file `stop` is there."""
    from connectors.connections import Connections
    from flows.runtime import open_runtime

    runtime = open_runtime(folder / "office", folder / "data", url=f"sqlite:///{folder}/store.sqlite")
    watching, chance = Connections(runtime.office, folder / "data"), random.Random(os.getpid())
    with log.open("w") as out:
        while not (folder / "stop").exists():
            out.write(json.dumps(_pass(runtime, chance)) + "\n")
            out.flush()
            _wait(watching)
    watching.close()
    runtime.close()


def _pass(runtime: Any, chance: random.Random) -> dict[str, Any]:
    from flows.advance import Tally
    from flows.intake import intake
    from kontorist.core.errors import KontoristError

    taken = moved = 0
    problem = ""
    try:
        taken = intake(runtime, "mails", Tally())
        moved = sum(_moved_away(runtime, chance))
    except KontoristError as error:
        problem = f"{type(error).__name__}: {re.sub(r'[0-9]+', '…', ': '.join(str(error).split(': ')[:2]))[:120]}"
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    mb = pages * resource.getpagesize() / 2**20
    return {"taken": taken, "moved": moved, "problem": problem, "mb": mb, "files": len(list(Path("/proc/self/fd").iterdir()))}


def _moved_away(runtime: Any, chance: random.Random) -> Iterator[bool]:
    """Some of the mails that have a case are put into another folder, as the action `move` does."""
    from connectors.mail.place import locate

    connector = runtime.connections.get("mailbox")
    with runtime.database.read() as database:
        rows = database.execute(select(cases.c.data).order_by(cases.c.id.desc()).limit(200)).scalars().all()
    for data in chance.sample(rows, min(3, len(rows))):
        about = data["mail"]
        if found := locate(connector, about["folder"], about["message_id"], about["key"]):
            connector.transport.move(about["folder"], found, "Erledigt")
            yield True


def _wait(watching: Any) -> None:
    from connectors.mail.config import MailOptions
    from kontorist.core.errors import KontoristError

    with suppress(KontoristError):
        watching.get("mailbox").changed("mail", MailOptions(folder=list(FOLDERS)), 0.4)


def main() -> None:
    """Ten thousand mails on each server."""
    count, burst = int(os.environ.get("ENDURE_MAILS", "10000")), int(os.environ.get("ENDURE_BURST", "100"))
    for kind in os.environ.get("ENDURE_SERVERS", "dovecot pymap").split():
        figures = Trial(kind, count, burst=burst, patience=1800).run()
        print(json.dumps(figures), flush=True)
        if figures["missed"] or figures["twice"]:
            raise SystemExit(1)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        main()
