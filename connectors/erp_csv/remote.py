"""Exports on an SFTP server: fetched whole into a folder here, where they are read like any others."""

from __future__ import annotations

import asyncio
import contextlib
import fnmatch
import json
import math
import os
import re
import time
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from connectors import _files
from connectors.erp_csv.options import SftpOptions
from kontorist.core import private
from kontorist.core.errors import AccessDenied, ConfigurationError, KontoristError, Unavailable
from kontorist.core.values import sha256

_TIMEOUT = 30
_LEFT_BY_EARLIER_VERSIONS = re.compile(r"\..+\.part")


class Mirror:
    """A copy of some files of a server; each file appears whole, and only when it has changed."""

    def __init__(self, options: SftpOptions, patterns: Sequence[str], folder: Path, memory: Path) -> None:
        self.options, self.patterns, self.folder = options, patterns, folder
        self._memory = memory
        self.trouble = ""
        """Why the copy may be older than what the server has."""

    def fetch(self, *, now: bool = False) -> None:
        """Look for changed files, at most as often as configured, whoever looks, or at once. Raises AccessDenied, ConfigurationError, Unavailable."""
        began = time.time()
        if not now and 0 <= began - self._looked() < self.options.every:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _files.sweep(self.folder)
            _files.sweep(self.folder, _LEFT_BY_EARLIER_VERSIONS)
            asyncio.run(asyncio.wait_for(self._fetch(), _TIMEOUT * 20))
        except Exception as error:
            problem = _translated(error, self.options)
            self.trouble = f"{problem} The copy in {self.folder} is used."
            raise problem from error
        self.trouble = ""
        self._remember(began)

    def _looked(self) -> float:
        """When somebody last looked for what we look for. It is on disk: each pass has connections of its own, perhaps in another process."""
        try:
            known = self._memory.read_text() == self._sought and self.folder.is_dir()
            return self._memory.stat().st_mtime if known else -math.inf
        except (OSError, ValueError):
            return -math.inf

    def _remember(self, when: float) -> None:
        with contextlib.suppress(OSError):  # then the next one looks once more
            private.make_folder(self._memory.parent)
            self._memory.write_text(self._sought)
            os.utime(self._memory, (when, when))

    @property
    def _sought(self) -> str:
        o = self.options
        return sha256(json.dumps([o.host, o.port, o.user, o.folder, *self.patterns, str(self.folder)]).encode())

    def fetch_if_possible(self) -> None:
        """The same; a copy from before is used when the server is away. Raises when there is none."""
        try:
            self.fetch()
        except KontoristError:
            if not self.folder.is_dir() or all(path.name.startswith(".") for path in self.folder.iterdir()):
                raise

    async def _fetch(self) -> None:
        import asyncssh

        o = self.options
        trusted: tuple[list[Any], list[Any], list[Any]] = ([asyncssh.import_public_key(o.host_key)], [], [])
        login: dict[str, Any] = {"client_keys": [o.key]} if o.key else {"client_keys": None, "password": o.password}
        async with (
            asyncssh.connect(
                o.host,
                o.port,
                username=o.user,
                known_hosts=trusted,
                agent_path=None,
                config=[],
                connect_timeout=_TIMEOUT,
                **login,
            ) as connection,
            connection.start_sftp_client() as sftp,
        ):
            for there in await sftp.readdir(o.folder):
                name = str(there.filename)
                if any(fnmatch.fnmatchcase(name, pattern) for pattern in self.patterns) and "/" not in name:
                    await self._take(sftp, name, there.attrs)

    async def _take(self, sftp: Any, name: str, attrs: Any) -> None:
        target, source = self.folder / name, str(PurePosixPath(self.options.folder) / name)
        if target.is_file() and (target.stat().st_size, int(target.stat().st_mtime)) == (attrs.size, attrs.mtime):
            return
        draft = _files.draft_of(target)  # a pass and the hands, or two workers, may fetch the same file at the same time
        try:
            await sftp.get(source, str(draft))
            after = await sftp.stat(source)
            if (after.size, after.mtime) != (attrs.size, attrs.mtime) or draft.stat().st_size != after.size:
                return  # it is being written: the next look takes it
            os.utime(draft, (after.mtime, after.mtime))
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)


def _translated(error: Exception, options: SftpOptions) -> KontoristError:
    import asyncssh

    where = f"{options.user}@{options.host}:{options.port}"
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return AccessDenied(
            f"The server {where} shows another key than 'host_key' in connections.yaml. Ask its administrator; it may be an attack."
        )
    if isinstance(error, asyncssh.PermissionDenied):
        return AccessDenied(f"The server {where} refuses the sign-in. Mend user, password or key in connections.yaml.")
    if isinstance(error, asyncssh.KeyImportError):
        return ConfigurationError(f"A key for {where} cannot be read: {error}. Mend 'key' or 'host_key' in connections.yaml.")
    if isinstance(error, asyncssh.SFTPNoSuchFile):
        return ConfigurationError(f"The server {where} has no folder {options.folder}. Mend 'folder' in connections.yaml.")
    if isinstance(error, asyncssh.SFTPPermissionDenied):
        return AccessDenied(f"{options.folder} on {where} may not be read by this user.")
    return Unavailable(f"The server {where} does not answer: {str(error) or type(error).__name__}. It is tried again later.")
