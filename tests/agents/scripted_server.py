"""An OpenAI-compatible server that answers what a test wrote down: good answers, garbage, errors, silence."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Reply:
    """One scripted answer; `content` may be a function of the request."""

    content: Any = "{}"
    status: int = 200
    delay: float = 0
    finish_reason: str = "stop"
    cut: bool = False
    raw: bytes | None = None


@dataclass
class ScriptedServer:
    """Serves `/v1/chat/completions` on a port (a free one if none is given); answers in the order they were scripted, the last one for ever."""

    replies: deque[Reply] = field(default_factory=deque)
    requests: list[dict[str, Any]] = field(default_factory=list)
    busiest: int = 0
    port: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _running: int = 0

    def __enter__(self) -> Self:
        self._http = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def will(self, *replies: Reply | dict[str, Any] | Callable[[dict[str, Any]], dict[str, Any]]) -> ScriptedServer:
        """Script the next answers: a dict is the JSON the model writes."""
        self.replies.extend(r if isinstance(r, Reply) else Reply(r) for r in replies)
        return self

    def next(self, request: dict[str, Any]) -> Reply:
        with self._lock:
            self.requests.append(request)
            return self.replies.popleft() if len(self.replies) > 1 else self.replies[0]

    def enter(self) -> None:
        with self._lock:
            self._running += 1
            self.busiest = max(self.busiest, self._running)

    def leave(self) -> None:
        with self._lock:
            self._running -= 1

    def sent(self, number: int = -1) -> str:
        """Everything that was sent in a request, as text."""
        return json.dumps(self.requests[number], ensure_ascii=False)


def _handler(server: ScriptedServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"object": "list", "data": [{"id": "test-model", "object": "model"}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            server.enter()
            try:
                self._answer()
            except (BrokenPipeError, ConnectionResetError):
                pass  # the client gave up waiting, as the test wanted
            finally:
                server.leave()

        def _answer(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            reply = server.next({**request, "authorization": self.headers.get("Authorization", "")})
            time.sleep(reply.delay)
            body = reply.raw if reply.raw is not None else json.dumps(_body(reply, request)).encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if reply.cut else body)

        def log_message(self, *args: Any) -> None:
            """Keep the test's output quiet."""

    return Handler


def _body(reply: Reply, request: dict[str, Any]) -> dict[str, Any]:
    if reply.status != 200:
        return {"error": {"message": f"scripted {reply.status}", "type": "scripted", "code": None}}
    content = reply.content(request) if callable(reply.content) else reply.content
    return {
        "id": "x",
        "object": "chat.completion",
        "created": 0,
        "model": request["model"],
        "choices": [
            {
                "index": 0,
                "finish_reason": reply.finish_reason,
                "message": {"role": "assistant", "content": content if isinstance(content, str) else json.dumps(content)},
            }
        ],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
    }
