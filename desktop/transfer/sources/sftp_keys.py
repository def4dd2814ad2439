"""Private keys to log in with: a named file, the SSH agent's, the user's own default ones."""

import io
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from desktop.core.errors import KeyLocked, LoginFailed
from desktop.core.paths import at_home
from desktop.transfer.ports import Login

DEFAULTS = ("id_ed25519", "id_ecdsa", "id_rsa")
"""Names under ~/.ssh, in the order to try them."""
_BROKEN = (ValueError, UnsupportedAlgorithm, paramiko.SSHException)


def named_key(login: Login) -> paramiko.PKey | None:
    """Return the key the login names, or None; the keyring is asked only if it is locked and no passphrase is given.

    Raises LoginFailed as `identity_key` does.
    """
    if login.identity is None:
        return None
    try:
        return identity_key(login.identity, login.passphrase)
    except KeyLocked as error:
        kept = login.kept_passphrase() if login.kept_passphrase is not None and not error.wrong else None
        if kept is None:
            raise
    return identity_key(login.identity, kept)


def identity_key(path: Path, passphrase: str | None) -> paramiko.PKey:
    """Return the private key in a file; raise KeyLocked, or LoginFailed that says what else is wrong with it."""
    path = at_home(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LoginFailed(
            title="The key file cannot be read.",
            cause=f"{path}: {error.strerror or error}.",
            suggestion="Check the path; it has to be the private key, readable for you.",
            path=str(path),
        ) from error
    if b"PRIVATE KEY" not in data:
        public = data.startswith((b"ssh-", b"ecdsa-", b"sk-"))
        raise LoginFailed(
            title="The key file holds no private key.",
            cause=f"{path} is a public key." if public else f"{path} is no key in OpenSSH or PEM format.",
            suggestion="Name the private key, without .pub."
            if public
            else "A PuTTY key has to be exported in OpenSSH format first (puttygen).",
            path=str(path),
        )
    try:
        return _load(data, passphrase)
    except TypeError as error:
        raise KeyLocked(
            title="The key file is locked with a passphrase.",
            cause=f"{path} is encrypted and no passphrase was given.",
            suggestion="Load it into the SSH agent with ssh-add, or give its passphrase: in the window when the "
            "connection is tested, else with shotdock connections add ... --identity FILE --password-stdin.",
            path=str(path),
            key=path,
        ) from error
    except _BROKEN as error:
        if passphrase is not None:
            raise KeyLocked(
                title="The key file cannot be unlocked.",
                cause=f"{path}: the passphrase is wrong, or the file is damaged.",
                suggestion="Check the passphrase, and give it again.",
                path=str(path),
                key=path,
                wrong=True,
            ) from error
        raise LoginFailed(
            title="The key file cannot be used.",
            cause=f"{path} is damaged or of a kind that is not supported.",
            suggestion="Use an Ed25519, RSA or ECDSA key.",
            path=str(path),
        ) from error


def agent_keys() -> Iterator[paramiko.PKey]:
    """Yield the SSH agent's keys; none where no agent runs or it does not answer."""
    try:
        agent = paramiko.Agent()
    except (paramiko.SSHException, OSError):
        return
    try:
        yield from agent.get_keys()
    finally:
        agent.close()


def default_keys(passphrase: str | None) -> Iterator[paramiko.PKey]:
    """Yield the user's default keys that open without asking."""
    for name in DEFAULTS:
        path = Path.home() / ".ssh" / name
        try:
            key = _load(path.read_bytes(), passphrase)
        except (OSError, TypeError, *_BROKEN):
            continue  # a key nobody named that does not open is no reason to fail
        yield key


@lru_cache(maxsize=8)
def _load(data: bytes, passphrase: str | None) -> paramiko.PKey:
    """Read a private key of any type, in OpenSSH, PEM or PKCS 8 format.

    To unlock one takes a tenth of a second of work on purpose; the lanes of a transfer need not each do it.
    """
    secret = passphrase.encode() if passphrase is not None else None
    read = serialization.load_ssh_private_key if b"OPENSSH" in data else serialization.load_pem_private_key
    try:
        key = read(data, secret)
    except TypeError:
        if secret is None:
            raise
        key = read(data, None)  # the key needs no passphrase, and giving one is no fault
    plain = serialization.NoEncryption()
    text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, plain)
    kind: type[paramiko.PKey]
    if isinstance(key, rsa.RSAPrivateKey):
        kind = paramiko.RSAKey
    elif isinstance(key, ed25519.Ed25519PrivateKey):
        kind = paramiko.Ed25519Key
    else:
        kind = paramiko.ECDSAKey
    return kind.from_private_key(io.StringIO(text.decode("ascii")))
