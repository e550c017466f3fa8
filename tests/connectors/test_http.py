"""Calls over HTTP, to a real server on this machine: what it gets, what its refusals mean, and where no call may go."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from connectors import _web
from connectors.base import Surroundings
from connectors.http import Http, SendPayload
from kontorist.core.errors import AccessDenied, NotApproved, Rejected, Unavailable, Uncertain
from kontorist.testing import context_for, permit_for


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self._reply()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))
        self._reply()

    def _reply(self):
        if self.server.status == 0:
            return  # says nothing and hangs up
        self.send_response(self.server.status)
        self.send_header("Location", "http://169.254.169.254/")
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.status, running.got, running.answer = 200, [], b'{"id": 7}'
    thread = threading.Thread(target=running.serve_forever, args=(0.02,))
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture
def connect(server, tmp_path):
    def make(**more):
        given = {"url": f"http://localhost:{server.server_port}/api", "private": True, "headers": {"Authorization": "Bearer t"}}
        return Http(Http.Config.model_validate({**given, **more}), Surroundings("crm", tmp_path, tmp_path))

    return make


PAYLOAD = {"path": "notes", "method": "POST", "body": {"text": "Grüße"}}


def send(connection, **permit):
    return Http.actions["send"]().execute(connection, permit_for(PAYLOAD, **permit))


def test_what_was_approved_arrives_once_with_its_key_and_the_servers_own_name(server, connect):
    receipt = send(connect(), key="k-1")

    [(path, headers, body)] = server.got
    assert (path, json.loads(body)) == ("/api/notes", PAYLOAD["body"])
    assert headers["Idempotency-Key"] == "k-1"
    assert headers["Authorization"] == "Bearer t"
    assert headers["Host"] == f"localhost:{server.server_port}"
    assert receipt.evidence["answer"] == {"id": 7}


def test_nothing_arrives_when_the_fence_is_closed(server, connect):
    def closed():
        raise NotApproved("closed")

    with pytest.raises(NotApproved):
        send(connect(), fence=closed)
    assert server.got == []


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (401, AccessDenied),
        (422, Rejected),
        (302, Rejected),
        (429, Unavailable),
        (500, Uncertain),
        (503, Uncertain),
        (0, Uncertain),
    ],
)
def test_each_refusal_has_its_outcome_and_is_not_tried_twice(server, connect, status, outcome):
    server.status = status
    with pytest.raises(outcome):
        send(connect())
    assert len(server.got) == 1


def test_a_server_that_is_not_there_did_nothing(connect):
    with pytest.raises(Unavailable):
        send(connect(url="http://127.0.0.1:9/api"))


def test_an_address_inside_of_a_network_is_called_only_when_that_is_meant(server, connect):
    with pytest.raises(Rejected, match="private: true"):
        send(connect(private=False))
    assert server.got == []


HOLDING = ["::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "::127.0.0.1", "fec0::1", "64:ff9b:1::a00:1"]


@pytest.mark.parametrize(
    "inside", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fd00::1", "0.0.0.0", *HOLDING]
)
def test_addresses_inside_of_networks_are_known(inside):
    assert _web._not_public(["93.184.216.34", inside]) == inside


@pytest.mark.parametrize(
    "path",
    [
        "x\r\nHost: evil.example",
        "a\x00b",
        ".\t./admin",
        "../admin",
        "a/../../admin",
        "//evil.example/x",
        "%2e%2e/admin",
        "a\\b",
        "http://evil.example/",
    ],
)
def test_no_path_leads_away_from_the_base_address(server, connect, path):
    connection = connect()
    try:
        proposal = Http.actions["send"]().propose(connection, SendPayload(path=path, body={}), context_for())
    except Rejected:
        return
    assert f"http://localhost:{server.server_port}/api/" in proposal.sentence


def test_doctor_says_what_is_wrong(server, connect):
    assert connect().try_out().ok
    server.status = 401
    assert "token" in connect().try_out().message


def test_a_secret_in_the_address_is_refused(connect):
    with pytest.raises(ValueError, match="without user"):
        connect(url="https://me:secret@server.example/")


@pytest.mark.parametrize(
    ("status", "answer", "found"),
    [
        (200, b'{"results": [{"id": 7, "reference": "k-1"}]}', True),
        (200, b'{"results": [], "self": "/api/notes?reference=k-1"}', False),
        (200, b'{"results": [{"id": 6, "reference": "k-10"}]}', False),
        (200, b"k-1 is not known", False),
        (404, b"{}", False),
    ],
)
def test_a_lost_answer_is_looked_up_by_the_key_and_only_the_key_itself_is_evidence(server, connect, status, answer, found):
    server.status, server.answer = status, answer
    receipt = Http.actions["send"]().find(connect(look_up="notes?reference={key}"), PAYLOAD, "k-1")
    assert (receipt is not None) == found


def test_without_a_place_to_look_nothing_is_claimed(server, connect):
    assert Http.actions["send"]().find(connect(), PAYLOAD, "k-1") is None
    with pytest.raises(ValueError, match="finds nothing"):
        connect(look_up="notes")


PUBLIC, INSIDE = "93.184.215.14", "127.0.0.1"


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([[PUBLIC], [INSIDE]], Unavailable),  # what was looked up for the check is what is called: there is no second look
        ([[INSIDE], [PUBLIC]], Rejected),
        ([[PUBLIC, INSIDE]], Rejected),
        ([[INSIDE, PUBLIC]], Rejected),
    ],
)
def test_a_name_that_changes_between_the_check_and_the_call_leads_nowhere(server, connect, monkeypatch, answers, error):
    """DNS rebinding: a name that is public when it is checked and inside of the network when it is called."""
    asked, called = [], []

    def look_up(host, port, *_, **__):
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    def call(address, *_, **__):
        called.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", call)
    with pytest.raises(error):
        send(connect(url=f"http://rebind.example:{server.server_port}/api", private=False, timeout=1))
    assert asked == ["rebind.example"]
    assert called == ([PUBLIC] if error is Unavailable else [])
