"""Signing in at mail servers that take no password any more (Microsoft 365, Google): OAuth 2 tokens, kept and renewed.

`kontorist login CONNECTION` asks a person once (RFC 8628, device flow; RFC 8252, browser); from then on the refresh token is used.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import ssl
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from connectors.mail import loopback
from connectors.mail.config import OAuth
from kontorist.core import private
from kontorist.core.errors import AccessDenied, Unavailable

_EARLY = 120  # seconds before its end that a token is renewed
_LARGEST = 1 << 20
_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Tokens:
    """The tokens of one connection, in a file that only this user may read."""

    def __init__(self, oauth: OAuth, path: Path, connection: str) -> None:
        self.oauth, self.path, self.connection = oauth, path, connection

    def access_token(self, *, renew: bool = False) -> str:
        """A token that is valid now. Raises AccessDenied when a person has to sign in, Unavailable when it has to wait."""
        kept = self._kept()
        if not kept.get("refresh_token") and not kept.get("access_token"):
            raise AccessDenied(f"Nobody has signed in for '{self.connection}' yet: run `kontorist login {self.connection}`.")
        if not renew and kept.get("expires_at", 0) - _EARLY > time.time():
            return str(kept["access_token"])
        with self._alone():
            now = self._kept()
            if now != kept and now.get("expires_at", 0) - _EARLY > time.time():
                return str(now["access_token"])  # somebody else was faster
            return self._renewed(now)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One renews, in whichever thread or process: many servers take a right to renew once, and end the sign-in when it comes again."""
        try:
            with self.path.with_suffix(".lock").open("a") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise Unavailable(f"The sign-in cannot be kept beside {self.path}: {error.strerror}.") from error

    def _renewed(self, kept: Mapping[str, Any]) -> str:
        if not kept.get("refresh_token"):
            raise self._again("the server gave no right to renew it")
        answer = self._ask(self.oauth.token_endpoint, {"grant_type": "refresh_token", "refresh_token": kept["refresh_token"]})
        if "access_token" not in answer:
            if answer.get("error") in ("invalid_grant", "interaction_required", "consent_required"):
                raise self._again(str(answer.get("error_description") or answer["error"]).splitlines()[0])
            raise AccessDenied(f"The sign-in server refuses '{self.connection}': {_said(answer)}")
        return self._keep({**kept, **answer})

    def _again(self, why: str) -> AccessDenied:
        return AccessDenied(
            f"The sign-in of '{self.connection}' has ended ({why}): run `kontorist login {self.connection}` again."
        )

    # signing in ------------------------------------------------------------

    def login(self, tell: Callable[[str], None], sleep: Callable[[float], None] = time.sleep) -> None:
        """Let a person sign in with a browser of their own; `tell` shows what they have to do."""
        scopes = " ".join(self.oauth.scope_list)
        if self.oauth.authorize_endpoint:
            answer = self._ask(
                self.oauth.token_endpoint, loopback.ask(self.oauth.authorize_endpoint, self.oauth.client_id, scopes, tell)
            )
            if "access_token" not in answer:
                raise AccessDenied(f"The sign-in was refused: {_said(answer)}")
            self._keep(answer)
            return
        answer = self._ask(self.oauth.device_endpoint, {"scope": scopes})
        if "device_code" not in answer:
            raise AccessDenied(f"The sign-in server refuses '{self.connection}': {_said(answer)}")
        where = answer.get("verification_uri") or answer.get("verification_url")
        tell(str(answer.get("message") or f"Open {where} and type the code {answer['user_code']}"))
        pause, end = float(answer.get("interval", 5)), time.monotonic() + float(answer.get("expires_in", 900))
        while time.monotonic() < end:
            sleep(pause)
            token = self._ask(self.oauth.token_endpoint, {"grant_type": _GRANT, "device_code": answer["device_code"]})
            if "access_token" in token:
                self._keep(token)
                return
            pause += 5.0 * (token.get("error") == "slow_down")
            if token.get("error") not in ("authorization_pending", "slow_down"):
                raise AccessDenied(f"The sign-in was refused: {_said(token)}")
        raise AccessDenied("Nobody signed in in time. Run the command again.")

    # asking and keeping ----------------------------------------------------

    def _ask(self, url: str, fields: Mapping[str, str]) -> dict[str, Any]:
        """The answer of the sign-in server, also when it refuses. Raises Unavailable."""
        secret = {"client_secret": self.oauth.client_secret} if self.oauth.client_secret else {}
        body = urllib.parse.urlencode({"client_id": self.oauth.client_id, **secret, **fields}).encode()
        request = urllib.request.Request(url, body, {"Accept": "application/json"})  # noqa: S310 - https, stated by the configuration
        opener = urllib.request.build_opener(_NoRedirect, urllib.request.HTTPSHandler(context=ssl.create_default_context()))
        try:
            with opener.open(request, timeout=30) as answer:
                return _json(answer.read(_LARGEST))
        except urllib.error.HTTPError as error:
            if error.code >= 500 or error.code == 429:
                raise Unavailable(f"The sign-in server {_host(url)} is in trouble ({error.code}). It is tried again.") from error
            return _json(error.read(_LARGEST))
        except OSError as error:
            reason = getattr(error, "reason", error)
            raise Unavailable(f"The sign-in server {_host(url)} does not answer: {reason}. It is tried again.") from error

    def _kept(self) -> dict[str, Any]:
        try:
            return _json(self.path.read_bytes())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise AccessDenied(f"The file {self.path} with the sign-in cannot be read: {error.strerror}.") from error

    def _keep(self, answer: Mapping[str, Any]) -> str:
        kept = {key: answer[key] for key in ("access_token", "refresh_token") if key in answer}
        kept["expires_at"] = time.time() + float(answer.get("expires_in", 3600))
        try:
            private.make_folder(self.path.parent)
            handle, draft = tempfile.mkstemp(dir=self.path.parent)  # 0600 from the start
            with os.fdopen(handle, "w") as file:
                json.dump(kept, file)
            Path(draft).replace(self.path)
        except OSError as error:
            raise Unavailable(f"The sign-in cannot be kept in {self.path}: {error.strerror}.") from error
        return str(kept["access_token"])


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token goes to the server that was configured, and to no other."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


def _json(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _said(answer: Mapping[str, Any]) -> str:
    return str(answer.get("error_description") or answer.get("error") or "no reason given").splitlines()[0][:300]


def _host(url: str) -> str:
    return urllib.parse.urlsplit(url).hostname or url
