"""vsftpd: the legacy FTP server (no MLSD), in clear, with AUTH TLS or with implicit TLS."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from tests.servers.certificates import Certificates, make_certificates
from tests.servers.process import ProcessServer, free_ports, program


class Tls(StrEnum):
    """How a test's FTP server encrypts."""

    NONE = "none"
    EXPLICIT = "explicit"
    IMPLICIT = "implicit"


class VsftpdServer(ProcessServer):
    """vsftpd for the anonymous user, read-only; started without a chroot, so paths are those of this machine.

    With TLS it insists that a data connection resumes the control connection's session, as vsftpd does unless
    told otherwise. max_clients: 421 beyond it. passive_ports: where data connections go. passive_hosts: further
    addresses those ports must be free on (a proxy in front of the server). extra: more configuration lines.
    """

    user = "anonymous"
    password = "artist@"

    def __init__(
        self,
        root: Path,
        folder: Path,
        *,
        tls: Tls = Tls.NONE,
        max_clients: int = 0,
        passive_ports: int = 100,
        passive_hosts: Sequence[str] = (),
        extra: Sequence[str] = (),
    ) -> None:
        super().__init__(folder)
        self.root = root
        self.tls = tls
        self.passive_ports = range(0)
        self.certificates: Certificates | None = None
        self._max_clients = max_clients
        self._passive_count = passive_ports
        self._passive_hosts = (self.host, *passive_hosts)
        self._extra = tuple(extra)

    @property
    def path(self) -> str:
        """Return the served folder's path as a client names it."""
        return self.root.as_posix()

    @property
    def url(self) -> str:
        """Return the served folder's URL."""
        scheme = {Tls.NONE: "ftp", Tls.EXPLICIT: "ftpes", Tls.IMPLICIT: "ftps"}[self.tls]
        return f"{scheme}://{self.user}@{self.host}:{self.port}{self.path}"

    def prepare(self) -> Sequence[str]:
        """Write vsftpd.conf and return the command."""
        vsftpd = program("vsftpd", "vsftpd")
        if not self.passive_ports:
            self.passive_ports = free_ports(self._passive_count, *self._passive_hosts)
        empty = self.folder / "empty"
        empty.mkdir(exist_ok=True)
        lines = [
            "listen=YES",
            f"listen_address={self.host}",
            f"listen_port={self.port}",
            "background=NO",
            "run_as_launching_user=YES",
            "seccomp_sandbox=NO",
            f"secure_chroot_dir={empty}",
            "anonymous_enable=YES",
            "local_enable=NO",
            "no_anon_password=YES",
            f"anon_root={self.root}",
            "anon_world_readable_only=NO",
            f"max_clients={self._max_clients}",
            f"pasv_min_port={self.passive_ports.start}",
            f"pasv_max_port={self.passive_ports.stop - 1}",
            "use_localtime=NO",
            "xferlog_enable=YES",
            "log_ftp_protocol=YES",
            f"vsftpd_log_file={self.folder / 'vsftpd.log'}",
            *self._tls_lines(),
            *self._extra,
        ]
        config = self.folder / "vsftpd.conf"
        config.write_text("\n".join(lines) + "\n")
        return [vsftpd, str(config)]

    def words(self) -> str:
        """Return the end of the program's output and of the protocol log."""
        log = self.folder / "vsftpd.log"
        return super().words() + (log.read_text(errors="replace")[-4000:] if log.exists() else "")

    def _tls_lines(self) -> Sequence[str]:
        if self.tls is Tls.NONE:
            return ()
        if self.certificates is None:
            self.certificates = make_certificates(self.folder / "tls")
        return (
            "ssl_enable=YES",
            "allow_anon_ssl=YES",
            "force_anon_logins_ssl=YES",
            "force_anon_data_ssl=YES",
            "require_ssl_reuse=YES",
            "ssl_ciphers=HIGH",
            f"implicit_ssl={'YES' if self.tls is Tls.IMPLICIT else 'NO'}",
            f"rsa_cert_file={self.certificates.chain}",
            f"rsa_private_key_file={self.certificates.key}",
        )
