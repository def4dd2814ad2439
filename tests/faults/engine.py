"""The real engine over a real source, with little patience: what a bad server does to a whole transfer."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import desktop.transfer.sources  # noqa: F401  # registers every source
from desktop.core.connection import Address
from desktop.core.media import Entry
from desktop.transfer.budget import HostBudget
from desktop.transfer.jobs import Job, JobDone
from desktop.transfer.ports import SOURCES, ConflictStrategy, Login, Site, Source, Trust
from desktop.transfer.retry import Patience
from desktop.transfer.run import Run
from tests.servers.scripted_ftp import ScriptedFtp
from tests.servers.scripted_http import ScriptedHttp
from tests.servers.scripted_sftp import ScriptedSftp
from tests.servers.sshd import SshServer
from tests.servers.vsftpd import VsftpdServer
from tests.transfer.scripted import HASTY, SKIP, drive, make_run

MTIME = 1_700_000_000.0


def http(server: ScriptedHttp, timeout: float = 20.0) -> Site:
    """Return the way to a web server."""
    return Site(Address("http", server.host, server.port), timeout=timeout)


def ftp(server: ScriptedFtp | VsftpdServer, timeout: float = 20.0, host: str = "", port: int = 0) -> Site:
    """Return the way to an FTP server, or to what stands in front of it."""
    address = Address("ftp", host or server.host, port or server.port)
    return Site(address, Login(password="artist@"), timeout=timeout)


def sftp(server: ScriptedSftp | SshServer, folder: Path, timeout: float = 20.0, port: int = 0) -> Site:
    """Return the way to an SSH server, or to what stands in front of it; whom to trust is written into the folder."""
    port = port or server.port
    if isinstance(server, SshServer):
        line, user = server.known_hosts, server.user
        login = Login(identity=server.identity, agent=False)
    else:
        line, user = server.known_line, "ann"
        login = Login(password="right", agent=False)
    known = folder / "known_hosts"
    known.write_text(line.replace(f":{server.port} ", f":{port} "))
    return Site(Address("sftp", "127.0.0.1", port, user), login, Trust((known,)), timeout)


def opener(site: Site) -> Callable[[], Source]:
    """Return what opens another connection to the site."""
    return lambda: SOURCES[site.address.protocol](site)


def run_for(
    root: Path,
    entries: Sequence[Entry],
    *,
    conflict: ConflictStrategy = SKIP,
    digest: str | None = None,
    token: str = "tok00001",
    segments: int | None = None,
    patience: Patience = HASTY,
) -> Run:
    """Return a run that brings the entries to root under their own names. digest: the hash they have to have."""
    jobs = [Job(i, "site", entry, root / entry.path.lstrip("/"), hash=digest) for i, entry in enumerate(entries)]
    return make_run(root, jobs, conflict, token=token, segments=segments, patience=patience)


def fetch(
    site: Site, root: Path, *entries: Entry, lanes: int = 1, budget: HostBudget | None = None, **options: Any
) -> list[JobDone]:
    """Bring the entries from the site to root and return how each ended, in order."""
    results = drive(run_for(root, entries, **options), opener(site), lanes, budget)
    return [results[i] for i in range(len(entries))]
