"""OpenSSH serving SFTP: own host keys, one user key, a free port."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.servers.process import ProcessServer, account, program

PRIVILEGE_SEPARATION = Path("/run/sshd")
SFTP_SERVER = ("/usr/lib/openssh", "/usr/libexec/openssh", "/usr/libexec")


class SshServer(ProcessServer):
    """OpenSSH's own sshd with `internal-sftp`. It logs in the user who runs the tests, by key only.

    root: the served folder; paths on the server are absolute paths of this machine. identity: the private key
    that may log in. rekey_limit, max_sessions, max_startups: as in sshd_config. host_keys: types to offer.
    extra: more lines of sshd_config. counted: a file that is told of every handle how many bytes were read by it.
    """

    def __init__(
        self,
        root: Path,
        folder: Path,
        *,
        rekey_limit: str | None = None,
        max_sessions: int | None = None,
        max_startups: str = "100:30:200",
        host_keys: Sequence[str] = ("ed25519",),
        extra: Sequence[str] = (),
        counted: Path | None = None,
    ) -> None:
        super().__init__(folder)
        self.root = root
        self.identity = folder / "id_ed25519"
        self.host_keys = tuple(folder / f"host_{kind}" for kind in host_keys)
        self._kinds = tuple(host_keys)
        self._sftp = "internal-sftp"
        if counted is not None:
            server = program("sftp-server", "openssh-sftp-server", *SFTP_SERVER)
            wrapper = folder / "sftp-server"
            folder.mkdir(parents=True, exist_ok=True)
            # It has to tell of open handles, too, when its client is killed and the pipe to sshd breaks.
            wrapper.write_text(f"#!/bin/sh\ntrap '' HUP TERM PIPE\nexec {server} -e -l INFO 2>>{counted}\n")
            wrapper.chmod(0o755)
            self._sftp = str(wrapper)
        self._extra = [f"MaxStartups {max_startups}", *extra]
        if rekey_limit is not None:
            self._extra.append(f"RekeyLimit {rekey_limit}")
        if max_sessions is not None:
            self._extra.append(f"MaxSessions {max_sessions}")

    @property
    def user(self) -> str:
        """Return who may log in: the user who runs the tests."""
        return account()[0]

    @property
    def path(self) -> str:
        """Return the served folder's path as a client names it."""
        return self.root.as_posix()

    @property
    def url(self) -> str:
        """Return the served folder's URL."""
        return f"sftp://{self.user}@{self.host}:{self.port}{self.path}"

    @property
    def known_hosts(self) -> str:
        """Return the lines a known_hosts file needs to trust this server."""
        publics = (key.with_suffix(".pub").read_text().split()[:2] for key in self.host_keys)
        return "".join(f"[{self.host}]:{self.port} {kind} {key}\n" for kind, key in publics)

    def new_host_keys(self) -> None:
        """Throw the host keys away; the next start makes other ones."""
        for key in self.host_keys:
            key.unlink(missing_ok=True)
            key.with_suffix(".pub").unlink(missing_ok=True)

    def prepare(self) -> Sequence[str]:
        """Make missing keys, write sshd_config, return the command."""
        sshd = program("sshd", "openssh-server")
        for kind, key in zip(self._kinds, self.host_keys, strict=True):
            self._make_key(kind, key)
        self._make_key("ed25519", self.identity)
        authorized = self.folder / "authorized_keys"
        authorized.write_text(self.identity.with_suffix(".pub").read_text())
        if os.getuid() == 0:
            # The Debian service makes this folder; nobody started the service here.
            PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)
        config = self.folder / "sshd_config"
        lines = [
            f"ListenAddress {self.host}:{self.port}",
            *(f"HostKey {key}" for key in self.host_keys),
            f"PidFile {self.folder / 'sshd.pid'}",
            f"AuthorizedKeysFile {authorized}",
            f"AllowUsers {self.user}",
            "PermitRootLogin prohibit-password",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "UsePAM no",
            "StrictModes no",
            "UseDNS no",
            "LogLevel VERBOSE",
            f"Subsystem sftp {self._sftp}",
            *self._extra,
        ]
        config.write_text("\n".join(lines) + "\n")
        return [sshd, "-D", "-e", "-f", str(config)]

    def _make_key(self, kind: str, key: Path) -> None:
        if not key.exists():
            keygen = program("ssh-keygen", "openssh-client")
            subprocess.run([keygen, "-q", "-t", kind, "-N", "", "-C", "test", "-f", str(key)], check=True)
