"""A sign-in in a browser on this machine, whose answer comes back to a door that is open for it alone (RFC 8252, with PKCE, RFC 7636).

For providers whose device flow gives no right to mail, as Google's.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer

from kontorist.core.errors import AccessDenied

_WAIT = 900.0  # seconds for a person to sign in
_DONE = "<!doctype html><meta charset=utf-8><title>Kontorist</title><p>Done. You can close this window. / Fertig. Sie können dieses Fenster schließen."


@dataclass
class Door:
    """Where the browser is sent back to: 127.0.0.1, a free port, one answer with the right `state`."""

    state: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(64), repr=False)
    answer: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.server = _Server(("127.0.0.1", 0), _Visitor)
        self.server.door, self.server.timeout = self, 0.5

    @property
    def address(self) -> str:
        """The address that the provider sends the browser to."""
        return f"http://127.0.0.1:{self.server.server_port}/"

    def invitation(self, endpoint: str, client_id: str, scopes: str) -> str:
        """The address that a person opens."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": self.address,
            "scope": scopes,
            "state": self.state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "access_type": "offline",  # Google: a right to renew the token
            "prompt": "consent",
        }
        return f"{endpoint}?{urllib.parse.urlencode(asked)}"

    def code(self, seconds: float = _WAIT) -> str:
        """Wait for the person. Raises AccessDenied when they or the provider refuse, or nobody comes."""
        end = time.monotonic() + seconds
        try:
            while not self.answer and time.monotonic() < end:
                self.server.handle_request()
        finally:
            self.server.server_close()
        if "code" in self.answer:
            return self.answer["code"]
        if self.answer:
            why = self.answer.get("error_description") or self.answer.get("error") or "no reason given"
            raise AccessDenied(f"The sign-in was refused: {why[:300]}")
        raise AccessDenied("Nobody signed in in time. Run the command again.")


class _Server(HTTPServer):
    door: Door


class _Visitor(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10

    def do_GET(self) -> None:
        """Take the answer, if it belongs to the question that was asked."""
        given = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        if not hmac.compare_digest(given.get("state", "").encode(), self.server.door.state.encode()):
            self.send_error(400)
            return
        self.server.door.answer = given
        data = _DONE.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args: object) -> None:
        """Say nothing: the line would hold the code."""


def ask(endpoint: str, client_id: str, scopes: str, tell: Callable[[str], None]) -> dict[str, str]:
    """Have a person sign in; what the token is then asked for with."""
    door = Door()
    port = door.server.server_port
    tell(
        f"Open this address in a browser on this machine (from another one: `ssh -L {port}:127.0.0.1:{port} …` first):\n"
        f"{door.invitation(endpoint, client_id, scopes)}"
    )
    code = door.code()
    return {"grant_type": "authorization_code", "code": code, "redirect_uri": door.address, "code_verifier": door.verifier}
