"""The packet layer and the cutting of replies, fed with bytes in whatever portions a network makes of them."""

import contextlib
import os
import socket
import struct
import threading
from collections.abc import Iterator, Sequence

import paramiko
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.errors import ConnectionLost
from desktop.transfer.sources import sftp_wire as wire
from desktop.transfer.sources.sftp_line import Line
from desktop.transfer.sources.sftp_packets import PACKET, Packets
from desktop.transfer.sources.sftp_session import Request, Session

DATA, IGNORED = 94, 2


class Peer:
    """The other end of a line under GCM: packs payloads as a server does."""

    def __init__(self) -> None:
        self.sock, ours = socket.socketpair()
        self.packets = Packets(ours)
        self.packets.prompt = False  # no TCP
        self._key = AESGCM(bytes(16))
        self._count = 7
        # The interface that paramiko calls once new keys are agreed on.
        self.packets.set_inbound_cipher(
            self._key, 16, None, 16, None, aead=True, iv_in=b"abcd" + (7).to_bytes(8, "big")
        )

    def packed(self, payload: bytes) -> bytes:
        padding = 4 + (-(len(payload) + 5)) % 16
        plain = bytes([padding]) + payload + bytes(padding)
        head = struct.pack(">I", len(plain))
        nonce = b"abcd" + self._count.to_bytes(8, "big")
        self._count += 1
        return head + self._key.encrypt(nonce, plain, head)

    def send(self, data: bytes, portions: Sequence[int] = ()) -> None:
        """Send data from a thread of its own, in portions, then hang up."""

        def run() -> None:
            at = 0
            # A reader that has seen enough hangs up.
            with contextlib.suppress(OSError):
                for size in (*portions, len(data)):
                    self.sock.sendall(data[at : at + size])
                    at += size
                self.sock.shutdown(socket.SHUT_WR)

        threading.Thread(target=run, daemon=True).start()

    def close(self) -> None:
        self.sock.close()
        self.packets.close()


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.close()


def test_packets_of_every_size_arrive_as_they_were_sent(peer: Peer) -> None:
    payloads = [
        bytes([DATA]) + os.urandom(size) for size in (1, 16, 1000, PACKET, 3, PACKET - 1, PACKET, PACKET, 70_000)
    ]
    taken: list[bytes] = []
    peer.packets.taker = lambda payload: not taken.append(bytes(payload))  # type: ignore[func-returns-value]  # None, so it is taken
    peer.send(b"".join(map(peer.packed, payloads)), [1, 2, 3, 100_000, 1, 500_000])
    with pytest.raises(EOFError):
        peer.packets.read_message()
    assert taken == payloads


def test_what_is_not_taken_becomes_a_message(peer: Peer) -> None:
    peer.packets.taker = lambda payload: len(payload) > 10
    peer.send(
        b"".join(map(peer.packed, [bytes([DATA]) + bytes(20), bytes([DATA]) + b"short", bytes([IGNORED]) + bytes(50)]))
    )
    kind, message = peer.packets.read_message()
    assert (kind, message.asbytes(), message.seqno) == (DATA, b"short", 1)
    kind, message = peer.packets.read_message()
    assert (kind, message.asbytes(), message.seqno) == (IGNORED, bytes(50), 2)


@pytest.mark.parametrize("at", [0, 3, 4, 40, -1])
def test_a_damaged_packet_ends_the_line(peer: Peer, at: int) -> None:
    packet = bytearray(peer.packed(bytes([DATA]) + bytes(100)))
    packet[at] ^= 1
    peer.packets.taker = lambda payload: True
    peer.send(bytes(packet) + bytes(64))
    with pytest.raises((paramiko.SSHException, EOFError)):
        peer.packets.read_message()


def test_a_packet_longer_than_any_real_one_is_refused(peer: Peer) -> None:
    peer.send(struct.pack(">I", PACKET * 2) + bytes(64))
    with pytest.raises(paramiko.SSHException, match="524288 bytes long"):
        peer.packets.read_message()


