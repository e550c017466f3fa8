"""Strangers' markup in a real browser: as the HTML of a mail, subject, sender, file name, extracted value and draft."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.base import NewDocument
from kontorist.core.clock import utcnow
from kontorist.store import tables
from tests.inbox.desks import Desk
from tests.inbox.test_hostile_content import mail, payloads

pytestmark = pytest.mark.browser
MARKDOWN_AND_SVG = [
    "[click](javascript:alert(1)) ![x](https://evil.example/p.png) <https://evil.example>",
    "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script><use href='https://evil.example/x.svg#a'/></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text y='20'>x</text></a><foreignObject><iframe srcdoc='<script>alert(1)</script>'></iframe></foreignObject></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s><set attributeName=onmouseover to=alert(1)></svg>",
    "</textarea></title></style><img src=https://evil.example/p.png onerror=alert(1)>",
    "{{ 7*7 }} {% include '/etc/passwd' %} ${alert(1)} <!--#include virtual='/etc/passwd'-->",
]
_TRAP = "for (const n of ['alert', 'confirm', 'prompt', 'print', 'open']) window[n] = () => { window.ran = n; };"
_SHAPE = "[...document.querySelectorAll('script, style, link, base, meta, object, embed, frame, math, template')].map(e => e.tagName).join()"


def card(desk: Desk, payload: str) -> Any:
    """A card with the payload in all six places."""
    body = f"From: a@b.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n<p>hi</p>{payload}"
    documents = [
        NewDocument(payload, "message/rfc822", body.encode("utf-8", "replace")),
        NewDocument(payload, "text/html", payload.encode("utf-8", "replace") or b"x", "attachment"),
    ]
    row = desk.mail_card(
        mail(payload), documents, payload={"name": payload, "content": f"Dear customer\n{payload}\nBye"}, sentence=payload,
        warnings=[{"code": "x", "text": payload, "stop": False}],
    )  # fmt: skip
    entry = {"case_id": row.case_id, "round": 0, "path": "-1", "seq": 90, "step": payload[:50], "kind": "agent", "flow": "keep",
             "output": {"number": payload, "label": payload}, "evidence": {"number": [{"quote": payload, "part": "text", "start": 0, "end": 5}]},
             "info": {"origins": ["document"], "confidence": 0.3}, "model": payload[:50], "ms": 1.0, "voided": False, "at": utcnow()}  # fmt: skip
    with desk.runtime.database.write() as connection:
        connection.execute(tables.journal.insert().values(**entry))
    return row


def test_no_script_runs_no_request_leaves_and_our_page_stays_as_it_was(desk: Desk, page: Any, address: str):
    desk.browser("anna").post("/language", language="en", to="/")
    page.add_init_script(_TRAP)
    dialogs: list[str] = []
    page.on("dialog", lambda d: (dialogs.append(d.message), d.dismiss()))
    clean = desk.card("a harmless text")
    page.goto(f"/card/{clean.id}")
    shape, frames = page.evaluate(_SHAPE), {f"{address}/"}
    for payload in [*payloads(), *MARKDOWN_AND_SVG]:
        row = card(desk, payload)
        page.requests.clear()
        page.goto(f"/card/{row.id}")
        for outer in page.locator("details.view, details.more, details.technical").all():
            outer.evaluate("e => { e.open = true; }")
        assert page.evaluate(_SHAPE) == shape, payload
        assert page.evaluate("window.ran") is None, payload
        assert page.title().endswith("Kontorist"), payload
        page.locator(".original mark").first.click()
        cage = page.locator("iframe.cage")
        if cage.count():
            cage.first.evaluate("e => { e.loading = 'eager'; }")
            page.wait_for_load_state("networkidle")
            assert cage.first.get_attribute("sandbox") == ""
        assert page.evaluate("window.ran") is None, payload
        outside = [u for u in page.requests if not u.startswith((*frames, "data:", "about:"))]
        assert outside == [], (payload, outside)
    page.goto("/")
    page.goto(f"/case/{row.case_id}")
    page.goto(f"/card/{row.id}?edit=1")
    assert page.evaluate(_SHAPE) == shape
    assert page.evaluate("window.ran") is None
    assert dialogs == []


def test_a_mail_of_one_endless_line_and_subject_is_laid_out_at_once_and_stays_short_in_lists(desk: Desk, page: Any):
    written = mail("x") | {"subject": "long " * 20_000, "text": "A-" * 30_000, "new_text": "A-" * 30_000}
    row = desk.mail_card(written)
    path = f"/case/{row.case_id}"
    assert len(desk.browser("anna").get(path).text) < 130_000
    page.goto(path)
    assert len(page.title()) < 400
    taken = "(() => { const began = performance.now(); document.body.style.width = '901px'; void document.body.offsetHeight; return performance.now() - began; })()"
    assert page.evaluate(taken) < 1000
