"""Every protocol ShotDock speaks; one loader each, so that only the protocol in use is imported."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from desktop.transfer.ports import SOURCES, SourceType


@SOURCES.lazy("sftp")
def _sftp() -> SourceType:
    # paramiko needs invoke for `Match exec` in an ssh_config only, which nobody here reads; with it come asyncio, yaml
    # and unittest, a third of the time that loading SFTP takes.
    with _hidden("invoke"):
        from desktop.transfer.sources.sftp import SftpSource

    return SftpSource


@SOURCES.lazy("ftp", "ftps", "ftpes")
def _ftp() -> SourceType:
    from desktop.transfer.sources.ftp import FtpSource

    return FtpSource


@SOURCES.lazy("http", "https")
def _http() -> SourceType:
    from desktop.transfer.sources.http import HttpSource

    return HttpSource


@SOURCES.lazy("file")
def _local() -> SourceType:
    from desktop.transfer.sources.local import LocalSource

    return LocalSource


def open_key(key: Path, passphrase: str | None) -> None:
    """Open a private key file as an SSH login does; raise KeyLocked, or LoginFailed for one that is no key."""
    with _hidden("invoke"):
        from desktop.transfer.sources.sftp_keys import identity_key

    identity_key(key, passphrase)


@contextmanager
def _hidden(name: str) -> Iterator[None]:
    """Let a library that can do without a package be imported without it, unless the package is there already."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # the import system's own sign for "cannot be found"
    try:
        yield
    finally:
        sys.modules.pop(name, None)
