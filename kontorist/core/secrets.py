"""Secrets that stand in a file in clear: as a password, in an address, in a connection string, as a header."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from kontorist.core.yamlfile import Loc, YamlFile

_KEYS = frozenset(
    {"password", "passphrase", "api_key", "apikey", "token", "access_token", "secret", "client_secret", "private_key"}
)
_GIVEN = r"(?!\$\{|\{\{|\{%)"
"""What follows is not filled in from elsewhere."""
_PASSWORD = re.compile(rf"\b[a-z][a-z0-9+.-]*://[^\s/?#:@]*:{_GIVEN}[^\s/?#@]+@", re.IGNORECASE)
_QUERY = re.compile(
    rf"://\S*[?&](?:access_?token|token|api_?key|subscription-key|client_secret|secret|password|passwd|pwd|sig|signature)={_GIVEN}[^&\s]+",
    re.IGNORECASE,
)
_STRING = re.compile(
    rf"(?:^|;)\s*(?:password|pwd|accountkey|sharedaccesskey|sharedaccesssignature)\s*=\s*{_GIVEN}[^;\s]+", re.IGNORECASE
)
_HEADER = re.compile(rf"^(?:basic|bearer|token)\s+{_GIVEN}\S+", re.IGNORECASE)
_MENDING = "write ${NAME} for it and set NAME in the environment or in the office's .env"


def in_clear(data: Any, loc: Loc, file: YamlFile, keys: frozenset[str] = frozenset()) -> None:
    """Note every secret below a place; `keys` are further names of secrets there."""
    for here, key, value in _strings(data, loc):
        if key.lower() in _KEYS | keys and value and "${" not in value:
            file.add(
                here,
                f"'{key}' stands here in clear; write ${{NAME}} and set NAME in the environment or in the office's .env",
                key=True,
            )
        elif hidden := _hidden(value, key):
            file.add(here, f"{hidden} in clear; {_MENDING}", key=isinstance(here[-1], str))


def in_flow(data: Any, file: YamlFile) -> None:
    """Note addresses and connection strings with a secret in a flow; its texts may speak of passwords."""
    for here, key, value in _strings(data, ()):
        if hidden := _hidden(value, key):
            message = f"{hidden} in clear; a flow is read by many: put it into connections.yaml as ${{NAME}}"
            file.add(here, message, key=bool(here) and isinstance(here[-1], str))


def _hidden(value: str, key: str) -> str:
    """What holds a secret in a text, or empty."""
    if _PASSWORD.search(value):
        return "this address holds a password"
    if _QUERY.search(value):
        return "this address holds a token"
    if _STRING.search(value) and value.count("=") > 1:
        return "this connection string holds a password"
    return "this header holds a secret" if key.lower() == "authorization" and _HEADER.search(value) else ""


def _strings(data: Any, loc: Loc, key: str = "") -> Iterator[tuple[Loc, str, str]]:
    """Each text with its place and the key that it stands under."""
    if isinstance(data, dict):
        for name, value in data.items():
            yield from _strings(value, (*loc, name), str(name))
    elif isinstance(data, list):
        for i, value in enumerate(data):
            yield from _strings(value, (*loc, i), key)
    elif isinstance(data, str):
        yield loc, key, data
