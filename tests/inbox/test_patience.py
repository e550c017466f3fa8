"""Who sends half a request and waits holds no connection for ever; who takes their time is served."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from kontorist.inbox import patience

POST = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 6\r\n\r\n"
read: list[bytes] = []


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Reads the body, thinks longer than anybody has for sending, and answers."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body, more = body + message["body"], message["more_body"]
    read.append(body)
    await asyncio.sleep(1.0)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A connection to a server with little patience."""
    read.clear()
    for name, seconds in (("HEAD", 0.4), ("SILENCE", 0.4), ("BODY", 1.6), ("LOOK", 0.05)):
        monkeypatch.setattr(patience, name, seconds)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", ws="none", http=patience.Connection))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    while not server.started:
        time.sleep(0.02)
    connection = socket.create_connection(listener.getsockname())
    connection.settimeout(10)
    yield connection
    connection.close()
    server.should_exit = True
    thread.join(10)
    listener.close()


def drips(client: socket.socket, data: bytes, every: float) -> None:
    """Send a byte now and then, until the other side has had enough."""
    try:
        for i in range(len(data)):
            client.sendall(data[i : i + 1])
            time.sleep(every)
    except OSError:
        pass


def answer(client: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    got = b""
    try:
        while piece := client.recv(4096):
            got += piece
    except ConnectionError:
        pass
    return got


@pytest.mark.parametrize("sent", [b"GET / HTTP/1.1\r\nhost: local", POST, POST + b"hal"])
def test_half_a_request_is_answered_with_a_timeout_and_closed(client: socket.socket, sent: bytes):
    client.sendall(sent)
    assert answer(client).startswith(b"HTTP/1.1 408 ")
    assert read == []


def test_a_connection_without_a_request_is_closed_without_a_word(client: socket.socket):
    assert answer(client) == b""


def test_lines_that_come_letter_by_letter_are_no_way_to_stay(client: socket.socket):
    begun = time.monotonic()
    drips(client, b"GET / HTTP/1.1\r\nx: " + b"a" * 100, 0.1)
    assert time.monotonic() - begun < 8
    assert read == []


def test_a_body_without_end_is_closed_although_something_comes(client: socket.socket):
    client.sendall(POST.replace(b"6", b"999"))
    begun = time.monotonic()
    drips(client, b"a" * 100, 0.1)
    assert 1 < time.monotonic() - begun < 8
    assert read == []


def test_a_slow_body_a_slow_answer_and_a_second_request_are_served(client: socket.socket):
    for _ in range(2):
        client.sendall(POST)
        drips(client, b"letter", 0.1)
        got = b""
        while not got.endswith(b"ok"):
            got += client.recv(4096)
        assert got.startswith(b"HTTP/1.1 200 ")
    client.sendall(b"GET / HT")
    assert answer(client).startswith(b"HTTP/1.1 408 ")
    assert read == [b"letter", b"letter"]
