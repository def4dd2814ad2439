"""Reaching a host over TCP: every address it has, IPv6 and IPv4, a little after one another."""

import errno
import os
import selectors
import socket
import time
from collections.abc import Callable

from desktop.core.errors import Unreachable
from desktop.transfer.lookup import Address, addresses
from desktop.transfer.pins import place_of

HEAD_START = 0.25
"""Seconds an address gets before the next one is tried beside it (RFC 8305), so a dead IPv6 route costs little."""
_UNDER_WAY = (errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", errno.EWOULDBLOCK))


def dial(
    host: str, port: int, timeout: float, stopped: Callable[[], bool], look: Callable[[str], None] = lambda _ip: None
) -> socket.socket:
    """Return a connected socket to the first address of host that answers within timeout seconds.

    look: called with each numeric address the host has, before any is tried; raises if it is none to go to.

    The socket has that timeout, and its small packets are not held back. Raises Unreachable when none answers, or when
    `stopped` turns true meanwhile.
    """
    until = time.monotonic() + timeout
    waiting = addresses(host, port, until, stopped)
    for _, address in waiting:
        look(str(address[0]))
    waiting.reverse()
    reasons: list[str] = []
    with selectors.DefaultSelector() as selector:
        try:
            while True:
                if waiting:
                    _try(selector, waiting.pop(), reasons)
                    pause = HEAD_START if waiting else timeout
                pause = max(0.0, min(pause, until - time.monotonic()))
                won = _first(selector, pause, reasons, stopped)
                if won:
                    won.settimeout(timeout)
                    won.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    # Routers forget silent connections, as FTP's control connection is while a large file flows.
                    won.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                    return won
                over = time.monotonic() >= until
                if stopped() or over or (not waiting and not selector.get_map()):
                    if over:
                        reasons.append(f"no answer within {timeout:.0f} s")
                    raise _unreachable(host, port, reasons)
        finally:
            for key in list(selector.get_map().values()):
                selector.unregister(key.fileobj)
                _socket(key).close()


def _try(selector: selectors.BaseSelector, address: Address, reasons: list[str]) -> None:
    family, where = address
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:  # a machine without IPv6 cannot even make the socket
        reasons.append(error.strerror or str(error))
        return
    sock.setblocking(False)
    code = sock.connect_ex(where)
    if code in (0, *_UNDER_WAY):
        selector.register(sock, selectors.EVENT_WRITE)
    else:
        sock.close()
        reasons.append(os.strerror(code))


def _first(
    selector: selectors.BaseSelector, pause: float, reasons: list[str], stopped: Callable[[], bool]
) -> socket.socket | None:
    """Wait up to pause seconds; return the first socket that got through, closing those that failed."""
    until = time.monotonic() + pause
    while selector.get_map() and not stopped():
        left = until - time.monotonic()
        if left < 0:
            break
        for key, _ in selector.select(min(left, HEAD_START)):
            sock = _socket(key)
            selector.unregister(sock)
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if not code:
                return sock
            sock.close()
            reasons.append(os.strerror(code))
            return None  # the next address need not wait for its turn
    return None


def _socket(key: selectors.SelectorKey) -> socket.socket:
    assert isinstance(key.fileobj, socket.socket)
    return key.fileobj


def _unreachable(host: str, port: int, reasons: list[str]) -> Unreachable:
    why = ", ".join(dict.fromkeys(reasons)) or "stopped"
    return Unreachable(
        title=f"{place_of(host, port)} cannot be reached.",
        cause=f"Nothing answers on port {port}: {why}.",
        suggestion="Check the address and port, the network or VPN, and whether the server is running.",
        path=place_of(host, port),
    )
