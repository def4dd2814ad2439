"""Getting in: greeting, host key, login. Nothing secret is sent before the host key is known."""

import contextlib
import getpass
from collections.abc import Callable, Iterator

import paramiko

from desktop.core.errors import (
    HostKeyChanged,
    HostKeyUnknown,
    KeyLocked,
    LoginFailed,
    NotAllowed,
    ShotDockError,
    Unreachable,
    Unsupported,
)
from desktop.transfer.ports import Site
from desktop.transfer.sources.sftp_faults import busy
from desktop.transfer.sources.sftp_keys import agent_keys, default_keys, named_key
from desktop.transfer.sources.sftp_line import KEYS, Line
from desktop.transfer.sources.sftp_packets import Packets
from desktop.transfer.trust import HOW_TO_TRUST, KnownHost, fingerprint, known_hosts_line, look_up, remember_host_key

_ALGORITHMS = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}
"""Known-hosts key types whose signatures go by other names."""


def greet(line: Line, site: Site) -> None:
    """Exchange greetings and keys with the server and check who it is; nobody is logged in yet.

    Raises ServerBusy, Unreachable, Unsupported, HostKeyUnknown, HostKeyChanged.
    """
    host, port = site.address.host, site.address.port or 22
    try:
        known = look_up(site.trust.known_hosts, host, port)
    except OSError as error:
        raise NotAllowed(
            title="The list of known servers cannot be read.",
            cause=f"{error.filename}: {error.strerror}.",
            suggestion="Make the file readable; without it nobody can tell whether the server is the right one.",
            path=str(error.filename),
        ) from error
    line.preferred_keys = _key_order(known)
    with _greeting_errors(line, f"{host}:{port}"):
        line.start_client(timeout=site.connect_timeout)
        if not line.initial_kex_done:
            raise TimeoutError(f"no answer within {site.connect_timeout:.0f} s")
    _check_host_key(line.get_remote_server_key(), known, site)


def log_in(line: Line, site: Site) -> None:
    """Log in by whatever the site's login holds and the server takes; raise LoginFailed."""
    user = site.address.user or _local_user()
    attempt = _Attempt(line, site, user)
    locked: KeyLocked | None = None
    with _login_errors(site.address.host, user):
        line.ask_to_log_in()
        # A named key is tried before asking what the server takes: that saves every connection a round trip.
        try:
            if (named := named_key(site.login)) is not None and attempt.key(named):
                return
        except KeyLocked as error:
            if error.wrong:
                raise
            locked = error  # the agent may hold the same key, unlocked
        if attempt.begin():
            return
        # A password given for this server is surer than keys that lie about, and servers count the failures.
        if attempt.takes_password and (password := site.login.secret()) is not None and attempt.password(password):
            return
        if site.login.agent:
            if any(attempt.key(key) for key in agent_keys()):
                return
            if any(attempt.key(key) for key in default_keys(site.login.passphrase)):
                return
    raise locked or attempt.refused()


class _Attempt:
    """One login, tried by several means; the server says after each what it would still take."""

    def __init__(self, line: Line, site: Site, user: str) -> None:
        self._line = line
        self._site = site
        self._user = user
        self._methods: tuple[str, ...] = ("publickey",)
        self._tried: list[str] = []
        self._keys: set[bytes] = set()

    def begin(self) -> bool:
        """Ask what the server takes; tell whether it lets the user in without anything."""
        try:
            self._line.auth_none(self._user)
        except paramiko.BadAuthenticationType as refusal:
            self._methods = tuple(refusal.allowed_types)
        return self._line.is_authenticated()

    @property
    def takes_password(self) -> bool:
        """Tell whether the server would take a password."""
        return not {"password", "keyboard-interactive"}.isdisjoint(self._methods)

    def key(self, key: paramiko.PKey) -> bool:
        """Try a key, once."""
        if "publickey" not in self._methods or key.asbytes() in self._keys:
            return False
        self._keys.add(key.asbytes())
        name = f"key {fingerprint(key.asbytes())}"
        return self._try(name, lambda: self._line.auth_publickey(self._user, key))

    def password(self, password: str) -> bool:
        """Try a password, where one is taken, by one method only: a second would count as a second wrong password."""
        if "password" in self._methods:
            return self._try("password", lambda: self._line.auth_password(self._user, password, fallback=False))

        def answer(_title: str, _instructions: str, prompts: list[tuple[str, bool]]) -> list[str]:
            # Only a hidden prompt may get the password; a one-time code cannot be known here.
            return ["" if shown else password for _prompt, shown in prompts]

        return self._try("password", lambda: self._line.auth_interactive(self._user, answer))

    def _try(self, means: str, attempt: Callable[[], list[str]]) -> bool:
        self._tried.append(means)
        try:
            more = attempt()
        except paramiko.BadAuthenticationType as refusal:
            self._methods = tuple(refusal.allowed_types)
            return False
        except paramiko.SSHException:
            if not self._line.is_active():
                raise  # the server hung up: too many attempts
            return False  # refused; or the agent would not sign with this key
        if more:
            self._methods = tuple(more)
        return self._line.is_authenticated()

    def refused(self) -> LoginFailed:
        """Return the error that says what was tried and what the server would take."""
        host = self._site.address.host
        tried = f"tried {', '.join(self._tried)}" if self._tried else "there was nothing to try"
        takes = ", ".join(self._methods) or "nothing more"
        password = {"password", "keyboard-interactive"} & set(self._methods)
        return LoginFailed(
            title=f"{host} did not accept the login.",
            cause=f"User {self._user}: {tried}; the server takes {takes}.",
            suggestion="Check the user name and the password."
            if "password" in self._tried
            else "Give a password, or a key the server knows (--identity)."
            if password
            else "Give a key the server knows (--identity, or load it into the SSH agent).",
            path=host,
        )


