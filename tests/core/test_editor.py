"""In an editor with the YAML language server a flow is completed, explained and underlined by the schema that its first line names."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.language_server import SERVER, LanguageServer

pytestmark = pytest.mark.skipif(SERVER is None, reason="yaml-language-server is not installed: .ci/run installs it where npm is")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `init` makes one: the schema lies beside the flows."""
    folder = tmp_path_factory.mktemp("editor") / "office"
    subprocess.run([sys.executable, "-m", "kontorist.cli", "init", str(folder)], check=True, capture_output=True)
    assert (folder / "flow.schema.json").is_file()
    return folder


@pytest.fixture(scope="module")
def editor(office: Path) -> Iterator[LanguageServer]:
    with LanguageServer(office) as server:
        yield server


def test_no_shipped_flow_is_underlined(office: Path, editor: LanguageServer) -> None:
    flows = sorted(p for p in (office / "flows").glob("*.yaml") if not p.name.endswith(".test.yaml"))
    assert len(flows) >= 5
    assert {p.name: found for p in flows if (found := editor.open(p))} == {}


HEAD = "# yaml-language-server: $schema=../flow.schema.json\n"


@pytest.mark.parametrize(
    ("name", "text", "line", "says"),
    [
        ("key", "title: T\nsteps:\n  - id: a\n    stopp: gone\n", 2, ""),
        ("value", "steps:\n  - stop: gone\n    on_error: ignore\n", 3, "on_error|Value is not accepted"),
        ("type", "title: [1]\nsteps: []\n", 1, "string"),
        ("unknown", "titel: T\nsteps: []\n", 1, "titel"),
        ("missing", "title: T\n", 1, "steps"),
    ],
)
def test_a_mistake_is_underlined_at_its_line(
    office: Path, editor: LanguageServer, name: str, text: str, line: int, says: str
) -> None:
    import re

    found = editor.open(office / "flows" / f"wrong-{name}.yaml", HEAD + text)
    assert any(one["range"]["start"]["line"] in (line, line + 1) and re.search(says, one["message"]) for one in found), found


def test_keys_and_values_are_offered(office: Path, editor: LanguageServer) -> None:
    path = office / "flows" / "new.yaml"
    editor.open(path, HEAD + "title: T\n\nsteps:\n  - \n")
    assert {"description", "trigger", "parameters"} <= set(editor.complete(path, 2, 0))
    assert {"agent", "lookup", "action", "when", "each", "use", "set", "stop", "wait"} <= set(editor.complete(path, 4, 4))
    other = office / "flows" / "retry.yaml"
    editor.open(other, HEAD + "steps:\n  - agent: classify\n    on_error: \n")
    assert {"fail", "ask", "continue"} <= set(editor.complete(other, 3, 14))


def test_a_key_is_explained(office: Path, editor: LanguageServer) -> None:
    path = office / "flows" / "explained.yaml"
    editor.open(path, HEAD + "trigger:\n  upload: {pattern: '*.txt'}\nsteps:\n  - stop: enough\n")
    assert "somebody hands in" in editor.explain(path, 2, 4)
