"""What addresses a host's name has; who waits for a slow answer can be called off, and keeps nobody else waiting."""

import socket
import threading
import time
from collections.abc import Callable

from desktop.core.errors import Unreachable

LOOK = 0.1
"""Seconds between two looks at whether to wait on."""

Address = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]

_lock = threading.Lock()
_under_way: dict[tuple[str, int], "_Question"] = {}
"""What is asked just now. Nothing can call the system's resolver off: who asks the same waits for the same answer."""


class _Question:
    """One question to the system's resolver, asked on a thread of its own."""

    def __init__(self, host: str, port: int) -> None:
        self.answered = threading.Event()
        self.found: list[Address] = []
        self.error: Exception | None = None
        self._what = host, port

    def ask(self) -> None:
        """Wait for the answer."""
        try:
            self.found = _asked(*self._what)
        except (OSError, UnicodeError) as error:
            self.error = error
        finally:
            with _lock:
                del _under_way[self._what]
            self.answered.set()


def addresses(host: str, port: int, until: float, stopped: Callable[[], bool]) -> list[Address]:
    """Return the addresses of a host, as they are to be tried.

    until: monotonic seconds. Raises Unreachable if there are none, if nobody knows by then, or once `stopped` turns
    true meanwhile.
    """
    try:
        return _asked(host, port, socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        pass  # It is a name.
    with _lock:
        question = _under_way.get((host, port))
        if question is None:
            question = _Question(host, port)
            threading.Thread(target=question.ask, name="lookup", daemon=True).start()
            _under_way[host, port] = question  # Only now: one that nobody asks would be waited for.
    while not question.answered.wait(min(LOOK, max(0.0, until - time.monotonic()))):
        if stopped() or time.monotonic() >= until:
            raise Unreachable(
                title=f"{host} cannot be found.",
                cause="Nobody said in the time allowed which address the name has.",
                suggestion="Check the network or VPN: the name server does not answer.",
                path=host,
            )
    if question.error is not None:
        raise Unreachable(
            title=f"There is no host called {host}.",
            cause=f"No such host ({getattr(question.error, 'strerror', None) or question.error}).",
            suggestion="Check the spelling, and whether you are on the studio's network or VPN.",
            path=host,
        ) from question.error
    return list(question.found)


def _asked(host: str, port: int, flags: int = 0) -> list[Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return [(family, address) for family, _, _, _, address in found]
