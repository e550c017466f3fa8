"""Mails fetched and parsed from an IMAP server, beside imap_tools reading the same mailbox in the same run."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from imap_tools import MailBoxUnencrypted
from imapclient import IMAPClient

from benchmarks import common
from connectors.base import Surroundings
from connectors.mail import Mail
from connectors.mail.config import MailConfig, MailOptions
from kontorist.reading.mail import parse_mail
from tests.connectors.mail.servers import DOVECOT, PASSWORD, USER, Imap, start_dovecot, start_pymap

MAILS, ROUNDS = 500, 5
SAMPLES = sorted((Path(__file__).resolve().parents[1] / "config/mails").glob("*.eml"))


def _fill(server: Imap) -> None:
    """The sample office's mails, each several times with another Message-ID."""
    with IMAPClient("127.0.0.1", port=server.port, ssl=False) as client:
        client.login(USER, PASSWORD)
        client.select_folder("INBOX")
        for number in range(MAILS):
            data = SAMPLES[number % len(SAMPLES)].read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            client.append("INBOX", b"X-Number: %d\r\n" % number + data.replace(b"Message-ID: <", b"Message-ID: <%d-" % number, 1))


def _connector(server: Imap, folder: Path) -> Mail:
    access = {"host": "127.0.0.1", "port": server.port, "user": USER, "password": PASSWORD, "tls": "none"}
    config = MailConfig.model_validate({"from": USER, "imap": access})
    return Mail(config, Surroundings("mailbox", folder, folder, {"languages": ["de", "en"]}))


def _taken_apart(connector: Mail) -> None:
    """Fetched and parsed: headers, text, HTML, attachments."""
    listing = connector.transport.listing("INBOX", None)
    count = sum(bool(parse_mail(found.data).digest) for found in connector.transport.fetch("INBOX", listing.ids))
    assert count == MAILS, count


def _taken_in(connector: Mail) -> None:
    """All that a case begins with: also new text, language, text of attachments, warnings, documents."""
    connector.seen.path.unlink(missing_ok=True)
    keys = {item.source_key for item in connector.read("mail", MailOptions(), lambda _: set())}
    assert len(keys) > MAILS * 0.9, len(keys)


def _imap_tools(server: Imap) -> None:
    count = 0
    with MailBoxUnencrypted("127.0.0.1", server.port).login(USER, PASSWORD) as box:
        for mail in box.fetch(mark_seen=False, bulk=100):
            _ = (mail.subject, mail.from_values, mail.to, mail.cc, mail.reply_to, mail.date, mail.text, mail.html)
            _ = [a.payload for a in mail.attachments]
            count += 1
    assert count == MAILS, count


def measure(kind: str) -> list[dict[str, object]]:
    """The lines of one server."""
    with tempfile.TemporaryDirectory() as name:
        server = (start_pymap if kind == "pymap" else start_dovecot)(Path(name))
        try:
            _fill(server)
            connector = _connector(server, Path(name))
            return [_line(kind, what, work, connector, server) for what, work in WORK.items()]
        finally:
            server.stop()


WORK = {"fetched and parsed": _taken_apart, "read as cases": _taken_in}


def _line(kind: str, what: str, work: object, connector: Mail, server: Imap) -> dict[str, object]:
    pairs = [(_both(lambda: work(connector)), _both(lambda: _imap_tools(server))) for _ in range(ROUNDS)]  # type: ignore[operator]
    ours, theirs = (statistics.median(MAILS / p[i][0] for p in pairs) for i in (0, 1))
    busy = [statistics.median(p[i][1] for p in pairs) * 1000 / MAILS for i in (0, 1)]
    line = {
        "name": f"mails {what}, {kind}",
        "value": round(ours),
        "unit": "mails/s",
        "baseline": f"imap_tools: {theirs:.0f} mails/s",
        "ratio": round(statistics.median(b[0] / a[0] for a, b in pairs), 2),
        "processor_ms_a_mail": [round(one, 2) for one in busy],
    }
    print(json.dumps(line), flush=True)
    return line


def _both(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the clock, and of the processor without the server's: the second says something on a busy machine, too."""
    began = time.process_time()
    return common.seconds(work), time.process_time() - began


def main() -> None:
    """Both servers; Dovecot where it is installed."""
    lines = [line for kind in ("dovecot", "pymap") if kind == "pymap" or DOVECOT for line in measure(kind)]
    common.keep("mail", {"environment": common.environment(), "mails": MAILS, "results": lines})


if __name__ == "__main__":
    main()
