"""The contract kit, on our own connectors, on the example of its page, and on connectors that break it."""

# ruff: noqa: RUF012 - the kit's class attributes are read only
from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from connectors.bank import Bank
from connectors.base import Action, Config, Connector, Health, Payload, Proposal, Receipt
from connectors.erp_csv import ErpCsv
from connectors.folder import Folder
from kontorist.testing import ConnectorContract, problems_of

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "howto" / "connector.md"


def aged(path: Path, text: str) -> None:
    """A file that was not written just now."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    os.utime(path, (time.time() - 60, time.time() - 60))


class TestFolder(ConnectorContract):
    connector = Folder
    config = {"path": "files"}
    triggers = {"file": {"pattern": "*.txt"}}
    actions = {"save": {"name": "note.txt", "content": "Hello"}}

    def prepare(self, folder: Path) -> None:
        aged(folder / "files" / "a.txt", "first")
        aged(folder / "files" / "b.txt", "second")


class TestErpCsv(ConnectorContract):
    connector = ErpCsv
    config = {"folder": "erp", "tables": {"orders": {"file": "orders.csv", "key": "number"}}, "import_folder": "in"}
    triggers = {"rows": {"table": "orders"}}

    def prepare(self, folder: Path) -> None:
        (folder / "in").mkdir(exist_ok=True)
        aged(folder / "erp" / "orders.csv", "number;total\nA1;1,50\nA2;2,00\n")


class TestBank(ConnectorContract):
    connector = Bank
    config = {"folder": "statements", "pay_from": "DE89370400440532013000"}
    triggers = {"rows": {}}
    actions = {
        "transfer": {
            "transfers": [
                {"name": "A", "iban": "DE02120300000000202051", "amount": "1.00", "purpose": "R1", "reference": "70001/R1"}
            ]
        }
    }

    def prepare(self, folder: Path) -> None:
        entry = ":61:2611031103C1,00NTRFNONREF\n:86:166?00GUTSCHRIFT?20SVWZ+R1\n"
        text = f":20:A\n:25:DE89370400440532013000\n:28C:1\n:60F:C261101EUR0,00\n{entry}{entry}:62F:C261103EUR2,00\n-\n"
        aged(folder / "statements" / "a.sta", text)


def _alone(folder: Path, tests: str) -> list[str]:
    """A run of pytest that knows nothing of the tests here."""
    options = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(folder)]
    return [sys.executable, "-m", "pytest", *options, tests]


def test_the_example_on_the_page_passes_its_own_tests(tmp_path):
    for code in re.findall(r"```python\n(# (\w+\.py)\n.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        (tmp_path / code[1]).write_text(code[0], encoding="utf-8")
    assert {p.name for p in tmp_path.iterdir()} == {"notes.py", "test_notes.py"}

    done = subprocess.run(
        _alone(tmp_path, str(tmp_path)),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "7 passed" in done.stdout


class LoosePayload(Payload):
    who: str


class Loose(Action):
    Payload = LoosePayload
    recipients = ("whom",)
    authoritative_find = True

    def propose(self, connector: Connector, payload: LoosePayload, context: object) -> Proposal:
        return Proposal({}, "", "")

    def execute(self, connector: Connector, permit: object) -> Receipt:
        return Receipt({})


class LooseConfig(Config):
    path: str


class Sloppy(Connector):
    Config = LooseConfig
    triggers = {"File": LooseConfig}
    actions = {"loose": Loose}

    def try_out(self) -> Health:
        return Health(True, "")


def test_a_connector_that_breaks_the_contract_is_told_every_reason():
    told = "\n".join(problems_of(Sloppy))
    for words in (
        "'File' cannot be written",
        "docstring of their own",
        "LooseConfig.path",
        "triggers and no read",
        "LoosePayload.who",
        "recipients that are not in its payload: whom",
        "knows what happened, and has no find",
    ):
        assert words in told


def test_an_action_that_happens_before_the_fence_is_found_out(tmp_path):
    class Eager(TestFolder):
        actions = {"save": {"name": "note.txt", "content": "Hello"}}

    original = Folder.actions["save"].execute

    def eager(self: Action, connector: Folder, permit: object) -> Receipt:
        connector.target("", "note.txt").write_text("Hello")
        return original(self, connector, permit)

    patch = pytest.MonkeyPatch()
    patch.setattr(Folder.actions["save"], "execute", eager)
    with pytest.raises(AssertionError, match="happened before the fence"):
        Eager().test_an_action_happens_behind_the_fence_only_and_is_found_afterwards(tmp_path)
    patch.undo()


def test_a_connector_of_strangers_is_found_when_its_wheel_is_installed_and_passes_the_kit(tmp_path):
    """The example of the page as a package: a wheel with an entry point, put into a folder of its own by pip."""
    for code in re.findall(r"```python\n(# (\w+\.py)\n.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        (tmp_path / code[1]).write_text(code[0], encoding="utf-8")
    wheel = _wheel(tmp_path, tmp_path / "notes.py")
    place = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", str(place), str(wheel)]
    subprocess.run(pip, check=True, timeout=120)
    (tmp_path / "notes.py").unlink()
    environment = {**os.environ, "PYTHONPATH": f"{place}{os.pathsep}{ROOT}"}
    office, kontorist = tmp_path / "office", str(Path(sys.executable).with_name("kontorist"))
    (office / "flows").mkdir(parents=True)
    (office / "office.yaml").write_text("company: {name: Muster GmbH}\n")
    (office / "connections.yaml").write_text("notes: {connector: notes, folder: 'data:notes'}\n")

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False)

    listed = run(kontorist, "connectors", "--json")
    checked = run(kontorist, "check", "--office", str(office))
    (office / "connections.yaml").write_text("notes: {connector: notes, folda: 'data:notes'}\n")
    mistyped = run(kontorist, "check", "--office", str(office))
    kit = run(*_alone(tmp_path, "test_notes.py"))

    assert '"notes"' in listed.stdout, listed.stdout + listed.stderr
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert mistyped.returncode == 1
    assert "folda" in mistyped.stdout + mistyped.stderr
    assert "7 passed" in kit.stdout, kit.stdout + kit.stderr


def _wheel(folder: Path, module: Path) -> Path:
    """A wheel with one module that registers its connector; a wheel is a zip with three files beside the code (PEP 427)."""
    about = "kontorist_notes-1.0.dist-info"
    files = {
        "notes.py": module.read_text(encoding="utf-8"),
        f"{about}/METADATA": "Metadata-Version: 2.1\nName: kontorist-notes\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/entry_points.txt": "[kontorist.connectors]\nnotes = notes:Notes\n",
    }
    files[f"{about}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{about}/RECORD"])
    path = folder / "kontorist_notes-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path
