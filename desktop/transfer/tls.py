"""TLS as every protocol here uses it: 1.2 or newer, checked against the system's store or one pin."""

import ssl
import sys

from desktop.core.errors import ConnectionLost, ShotDockError, Unsupported
from desktop.transfer.pins import changed_certificate, digest_of


def verifying_context() -> ssl.SSLContext:
    """Return a context that believes the system's certificate store and checks the host's name."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def pinning_context() -> ssl.SSLContext:
    """Return a context that believes nobody by itself: whoever uses it compares the certificate with a pin."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def shown_digest(sock: ssl.SSLSocket) -> str:
    """Return the SHA-256 of the certificate the other side has shown."""
    return digest_of(sock.getpeercert(binary_form=True) or b"")


def check_pin(sock: ssl.SSLSocket, place: str, pinned: str) -> None:
    """Raise HostKeyChanged unless the other side has shown exactly the pinned certificate."""
    digest = shown_digest(sock)
    if digest != pinned:
        raise changed_certificate(place, pinned, digest)


def doubt(error: ssl.SSLCertVerificationError) -> str:
    """Return why the certificate is not trusted, in a sentence."""
    return f"The check says: {error.verify_message.rstrip('.')}."


def tls_error(error: ssl.SSLError, place: str) -> ShotDockError:
    """Return a failed TLS conversation in our words: broken off, or nothing both sides speak."""
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError):
        return ConnectionLost(
            title=f"The secure connection to {place} broke.",
            cause="The server hung up without saying goodbye.",
            suggestion="It will be tried again.",
            path=place,
        )
    return Unsupported(
        title=f"{place} and ShotDock found no common TLS.",
        cause=f"{error.reason or error}; TLS 1.2 or newer is needed ({ssl.OPENSSL_VERSION} on {sys.platform}).",
        suggestion="Ask your administrator to switch on TLS 1.2 on the server.",
        path=place,
    )
