"""The YAML language server that editors use, spoken to over its standard input and output (LSP)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Self

_TOOL = Path(__file__).resolve().parents[2] / ".tools/node_modules/.bin/yaml-language-server"
SERVER = str(_TOOL) if _TOOL.exists() else shutil.which("yaml-language-server")


class LanguageServer:
    """A running server that has been greeted; use it as a context."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._id = folder, 0

    def __enter__(self) -> Self:
        assert SERVER
        self._process = subprocess.Popen(
            [SERVER, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "HOME": str(self.folder)}
        )
        self.ask(
            "initialize",
            {"processId": None, "rootUri": self.folder.as_uri(), "capabilities": {"textDocument": {"publishDiagnostics": {}}}},
        )
        self.tell("initialized", {})
        self.tell(
            "workspace/didChangeConfiguration",
            {"settings": {"yaml": {"schemaStore": {"enable": False}, "hover": True, "completion": True, "validate": True}}},
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def open(self, path: Path, text: str | None = None) -> list[dict[str, Any]]:
        """Open a file as an editor does; what is underlined in it."""
        said = path.read_text(encoding="utf-8") if text is None else text
        self.tell(
            "textDocument/didOpen", {"textDocument": {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": said}}
        )
        while True:
            message = self._receive()
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == path.as_uri():
                found: list[dict[str, Any]] = message["params"]["diagnostics"]
                return found

    def complete(self, path: Path, line: int, column: int) -> list[str]:
        """What is offered at a place (both from 0) of a file that is open."""
        found = self.ask("textDocument/completion", self._at(path, line, column))
        return [item["label"] for item in (found["items"] if isinstance(found, dict) else found or [])]

    def explain(self, path: Path, line: int, column: int) -> str:
        """What is shown when the pointer rests on a place."""
        found = self.ask("textDocument/hover", self._at(path, line, column))
        return json.dumps(found["contents"]) if found else ""

    def ask(self, method: str, params: Any) -> Any:
        """A request, and its result."""
        self._id += 1
        self._send({"id": self._id, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == self._id and "method" not in message:
                assert "error" not in message, message
                return message["result"]

    def tell(self, method: str, params: Any) -> None:
        """A notification."""
        self._send({"method": method, "params": params})

    @staticmethod
    def _at(path: Path, line: int, column: int) -> dict[str, Any]:
        return {"textDocument": {"uri": path.as_uri()}, "position": {"line": line, "character": column}}

    def _send(self, message: dict[str, Any]) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        """The next message; what the server asks of an editor is answered with nothing."""
        out, length = self._process.stdout, 0
        assert out
        while line := out.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the language server has ended"
        message: dict[str, Any] = json.loads(out.read(length))
        if "method" in message and "id" in message:
            items = message["params"].get("items", []) if isinstance(message.get("params"), dict) else []
            self._send({"id": message["id"], "result": [_settings(i.get("section")) for i in items] or None})
        return message


def _settings(section: str | None) -> Any:
    return {"schemaStore": {"enable": False}, "validate": True, "hover": True, "completion": True} if section == "yaml" else {}
