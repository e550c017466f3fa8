"""Offices for chaos: with a real IMAP server and a real SMTP server beside them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.office import Office, make
from tests.connectors.mail.servers import DOVECOT, smtp_server, start_dovecot


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, empty_office: Path) -> Iterator[Office]:
    """One office for all cells: every action in it has effects of its own."""
    folder = tmp_path_factory.mktemp("chaos")
    shutil.copyfile(empty_office, folder / "store.sqlite")
    with smtp_server() as smtp:
        imap = start_dovecot(folder) if DOVECOT else None
        access = {"IMAP_PORT": imap.tls_port, "CA_FILE": imap.ca_file, "USER": "chaos@example.com"} if imap else None
        yield make(folder, f"sqlite:///{folder}/store.sqlite", smtp, access)
        if imap:
            imap.stop()


@pytest.fixture
def fresh(tmp_path: Path, empty_office: Path) -> Office:
    """An office without mail servers, for one scenario."""
    shutil.copyfile(empty_office, tmp_path / "store.sqlite")
    return make(tmp_path, f"sqlite:///{tmp_path}/store.sqlite")
