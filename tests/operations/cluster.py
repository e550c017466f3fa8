"""The services of compose.yaml as plain processes on this machine: the very commands, with other addresses and folders."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from flows.prefect_server import answers, free_port

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: Mapping[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
BIN = Path(sys.executable).parent


def until(what: Callable[[], Any], seconds: float, why: str) -> Any:
    """What it gives once it gives something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {why}")


class Cluster:
    """One office with all its services; each can be started, killed and started again."""

    def __init__(self, office: Path, data: Path, database: str, logs: Path) -> None:
        self.ports = {name: free_port() for name in ("4200", "8765")}
        self.api = f"http://127.0.0.1:{self.ports['4200']}/api"
        self.inbox = f"http://127.0.0.1:{self.ports['8765']}"
        self._folders = {"/office": str(office), "/data": str(data)}
        self._database = database
        self._logs = logs
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, service: str, name: str = "") -> subprocess.Popen[bytes]:
        """Start a service as compose would."""
        name = name or service
        program, *arguments = COMPOSE["services"][service]["command"]
        environment = self._environment(service, name)
        with (self._logs / f"{name}.log").open("ab") as log:
            command = [str(BIN / program), *map(self._here, arguments)]
            self.running[name] = subprocess.Popen(
                command, stdout=log, stderr=log, env=environment, cwd=self._logs, start_new_session=True
            )
        return self.running[name]

    def run(self, service: str) -> None:
        """A service that ends by itself."""
        assert self.start(service).wait(60) == 0, self.log(service)

    def prefect(self) -> None:
        """Start Prefect's server and wait for it."""
        self.start("prefect")
        until(lambda: answers(f"{self.api}/health"), 90, "Prefect answers")

    def kill(self, name: str) -> None:
        """End it with everything it started, without a word."""
        process = self.running.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def stop(self) -> None:
        """End everything."""
        for name in list(self.running):
            self.kill(name)

    def log(self, name: str) -> str:
        """What a service has said."""
        return (self._logs / f"{name}.log").read_text(errors="replace")

    def home(self, name: str) -> Path:
        """Where Prefect keeps what it has to keep."""
        return self._logs / f"prefect-{name}"

    def _here(self, argument: str) -> str:
        return str(self.ports.get(argument, "127.0.0.1" if argument == "0.0.0.0" else argument))

    def _environment(self, service: str, name: str) -> dict[str, str]:
        given = {k: self._address(str(v)) for k, v in COMPOSE["services"][service]["environment"].items()}
        folders = {"KONTORIST_OFFICE": self._folders["/office"], "KONTORIST_DATA": self._folders["/data"]}
        own = {"PREFECT_HOME": str(self.home(name)), "PREFECT_WORKER_WEBSERVER_HOST": "127.0.0.1"}
        return {**os.environ, **given, **folders, **own, "PREFECT_WORKER_WEBSERVER_PORT": str(free_port())}

    def _address(self, value: str) -> str:
        """An address inside compose → the same here."""
        if re.fullmatch(r"postgresql://.*@postgres:5432/kontorist", value):
            return self._database.replace("postgresql+psycopg://", "postgresql://")
        return value.replace("prefect:4200", f"127.0.0.1:{self.ports['4200']}").replace(":4200/", f":{self.ports['4200']}/")
