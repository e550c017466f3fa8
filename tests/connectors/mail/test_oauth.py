"""Signing in with tokens: a real token server on this machine, Dovecot that asks it about each token, SMTP with XOAUTH2."""

from __future__ import annotations

import base64
import json
import threading
import time
import urllib.parse
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.base import Surroundings
from connectors.mail import Mail
from connectors.mail.config import MailConfig, MailOptions, OAuth
from kontorist.core.errors import AccessDenied, Unavailable
from tests.connectors.mail.conftest import letter
from tests.connectors.mail.servers import DOVECOT, USER, Imap, free_port, start_dovecot


@dataclass
class Tokens:
    """What the token server has given out."""

    valid: set[str] = field(default_factory=set)
    asked: list[dict[str, str]] = field(default_factory=list)
    pending: int = 1
    number: int = 0
    ended: bool = False
    lasts: int = 3600
    strict: bool = False
    """A right to renew holds once; whoever comes with a used one ends the sign-in (RFC 9700, 4.14.2)."""

    def new(self) -> dict[str, Any]:
        self.number += 1
        token = f"access-{self.number}"
        self.valid.add(token)
        return {
            "access_token": token,
            "refresh_token": f"refresh-{self.number}",
            "expires_in": self.lasts,
            "token_type": "Bearer",
        }


class _Server(ThreadingHTTPServer):
    tokens: Tokens


class _Answers(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, *_args: Any) -> None:
        """Quiet."""

    def do_POST(self) -> None:
        fields = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        tokens = self.server.tokens
        tokens.asked.append(fields)
        if self.path == "/device":
            self._say(
                200,
                {
                    "device_code": "d1",
                    "user_code": "ABCD-EFGH",
                    "verification_uri": "https://login.example/device",
                    "interval": 1,
                },
            )
        elif fields.get("grant_type") == "refresh_token":
            if tokens.strict:
                time.sleep(0.1)
                tokens.ended |= fields["refresh_token"] != f"refresh-{tokens.number}"
            self._say(400, {"error": "invalid_grant", "error_description": "expired"}) if tokens.ended else self._say(
                200, tokens.new()
            )
        elif tokens.pending:
            tokens.pending -= 1
            self._say(400, {"error": "authorization_pending"})
        else:
            self._say(200, tokens.new())

    def do_GET(self) -> None:
        """Dovecot asks about a token."""
        token = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query).get("token", [""])[0]
        good = token in self.server.tokens.valid
        self._say(200 if good else 401, {"email": USER, "active": "true"} if good else {"error": "invalid_token"})

    def _say(self, code: int, answer: dict[str, Any]) -> None:
        data = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture(scope="module")
def token_server() -> Iterator[_Server]:
    server = _Server(("127.0.0.1", 0), _Answers)
    server.tokens = Tokens()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def tokens(token_server: _Server) -> Tokens:
    token_server.tokens = Tokens()
    return token_server.tokens


@pytest.fixture(scope="module")
def dovecot(token_server: _Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imap]:
    if DOVECOT is None:
        pytest.skip("Dovecot is not installed: apt-get install dovecot-imapd")
    folder = tmp_path_factory.mktemp("oauth")
    settings = Path("/tmp") / f"kontorist-oauth-{free_port()}.conf"
    where = f"http://127.0.0.1:{token_server.server_address[1]}/introspect?token="
    settings.write_text(
        f"introspection_mode = get\nintrospection_url = {where}\nusername_attribute = email\nactive_attribute = active\nactive_value = true\n"
    )
    extra = (
        f"auth_mechanisms = plain login xoauth2\npassdb {{\n  driver = oauth2\n  mechanisms = xoauth2\n  args = {settings}\n}}"
    )
    server = start_dovecot(folder, extra)
    yield server
    server.stop()
    settings.unlink()


def _oauth(server: _Server) -> dict[str, Any]:
    base = f"http://127.0.0.1:{server.server_address[1]}"
    return {
        "client_id": "kontorist",
        "device_url": f"{base}/device",
        "token_url": f"{base}/token",
        "scopes": ["imap", "offline_access"],
    }


def _mailbox(folder: Path, server: _Server, port: int, **more: Any) -> Mail:
    access = {"host": "127.0.0.1", "port": port, "user": USER, "tls": "none"}
    config = MailConfig.model_validate({"from": USER, "imap": access, "oauth": _oauth(server), **more})
    return Mail(config, Surroundings("mailbox", folder, folder / "var", {"languages": ["de"]}))


def _signed_in(mailbox: Mail) -> list[str]:
    told: list[str] = []
    tokens = mailbox._tokens()
    assert tokens is not None
    tokens.login(told.append, sleep=lambda _: None)
    return told


def test_a_person_signs_in_once_and_mails_are_read_with_the_token(
    tmp_path: Path, token_server: _Server, tokens: Tokens, dovecot: Imap
) -> None:
    mailbox = _mailbox(tmp_path, token_server, dovecot.port)
    with pytest.raises(AccessDenied, match="kontorist login mailbox"):
        list(mailbox.read("mail", MailOptions(), lambda _: set()))
    (told,) = _signed_in(mailbox)
    assert "https://login.example/device" in told
    assert "ABCD-EFGH" in told
    mailbox.transport.append("INBOX", letter(), "x", [])
    assert [i.title for i in mailbox.read("mail", MailOptions(), lambda _: set())] == ["Wo bleibt 47001?"]
    kept = tmp_path / "var" / "tokens" / "mailbox.json"
    assert kept.stat().st_mode & 0o077 == 0
    mailbox.close()


