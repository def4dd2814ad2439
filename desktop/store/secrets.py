"""Passwords and tokens in the system's keyring, by origin, and passphrases by key file; never in a file of ours.

A call may wait for a person to unlock the keyring: not for the window's thread.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import ModuleType

from desktop.core.errors import NoSecretStore
from desktop.core.redaction import register_secret

SERVICE = "ShotDock"
_FILES = "keyrings.alt"
"""Where the backends live that keep secrets in files, most of them for all to read: they are no keyring to us."""


def get(origin: str) -> str | None:
    """Return the secret kept for the origin (e.g. `sftp://ann@host`), or None. Raises NoSecretStore."""
    keyring = _keyring()
    with _spoken(keyring, origin):
        secret: str | None = keyring.get_password(SERVICE, origin)
    if secret:
        register_secret(secret)
    return secret


def set(origin: str, secret: str) -> None:  # noqa: A001  get, set and delete are the words of a store
    """Keep the secret for the origin. Raises NoSecretStore."""
    register_secret(secret)
    keyring = _keyring()
    with _spoken(keyring, origin):
        keyring.set_password(SERVICE, origin, secret)


def delete(origin: str) -> None:
    """Forget the origin's secret; there may be none. Raises NoSecretStore if the keyring refuses."""
    keyring = _keyring()
    with _spoken(keyring, origin):
        if keyring.get_password(SERVICE, origin) is not None:
            keyring.delete_password(SERVICE, origin)


def forget(origin: str) -> None:
    """Forget the origin's secret, if there is a keyring: where nothing can be kept, nothing has to be forgotten."""
    with suppress(NoSecretStore):
        delete(origin)


def _keyring() -> ModuleType:
    """Load the keyring library: 60 ms that only a command with a password pays."""
    import keyring
    import keyring.errors

    return keyring


@contextmanager
def _spoken(keyring: ModuleType, origin: str) -> Iterator[None]:
    errors = keyring.errors
    try:
        _refuse_files(keyring)
        yield
    except errors.NoKeyringError:
        raise NoSecretStore(
            title="This system has no keyring to keep a password in.",
            cause="No Secret Service, KWallet or other keyring answers in this session.",
            suggestion="Give the password each time, use a key file or an SSH agent, or install gnome-keyring.",
            path=origin,
        ) from None
    except (errors.KeyringError, OSError, RuntimeError) as error:
        # KeyringLocked, InitError, PasswordSetError; OSError where the session bus has gone; RuntimeError where the
        # user has no home, and the library no place to look for its settings.
        raise NoSecretStore(
            title="The system's keyring did not answer.",
            cause=f"{type(error).__name__}: {error}.",
            suggestion="Unlock the keyring and try again, or give the password each time.",
            path=origin,
        ) from None


def _refuse_files(keyring: ModuleType) -> None:
    """Raise NoKeyringError if what would take a secret is a file."""
    if writes_files(keyring.get_keyring()):
        raise keyring.errors.NoKeyringError


def writes_files(backend: object) -> bool:
    """Tell whether a backend of the keyring library keeps secrets in files; of several the first one takes them."""
    first = next(iter(getattr(backend, "backends", ())), backend)
    return type(first).__module__.startswith(_FILES)