def _key_order(known: KnownHost) -> list[str]:
    """Return the host key types to ask for: those we know the host by come first."""
    stored = [name for kind in known.types for name in _ALGORITHMS.get(kind, (kind,)) if name in KEYS]
    return list(dict.fromkeys([*stored, *KEYS]))


def _check_host_key(key: paramiko.PKey, known: KnownHost, site: Site) -> None:
    blob, kind = key.asbytes(), key.get_name()
    host, port = site.address.host, site.address.port or 22
    if known.trusts(blob):
        return
    seen = fingerprint(blob)
    line = known_hosts_line(host, port, kind, blob)
    revoked = known.revoked(blob)
    if revoked:
        raise HostKeyChanged(
            title=f"The host key of {host} has been revoked.",
            cause=f"{kind} {seen} is marked as revoked in {revoked.place}: it may be in the wrong hands.",
            suggestion="Do not connect. Ask whoever runs the server for its new key.",
            path=known.name,
            host=known.name,
            fingerprint=seen,
            key=line,
        )
    before = known.instead()
    if before:
        raise HostKeyChanged(
            title=f"{host} shows another host key than before.",
            cause=f"It shows {kind} {seen}; known is {before.type} {fingerprint(before.blob)} ({before.place}).",
            suggestion="Somebody may be in between. Ask whoever runs the server; if the key was really renewed, "
            f"remove that line from {before.file}.",
            path=known.name,
            host=known.name,
            fingerprint=seen,
            key=line,
        )
    if site.trust.accept_new:
        for file in site.trust.known_hosts[:1]:
            remember_host_key(file, line)
        return
    raise HostKeyUnknown(
        title=f"{host} has never been seen before.",
        cause=f"Its host key is {kind} {seen}.",
        suggestion=HOW_TO_TRUST,
        path=known.name,
        host=known.name,
        fingerprint=seen,
        key=line,
    )


def _local_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError) as error:
        raise LoginFailed(
            title="No user name was given.",
            cause="The address names none and this machine does not tell yours.",
            suggestion="Write the address as sftp://user@host/path.",
        ) from error


@contextlib.contextmanager
def _greeting_errors(line: Line, host: str) -> Iterator[None]:
    try:
        yield
    except paramiko.ssh_exception.IncompatiblePeer as error:
        raise Unsupported(
            title="The server's encryption is too old to be safe.",
            cause=f"{host} offers nothing ShotDock accepts: {error}.",
            suggestion="Ask whoever runs the server to enable current algorithms (AES-GCM or AES-CTR, SHA-2 keys).",
            path=host,
        ) from error
    except (paramiko.SSHException, EOFError, OSError) as error:
        raise _no_greeting(line, host, error) from error


def _no_greeting(line: Line, host: str, error: Exception) -> ShotDockError:
    packets = line.packetizer
    said = packets.greeting.decode("utf-8", "replace").strip() if isinstance(packets, Packets) else ""
    if said and not said.startswith("SSH-"):
        if "MaxStartups" in said or "Not allowed at this time" in said:
            return busy(host, said)
        return Unreachable(
            title="This is not an SSH server.",
            cause=f"{host} greets with {said[:80]!r}.",
            suggestion="Check the port: SFTP is usually on 22.",
            path=host,
        )
    if not said and not isinstance(error, TimeoutError) and not isinstance(error.__context__, TimeoutError):
        return busy(host, "it hung up before its greeting")
    return Unreachable(
        title=f"{host} does not answer as an SSH server.",
        cause=f"The connection stands, but the greeting failed: {error or 'the server hung up'}.",
        suggestion="Check the port, and whether the server is overloaded.",
        path=host,
    )


@contextlib.contextmanager
def _login_errors(host: str, user: str) -> Iterator[None]:
    try:
        yield
    except ShotDockError:
        raise
    except (paramiko.SSHException, EOFError, OSError) as error:
        raise LoginFailed(
            title=f"{host} broke off the login.",
            cause=f"User {user}: {error or 'the server hung up'}.",
            suggestion="Too many wrong keys or passwords may have been tried; name the right key (--identity).",
            path=host,
        ) from error
