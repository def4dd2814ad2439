"""TLS as every protocol here uses it: 1.2 or newer, checked against the system's store or against one pin."""

import socket
import ssl
import struct
import sys
from pathlib import Path

from desktop.core.errors import ConnectionLost, ShotDockError, Unsupported
from desktop.transfer.pins import (
    changed_certificate,
    digest_of,
    place_of,
    read_pins,
    remember_pin,
    unknown_certificate,
)
from desktop.transfer.ports import Trust

_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)

_RESET = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
"""SO_LINGER, on, for no time: both are int, but on Windows, where they are u_short."""


_DAMAGED = ("DECRYPTION_FAILED_OR_BAD_RECORD_MAC", "SSLV3_ALERT_BAD_RECORD_MAC")
"""What either side calls bytes that are not as the other sent them."""


def verifying_context() -> ssl.SSLContext:
    """Return a context that believes the system's certificate store and checks the host's name."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    paths = ssl.get_default_verify_paths()
    if paths.cafile is None and paths.capath is None:
        # An OpenSSL built on another system looks for the store where that system keeps it.
        for bundle in filter(lambda name: Path(name).is_file(), _BUNDLES):
            context.load_verify_locations(bundle)
            break
    return context


def pinning_context() -> ssl.SSLContext:
    """Return a context that believes nobody by itself: whoever uses it compares the certificate with a pin."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Guard:
    """Secures the sockets of one server, believing the system's store or the server's pin.

    Used by one thread; only `sever` may be called from another.
    """

    def __init__(self, host: str, port: int, trust: Trust) -> None:
        self._host = host
        self._place = place_of(host, port)
        self._trust = trust
        self._pin = read_pins(trust.certificates).get(self._place)
        self._doubt: str | None = None
        self._severed = False
        self._twin: socket.socket | None = None
        """By it a handshake is broken off, which has taken the socket over."""
        self._context = pinning_context() if self._pin else verifying_context()

    def doubts(self, error: ssl.SSLCertVerificationError) -> None:
        """Note why the certificate is not believed; the next `secure` looks at it and asks about it.

        A failed handshake does not hand the certificate out, so finding out which one to ask about takes
        another connection, over which nothing is sent before the question is answered.
        """
        self._doubt = f"The check says: {error.verify_message.rstrip('.')}."
        self._context = pinning_context()

    def secure(
        self, sock: socket.socket, session: ssl.SSLSession | None = None, *, goodbye: bool = False
    ) -> ssl.SSLSocket:
        """Return the socket under TLS. session: one to resume, of an earlier socket from here.

        goodbye: reading raises ssl.SSLEOFError at an end without TLS's goodbye, which anybody on the line can make;
        otherwise that is an end like any other.
        Raises ssl.SSLError, HostKeyUnknown, HostKeyChanged; then the socket is closed.
        """
        with sock.dup() as self._twin:
            try:
                if self._severed:
                    sever(sock)
                secured = self._context.wrap_socket(
                    sock, server_hostname=self._host, session=session, suppress_ragged_eofs=not goodbye
                )
            finally:
                self._twin = None
        try:
            digest = digest_of(secured.getpeercert(binary_form=True) or b"")
            if self._pin is not None:
                if digest != self._pin:
                    raise changed_certificate(self._place, self._pin, digest)
            elif self._doubt is not None:
                self._meet(digest, self._doubt)
        except BaseException:
            secured.close()
            raise
        return secured

    def sever(self) -> None:
        """Break off the handshake under way, from any thread, and have none succeed any more."""
        self._severed = True
        sever(self._twin)

    def _meet(self, digest: str, why: str) -> None:
        if not self._trust.accept_new:
            raise unknown_certificate(self._place, digest, why)
        if self._trust.certificates is not None:
            remember_pin(self._trust.certificates, self._place, digest)
        self._pin = digest


def sever(sock: socket.socket | None) -> None:
    """Break a connection from any thread: whoever reads from it gets an end or an error at once.

    SSLSocket.shutdown would first drop the TLS layer, and the reading thread would take what is still in the
    kernel, undeciphered, for the file's bytes. A mere end would not reach a server that waits for room to send more:
    what is read here meanwhile makes none, and the server keeps its place, minutes long, until it gives up. So the
    socket's close is to be a reset.
    """
    if sock is None:
        return
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        # It was broken already.
        return


def tls_error(error: ssl.SSLError, place: str) -> ShotDockError:
    """Return a failed TLS conversation in our words: damaged, broken off, or nothing both sides speak."""
    if error.reason in _DAMAGED:
        return ConnectionLost(
            title=f"The secure connection to {place} broke.",
            cause="What came was damaged on its way.",
            suggestion="It will be tried again from the byte reached.",
            path=place,
        )
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError):
        return ConnectionLost(
            title=f"The secure connection to {place} broke.",
            cause="The server hung up without saying goodbye.",
            suggestion="It will be tried again.",
            path=place,
        )
    return Unsupported(
        title=f"{place} and ShotDock found no common TLS.",
        cause=f"{error.reason or error}; TLS 1.2 or newer is needed ({ssl.OPENSSL_VERSION} here).",
        suggestion="Check the protocol and port, or ask your administrator to switch on TLS 1.2.",
        path=place,
    )