def test_a_token_that_is_over_is_renewed_without_a_person(
    tmp_path: Path, token_server: _Server, tokens: Tokens, dovecot: Imap
) -> None:
    tokens.lasts = 60  # less than the margin: over at once
    mailbox = _mailbox(tmp_path, token_server, dovecot.port)
    _signed_in(mailbox)
    assert mailbox.try_out().ok
    assert [a["grant_type"] for a in tokens.asked if "grant_type" in a][-1] == "refresh_token"
    assert tokens.asked[-1]["refresh_token"] == "refresh-1"
    mailbox.close()


def test_of_many_who_find_the_token_over_one_renews_it(
    tmp_path: Path, token_server: _Server, tokens: Tokens, dovecot: Imap
) -> None:
    mailbox = _mailbox(tmp_path, token_server, dovecot.port)
    _signed_in(mailbox)
    kept = tmp_path / "var" / "tokens" / "mailbox.json"
    kept.write_text(json.dumps({**json.loads(kept.read_text()), "expires_at": 0}))
    tokens.strict = True
    several = [_mailbox(tmp_path, token_server, dovecot.port) for _ in range(6)]  # a watcher, a pass, the hands …
    with ThreadPoolExecutor(6) as pool:
        given = list(pool.map(lambda one: one._tokens().access_token(), several))
    assert given == ["access-2"] * 6
    assert not tokens.ended
    mailbox.close()


def test_a_token_that_the_mail_server_takes_no_more_is_renewed_once(
    tmp_path: Path, token_server: _Server, tokens: Tokens, dovecot: Imap
) -> None:
    mailbox = _mailbox(tmp_path, token_server, dovecot.port)
    _signed_in(mailbox)
    tokens.valid.clear()
    assert mailbox.try_out().ok
    assert tokens.number == 2
    mailbox.close()


def test_a_sign_in_that_was_withdrawn_asks_for_a_person(
    tmp_path: Path, token_server: _Server, tokens: Tokens, dovecot: Imap
) -> None:
    mailbox = _mailbox(tmp_path, token_server, dovecot.port)
    _signed_in(mailbox)
    tokens.valid.clear()
    tokens.ended = True
    health = mailbox.try_out()
    assert not health.ok
    assert "kontorist login mailbox" in health.message
    mailbox.close()


def test_a_token_server_that_is_away_is_tried_again(tmp_path: Path, token_server: _Server, tokens: Tokens, dovecot: Imap) -> None:
    tokens.lasts = 60
    mailbox = _mailbox(tmp_path, token_server, dovecot.port)
    _signed_in(mailbox)
    mailbox.config.oauth.token_url = f"http://127.0.0.1:{free_port()}/token"
    with pytest.raises(Unavailable, match="sign-in server"):
        list(mailbox.read("mail", MailOptions(), lambda _: set()))


def test_mails_are_sent_with_the_token(tmp_path: Path, token_server: _Server, tokens: Tokens) -> None:
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult

    from connectors.mail import compose
    from connectors.mail.smtp import Smtp
    from kontorist.core.clock import utcnow

    taken: list[Any] = []

    class Handler:
        async def auth_XOAUTH2(self, server: Any, args: list[str]) -> AuthResult:
            said = base64.b64decode(args[1]).decode()
            good = any(said == f"user={USER}\x01auth=Bearer {t}\x01\x01" for t in tokens.valid)
            if good:
                return AuthResult(success=True)
            await server.push("334 " + base64.b64encode(b'{"status":"401"}').decode())
            await server._reader.readline()
            return AuthResult(success=False, handled=False)

        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            taken.append(session.authenticated)
            return "250 OK"

    controller = Controller(Handler(), hostname="127.0.0.1", port=free_port(), auth_require_tls=False, ready_timeout=15)
    controller.start()
    try:
        mailbox = _mailbox(tmp_path, token_server, 1)
        _signed_in(mailbox)
        tokens.valid.clear()  # the first try is refused, the second has a new token
        access = mailbox.config.imap.model_copy(update={"port": controller.port})
        smtp = Smtp(access, wait_after_dot=5, tokens=mailbox._tokens())
        mail = compose.Letter(sender=USER, to=["karla@kunde.example"], cc=[], subject="x", body="Text\n", key="k")
        smtp.send(compose.build(mail, utcnow()), USER, ["karla@kunde.example"], lambda: None)
        assert taken == [True]
        assert tokens.number == 2
    finally:
        controller.stop()


def test_the_addresses_of_microsoft_and_google_are_known_and_tokens_go_over_https_only() -> None:
    microsoft = OAuth(provider="microsoft", client_id="x", tenant="muster.onmicrosoft.com")
    assert microsoft.token_endpoint == "https://login.microsoftonline.com/muster.onmicrosoft.com/oauth2/v2.0/token"
    assert "offline_access" in microsoft.scope_list
    assert OAuth(provider="google", client_id="x").token_endpoint == "https://oauth2.googleapis.com/token"
    with pytest.raises(ValidationError, match="https only"):
        OAuth(client_id="x", device_url="http://login.example/d", token_url="https://login.example/t")
