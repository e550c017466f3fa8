"""Signing in with a browser on this machine: a provider over real HTTP that sends the browser back and checks what proves the asker."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Surroundings
from connectors.mail import Mail
from connectors.mail.config import MailConfig, OAuth
from kontorist.core.errors import AccessDenied
from tests.connectors.mail.servers import USER


class Provider(ThreadingHTTPServer):
    """Gives a code to who signs in, and a token to who knows the code and what the challenge was made of."""

    refuse = False
    challenge = back = ""
    asked: dict[str, str] = {}  # noqa: RUF012 - set anew for each request


class _Answers(BaseHTTPRequestHandler):
    server: Provider

    def log_message(self, *_args: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        self.server.challenge, self.server.back = asked["code_challenge"], asked["redirect_uri"]
        self.server.asked = asked
        given = {"error": "access_denied"} if self.server.refuse else {"code": "c-1"}
        self.send_response(302)
        self.send_header("Location", f"{self.server.back}?{urllib.parse.urlencode({**given, 'state': asked['state']})}")
        self.end_headers()

    def do_POST(self) -> None:
        fields = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        digest = base64.urlsafe_b64encode(hashlib.sha256(fields["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        good = (fields["code"], digest, fields["redirect_uri"]) == ("c-1", self.server.challenge, self.server.back)
        answer = {"access_token": "a-1", "refresh_token": "r-1", "expires_in": 3600} if good else {"error": "invalid_grant"}
        data = json.dumps(answer).encode()
        self.send_response(200 if good else 400)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def provider() -> Iterator[Provider]:
    server = Provider(("127.0.0.1", 0), _Answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def mailbox(provider: Provider, tmp_path: Path) -> Mail:
    base = f"http://127.0.0.1:{provider.server_port}"
    oauth = {"client_id": "kontorist", "authorize_url": f"{base}/authorize", "token_url": f"{base}/token", "scopes": ["mail"]}
    imap = {"host": "127.0.0.1", "port": 1, "user": USER, "tls": "none"}
    config = MailConfig.model_validate({"from": USER, "imap": imap, "oauth": oauth})
    return Mail(config, Surroundings("mailbox", tmp_path, tmp_path / "var", {"languages": ["de"]}))


class Person:
    """Opens the address that they are told in a browser, which follows where it is sent."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.refused: list[int] = []
        self.pages: list[str] = []
        self.threads: list[threading.Thread] = []

    def __call__(self, text: str) -> None:
        self.told.append(text)
        self.threads.append(threading.Thread(target=self._open, args=(text.splitlines()[-1],)))
        self.threads[-1].start()

    def _open(self, address: str) -> None:
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))
        for forged in ("?code=evil", "?code=evil&state=guessed"):
            try:
                urllib.request.urlopen(asked["redirect_uri"] + forged, timeout=10)
            except urllib.error.HTTPError as error:
                self.refused.append(error.code)
                error.close()
        with urllib.request.urlopen(address, timeout=10) as page:
            self.pages.append(page.read().decode())


def test_a_person_signs_in_with_a_browser_and_a_forged_answer_is_not_taken(
    mailbox: Mail, provider: Provider, tmp_path: Path
) -> None:
    person = Person()
    mailbox.login(person)
    for thread in person.threads:
        thread.join()

    tokens = mailbox._tokens()
    assert tokens is not None
    assert tokens.access_token() == "a-1"
    assert json.loads((tmp_path / "var/tokens/mailbox.json").read_text())["refresh_token"] == "r-1"
    assert person.refused == [400, 400]
    assert "close this window" in person.pages[0]
    assert (provider.asked["code_challenge_method"], provider.asked["scope"], provider.asked["access_type"]) == (
        "S256",
        "mail",
        "offline",
    )
    assert "ssh -L" in person.told[0]


def test_who_refuses_is_told_so(mailbox: Mail, provider: Provider) -> None:
    provider.refuse, person = True, Person()
    with pytest.raises(AccessDenied, match="access_denied"):
        mailbox.login(person)
    for thread in person.threads:
        thread.join()


def test_google_asks_with_a_browser_and_microsoft_with_a_code() -> None:
    """Google's device flow gives no right to mail."""
    assert OAuth(provider="google", client_id="x").authorize_endpoint == "https://accounts.google.com/o/oauth2/v2/auth"
    assert OAuth(provider="microsoft", client_id="x").authorize_endpoint == ""
    with pytest.raises(ValueError, match="https only"):
        OAuth(client_id="x", authorize_url="http://login.example/a", token_url="https://login.example/t")
