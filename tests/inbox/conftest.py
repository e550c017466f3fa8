"""A desk for each test, and a browser before it."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from tests.inbox.desks import PASSWORD, Desk, make_desk

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run", "--disable-sync"]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An office with its inbox."""
    made = make_desk(tmp_path)
    yield made
    made.runtime.close()


@pytest.fixture
def address(desk: Desk) -> Iterator[str]:
    """The inbox on a port of its own."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(desk.app, log_level="error", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    listener.close()


Opens = Callable[..., Any]
"""`opens(name, width=…, height=…, …)`: a page of its own in Chromium, with this person signed in unless the name is empty."""


@pytest.fixture
def opens(address: str) -> Iterator[Opens]:
    """Opens pages in Chromium that report what scripts complain about and where requests go."""
    if not CHROMIUM:
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)

        def open_page(name: str, *, width: int = 1280, height: int = 800, **options: Any) -> Any:
            size = {"width": width, "height": height}
            opened = browser.new_context(base_url=address, locale="en-GB", viewport=size, **options).new_page()
            opened.complaints, opened.requests = [], []
            opened.on("pageerror", lambda e: opened.complaints.append(str(e)))
            opened.on("console", lambda m: opened.complaints.append(m.text) if m.type == "error" else None)
            opened.on("request", lambda r: opened.requests.append(r.url))
            if name:
                opened.goto("/sign-in")
                opened.fill("[name=name]", name)
                opened.fill("[name=password]", PASSWORD)
                opened.press("[name=password]", "Enter")
                opened.wait_for_selector(".tabs")
                opened.wait_for_load_state()  # with its stylesheet: who measures would measure something else
            return opened

        yield open_page
        browser.close()


@pytest.fixture
def page(opens: Opens) -> Any:
    """A page in which Anna is signed in."""
    return opens("anna")
