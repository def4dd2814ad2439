"""FTP's TLS: the control connection's certificate is checked, and the data connections resume its session."""

import socket
import ssl

from desktop.transfer.pins import place_of, read_pins, remember_pin, unknown_certificate
from desktop.transfer.ports import Trust
from desktop.transfer.tls import check_pin, doubt, pinning_context, shown_digest, verifying_context


class Guard:
    """Secures the sockets of one FTP connection, believing the system's store or the server's pin."""

    def __init__(self, host: str, port: int, trust: Trust) -> None:
        self._host = host
        self._place = place_of(host, port)
        self._trust = trust
        self._pin = read_pins(trust.certificates).get(self._place)
        self._doubt: str | None = None
        self._context = pinning_context() if self._pin else verifying_context()

    def doubts(self, error: ssl.SSLCertVerificationError) -> None:
        """Note why the certificate is not believed; the next `secure` looks at it and asks about it.

        A failed handshake does not hand the certificate out, so finding out which one to ask about takes
        another connection, over which nothing is sent before the question is answered.
        """
        self._doubt = doubt(error)
        self._context = pinning_context()

    def secure(self, sock: socket.socket, session: ssl.SSLSession | None = None) -> ssl.SSLSocket:
        """Return the socket under TLS. session: the control connection's, for a data connection.

        Servers such as vsftpd demand that session, to know both connections for the same client's. Raises
        ssl.SSLError, HostKeyUnknown, HostKeyChanged.
        """
        secured = self._context.wrap_socket(sock, server_hostname=self._host, session=session)
        try:
            if self._pin:
                check_pin(secured, self._place, self._pin)
            elif self._doubt is not None:
                self._meet(shown_digest(secured), self._doubt)
        except BaseException:
            secured.close()
            raise
        return secured

    def _meet(self, digest: str, why: str) -> None:
        if not self._trust.accept_new:
            raise unknown_certificate(self._place, digest, why)
        if self._trust.certificates is not None:
            remember_pin(self._trust.certificates, self._place, digest)
        self._pin = digest


def part(data: socket.socket) -> None:
    """Say goodbye on a data connection under TLS; some servers wait for it before they report success."""
    if isinstance(data, ssl.SSLSocket):
        try:
            data.unwrap().close()
        except (OSError, ValueError):
            # Many servers just close. Whether all bytes came is judged by the size and the server's reply.
            data.close()


def sever(sock: socket.socket | None) -> None:
    """Break a connection from any thread: whoever reads from it gets an end or an error at once.

    SSLSocket.shutdown would first drop the TLS layer, and the reading thread would take what is still in the
    kernel, undeciphered, for the file's bytes.
    """
    if sock is None:
        return
    try:
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        # It was broken already.
        return
