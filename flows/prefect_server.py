"""Finds a Prefect server for this office, or starts one on loopback for as long as it is needed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from kontorist.core import private
from kontorist.core.errors import Unavailable

START_SECONDS = 180
LOOK_SECONDS, SILENT_SECONDS = 15.0, 60.0
"""Between two looks whether it still answers; and how long it may be silent before it is started again."""

QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
    "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_LOGGING_TO_API_BATCH_INTERVAL": "2.0",
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(30 * 86400),
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P1D",
    "PREFECT_SERVER_CONCURRENCY_MAXIMUM_CONCURRENCY_SLOT_WAIT_SECONDS": "3",  # a place that is free is taken at once, not in 30 s
    "PREFECT_LOGGING_LEVEL": "INFO",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",  # what a person has to know is said in a sentence of ours
    "DO_NOT_TRACK": "1",
}
"""Nothing leaves the machine, results are JSON, logs are sent every two seconds (and at the end of a process, which waits for no interval), and runs with
their logs are forgotten after a month, the events of each task (most of its database) after a day."""


def environment(data_dir: Path, api_url: str) -> dict[str, str]:
    """The environment in which Prefect works for this office; what the admin set comes first."""
    own = {**QUIET, "PREFECT_HOME": str((data_dir / "prefect").resolve()), "PREFECT_API_URL": api_url}
    return {**os.environ, **{k: v for k, v in own.items() if k == "PREFECT_API_URL" or k not in os.environ}}


def keep(period: timedelta) -> None:
    """For how long a server started here keeps runs and their logs; what the admin set comes first."""
    seconds = max(period.total_seconds(), 7200)  # Prefect takes nothing below an hour
    os.environ.setdefault("PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD", f"{seconds:.0f}")


def use(data_dir: Path, api_url: str) -> None:
    """Let Prefect in this process work with that server; call it before Prefect is imported."""
    os.environ.update(environment(data_dir, api_url))


def running(data_dir: Path) -> str | None:
    """The API address of a server that answers: PREFECT_API_URL, or the one this office started."""
    named = os.environ.get("PREFECT_API_URL")
    if named:
        return named if _healthy(named) else None
    try:
        known = json.loads((data_dir / "prefect" / "server.json").read_text())
    except (OSError, ValueError):
        return None
    url = str(known.get("url", ""))
    return url if url and _healthy(url) else None


def _healthy(api_url: str) -> bool:
    return answers(f"{api_url}/health")


def answers(url: str) -> bool:
    """Whether an http(s) address answers with 200."""
    if not url.startswith(("http://", "https://")):
        return False
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:  # noqa: S310 - http(s) only, see above
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def start(data_dir: Path, port: int | None = None) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server on loopback and wait until it answers. Raises Unavailable with the end of its log."""
    home = data_dir / "prefect"
    private.make_folder(home)
    port = port or free_port()
    url = f"http://127.0.0.1:{port}/api"
    log = (home / "server.log").open("ab")
    command = [sys.executable, "-m", "flows.prefect_serve", "--host", "127.0.0.1", "--port", str(port)]
    env = environment(data_dir, url)
    del env["PREFECT_API_URL"]
    env.setdefault("PREFECT_SERVER_UI_API_URL", url)  # else its pages ask the usual port, where nobody listens
    process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=env, start_new_session=True)
    log.close()
    _wait(process, url, home / "server.log")
    (home / "server.json").write_text(json.dumps({"url": url, "pid": process.pid}))
    return process, url


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        if _healthy(url):
            return
        time.sleep(0.2)
    stop(process)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-5:]) if log.exists() else ""
    raise Unavailable(f"The Prefect server did not start within {START_SECONDS} s; its log is {log}:\n{tail}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server that was started here, with everything it started."""
    if process.poll() is not None:
        return
    for sign, patience in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        try:
            os.killpg(process.pid, sign)
            process.wait(patience)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
        else:
            return


class Kept:
    """A server for as long as somebody needs it: the one that runs already, else one that was started and is started again if it dies."""

    def __init__(self, data_dir: Path, url: str, process: subprocess.Popen[bytes] | None) -> None:
        self.url = url
        self._data, self._process = data_dir, process
        self._looked = self._answered = time.monotonic()

    def look(self, say: Callable[[str], None]) -> None:
        """Now and then: a server of ours that has ended, or answers nothing for a while, is started again at the same address."""
        now = time.monotonic()
        if self._process is None or now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        if self._process.poll() is None and _healthy(self.url):
            self._answered = now
        elif self._process.poll() is not None or now - self._answered > SILENT_SECONDS:
            say("Prefect's server does not answer; it is started again. The work goes on meanwhile.")
            self._again(say)

    def _again(self, say: Callable[[str], None]) -> None:
        self.end()
        try:
            self._process, _ = start(self._data, int(self.url.rpartition(":")[2].partition("/")[0]))
        except (Unavailable, OSError) as error:
            say(str(error))
        self._looked = self._answered = time.monotonic()

    def end(self) -> None:
        """Stop it, if it was started here."""
        if self._process is not None:
            (self._data / "prefect" / "server.json").unlink(missing_ok=True)
            stop(self._process)


@contextmanager
def kept(data_dir: Path, say: Callable[[str], None] | None = None) -> Iterator[Kept]:
    """A server for this block: the running one, else one started for it (`say` is told so)."""
    url = running(data_dir)
    if url:
        use(data_dir, url)
        yield Kept(data_dir, url, None)
        return
    if os.environ.get("PREFECT_API_URL"):
        raise Unavailable(
            f"The Prefect server at {os.environ['PREFECT_API_URL']} (PREFECT_API_URL) does not answer. Start it, or unset the variable."
        )
    if say:
        say("Starting a Prefect server for this run (about 12 s; `kontorist up` keeps one running) …")
    process, url = start(data_dir)
    ours = Kept(data_dir, url, process)
    try:
        use(data_dir, url)
        yield ours
    finally:
        _send_logs()
        ours.end()


@contextmanager
def server(data_dir: Path, say: Callable[[str], None] | None = None) -> Iterator[str]:
    """`kept` for those who need its address only."""
    with kept(data_dir, say) as found:
        yield found.url


def _send_logs() -> None:
    """What Prefect in this process has still to say goes to the server while there is one."""
    if handlers := sys.modules.get("prefect.logging.handlers"):
        handlers.APILogWorker.drain_all(timeout=5)


def ui_url(api_url: str, run: str) -> str:
    """The page of a flow run in Prefect's own UI."""
    return f"{api_url.removesuffix('/api')}/runs/flow-run/{run}"
