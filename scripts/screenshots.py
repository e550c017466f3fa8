"""Takes the screenshots in docs/screenshots: the sample office after one pass, every page in German and English, on a desk and on a phone, light and dark."""

from __future__ import annotations

import argparse
import io
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import uvicorn
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from kontorist.core.office import Office, load_office
from kontorist.inbox.app import ROUTERS, create_app
from kontorist.store import actions, cases, people
from kontorist.store.database import Database, open_database
from scripts.sample_past import give_past

HERE = Path(__file__).parents[1]
SIZES = {"desk": (1440, 900), "phone": (390, 844)}
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]


@dataclass(frozen=True)
class Shot:
    """One page: its name, who is signed in, what is opened, which keys are pressed there first."""

    name: str
    person: str
    path: str
    keys: str = ""


@dataclass(frozen=True)
class Look:
    """How a page is looked at; each page is taken in every look."""

    language: str
    theme: str
    size: str

    @property
    def suffix(self) -> str:
        """The end of the file's name."""
        return f"{self.language}-{self.theme}-{self.size}"


LOOKS = [Look(la, t, s) for la in ("de", "en") for t in ("light", "dark") for s in SIZES]


def main() -> int:
    """Fill an office, open its inbox, take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--office", type=Path, default=HERE / "config")
    parser.add_argument("--out", type=Path, default=HERE / "docs" / "screenshots")
    parser.add_argument("--only", default="", help="only pictures whose name begins like this")
    given = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.stderr.write("Chromium is needed for screenshots. On Debian: apt-get install chromium\n")
        return 1
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kontorist-screenshots-") as folder, sync_playwright() as playwright:
        today, month = Path(folder) / "today", Path(folder) / "month"
        # versions of flows name who wrote them, where the folder is in git: that is not whoever takes the pictures
        written = Path(shutil.copytree(given.office, Path(folder) / "office"))
        one_pass(written, today)
        shutil.copytree(today, month)
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for data in (today, month):
            office, database = load_office(written), open_database(data)
            if data == month:
                give_past(office, database)
            shots = administration() if data == month else inbox(database)
            with serving(office, database) as address:
                for look in LOOKS:
                    take(browser, address, [s for s in shots if s.name.startswith(given.only)], look, given.out)
            database.close()
        browser.close()
    return 0


def one_pass(office: Path, data: Path) -> None:
    """Let the office work once."""
    command = [sys.executable, "-m", "kontorist.cli", "demo", "--once", "--office", str(office), "--data", str(data)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def inbox(database: Database) -> list[Shot]:
    """What clerks see."""
    with database.read() as connection:
        rows = actions.find(connection)
        unclear = [c for c in cases.find(connection, state="unclear") if (c.question or {}).get("kind") == "choice"]
    reply = next(r for r in rows if r.flow == "order-status" and not r.warnings)
    posting = next(r for r in rows if r.action == "post" and not r.warnings)
    payment = next((r for r in rows if r.action == "settle"), posting)
    letter = next((r for r in rows if r.flow == "dunning"), posting)
    warned = next((r for r in rows if r.action == "reply" and r.warnings), reply)
    stopped = next((r for r in rows if r.action == "post" and any(w.get("stop") for w in r.warnings)), posting)
    return [
        Shot("sign-in", "", "/sign-in"),
        Shot("inbox", "petra", "/"),
        Shot("inbox-service", "anna", "/"),
        Shot("inbox-view", "petra", "/?by=who&sort=amount"),
        Shot("inbox-search", "petra", "/?q=rechnung"),
        Shot("card", "anna", f"/card/{reply.id}"),
        Shot("card-invoice", "petra", f"/card/{posting.id}"),
        Shot("card-payment", "petra", f"/card/{payment.id}"),
        Shot("card-letter", "petra", f"/card/{letter.id}"),
        Shot("card-warning", "anna", f"/card/{warned.id}"),
        Shot("card-stop", "petra", f"/card/{stopped.id}"),
        Shot("card-edit", "anna", f"/card/{reply.id}?edit=1"),
        Shot("card-reject", "anna", f"/card/{reply.id}", keys="r"),
        Shot("card-hand-over", "anna", f"/card/{reply.id}", keys="h"),
        Shot("ask", "anna", f"/card/{reply.id}/ask"),
        Shot("several", "anna", "/several"),
        Shot("keys", "anna", "/", keys="?"),
        Shot("unclear", "anna", f"/case/{unclear[0].id}"),
        Shot("unclear-list", "anna", "/?tab=unclear"),
        Shot("case", "petra", f"/case/{posting.case_id}"),
        Shot("path", "petra", f"/case/{posting.case_id}/path"),
        Shot("others", "anna", "/?tab=others"),
        Shot("account", "anna", "/account"),
        Shot("missing", "anna", "/nothing"),
        Shot("approved", "anna", f"/card/{reply.id}", keys="a u"),  # taken back, so that the next look finds it again
    ]


def administration() -> list[Shot]:
    """What admins see: every page that has an address of its own below theirs."""
    fixed = sorted({r.path for router in ROUTERS for r in router.routes if "GET" in r.methods and r.path.startswith("/admin")})
    pages = [p for p in fixed if "{" not in p]
    return [
        *(Shot(p.strip("/").replace("/", "-"), "mareike", p) for p in pages),
        Shot("admin-flow", "mareike", "/admin/flows/mailroom"),
    ]


@contextmanager
def serving(office: Office, database: Database) -> Iterator[str]:
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
            create_app(office, database, demo_people=sample, again=lambda case, _: case),
            log_level="error",
            lifespan="off",
            ws="none",
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


def take(browser: Browser, address: str, shots: Sequence[Shot], look: Look, out: Path) -> None:
    """All pages in one look."""
    width, height = SIZES[look.size]
    phone: dict[str, Any] = {"is_mobile": True, "has_touch": True, "device_scale_factor": 1} if look.size == "phone" else {}
    pages: dict[str, Page] = {}
    for shot in shots:
        if shot.person not in pages:
            context = browser.new_context(
                base_url=address,
                viewport={"width": width, "height": height},
                locale={"de": "de-DE", "en": "en-GB"}[look.language],
                color_scheme=cast("Any", look.theme),
                reduced_motion="reduce",
                **phone,
            )
            pages[shot.person] = sign_in(context.new_page(), shot.person)
        page = pages[shot.person]
        page.goto(shot.path)
        page.wait_for_load_state("networkidle")
        first, *then = shot.keys.split() or [""]
        if first:
            page.keyboard.press(first)
            page.wait_for_timeout(300)
            page.wait_for_load_state("networkidle")
        small(page.screenshot(), out / f"{shot.name}-{look.suffix}.png")
        for key in then:
            page.keyboard.press(key)
            page.wait_for_timeout(300)
            page.wait_for_load_state("networkidle")
    for page in pages.values():
        page.context.close()


def sign_in(page: Page, person: str) -> Page:
    """The page, with this person signed in."""
    page.goto("/sign-in")
    if person:
        page.click(f"button[value={person}]")
        page.wait_for_selector(".tabs")
    return page


def small(picture: bytes, file: Path) -> None:
    """Keep a picture with 128 colours: there are many of them."""
    with Image.open(io.BytesIO(picture)) as opened:
        opened.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(file, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