def test_a_packet_longer_than_any_real_one_is_refused_before_there_are_keys(peer: Peer) -> None:
    peer.packets.set_inbound_cipher(None, 8, None, 0, None)
    peer.send(struct.pack(">I", (1 << 30) + 4) + bytes(64))
    with pytest.raises(paramiko.SSHException, match="go on for"):
        peer.packets.read_message()


def test_new_keys_are_asked_for_when_the_old_ones_are_used_up(peer: Peer) -> None:
    peer.packets.REKEY_BYTES = 1000
    peer.packets.taker = lambda payload: True
    peer.send(b"".join(peer.packed(bytes([DATA]) + bytes(400)) for _ in range(6)))
    with pytest.raises(paramiko.ssh_exception.SSHException, match="ignores"):
        while True:
            try:
                peer.packets.read_message()
            except paramiko.packet.NeedRekeyException:
                assert peer.packets.need_rekey()


class Block(Request):
    """A read whose data goes to `land`."""

    direct = True

    def __init__(self, told: list[tuple[int, int]]) -> None:
        self.data = b""
        self._told = told
        self.number = 0

    def land(self, data: memoryview) -> None:
        self.data += bytes(data)

    def answered(self, kind: int, body: bytes) -> None:
        self._told.append((self.number, kind))


class Words(Block):
    """A question answered in words."""

    direct = False

    def answered(self, kind: int, body: bytes) -> None:
        super().answered(kind, body)
        self.data = body


def session() -> Session:
    """Return a session that was never connected: what it does with bytes needs no line."""
    ours, theirs = socket.socketpair()
    theirs.close()
    line = Line(ours, 1.0)
    line.hang_up()
    return Session(line, "host", 30.0)


def reply(kind: int, number: int, body: bytes) -> bytes:
    return struct.pack(">IBI", 5 + len(body), kind, number) + body


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=60).map(lambda data: (True, data)),
            st.binary(max_size=60).map(lambda data: (False, data)),
        )
    ),
    st.lists(st.integers(1, 40)),
)
def test_replies_arrive_whole_however_they_are_cut(replies: list[tuple[bool, bytes]], cuts: list[int]) -> None:
    """Blocks land byte by byte, words arrive in one piece, each request hears once, in the replies' order."""
    here = session()
    told: list[tuple[int, int]] = []
    requests: list[Block] = []
    stream = b""
    for direct, data in replies:
        request = Block(told) if direct else Words(told)
        here.post(request, lambda number: struct.pack(">I", number))
        number = request.number = len(requests) + 1
        requests.append(request)
        body = struct.pack(">I", len(data)) + data if direct else data
        stream += reply(wire.DATA if direct else wire.STATUS, number, body)
    at = 0
    for size in (*cuts, len(stream)):
        here.receive(memoryview(stream[at : at + size]))
        at += size
    assert here.under_way == 0
    here.hung_up(None)
    if replies:
        here.step()
    assert told == [(n, wire.DATA if direct else wire.STATUS) for n, (direct, _) in enumerate(replies, 1)]
    assert [request.data for request in requests] == [data for _, data in replies]


@pytest.mark.parametrize("length", [0, 3, 9])
def test_a_block_that_is_not_as_long_as_it_says_is_refused(length: int) -> None:
    here = session()
    here.post(Block([]), lambda number: b"")
    with pytest.raises(ConnectionLost):
        here.receive(memoryview(reply(wire.DATA, 1, struct.pack(">I", length) + bytes(5))))


def test_a_reply_nobody_asked_for_is_passed_over() -> None:
    here = session()
    told: list[tuple[int, int]] = []
    words = Words(told)
    here.post(words, lambda number: b"")
    here.receive(memoryview(reply(wire.STATUS, 7, b"stray") + reply(wire.STATUS, 1, b"ours")))
    assert here.under_way == 0
    here.hung_up(None)
    here.step()
    assert words.data == b"ours"


@pytest.mark.parametrize("size", [1, 5, 8])
def test_a_reply_too_short_to_be_one_is_refused(size: int) -> None:
    with pytest.raises(ConnectionLost, match="bytes long"):
        session().receive(memoryview(struct.pack(">I", size - 4 if size > 4 else 0) + bytes(size)))


