"""Posts of other systems: who signs and is in time is kept on disk and becomes one case; everything else becomes nothing."""

from __future__ import annotations

import hmac
import json
import time
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from connectors import _files
from connectors.base import Item
from connectors.webhook import WebhookOptions, delivery, read_body
from flows.advance import Tally
from flows.intake import intake
from flows.runtime import Runtime
from flows.simulate import items
from kontorist.core.errors import ConfigurationError, NotReadable
from kontorist.inbox.app import create_app
from tests.flows.offices import CONNECTIONS, case, make_office, proposals, work

SECRET = "a secret of twenty-four."
FLOW = """
trigger:
  webhook:
    connection: shop
    id: event
    title: number
    schema:
      type: object
      required: [event, number, total]
      properties:
        event: {type: string, maxLength: 40}
        number: {type: string, pattern: "^S-[0-9]+$"}
        total: {type: number, minimum: 0}
steps:
  - id: keep
    action: shelf.save
    with: {name: "{{ webhook.body.number }}.txt", content: "{{ webhook.body.total }}"}
    approve: {by: service}
"""
ORDER = {"event": "e-1", "number": "S-17", "total": 19.90}


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    hook = "shop: {connector: webhook, secret: '${HOOK_SECRET}', max_size: 10000}\n"
    return make_office(tmp_path, {"orders": FLOW}, connections=CONNECTIONS + hook)


@pytest.fixture
def web(runtime: Runtime) -> TestClient:
    return TestClient(create_app(runtime.office, runtime.database))


def signed(body: bytes, when: int | None = None, secret: str = SECRET, **changed: str) -> dict[str, str]:
    moment = str(int(time.time()) if when is None else when)
    signature = hmac.new(secret.encode(), moment.encode() + b"." + body, "sha256").hexdigest()
    return {"Content-Type": "application/json", "X-Timestamp": moment, "X-Signature": signature} | changed


def post(web: TestClient, body: Any = ORDER, name: str = "shop", **how: Any) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return web.post(f"/hooks/{name}", content=data, headers=signed(data, **how))


def waiting(runtime: Runtime) -> list[Path]:
    return sorted((runtime.data_dir / "hooks" / "shop").glob("*.json"))


def taken_in(runtime: Runtime) -> int:
    return intake(runtime, "orders", Tally())


def test_a_delivery_is_on_disk_when_it_is_answered_and_becomes_a_case(runtime: Runtime, web: TestClient) -> None:
    answer = post(web)

    assert (answer.status_code, answer.json()["taken"]) == (202, True)
    assert [json.loads(p.read_bytes()) for p in waiting(runtime)] == [ORDER]
    assert taken_in(runtime) == 1
    assert waiting(runtime) == []
    work(runtime)
    assert [row.data["content"] for row in proposals(runtime)] == ["19.9"]
    assert case(runtime, 1).title == "S-17"


def test_the_same_delivery_again_is_no_new_case(runtime: Runtime, web: TestClient) -> None:
    body = json.dumps(ORDER).encode()
    same = signed(body)
    for headers in (same, same, signed(body, int(time.time()) - 60)):
        assert web.post("/hooks/shop", content=body, headers=headers).status_code == 202
    assert taken_in(runtime) == 1

    assert post(web).status_code == 202
    assert taken_in(runtime) == 0
    assert waiting(runtime) == []


def test_another_body_under_a_name_that_was_there_is_not_lost(runtime: Runtime, web: TestClient) -> None:
    post(web)
    post(web, ORDER | {"total": 25})
    assert taken_in(runtime) == 2


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"X-Signature": ""}, 401),
        ({"X-Signature": "0" * 64}, 401),
        ({"X-Signature": "ü"}, 401),
        ({"X-Timestamp": ""}, 401),
        ({"X-Timestamp": "yesterday"}, 401),
        ({"X-Timestamp": "²"}, 401),
        ({"Content-Type": "text/plain"}, 422),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 422),
    ],
)
def test_what_is_not_signed_or_no_json_is_refused(
    runtime: Runtime, web: TestClient, changed: dict[str, str], status: int
) -> None:
    body = json.dumps(ORDER).encode()
    headers = {k: v.encode() for k, v in signed(body, **changed).items()}
    answer = web.post("/hooks/shop", content=body, headers=headers)
    assert (answer.status_code, answer.json()["taken"]) == (status, False)
    assert waiting(runtime) == []


@pytest.mark.parametrize("seconds", [-301, -86_400, 320])
def test_an_old_delivery_that_was_caught_on_the_way_is_worth_nothing(runtime: Runtime, web: TestClient, seconds: int) -> None:
    assert post(web, when=int(time.time()) + seconds).status_code == 401
    assert waiting(runtime) == []


def test_a_signature_for_another_time_or_body_or_secret_is_worth_nothing(runtime: Runtime, web: TestClient) -> None:
    body = json.dumps(ORDER).encode()
    now = signed(body)
    for content, headers in (
        (body + b" ", now),
        (body, now | {"X-Timestamp": str(int(time.time()) + 1)}),
        (body, signed(body, secret="another secret of 24 ...")),
    ):
        assert web.post("/hooks/shop", content=content, headers=headers).status_code == 401
    assert waiting(runtime) == []


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"17", b'{"a": NaN}', b'{"a": "\xff"}', b"[" * 9000])
def test_a_body_that_is_no_json_object_is_refused(runtime: Runtime, web: TestClient, body: bytes) -> None:
    assert post(web, body).status_code == 422
    assert waiting(runtime) == []


def nested(levels: int, inner: str = "1") -> bytes:
    return ('{"a":' * levels + inner + "}" * levels).encode()


