"""The grounds a source is tried on: for every protocol real servers, started over one folder."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import desktop.transfer.sources  # noqa: F401  # registers every source
from desktop.core.connection import Address
from desktop.transfer.ports import SOURCES, Login, Site, Source, Trust
from tests.servers.nginx import NginxServer
from tests.servers.process import ProcessServer
from tests.servers.proftpd import ProftpdServer
from tests.servers.pyftpd import PyftpdServer
from tests.servers.sshd import SshServer
from tests.servers.vsftpd import Tls, VsftpdServer

TIMEOUT = 60.0
"""Seconds without a byte: longer than any test waits, so that no test passes because of it."""


Start = Callable[[ProcessServer | PyftpdServer], object]


@dataclass(slots=True)
class Ground:
    """A folder and how a source reaches it.

    folder: on disk. root: on the server. listing: folders can be listed. links: links are shown as links.
    raw_names: names that are no UTF-8 come through. notices: growth during a transfer is noticed.
    clock: seconds by which times in listings may be off. wrong: the site with a login that is not accepted.
    passive_ports: FTP's, for a proxy. denies: a file of mode 0 may not be read.
    """

    name: str
    folder: Path
    site: Site
    root: str = ""
    server: ProcessServer | PyftpdServer | None = None
    listing: bool = True
    links: bool = True
    raw_names: bool = True
    notices: bool = True
    clock: float = 2.0
    wrong: Site | None = None
    passive_ports: range = range(0)
    denies: bool = os.name == "posix" and os.geteuid() != 0

    def path(self, name: str) -> str:
        """Return the server path of a name below the folder."""
        path = f"{self.root.rstrip('/')}/{name}"
        return quote(path, safe="/") if self.site.address.protocol in ("http", "https") else path

    def source(self, site: Site | None = None) -> Source:
        """Return a source, not connected yet."""
        site = site or self.site
        return SOURCES[site.address.protocol](site)

    def moved(self, host: str, port: int) -> Site:
        """Return the site as it is reached through another host and port."""
        for known in self.site.trust.known_hosts:
            lines = known.read_text()
            known.write_text(lines + lines.replace(f":{self.site.address.port} ", f":{port} "))
        return replace(self.site, address=replace(self.site.address, host=host, port=port))


def local(folder: Path, work: Path, start: Start) -> Ground:
    """Files on this machine."""
    return Ground("local", folder, Site(Address("file"), timeout=TIMEOUT), folder.as_posix())


def openssh(folder: Path, work: Path, start: Start) -> Ground:
    """OpenSSH's internal-sftp."""
    server = SshServer(folder, work / "sshd")
    start(server)
    known = work / "known_hosts"
    known.write_text(server.known_hosts)
    address = Address("sftp", server.host, server.port, server.user)
    site = Site(address, Login(identity=server.identity, agent=False), Trust((known,)), TIMEOUT)
    other = work / "sshd" / "host_ed25519"
    wrong = replace(site, login=Login(identity=other, agent=False))
    return Ground("openssh", folder, site, folder.as_posix(), server, wrong=wrong)


def _vsftpd(name: str, protocol: str, tls: Tls, folder: Path, work: Path, start: Start) -> Ground:
    # Files of mode 0 are refused to root's own server too, by the server's own rule.
    server = VsftpdServer(
        folder, work / name, tls=tls, passive_hosts=("127.0.0.2",), extra=("anon_world_readable_only=YES",)
    )
    start(server)
    address = Address(protocol, server.host, server.port, None)
    site = Site(address, Login(password=server.password), timeout=TIMEOUT)
    if server.certificates is not None:
        # The way a studio's own authority gets into OpenSSL's idea of the system's store.
        os.environ["SSL_CERT_FILE"] = str(server.certificates.authority)
    wrong = replace(site, address=replace(address, user="somebody"), trust=Trust(in_clear=True))
    ports = server.passive_ports
    # Run by the user who starts it, it confines nobody: its paths are the disk's.
    return Ground(
        name, folder, site, folder.as_posix(), server, clock=60.0, wrong=wrong, passive_ports=ports, denies=True
    )


def vsftpd(folder: Path, work: Path, start: Start) -> Ground:
    """vsftpd in clear: no MLSD, times of listings to a minute."""
    return _vsftpd("vsftpd", "ftp", Tls.NONE, folder, work, start)


def vsftpd_explicit(folder: Path, work: Path, start: Start) -> Ground:
    """vsftpd with AUTH TLS; data connections have to resume the session."""
    return _vsftpd("vsftpd_explicit", "ftpes", Tls.EXPLICIT, folder, work, start)


def vsftpd_implicit(folder: Path, work: Path, start: Start) -> Ground:
    """vsftpd with TLS from the first byte, on a port that does not tell."""
    return _vsftpd("vsftpd_implicit", "ftps", Tls.IMPLICIT, folder, work, start)


def pyftpd(folder: Path, work: Path, start: Start) -> Ground:
    """pyftpdlib: MLSD, MLST, UTF-8 only, links shown as what they lead to."""
    server = PyftpdServer(folder)
    start(server)
    address = Address("ftp", server.host, server.port, server.user)
    site = Site(address, Login(password=server.password), Trust(in_clear=True), TIMEOUT)
    wrong = replace(site, login=Login(password="wrong"))
    return Ground("pyftpd", folder, site, "/", server, links=False, raw_names=False, wrong=wrong)


def proftpd(folder: Path, work: Path, start: Start) -> Ground:
    """ProFTPD: MLSD and MLST; 450 for a missing folder."""
    server = ProftpdServer(folder, work / "proftpd", passive_hosts=("127.0.0.2",))
    start(server)
    address = Address("ftp", server.host, server.port, server.user)
    site = Site(address, Login(password=server.password), Trust(in_clear=True), TIMEOUT)
    wrong = replace(site, login=Login(password="wrong"))
    return Ground("proftpd", folder, site, server.path, server, wrong=wrong, passive_ports=server.passive_ports)


def _nginx(name: str, tls: bool, folder: Path, work: Path, start: Start) -> Ground:
    users = work / "users"
    users.write_text("artist:{PLAIN}s3cret word\n")
    users.chmod(0o644)
    lock = ("auth_basic studio;", f"auth_basic_user_file {users};")
    server = NginxServer(folder, work / name, tls=tls, extra=lock)
    start(server)
    address = Address("https" if tls else "http", server.host, server.port, "artist")
    if server.certificates is not None:
        os.environ["SSL_CERT_FILE"] = str(server.certificates.authority)
    site = Site(address, Login(password="s3cret word"), timeout=TIMEOUT)
    wrong = replace(site, login=Login(password="wrong"))
    return Ground(name, folder, site, "/", server, listing=False, notices=False, wrong=wrong)


def nginx(folder: Path, work: Path, start: Start) -> Ground:
    """nginx over HTTP, behind a password."""
    return _nginx("nginx", False, folder, work, start)


def nginx_tls(folder: Path, work: Path, start: Start) -> Ground:
    """nginx over HTTPS, behind a password."""
    return _nginx("nginx_tls", True, folder, work, start)


GROUNDS = (local, openssh, vsftpd, vsftpd_explicit, vsftpd_implicit, pyftpd, proftpd, nginx, nginx_tls)
"""Every protocol at least once; see test_every_protocol_has_a_ground."""