def test_a_block_without_its_length_is_refused() -> None:
    here = session()
    here.post(Block([]), lambda number: b"")
    with pytest.raises(ConnectionLost, match="not as long as it says"):
        here.receive(memoryview(reply(wire.DATA, 1, b"abc")))


def test_a_packet_of_nothing_but_padding_is_refused(peer: Peer) -> None:
    head = struct.pack(">I", 16)
    nonce = b"abcd" + (7).to_bytes(8, "big")
    peer.send(head + AESGCM(bytes(16)).encrypt(nonce, bytes([15]) + bytes(15), head))
    with pytest.raises(paramiko.SSHException, match="nothing in it"):
        peer.packets.read_message()


def test_a_server_that_goes_quiet_when_new_keys_are_due_gets_to_hear_it(peer: Peer) -> None:
    peer.packets.REKEY_BYTES = 300
    peer.packets.taker = lambda payload: True
    peer.sock.sendall(peer.packed(bytes([DATA]) + bytes(400)))
    with pytest.raises(paramiko.packet.NeedRekeyException):
        peer.packets.read_message()


def test_a_greeting_without_end_is_no_greeting(peer: Peer) -> None:
    peer.send(b"x" * 10_000)
    with pytest.raises(EOFError):
        peer.packets.readline(20.0)


def test_a_greeting_that_never_comes_is_waited_for_no_longer_than_asked(peer: Peer) -> None:
    peer.packets._sock.settimeout(0.05)
    with pytest.raises(TimeoutError):
        peer.packets.readline(0.1)
    peer.sock.sendall(b"SSH-2.0-late\r\n")
    with pytest.raises(TimeoutError):
        peer.packets.readline(-1.0)
    assert peer.packets.readline(5.0) == "SSH-2.0-late"


class Listener:
    """Keeps what a line hands on."""

    def __init__(self) -> None:
        self.data = b""

    def receive(self, data: memoryview) -> None:
        self.data += bytes(data)

    def hung_up(self, cause: Exception | None) -> None:
        raise AssertionError(f"nobody hung up, but for {cause}")


@pytest.fixture
def line() -> Iterator[Line]:
    """A line to a server that never says anything."""
    ours, theirs = socket.socketpair()
    line = Line(ours, 0.05)
    yield line
    line.hang_up()
    theirs.close()


def channel_data(number: int, data: bytes, length: int | None = None) -> bytes:
    return struct.pack(">BII", DATA, number, len(data) if length is None else length) + data


@pytest.mark.parametrize(
    ("payload", "taken"),
    [
        (channel_data(3, b"block"), b"block"),
        (channel_data(3, b""), b""),
        (channel_data(4, b"block"), None),
        (channel_data(3, b"block", 4), None),
        (channel_data(3, b"block", 6), None),
        (channel_data(3, b"")[:8], None),
    ],
    ids=["ours", "ours and empty", "another channel's", "too long", "too short", "cut"],
)
def test_only_what_is_plainly_our_channel_s_data_is_taken_past_the_library(
    line: Line, payload: bytes, taken: bytes | None
) -> None:
    line.receiver, line._channel_number = Listener(), 3
    assert line._take(memoryview(payload)) == (taken is not None)
    assert line.receiver.data == (taken or b"")
    assert line._taken == len(taken or b"")


def test_data_that_comes_before_anybody_listens_counts_as_taken(line: Line) -> None:
    """What is not counted is never told to the server, and its window would stay so much smaller for ever."""
    message = paramiko.Message()
    message.add_string(b"early")
    message.rewind()
    line._data(None, message)  # type: ignore[arg-type]  # the channel is not looked at
    assert line._taken == 5


def test_no_more_counts_as_taken_than_came(line: Line) -> None:
    """Claims of 4 GiB would soon add up to more than the server can be told."""
    for take, head in ((line._data, b""), (line._noise, bytes(4))):
        message = paramiko.Message(head + struct.pack(">I", 0xFFFFFFFF) + b"bytes")
        take(None, message)  # type: ignore[arg-type]  # the channel is not looked at
    assert line._taken == 10


def test_a_server_that_never_lets_a_login_begin_is_given_up(line: Line) -> None:
    with pytest.raises(TimeoutError, match="no answer within"):
        line.ask_to_log_in()
