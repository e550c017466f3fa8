"""Text and HTML of strangers: shown, and never run."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from connectors.base import NewDocument
from kontorist.reading.safe_html import safe_html
from tests.inbox.desks import Desk

PAYLOADS = Path(__file__).parents[3] / "shared/data/injection/html-xss.json"
_OUTSIDE = re.compile(r"^\s*(?:[a-z][a-z0-9+.-]*:|//)", re.IGNORECASE)


TAGS = [
    "script",
    "style",
    "object",
    "embed",
    "base",
    "link",
    "meta",
    "svg",
    "math",
    "form",
    "input",
    "button",
    "iframe",
    "video",
    "audio",
]
ADDRESSES = ["src", "href", "action", "formaction", "background", "poster", "data", "srcset", "xlink:href", "ping"]


class Dangers(HTMLParser):
    """Collects what a browser would run or fetch."""

    def __init__(self, html: str, *, whole_page: bool = False) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._whole_page = whole_page
        """A page of ours has forms, scripts of its own and addresses within the inbox; a mail's HTML has none of these."""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in TAGS and not self._whole_page:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith("on") or name == "srcdoc" or (name == "style" and "url(" in (value or "")):
                self.found.append(f"{name}={value}")
            if name in ADDRESSES and (not self._whole_page or _OUTSIDE.match(value or "")):
                self.found.append(f"{tag} {name}={value}")
        if tag == "script" and dict(attrs).get("src") is None:
            self.found.append("inline script")


def payloads() -> list[str]:
    if not PAYLOADS.exists():
        pytest.skip("the payloads are not here")
    return [p["payload"] for p in json.loads(PAYLOADS.read_text())]


def mail(payload: str) -> dict[str, Any]:
    return {
        "subject": payload, "from": {"name": payload, "address": f'"{payload}"@evil.example'}, "to": [{"name": payload, "address": payload}],
        "cc": [{"name": payload, "address": payload}], "reply_to": [{"name": "", "address": payload}], "date": payload, "text": f"Hello\n{payload}\nBye",
        "new_text": "Hello", "language": "de", "attachments": [{"name": payload, "sha256": "0" * 64, "text": payload}],
    }  # fmt: skip


def test_safe_html_leaves_nothing_that_runs_or_loads():
    for payload in payloads():
        assert Dangers(safe_html(payload)).found == [], payload
        assert safe_html(safe_html(payload)) is not None


def test_safe_html_keeps_what_people_read():
    html = '<p style="color:red;position:fixed">Dear <b>Anna</b>, <a href="https://shop.example/x">see here</a></p><table><tr><td>1</td></tr></table>'
    shown = safe_html(html)
    assert 'title="https://shop.example/x"' in shown
    assert "<b>Anna</b>" in shown
    assert "position" not in shown
    assert "color:red" in shown.replace(" ", "")


def test_no_page_lets_strangers_in(desk: Desk):
    browser = desk.browser("anna")
    for i, payload in enumerate(payloads()):
        body = f"From: a@b.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n<p>hi</p>{payload}".encode()
        documents = [
            NewDocument(payload, "message/rfc822", body),
            NewDocument(payload, "text/html", payload.encode() or b"x", "attachment"),
        ]
        row = desk.mail_card(
            mail(payload),
            documents,
            payload={"name": payload, "content": payload},
            sentence=payload,
            origins={"name": [payload]},
            warnings=[{"code": "x", "text": payload, "stop": False}],
        )
        for path in (f"/card/{row.id}", f"/card/{row.id}?edit=1", f"/case/{row.case_id}"):
            answer = browser.get(path)
            assert answer.status_code == 200, payload
            assert Dangers(answer.text, whole_page=True).found == [], (path, payload)
            assert answer.text.count("<script") == 1, (path, payload)
        caged = browser.get(f"/case/{row.case_id}/document/0/html")
        assert Dangers(caged.text.partition("<body>")[2]).found == [], payload
        assert "sandbox" in caged.headers["content-security-policy"]
        download = browser.get(f"/case/{row.case_id}/document/1")
        assert download.headers["content-type"] == "application/octet-stream"
        assert download.headers["content-disposition"].startswith("attachment")
        if i % 20 == 0:
            for path in ("/", f"/?q={row.id}"):
                assert Dangers(browser.get(path).text, whole_page=True).found == [], (path, payload)


def test_what_was_searched_for_comes_back_as_text(desk: Desk):
    browser = desk.browser("anna")
    page = browser.client.get("/", params={"q": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in page
    assert Dangers(page, whole_page=True).found == []


def test_every_answer_has_its_headers(desk: Desk):
    row = desk.card()
    browser = desk.browser("anna")
    for path in (
        "/",
        "/sign-in",
        f"/card/{row.id}",
        f"/case/{row.case_id}",
        "/nothing",
        "/health",
        "/static/inbox.js",
        "/counts",
    ):
        headers = browser.get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'self'"), path
        assert "unsafe-inline" not in policy
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"


def test_a_form_of_more_than_two_megabytes_is_not_read(desk: Desk):
    row = desk.card()
    answer = desk.browser("anna").decide(row, "reject", reason="x" * 3_000_000)
    assert answer.status_code == 403
    assert desk.row(row.id).state == "proposed"


def test_health_is_open_and_says_nothing_else(desk: Desk):
    answer = desk.visitor().get("/health")
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
