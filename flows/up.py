"""`kontorist up`: Prefect server, passes and inbox in one place, until stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Mapping
from pathlib import Path

from flows import prefect_server
from kontorist.core.clock import parse_duration
from kontorist.core.errors import Unavailable
from kontorist.core.office import load_office


def serve(
    office: Path,
    data: Path,
    port: int,
    sample_people: Mapping[str, str] | None,
    say: Callable[[str], None],
    *,
    open_browser: bool,
) -> None:
    """Run everything until interrupted. The inbox answers at once; the first pass begins when Prefect answers."""
    web = _Web(office, data, _usable(port, say, choose=sample_people is not None), sample_people)
    web.start()
    say(f"The inbox is open at {web.url}")
    _introduce(sample_people, say)
    if open_browser and sys.stdout.isatty():
        webbrowser.open(web.url)
    prefect_server.keep(parse_duration(load_office(office).settings.retention.transcripts))
    stopping = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stopping.set())
    try:
        with prefect_server.kept(data, say) as prefect:
            say(f"Prefect shows every pass at {prefect.url.removesuffix('/api')}")
            _runner(office, data, stopping, say, lambda: prefect.look(say))
    finally:
        web.stop()


def _usable(port: int, say: Callable[[str], None], *, choose: bool) -> int:
    """The port, if nobody uses it. For the sample office another one will do. Raises Unavailable."""
    if port == 0 or prefect_server.is_free(port):
        return port
    if not choose:
        raise Unavailable(f"The port {port} is used by another program already. Stop that, or choose another with --port.")
    say(f"The port {port} is used by another program already, so another one is taken.")
    return 0


def _introduce(sample_people: Mapping[str, str] | None, say: Callable[[str], None]) -> None:
    for name, password in (sample_people or {}).items():
        say(f"  sign in as {name:12} password {password}")


def _runner(office: Path, data: Path, stopping: threading.Event, say: Callable[[str], None], look: Callable[[], None]) -> None:
    """Keep a runner process alive: it makes the passes, and is started again if it dies. Meanwhile `look` is called."""
    while not stopping.is_set():
        process = subprocess.Popen([sys.executable, "-m", "flows.runner", str(office), str(data)], stdin=subprocess.DEVNULL)
        while process.poll() is None and not stopping.wait(0.5):
            look()
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
        elif not stopping.is_set():
            say("The runner ended unexpectedly; it is started again. Nothing is lost.")
            stopping.wait(5)


class _Web:
    """The inbox, in a process of its own so that a busy runner never makes a clerk wait."""

    def __init__(self, office: Path, data: Path, port: int, sample_people: Mapping[str, str] | None) -> None:
        self._port = port or prefect_server.free_port()
        self.url = f"http://127.0.0.1:{self._port}/"
        self._command = [
            sys.executable,
            "-m",
            "kontorist.cli",
            "_inbox",
            "--office",
            str(office),
            "--data",
            str(data),
            "--port",
            str(self._port),
        ]
        self._env = {**os.environ, "KONTORIST_SAMPLE_PASSWORD": next(iter(sample_people.values()))} if sample_people else None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it answers."""
        self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, env=self._env)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self._process.poll() is None and not prefect_server.answers(f"{self.url}health"):
            time.sleep(0.1)

    def stop(self) -> None:
        """End it."""
        if self._process and self._process.poll() is None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
