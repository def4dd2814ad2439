"""A connection that is broken off while the server waits for room is over for the server too, at once."""

import contextlib
import socket

import pytest

from desktop.transfer.tls import sever

PATIENCE = 20.0
"""Seconds the server side waits to be told; a server that waits for room asks again after minutes."""


@pytest.mark.parametrize("read", ["nothing", "a block", "all"])
def test_a_server_that_waits_for_room_is_told(read: str) -> None:
    """Whatever is still read here, as the thread that uses the connection does before it notices."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        here = socket.create_connection(listener.getsockname())
        there, _ = listener.accept()
    with here, there:
        there.settimeout(0.3)
        with contextlib.suppress(TimeoutError):
            while True:
                there.send(bytes(1 << 16))
        sever(here)
        while read != "nothing" and here.recv(1 << 20) and read == "all":
            pass
        here.close()
        there.settimeout(PATIENCE)
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            while True:
                there.send(bytes(1 << 16))


def test_what_is_no_connection_any_more_is_left_alone() -> None:
    here, there = socket.socketpair()
    there.close()
    here.close()
    sever(here)
    sever(None)
