"""Real servers for the tests: Dovecot and pymap for IMAP, aiosmtpd for SMTP, each in a folder of its own on free ports."""

from __future__ import annotations

import asyncio
import contextlib
import imaplib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

USER, PASSWORD = "service@example.com", "geheim-123"
_NOBODY = 65534
DOVECOT = shutil.which("dovecot") or next((p for p in ("/usr/sbin/dovecot",) if Path(p).exists()), None)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def wait_for(port: int, seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


@dataclass
class Imap:
    """A running IMAP server."""

    port: int
    tls_port: int
    ca_file: Path | None
    process: subprocess.Popen[bytes] | None
    folder: Path | None = None

    def stop(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:  # pymap with many mails
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(10)
            self.process = None
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def certificate(folder: Path, host: str = "127.0.0.1") -> tuple[Path, Path]:
    """A certificate for this machine and its key."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={host}"]
    command += ["-addext", f"subjectAltName=IP:{host},DNS:localhost", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


_CONFIG = """
base_dir = {run}
state_dir = {run}
log_path = {log}
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login
first_valid_uid = 1
default_login_user = {name}
default_internal_user = {name}
default_internal_group = {group}
mail_location = maildir:{mail}/%n
{extra}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    special_use = \\Sent
  }}
  mailbox Drafts {{
    special_use = \\Drafts
  }}
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home} allow_all_users=yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


def start_dovecot(folder: Path, extra: str = "") -> Imap:
    """Dovecot, with one mailbox in Maildir format."""
    assert DOVECOT, "Dovecot is not installed: apt-get install dovecot-imapd"
    root = os.geteuid() == 0
    uid, gid = (_NOBODY, _NOBODY) if root else (os.getuid(), os.getgid())
    import grp
    import pwd

    folder = Path(tempfile.mkdtemp(prefix=f"kontorist-dovecot-{folder.name}-"))  # pytest closes its own folders to others
    folder.chmod(0o755)
    cert, key = certificate(folder)
    run, mail = folder / "run", folder / "mail"
    run.mkdir()
    mail.mkdir()
    if root:
        os.chown(mail, uid, gid)
    port, tls_port = free_port(), free_port()
    config = folder / "dovecot.conf"
    config.write_text(
        _CONFIG.format(
            run=run, log=folder / "dovecot.log", cert=cert, key=key, mail=mail, home=mail, password=PASSWORD, uid=uid, gid=gid,
            port=port, tls_port=tls_port, name=pwd.getpwuid(uid).pw_name, group=grp.getgrgid(gid).gr_name, extra=extra,
        )
    )  # fmt: skip
    process = subprocess.Popen([DOVECOT, "-F", "-c", str(config)], start_new_session=True)
    try:
        wait_for(port, 40)
        _until_it_lets_in(port)
    except TimeoutError as error:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(10)
        log = folder / "dovecot.log"
        raise RuntimeError(log.read_text() if log.exists() else "Dovecot did not start") from error
    return Imap(port, tls_port, cert, process, folder)


def _until_it_lets_in(port: int, seconds: float = 40) -> None:
    """It listens before its sign-in works."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError, imaplib.IMAP4.error), imaplib.IMAP4("127.0.0.1", port, 10) as client:
            client.login(USER, PASSWORD)
            return
        time.sleep(0.2)
    raise TimeoutError("nobody is let in")


def start_pymap(folder: Path) -> Imap:
    """pymap with a mailbox in memory: another server, another reading of the standard."""
    port = free_port()
    cert, key = certificate(folder)
    command = [sys.executable, "-m", "tests.connectors.mail.pymap_quick", "--no-service", "admin", "--no-service", "managesieve"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--cert", str(cert), "--key", str(key)]
    command += ["dict", "--demo-user", USER, "--demo-password", PASSWORD]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[3])}
    with (folder / "pymap.log").open("wb") as log:
        process = subprocess.Popen(command, start_new_session=True, cwd=folder, stderr=log, env=environment)
    wait_for(port)
    return Imap(port, 0, cert, process)


@dataclass
class Mailserver:
    """A running SMTP server: what it took, and how it behaves."""

    port: int
    taken: list[Any] = field(default_factory=list)
    offered: list[bytes] = field(default_factory=list)
    """Every mail up to its dot, taken or not."""
    mode: str = "fine"
    """fine | drop_before_answer | refuse_after_dot | later_after_dot | refuse_one | slow"""


@contextlib.contextmanager
def smtp_server() -> Iterator[Mailserver]:
    """aiosmtpd on a free port."""
    from aiosmtpd.controller import Controller

    port = free_port()
    state = Mailserver(port)

    class Handler:
        async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
            if state.mode == "refuse_one" and address.startswith("nobody@"):
                return "550 no such user"
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            state.offered.append(envelope.content)
            if state.mode == "refuse_after_dot":
                return "554 looks like spam"
            if state.mode == "later_after_dot":
                return "451 come back later"
            if state.mode == "slow":
                await asyncio.sleep(0.7)
            state.taken.append(envelope)
            if state.mode == "drop_before_answer":
                server.transport.abort()
            return "250 queued as 42"

    controller = Controller(Handler(), hostname="127.0.0.1", port=port, ready_timeout=15)
    controller.start()
    try:
        yield state
    finally:
        controller.stop()


def client_context(ca_file: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(ca_file))
