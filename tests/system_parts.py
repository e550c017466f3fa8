"""Says which system parts of the tests are missing here; the tests that need them are skipped, and this says which."""

import shutil
from pathlib import Path

PARTS = {"dovecot": ("dovecot-imapd", "mail against a real IMAP server"), "chromium": ("chromium", "the inbox in a real browser")}


def _has_language_server() -> bool:
    from tests.core.language_server import SERVER

    return SERVER is not None


def missing() -> dict[str, tuple[str, str]]:
    return {name: part for name, part in PARTS.items() if not (shutil.which(name) or Path(f"/usr/sbin/{name}").exists())}


if __name__ == "__main__":
    for name, (package, what) in missing().items():
        print(f"Without {name} the tests of {what} are skipped. On Debian: apt-get install {package}")
    if not _has_language_server():
        print("Without yaml-language-server the tests of editors are skipped. .ci/run installs it into .tools, with npm")
