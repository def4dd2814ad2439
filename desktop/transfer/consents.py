"""Plain FTP sends a password for anybody on the way to read: who agreed to that, one `ftp://user@host` a line.

It is asked once for each server, port and user, as a host key is, and remembered beside those.
"""

from dataclasses import replace
from pathlib import Path

from desktop.core.connection import Address
from desktop.core.errors import NotEncrypted
from desktop.places import write_private
from desktop.transfer.trust import add_line, noting


def agreed(path: Path, address: Address) -> bool:
    """Tell whether a person agreed; a file that cannot be read says no."""
    return _origin(address) in _read(path)


def remember_consent(path: Path, origin: str) -> None:
    """Note that the password of the origin may go in clear. Raises TargetUnwritable."""
    add_line(path, origin, "The consent could not be remembered.")


def forget_consent(path: Path, address: Address) -> None:
    """Ask again the next time. Raises TargetUnwritable."""
    known = _read(path)
    if _origin(address) not in known:
        return
    with noting(path, "The consent could not be taken back.", "take the line out by hand"):
        write_private(path, "".join(f"{origin}\n" for origin in known if origin != _origin(address)))


def not_encrypted(address: Address) -> NotEncrypted:
    """Return the question whether a password may go in clear."""
    return NotEncrypted(
        title=f"The connection to {address.host} is not encrypted.",
        cause="Over plain FTP the password, and every file, can be read by anybody on the way. Nothing was sent yet.",
        suggestion="Use SFTP, or FTP with TLS (ftpes), if the server has it. If not, agree to it once: test the "
        "connection in the window, or run shotdock connections trust NAME.",
        path=address.origin,
        origin=_origin(address),
    )


def _origin(address: Address) -> str:
    return replace(address, host=address.host.lower()).origin


def _read(path: Path) -> tuple[str, ...]:
    try:
        return tuple(path.read_text("utf-8", errors="replace").split())
    except OSError:
        return ()
