"""Takes the screenshots in docs/screenshots: the sample office after one pass, on a desk and on a phone, light and dark."""

from __future__ import annotations

import argparse
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import Browser, sync_playwright

from kontorist.core.office import Office, load_office
from kontorist.inbox.app import create_app
from kontorist.store import actions, cases, people
from kontorist.store.database import Database, open_database

HERE = Path(__file__).parents[1]
SIZES = {"desk": (1440, 900), "phone": (390, 844)}
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]


@dataclass(frozen=True)
class Shot:
    """One picture: its name, who is signed in, what is opened, what is done there first."""

    name: str
    person: str
    path: str
    keys: str = ""
    dark: bool = False
    language: str = "de-DE"
    full: bool = False
    """The whole page, however long."""


def main() -> int:
    """Fill an office, open its inbox, take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--office", type=Path, default=HERE / "config")
    parser.add_argument("--out", type=Path, default=HERE / "docs" / "screenshots")
    given = parser.parse_args()
    program = chromium()
    if program is None:
        return 1
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kontorist-screenshots-") as folder:
        one_pass(given.office, Path(folder))
        office, database = load_office(given.office), open_database(Path(folder))
        shots = wanted(database)
        with serving(office, database) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
            for shot in shots:
                take(browser, address, shot, given.out)
            browser.close()
        database.close()
    return 0


def chromium() -> str | None:
    """Where Chromium is; says so where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        sys.stderr.write("Chromium is needed for screenshots. On Debian: apt-get install chromium\n")
    return found


def one_pass(office: Path, data: Path) -> None:
    """Let the office work once."""
    command = [sys.executable, "-m", "kontorist.cli", "demo", "--once", "--office", str(office), "--data", str(data)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def wanted(database: Database) -> list[Shot]:
    """The pictures, of cards that show something."""
    with database.read() as connection:
        rows = actions.find(connection)
        unclear = [c for c in cases.find(connection, state="unclear") if (c.question or {}).get("kind") == "choice"]
    reply = next(r for r in rows if r.flow == "order-status")
    posting = next(r for r in rows if r.action == "post" and not r.warnings)
    stopped = next((r for r in rows if r.action == "post" and any(w.get("stop") for w in r.warnings)), posting)
    return [
        Shot("sign-in", "", "/sign-in"),
        Shot("inbox", "petra", "/?q=rechnung"),
        Shot("inbox-service", "anna", "/"),
        Shot("inbox-dark", "anna", "/", dark=True),
        Shot("inbox-english", "anna", "/", language="en-GB"),
        Shot("card", "anna", f"/card/{reply.id}"),
        Shot("card-dark", "anna", f"/card/{reply.id}", dark=True),
        Shot("card-invoice", "petra", f"/card/{posting.id}"),
        Shot("card-stop", "petra", f"/card/{stopped.id}"),
        Shot("card-edit", "anna", f"/card/{reply.id}?edit=1"),
        Shot("card-reject", "anna", f"/card/{reply.id}", keys="r"),
        Shot("unclear", "anna", f"/case/{unclear[0].id}"),
        Shot("unclear-list", "anna", "/?tab=unclear"),
        Shot("approved", "jens", f"/card/{reply.id}", keys="a"),  # last: it changes the office
    ]


@contextmanager
def serving(office: Office, database: Database, again: Callable[[int, str], int] | None = None) -> Iterator[str]:
    """The inbox on a free port, with everybody's password set."""
    password = f"kontorist-{secrets.token_hex(3)}"
    sample: Mapping[str, str] = dict.fromkeys(office.settings.people, password)
    with database.write() as connection:
        for name in sample:
            people.add(connection, name, password, "screenshots")
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(office, database, demo_people=sample, again=again), log_level="error", lifespan="off", ws="none"
        )
    )
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


def take(browser: Browser, address: str, shot: Shot, out: Path) -> None:
    """One picture in each size."""
    for size, (width, height) in SIZES.items():
        phone: dict[str, Any] = {"is_mobile": True, "has_touch": True, "device_scale_factor": 1} if size == "phone" else {}
        context = browser.new_context(
            base_url=address,
            viewport={"width": width, "height": height},
            locale=shot.language,
            color_scheme="dark" if shot.dark else "light",
            **phone,
        )
        page = context.new_page()
        page.goto("/sign-in")
        if shot.person:
            page.click(f"button[value={shot.person}]")
            page.wait_for_selector(".tabs")
            page.goto(shot.path)
        page.wait_for_load_state("networkidle")
        if shot.keys and not (shot.keys == "a" and size == "phone"):
            page.keyboard.press(shot.keys)
            page.wait_for_timeout(500)
            page.wait_for_load_state("networkidle")
        page.screenshot(path=out / f"{shot.name}-{size}.png", full_page=shot.full)
        context.close()


if __name__ == "__main__":
    sys.exit(main())
