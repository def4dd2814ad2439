"""Certificate pins: the TLS certificates a person has accepted, one `host:port sha256` a line.

A pin is the only way around the system's own trust: it admits exactly one certificate at one place, and
another one shown there later is refused.
"""

import hashlib
from pathlib import Path

from desktop.core.errors import HostKeyChanged, HostKeyUnknown
from desktop.places import write_private
from desktop.transfer.trust import HOW_TO_TRUST, noting


def place_of(host: str, port: int) -> str:
    """Return `host:port` as the pin file spells it; an IPv6 address stands in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host.lower()}:{port}"


def digest_of(certificate: bytes) -> str:
    """Return the SHA-256 of a DER certificate as 64 hexadecimal digits."""
    return hashlib.sha256(certificate).hexdigest()


def fingerprint_of(digest: str) -> str:
    """Return the digest as people compare it, `SHA256:AB:CD:...`, the way `openssl x509 -fingerprint` prints it."""
    upper = digest.upper()
    return "SHA256:" + ":".join(upper[i : i + 2] for i in range(0, len(upper), 2))


def read_pins(path: Path | None) -> dict[str, str]:
    """Return place -> digest. A missing file holds none; lines that are no pins are passed over."""
    if path is None or not path.is_file():
        return {}
    rows = (line.split() for line in path.read_text("utf-8", errors="replace").splitlines())
    return {row[0]: row[1].lower() for row in rows if len(row) == 2 and len(row[1]) == 64}


def remember_pin(path: Path, place: str, digest: str) -> None:
    """Write the pin down in place of an older one; the file is replaced whole and readable by its owner only.

    Raises TargetUnwritable.
    """
    pins = read_pins(path) | {place: digest.lower()}
    with noting(path, "The server's certificate could not be remembered."):
        write_private(path, "".join(f"{where} {what}\n" for where, what in sorted(pins.items())))


def unknown_certificate(place: str, digest: str, why: str) -> HostKeyUnknown:
    """Return the question about a certificate that neither the system nor a pin vouches for."""
    return HostKeyUnknown(
        title=f"The certificate of {place} is not trusted.",
        cause=f"{why} Its fingerprint is {fingerprint_of(digest)}.",
        suggestion=HOW_TO_TRUST,
        path=place,
        host=place,
        fingerprint=fingerprint_of(digest),
        key=digest,
    )


def changed_certificate(place: str, pinned: str, digest: str) -> HostKeyChanged:
    """Return the refusal of a certificate that is not the one pinned for the place."""
    return HostKeyChanged(
        title=f"The certificate of {place} has changed.",
        cause=f"It was {fingerprint_of(pinned)} and is now {fingerprint_of(digest)}.",
        suggestion="Ask your administrator whether it was renewed. If so, remove the old pin and trust the new one.",
        path=place,
        host=place,
        fingerprint=fingerprint_of(digest),
        key=digest,
    )
