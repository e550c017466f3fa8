"""Every mail has exactly one case, whatever happens to the line, the folder and the mails; in small (in full: `make endure`, which .ci/run calls too)."""

from __future__ import annotations

import pytest

from tests.connectors.mail.endurance import Trial
from tests.connectors.mail.servers import DOVECOT


@pytest.mark.parametrize("kind", ["dovecot", "pymap"])
def test_every_mail_has_one_case_although_everything_goes_wrong(kind: str) -> None:
    if kind == "dovecot" and DOVECOT is None:
        pytest.skip("Dovecot is not installed: apt-get install dovecot-imapd")
    found = Trial(kind, mails=60, burst=20).run()
    assert (found["missed"], found["twice"], found["cases"]) == (0, 0, 60), found
    assert min(found["uidvalidity changes"], found["put back"], found["read by people"], found["cuts"]) > 0, found
    assert min(found["refused moves"], found["mute idles"]) > 0, found
    for worker in found["workers"]:
        assert worker["exit"] == 0, found
        assert worker["moved"] > 0, found
        assert worker["files open"][1] <= worker["files open"][0] + 6, found