@pytest.mark.parametrize("levels", [101, 600, 900])
def test_a_body_that_is_nested_too_deeply_is_refused_and_one_kept_before_is_put_aside(
    runtime: Runtime, web: TestClient, levels: int
) -> None:
    """Whoever may post could have stopped the office: every pass broke off at it, and it stayed."""
    assert post(web, nested(levels)).status_code == 422
    _files.publish(nested(levels), runtime.data_dir / "hooks" / "shop" / "kept-by-an-earlier-version.json", lambda: None)
    assert post(web).status_code == 202
    assert taken_in(runtime) == 1
    (problem,) = runtime.connections.get("shop").problems()
    assert "more than 100 levels" in problem


def test_a_body_of_as_many_levels_as_may_be_becomes_a_case(runtime: Runtime) -> None:
    assert read_body(nested(100))
    assert read_body(nested(99, "{}"))
    with pytest.raises(NotReadable):
        read_body(nested(100, "{}"))


def test_a_body_that_is_too_deep_for_a_schema_that_refers_to_itself_becomes_no_case(tmp_path: Path) -> None:
    path = tmp_path / "deep.json"
    path.write_bytes(nested(100))
    schema: dict[str, Any] = {"$ref": "#"}
    for _ in range(12):
        schema = {"allOf": [schema]}
    schema = {"properties": {"a": schema}}
    with pytest.raises(NotReadable, match="too deeply"):
        delivery(path, WebhookOptions.model_validate({"schema": schema}))


def test_a_delivery_that_another_pass_takes_away_meanwhile_stops_no_other(
    runtime: Runtime, web: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(web)
    shop: Any = runtime.connections.get("shop")
    monkeypatch.setattr(shop, "_waiting", lambda: [shop.waiting / "gone.json", *waiting(runtime)])
    assert taken_in(runtime) == 1


def test_a_long_body_is_refused_before_it_is_read_whole(runtime: Runtime, web: TestClient) -> None:
    read = 0

    def pieces() -> Any:
        nonlocal read
        for _ in range(160):
            read += 65_536
            yield b" " * 65_536

    answer = web.post("/hooks/shop", content=pieces(), headers=signed(b""))
    assert answer.status_code == 413
    assert waiting(runtime) == []


@pytest.mark.parametrize("name", ["nobody", "scans", "erp", "../shop", "shop%2f..%2f..", "Shop"])
def test_only_connections_that_take_posts_have_an_address(web: TestClient, name: str) -> None:
    assert post(web, name=name).status_code == 404


def test_content_that_points_to_files_is_content(runtime: Runtime, web: TestClient) -> None:
    """CVE-2026-21858 of n8n: a body that says it is an upload, with the path of a file of the server."""
    trick = {"event": "e-2", "number": "S-1", "total": 1.5, "files": {"f": {"filepath": "/etc/passwd", "originalFilename": "x"}}}
    assert post(web, trick).status_code == 202
    taken_in(runtime)
    work(runtime)
    assert [row.data["content"] for row in proposals(runtime)] == ["1.5"]
    body = json.dumps(trick).encode()
    posed = signed(body, **{"Content-Type": "multipart/form-data"})
    assert web.post("/hooks/shop", content=body, headers=posed).status_code == 422


def test_what_does_not_fit_the_schema_becomes_no_case_and_is_kept_and_said(runtime: Runtime, web: TestClient) -> None:
    assert post(web, ORDER | {"number": "17; DROP TABLE"}).status_code == 202
    assert post(web).status_code == 202

    assert taken_in(runtime) == 1
    (problem,) = runtime.connections.get("shop").problems()
    assert "number does not fit the schema" in problem
    assert len(list((runtime.data_dir / "hooks" / "shop" / "refused").glob("*.json"))) == 1


def test_a_get_takes_nothing(web: TestClient) -> None:
    assert web.get("/hooks/shop").status_code == 405


def test_a_short_secret_and_a_schema_that_leads_outside_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", "short")
    hook = "shop: {connector: webhook, secret: '${HOOK_SECRET}'}\n"
    runtime = make_office(tmp_path, {"orders": FLOW}, connections=CONNECTIONS + hook)
    with pytest.raises(ConfigurationError, match="16 characters"):
        runtime.connections.get("shop")
    for schema in ({"$ref": "https://evil.example/schema"}, {"properties": {"a": {"$ref": "file:///etc/passwd"}}}, {"type": 7}):
        with pytest.raises(ValueError, match="schema"):
            WebhookOptions.model_validate({"schema": schema})


def test_a_full_place_says_later(runtime: Runtime, web: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.webhook._WAITING_AT_MOST", 1)
    assert post(web).status_code == 202
    assert post(web, ORDER | {"event": "e-9"}).status_code == 503


def test_a_watcher_sees_a_delivery_at_once(runtime: Runtime, web: TestClient) -> None:
    shop = runtime.connections.get("shop")
    shop.changed("webhook", WebhookOptions(), 1)
    began = time.monotonic()
    assert not shop.changed("webhook", WebhookOptions(), 0.2)
    post(web)
    assert shop.changed("webhook", WebhookOptions(), 60)
    assert time.monotonic() - began < 40


def test_a_delivery_in_a_file_can_be_simulated(runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "order.json").write_text(json.dumps(ORDER))
    (tmp_path / "other.json").write_text(json.dumps({"event": "e-3"}))
    good, bad = items(runtime.office, runtime.data_dir, "orders", [tmp_path / "order.json", tmp_path / "other.json"])
    assert isinstance(good, Item)
    assert good.data["webhook"]["body"]["number"] == "S-17"
    assert "number" in str(bad)
