"""Carrying one piece of a file over HTTP: ask for its range, check the answer, hand on what was asked for."""

from dataclasses import dataclass
from functools import partial

from desktop.core.errors import NotTheFile, Overlong, ShotDockError
from desktop.core.media import Entry
from desktop.transfer.handing import Dropped, handing
from desktop.transfer.ports import Piece
from desktop.transfer.sameness import provable
from desktop.transfer.sources.http_answer import Answer, check_start, read_answer, unsatisfied_size
from desktop.transfer.sources.http_doors import Doors
from desktop.transfer.sources.http_errors import converted, cut_short, misfit, refusal, torn
from desktop.transfer.sources.http_message import Garbled, Surplus
from desktop.transfer.sources.http_wire import Reply, Wire

_HEAD = 512


@dataclass(frozen=True, slots=True)
class _Opened:
    """An answer that brings the file. answer: None for a 416. got: bytes of its start that are in the buffer.

    at: the link it was asked for at, None for the server's own path.
    """

    reply: Reply
    answer: Answer | None
    got: int
    at: str | None


class Carrier:
    """Carries pieces over one wire, one after the other, through one reused buffer."""

    def __init__(self, wire: Wire, doors: Doors, buffer: memoryview, headers: dict[str, str]) -> None:
        self.ranges = True
        """False once the server has answered a range with the whole file."""
        self._wire, self._doors = wire, doors
        self._buffer = buffer
        self._headers = headers

    def carry(self, piece: Piece) -> None:
        """Bring one piece. Raises Dropped if the engine let go of it, else a ShotDockError."""
        path = piece.file.path.partition("?")[0]
        start = piece.start
        facts: Entry | None = None
        at: str | None = None
        while True:
            asked = piece.end
            # A link that expires in the middle is replaced here, and the file goes on at the byte reached.
            opened = self._doors.first(path, partial(self._open, piece, path, start, asked))
            with converted(self._wire.place, path):
                answer = opened.answer
                if answer is None:
                    self._unsatisfied(piece, opened.reply, path, start)
                    return
                with sound(self._wire, opened.reply):
                    if facts is not None and opened.at != at and not provable(facts):
                        raise misfit(path, "Its link expired; nothing tells whether the fresh one leads to the same.")
                    if facts is None or opened.at != at:
                        facts, at = answer.facts, opened.at
                        with handing():
                            piece.opened(facts)
                    elif answer.facts != facts:
                        raise misfit(path, "It changed from one part to the next.")
                    reached = self._flow(piece, opened.reply, answer, start, path, opened.got)
            known = (end for end in (piece.end, facts.size, piece.file.size) if end is not None)
            end = next(known, None)
            if end is None and answer.end is None:
                if not opened.reply.message.done:
                    raise torn(path, reached)
                return
            if reached == end:
                return
            if opened.reply.message.status == 200 or reached <= start or (end is not None and reached > end):
                raise cut_short(path, reached, end or reached)
            # A server may send less than it was asked for, and say so; the rest is asked for next. Where nobody tells
            # the file's size, a 416 at last says that there is none.
            start = reached

    def _open(self, piece: Piece, path: str, start: int, asked: int | None, at: str | None) -> _Opened:
        """Ask for bytes from start on at one door; raise what an answer means that does not bring them.

        The first bytes are looked at before the file is called open: a page is no news of the file's size.
        """
        target = f"{piece.file.path}?{piece.query}" if piece.query else piece.file.path
        ranged = bool(start) or asked is not None
        headers = self._headers | (_range_headers(piece, start, asked) if ranged else {})
        with converted(self._wire.place, path):
            reply = self._wire.ask("GET", target, headers, at)
            status = reply.message.status
            if status == 416:
                return _Opened(reply, None, 0, at)
            if status not in (200, 206):
                raise refused(self._wire, reply, path)
            got = 0
            with sound(self._wire, reply):
                try:
                    answer = read_answer(reply.message, path, start, asked, ranged)
                    # Asked for a range of what has changed meanwhile (If-Range), a server rightly sends the whole.
                    if status == 200 and ranged and piece.file.etag in (None, answer.facts.etag):
                        self.ranges = False
                    if answer.start == 0 and answer.end != 0:
                        got = self._read(piece, reply, answer, path)
                        check_start(path, self._buffer[: min(got, _HEAD)].tobytes())
                except NotTheFile as stranger:
                    self._wire.note(stranger, reply, self._buffer[:got].tobytes())
                    raise
            return _Opened(reply, answer, got, at)

    def _read(self, piece: Piece, reply: Reply, answer: Answer, path: str) -> int:
        """Read the next bytes of an answer into the buffer, as many as the limits let through; 0 at its end."""
        try:
            return reply.message.readinto(self._buffer[: piece.portion(len(self._buffer))])
        except Surplus:
            # Neither these bytes nor the next answer can be believed.
            raise misfit(path, f"It announced bytes up to {answer.end:,} and sent more.", Overlong) from None

    def _flow(self, piece: Piece, reply: Reply, answer: Answer, start: int, path: str, got: int) -> int:
        """Hand on the bytes of an answer from start on; return the byte reached, counted from the file's start.

        got: how many of them are in the buffer already. Bytes before start, from a server that ignores ranges, are
        thrown away.
        """
        buffer = self._buffer
        offset = answer.start
        while (stop := _nearer(answer.end, piece.end)) is None or offset < stop:
            if not (got := got or self._read(piece, reply, answer, path)):
                break
            wanted = got if stop is None else min(got, stop - offset)
            skipped = min(max(start - offset, 0), wanted)
            if skipped < wanted:
                with handing():
                    piece.write(offset + skipped, buffer[skipped:wanted])
            elif piece.stopped:
                raise Dropped
            offset += wanted
            got = 0
        if stop is not None and offset < stop:
            raise cut_short(path, offset, answer.end if answer.end is not None else stop)
        # What is left of a longer answer is on its way and not wanted.
        self._wire.settle(reply)
        return offset

    def _unsatisfied(self, piece: Piece, reply: Reply, path: str, start: int) -> None:
        """Judge a 416: the range begins at or behind the file's end, so the file is whole here, or another one."""
        size = unsatisfied_size(reply.message)
        self._wire.finish(reply)
        with handing():
            # If-Range was sent with it: for any other content the whole would have come, and no 416.
            piece.opened(Entry(path, size=size, etag=piece.file.etag))
        if size is None or size != start or piece.end not in (None, size):
            raise misfit(path, f"Bytes from {start:,} were asked for; it says the file has {size}.")


def refused(wire: Wire, reply: Reply, path: str) -> ShotDockError:
    """Return what an answer that is no file means, and finish with it."""
    message = reply.message
    return refusal(message.status, message.reason, message.header("retry-after"), wire.finish(reply), path)


class sound:  # noqa: N801  # used like a function, as `disk` is, and twice for every file
    """Close the answer's connection if anything goes wrong with it: its rest would answer the next question."""

    __slots__ = ("_reply", "_wire")

    def __init__(self, wire: Wire, reply: Reply) -> None:
        self._wire, self._reply = wire, reply

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ShotDockError | Dropped | OSError | Garbled):
            self._wire.drop(self._reply)


def _nearer(one: int | None, other: int | None) -> int | None:
    """Return the nearer of two ends that may be unknown."""
    return min(one, other) if one is not None and other is not None else one if other is None else other


def _range_headers(piece: Piece, start: int, end: int | None) -> dict[str, str]:
    headers = {"Range": f"bytes={start}-{'' if end is None else end - 1}"}
    if piece.file.etag:
        headers["If-Range"] = piece.file.etag
    return headers
