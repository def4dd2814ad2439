"""ProFTPD: FTP with MLSD, in clear or with TLS; it may be extracted instead of installed, beside vsftpd."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.servers.certificates import Certificates, make_certificates
from tests.servers.process import ProcessServer, ServerMissing, account, free_ports, program
from tests.servers.vsftpd import Tls

CACHE = Path(__file__).parents[2] / ".cache" / "proftpd"
PACKAGES = "proftpd-core proftpd-mod-crypto libhashkit2 libhiredis0.14 libmemcached11 libmemcachedutil2 libpcre2-posix3"


def proftpd_root() -> Path:
    """Return the folder ProFTPD lies under: $SHOTDOCK_PROFTPD, `/`, or where .ci/run extracts it."""
    named = os.environ.get("SHOTDOCK_PROFTPD")
    for root in (Path(named),) if named else (Path("/"), CACHE):
        if (root / "usr/sbin/proftpd").exists():
            return root
    raise ServerMissing(
        f"proftpd is not here; get it beside vsftpd by: apt-get download {PACKAGES} "
        "&& for p in *.deb; do dpkg -x $p .cache/proftpd; done"
    )


class ProftpdServer(ProcessServer):
    """ProFTPD with one user and password; `root` is the login folder.

    Run by root it is a jail and served as `/`, otherwise the absolute path of this machine.
    """

    user = "artist"
    password = "proftpd secret"

    def __init__(
        self,
        root: Path,
        folder: Path,
        *,
        tls: Tls = Tls.NONE,
        passive_hosts: Sequence[str] = (),
        extra: Sequence[str] = (),
    ) -> None:
        super().__init__(folder)
        self.root = root
        self.tls = tls
        self.passive_ports = range(0)
        self.certificates: Certificates | None = None
        self._passive_hosts = (self.host, *passive_hosts)
        self._extra = tuple(extra)

    @property
    def path(self) -> str:
        """Return the served folder's path as a client names it."""
        return "/" if os.getuid() == 0 else self.root.as_posix()

    @property
    def url(self) -> str:
        """Return the served folder's URL, without the password."""
        scheme = {Tls.NONE: "ftp", Tls.EXPLICIT: "ftpes", Tls.IMPLICIT: "ftps"}[self.tls]
        return f"{scheme}://{self.user}@{self.host}:{self.port}{self.path}"

    def environment(self) -> dict[str, str]:
        """Return the environment with the extracted libraries on the loader's path."""
        libraries = sorted({str(lib.parent) for lib in proftpd_root().glob("usr/lib/*-linux-gnu/*.so*")})
        if proftpd_root() == Path("/"):
            return super().environment()
        return {**super().environment(), "LD_LIBRARY_PATH": os.pathsep.join(libraries)}

    def prepare(self) -> Sequence[str]:
        """Write the password file and proftpd.conf, return the command."""
        home = proftpd_root()
        user, group = account()
        if not self.passive_ports:
            self.passive_ports = free_ports(100, *self._passive_hosts)
        users = self.folder / "users"
        users.write_text(f"{self.user}:{self._hash()}:{os.getuid()}:{os.getgid()}::{self.root}:/bin/sh\n")
        users.chmod(0o600)
        lines = [
            "ServerType standalone",
            'ServerName "test"',
            f"DefaultAddress {self.host}",
            "SocketBindTight on",
            f"Port {self.port}",
            "UseReverseDNS off",
            "UseIPv6 off",
            f"User {user if os.getuid() else 'nobody'}",
            f"Group {group if os.getuid() else 'nogroup'}",
            f"ModulePath {home / 'usr/lib/proftpd'}",
            f"PidFile {self.folder / 'pid'}",
            f"ScoreboardFile {self.folder / 'scoreboard'}",
            f"DelayTable {self.folder / 'delay'}",
            f"SystemLog {self.folder / 'system.log'}",
            "TransferLog none",
            "WtmpLog off",
            "AuthOrder mod_auth_file.c",
            f"AuthUserFile {users}",
            "RequireValidShell off",
            "AllowRetrieveRestart on",
            f"PassivePorts {self.passive_ports.start} {self.passive_ports.stop - 1}",
            *(("RootLogin on", "DefaultRoot ~") if os.getuid() == 0 else ()),
            *self._tls_lines(),
            *self._extra,
        ]
        config = self.folder / "proftpd.conf"
        config.write_text("\n".join(lines) + "\n")
        return [str(home / "usr/sbin/proftpd"), "-n", "-c", str(config)]

    def words(self) -> str:
        """Return the end of the program's output and of its own log."""
        log = self.folder / "system.log"
        return super().words() + (log.read_text(errors="replace")[-4000:] if log.exists() else "")

    def _hash(self) -> str:
        command = [program("openssl", "openssl"), "passwd", "-6", "-stdin"]
        done = subprocess.run(command, input=self.password, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def _tls_lines(self) -> Sequence[str]:
        if self.tls is Tls.NONE:
            return ()
        if self.certificates is None:
            self.certificates = make_certificates(self.folder / "tls")
        return (
            "LoadModule mod_tls.c",
            "TLSEngine on",
            "TLSRequired on",
            f"TLSLog {self.folder / 'tls.log'}",
            f"TLSRSACertificateFile {self.certificates.chain}",
            f"TLSRSACertificateKeyFile {self.certificates.key}",
            *(("TLSOptions UseImplicitSSL",) if self.tls is Tls.IMPLICIT else ()),
        )
