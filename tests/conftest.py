"""What all tests share: no way out to the network, an environment of their own, both databases."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import network
from tests.postgres import Postgres

for _name in [n for n in os.environ if n.startswith(("KONTORIST_", "PREFECT_", "OPENAI_")) or n == "DATABASE_URL"]:
    del os.environ[_name]  # what the developer has set is no part of a test
os.environ["PREFECT_PROFILES_PATH"] = os.devnull


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """Nothing leaves this machine."""
    with pytest.MonkeyPatch.context() as patch:
        network.block(patch)
        yield


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    """What a test sets in the environment ends with it."""
    before = dict(os.environ)
    yield
    now = os.environ.get("PYTEST_CURRENT_TEST", "")
    os.environ.clear()
    os.environ.update(before | {"PYTEST_CURRENT_TEST": now})


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server, started when the first test wants a database of it."""
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def empty_office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedded database with the newest schema and nothing in it, to be copied."""
    from kontorist.store.database import open_database

    folder = tmp_path_factory.mktemp("empty-office")
    open_database(folder).close()
    return folder / "kontorist.sqlite"


def _sqlite(folder: Path, empty_office: Path) -> str:
    shutil.copyfile(empty_office, folder / "kontorist.sqlite")
    return f"sqlite:///{folder}/kontorist.sqlite"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, empty_office: Path):
    """An empty store, once on SQLite and once on PostgreSQL."""
    from kontorist.store.database import open_database

    url = _sqlite(tmp_path, empty_office) if request.param == "sqlite" else request.getfixturevalue("postgres").new_database()
    opened = open_database(tmp_path, url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite(tmp_path: Path, empty_office: Path):
    """An empty store on SQLite, where the other database would say nothing new."""
    from kontorist.store.database import open_database

    opened = open_database(tmp_path, _sqlite(tmp_path, empty_office))
    yield opened
    opened.close()
