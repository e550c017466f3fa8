"""A mailbox whose past is known, on Dovecot if wanted, and how far what is reported about it is the truth.

python -m tests.flows.past [--mails 2000] [--dovecot]   runs shadow and discover on it and prints the figures (`make shadow`)
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import comb
from pathlib import Path
from typing import Any

from scripts.past_mailbox import Truth, make
from tests.connectors.mail.servers import PASSWORD, USER, Imap, start_dovecot

_CONNECTION = """mailbox:
  connector: mail
  transport: imap
  imap: {{host: 127.0.0.1, port: {port}, user: {user}, password: "${{PAST_PASSWORD}}", ca_file: {ca}}}
  smtp: {{host: 127.0.0.1, port: 9, tls: none}}
  from: Service <service@hansen-brandt.example>
"""


def adjusted_rand_index(one: Sequence[object], other: Sequence[object]) -> float:
    """Hubert and Arabie 1985: 1 is the same grouping, 0 what chance gives."""
    both, a, b = (sum(comb(n, 2) for n in Counter(x).values()) for x in (zip(one, other, strict=True), one, other))
    chance = a * b / comb(len(one), 2)
    return (both - chance) / ((a + b) / 2 - chance)


def untrue(truth: Iterable[Truth], lines: Sequence[Mapping[str, Any]]) -> list[tuple[Truth, Mapping[str, Any]]]:
    """Mails about which a shadow run's report says something else than what was."""
    known, wrong = {one.message_id: one for one in truth}, []
    for line in lines:
        said, one = {v["action"]: v["verdict"] for v in line["verdicts"]}, known[line["message_id"]]
        hours_wrong = (line["hours"] is None) != (one.hours is None) or abs((line["hours"] or 0) - (one.hours or 0)) > 0.02
        if (said.get("reply", ""), said.get("move", "")) != (one.reply, one.move) or hours_wrong:
            wrong.append((one, line))
    return wrong


@contextlib.contextmanager
def on_dovecot(past: Path) -> Iterator[tuple[Imap, Path]]:
    """The mailbox on a real IMAP server that writes down every command; a third of the mails is unread. Yields it, and where it writes."""
    log = Path(tempfile.mkdtemp(prefix="kontorist-rawlog-"))
    log.chmod(0o777)
    server = start_dovecot(past, f"protocol imap {{\n  rawlog_dir = {log}\n}}")
    try:
        assert server.folder is not None
        box = server.folder / "mail" / USER.partition("@")[0]
        shutil.copytree(past / "data" / "mailbox", box, dirs_exist_ok=True)
        for i, path in enumerate(sorted(box.rglob("*:2,S"))):
            if i % 3 == 0:
                path.rename(path.with_name(path.name.removesuffix("S")))
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "--reference", str(box.parent), str(box)], check=True)
        connections = past / "office" / "connections.yaml"
        here = _CONNECTION.format(port=server.tls_port, user=USER, ca=server.ca_file)
        text = re.sub(r"(?ms)^mailbox:.*?(?=^\S)", lambda _: here, connections.read_text(encoding="utf-8"), count=1)
        connections.write_text(text, encoding="utf-8")
        (past / "office" / ".env").write_text(f"PAST_PASSWORD={PASSWORD}\n")
        yield server, log
    finally:
        server.stop()
        shutil.rmtree(log, ignore_errors=True)


def commands(log: Path) -> Counter[str]:
    """What a client said to the server, without its tags: `EXAMINE`, `UID FETCH` …"""
    found: Counter[str] = Counter()
    for path in log.glob("*.in"):
        for line in path.read_text(encoding="latin-1").splitlines():
            words = line.split()[1:]  # rawlog puts the time first
            if len(words) > 1 and words[1].isalpha():
                found[" ".join(words[1:3] if words[1].upper() == "UID" else words[1:2]).upper()] += 1
    return found


def mails_in(server: Imap) -> dict[str, int]:
    """Each mail's file on the server; its name carries its flags."""
    assert server.folder is not None
    return {str(p): p.stat().st_mtime_ns for p in (server.folder / "mail").rglob("*") if p.parent.name in ("cur", "new")}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=2000)
    parser.add_argument("--dovecot", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kontorist-past-") as name:
        past = Path(name)
        truth = make(past, given.mails, seed=5)
        with on_dovecot(past) if given.dovecot else contextlib.nullcontext():
            good = _shadow(past, truth)
            return 0 if _discover(past, truth) and good else 1


def _shadow(past: Path, truth: Sequence[Truth]) -> bool:
    *lines, figures = (json.loads(line) for line in _run(past, "shadow", "order-status", "--since", "60d", "--json"))
    wrong = untrue(truth, lines)
    print(
        f"shadow: {figures['agreed']} of {figures['proposed']} proposals as people did; {len(lines)} mails, {len(wrong)} told wrongly"
    )
    return not wrong


def _discover(past: Path, truth: Sequence[Truth]) -> bool:
    from flows.discover import discover
    from kontorist.core.office import load_office

    _run(past, "discover", "mailbox", "--since", "60d", "--json")
    found, known = discover(load_office(past / "office"), past / "data", "mailbox", "60d"), {t.message_id: t.kind for t in truth}
    ari = adjusted_rand_index([known[a.letter.message_id] for a in found.asked], list(found.groups))
    print(f"discover: {len(found.asked)} mails of people, adjusted Rand index {ari:.3f}")
    return ari >= 0.8


def _run(past: Path, *command: str) -> list[str]:
    """A command as an admin runs it; prints how long it took."""
    began, before = time.monotonic(), os.times()
    where = ["--office", str(past / "office"), "--data", str(past / "data")]
    done = subprocess.run(
        [sys.executable, "-m", "kontorist.cli", *command, *where], check=True, stdout=subprocess.PIPE, text=True
    )
    after = os.times()
    busy = after.children_user + after.children_system - before.children_user - before.children_system
    print(f"{command[0]}: {time.monotonic() - began:.0f} s on the clock, {busy:.0f} s of one processor")
    return done.stdout.splitlines()


if __name__ == "__main__":
    sys.exit(main())
