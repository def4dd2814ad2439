"""Known SSH servers: what OpenSSH's known_hosts files say of a host, and adding to them."""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from desktop.core.errors import TargetUnwritable
from desktop.places import private_folder

SSH_PORT = 22
REVOKED = "@revoked"
HOW_TO_TRUST = (
    "Compare the fingerprint with the one the studio published, then trust the server: in the window, with shotdock "
    "connections trust NAME, or, of shotdock get, with --accept-new-host-key."
)
ANOTHER_HOME = "give ShotDock another folder with SHOTDOCK_HOME"


@dataclass(frozen=True, slots=True)
class KnownKey:
    """One key of a host: its type (`ssh-ed25519`), its blob, and the file and line it was read from."""

    type: str
    blob: bytes
    file: Path
    line: int
    revoked: bool = False

    @property
    def place(self) -> str:
        """Return where the key is written, for a person to find it."""
        return f"{self.file}, line {self.line}"


@dataclass(frozen=True, slots=True)
class KnownHost:
    """What the known_hosts files say of one host."""

    name: str
    keys: tuple[KnownKey, ...] = ()
    elsewhere: tuple[KnownKey, ...] = ()
    """Keys of the same host name on the standard port; they may vouch for another port, never speak against it."""

    @property
    def types(self) -> tuple[str, ...]:
        """Return the key types to ask the server for first, in the files' order."""
        return tuple(dict.fromkeys(key.type for key in (*self.keys, *self.elsewhere) if not key.revoked))

    def trusts(self, blob: bytes) -> bool:
        """Tell whether the key was seen before and not revoked since."""
        return self.revoked(blob) is None and any(k.blob == blob for k in (*self.keys, *self.elsewhere))

    def revoked(self, blob: bytes) -> KnownKey | None:
        """Return the line that revokes the key, or None."""
        return next((key for key in (*self.keys, *self.elsewhere) if key.revoked and key.blob == blob), None)

    def instead(self) -> KnownKey | None:
        """Return a key this host is known to show, or None for a host never seen before."""
        return next((key for key in self.keys if not key.revoked), None)


def host_name(host: str, port: int) -> str:
    """Return a host as known_hosts files spell it: `name`, or `[name]:port` off the standard port."""
    return host.lower() if port == SSH_PORT else f"[{host.lower()}]:{port}"


def fingerprint(blob: bytes) -> str:
    """Return a key's fingerprint as OpenSSH prints it: `SHA256:` and 43 characters."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii").rstrip("=")


def known_hosts_line(host: str, port: int, key_type: str, blob: bytes) -> str:
    """Return the line that makes a host known."""
    return f"{host_name(host, port)} {key_type} {base64.b64encode(blob).decode('ascii')}"


def look_up(files: Iterable[Path], host: str, port: int) -> KnownHost:
    """Return what the files say of a host; a file that is not there says nothing, a broken line neither.

    Raises OSError for a file that is there and cannot be read: a host must not pass as unknown because of that.
    """
    name = host_name(host, port)
    keys: list[KnownKey] = []
    elsewhere: list[KnownKey] = []
    for file in files:
        try:
            text = file.read_text("utf-8", errors="replace")
        except FileNotFoundError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            found = _read_line(line)
            if found is None:
                continue
            hosts, key_type, blob, revoked = found
            key = KnownKey(key_type, blob, file, number, revoked)
            if _names(hosts, name):
                keys.append(key)
            elif port != SSH_PORT and _names(hosts, host.lower()):
                elsewhere.append(key)
    return KnownHost(name, tuple(keys), tuple(elsewhere))


def remember_host_key(known_hosts: Path, line: str) -> None:
    """Add a line to a known_hosts file. Raises TargetUnwritable."""
    add_line(known_hosts, line.strip(), "The server's host key could not be remembered.")


def add_line(path: Path, line: str, complaint: str) -> None:
    """Add a line to a file, which is created for its owner's eyes alone; a line there already stays single.

    complaint: the title of the TargetUnwritable raised.
    """
    with noting(path, complaint):
        private_folder(path.parent)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            before = file.read()
            if line.encode() in before.splitlines():
                return
            # One write: another process appending at the same time must not end up inside this line.
            file.write((b"" if not before or before.endswith(b"\n") else b"\n") + line.encode() + b"\n")


@contextmanager
def noting(path: Path, complaint: str, otherwise: str = ANOTHER_HOME) -> Iterator[None]:
    """Turn what a file of whom to trust refuses to be written with into TargetUnwritable.

    complaint: its title. otherwise: what to do if the file cannot be made writable.
    """
    try:
        yield
    except OSError as error:
        raise TargetUnwritable(
            title=complaint,
            cause=f"{path} cannot be written: {error.strerror or error}.",
            suggestion=f"Make that file writable, or {otherwise}.",
            path=str(path),
        ) from error


def _read_line(line: str) -> tuple[str, str, bytes, bool] | None:
    """Return (hosts, key type, blob, revoked) of a line, or None if it holds no host's own key."""
    fields = line.split()
    if not fields or fields[0].startswith("#"):
        return None
    revoked = fields[0] == REVOKED
    if fields[0].startswith("@"):
        # Certificate authorities are left out: the SSH library cannot check a host's certificate against one.
        if not revoked:
            return None
        fields = fields[1:]
    if len(fields) < 3:
        return None
    try:
        return fields[0], fields[1], base64.b64decode(fields[2], validate=True), revoked
    except binascii.Error:
        return None


def _names(hosts: str, name: str) -> bool:
    """Tell whether a line's host field names the host: plainly, hashed, or by pattern and negated pattern."""
    if hosts.startswith("|1|"):
        return _hashed(hosts.split("|"), name)
    named = False
    for pattern in hosts.lower().split(","):
        negated = pattern.startswith("!")
        if _fits(pattern.removeprefix("!"), name):
            if negated:
                return False
            named = True
    return named


def _hashed(fields: Sequence[str], name: str) -> bool:
    if len(fields) != 4:
        return False
    try:
        salt, digest = base64.b64decode(fields[2]), base64.b64decode(fields[3])
    except binascii.Error:
        return False
    return hmac.compare_digest(hmac.new(salt, name.encode(), hashlib.sha1).digest(), digest)


def _fits(pattern: str, name: str) -> bool:
    # Only * and ? are wild in these files; a bracket is the [host]:port spelling.
    return fnmatchcase(name, pattern.replace("[", "[[]"))
