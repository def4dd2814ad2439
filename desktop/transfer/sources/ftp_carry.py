"""Carrying one piece of a file over FTP, from RETR to the server's last word, believing only what adds up."""

import logging
import socket
import ssl
from contextlib import suppress

from desktop.core.errors import ShotDockError, StillUploading
from desktop.core.media import Entry, told_size
from desktop.transfer.handing import Dropped, handing
from desktop.transfer.ports import Piece
from desktop.transfer.sources.ftp_errors import (
    OutOfStep,
    broken_off,
    checked,
    not_allowed,
    not_found,
    put_off,
    says_denied,
    says_missing,
)
from desktop.transfer.sources.ftp_wire import Wire

LARGE = 8 << 20
"""Bytes from which a file is worth two more questions: is it what was planned, and did it rest meanwhile?"""
_FLUSH = 1 << 18

_log = logging.getLogger(__name__)


class Carrier:
    """Carries pieces over one wire, one after the other, through one reused buffer."""

    def __init__(self, wire: Wire, buffer: memoryview) -> None:
        self.wire = wire
        self._buffer = buffer

    def carry(self, piece: Piece) -> None:
        """Bring one piece. Raises Dropped if the engine let go of it, OutOfStep to be asked again, or a ShotDockError.

        Of the errors, ConnectionLost, TimedOut, ServerBusy and those that ask a person are the connection's;
        the others concern this file only, and the connection is fit for the next.
        """
        path = checked(piece.file.path)
        with self.wire.talking(path):
            whole = piece.start == 0 and piece.end is None
            size = piece.file.size
            small = whole and size is not None and size < LARGE
            if small and self._bring(piece, Entry(path, size=size), asked=False):
                return
            # It is large, or the server announces another size than was planned: look before believing either.
            facts = self.wire.facts(path)
            self._bring(piece, facts, asked=True)

    def _bring(self, piece: Piece, facts: Entry, asked: bool) -> bool:
        """Bring the piece of a file with these facts; false if the server announced another size than they say.

        asked: the facts are the server's own, of this moment. Otherwise they are the plan's.
        """
        wire = self.wire
        path = facts.path
        if asked:
            with handing():
                piece.opened(facts)
        data, reply, offset = wire.begin(f"RETR {path}", piece.start, ahead=not asked)
        if data is None:
            raise self._refusal(path, reply)
        if not asked:
            announced = announced_size(reply)
            if announced not in (None, facts.size):
                self._leave()
                return False
        try:
            if not asked:
                with handing():
                    piece.opened(Entry(path, size=announced))
            limit = facts.size if facts.size is not None else (piece.file.size if piece.end is None else None)
            offset = self._flow(piece, data, offset, limit)
        except (Dropped, ShotDockError):
            self._leave()
            raise
        except ConnectionError as error:
            if not wire.suspect():
                raise
            raise broken_off(path, offset, limit, str(error)) from error
        if piece.end is not None and offset == piece.end and offset != limit:
            self._leave()
        else:
            self._close(piece, offset, limit, asked)
        if piece.end is not None and offset < piece.end:
            raise broken_off(path, offset, piece.end, "nothing")
        if asked and (facts.size or 0) >= LARGE:
            self._compare(facts)
        piece.finished()
        return True

    def _flow(self, piece: Piece, data: socket.socket, offset: int, limit: int | None) -> int:
        """Hand the bytes on until they end or the piece has all it wants; return the offset reached.

        Bytes before piece.start, from a server that cannot skip them, are thrown away. Over TLS a record
        brings 16 KiB at most, so a few are gathered before they are handed on.
        """
        buffer = self._buffer
        began, held = offset, 0
        while True:
            end = piece.end
            portion = piece.portion(len(buffer))
            room = max(1, portion - held)
            if end is not None:
                room = min(room, max(end, piece.start) - offset - held)
            try:
                got = data.recv_into(buffer[held:], room) if room else 0
            except ssl.SSLEOFError as error:
                # Cut, or a server that just closes: a size that is known tells which.
                if limit is None and end is None:
                    raise broken_off(piece.file.path, offset + held, None, "nothing, not even TLS's goodbye") from error
                got = 0
            held += got
            if limit is not None and offset + held > limit:
                if began:
                    # It took the offset, and began elsewhere.
                    self.wire.rest_ignored, self.wire.can.rest = True, False
                raise broken_off(piece.file.path, offset + held, limit, "nothing; these are more bytes than it has")
            if room and not got:
                # The server may wait for that before it reports; meanwhile the bytes go to disk.
                self.wire.end()
            if got and held < min(_FLUSH, portion) and got <= 16384:
                continue
            skipped = min(max(piece.start - offset, 0), held)
            if held > skipped:
                with handing():
                    piece.write(offset + skipped, buffer[skipped:held])
            elif piece.stopped:
                raise Dropped
            offset += held
            held = 0
            if not got or offset == end:
                return offset

    def _leave(self) -> None:
        """Hang up the data connection in the middle; the server will say what it thinks of that."""
        self.wire.drop_data()
        self.wire.owe()

    def _close(self, piece: Piece, offset: int, limit: int | None, asked: bool) -> None:
        """Take leave after the last byte; raise unless the server reports success and the bytes add up."""
        wire, path = self.wire, piece.file.path
        try:
            reply = wire.finish()
        except (TimeoutError, EOFError, ConnectionError):
            wire.alive = False
            if offset != limit:
                raise
            # All bytes are here: the report alone is not worth fetching them again.
            _log.warning("%s came whole, but the server %s did not confirm it.", path, wire.place)
            return
        if reply[0] != "2" or wire.astray:
            raise broken_off(path, offset, limit, reply)
        if limit is None:
            # Data that was broken off here ends like data that is over, and the report may have come before.
            wire.check_severed()
        if limit is None or offset == limit:
            return
        if not asked:
            # Whole, perhaps, but not what was planned: the engine hears what the file is now.
            with suppress(OutOfStep), handing():
                piece.opened(wire.facts(path))
        raise broken_off(path, offset, limit, reply)

    def _compare(self, before: Entry) -> None:
        """Raise StillUploading if the file has another size or time than before."""
        after = self.wire.facts(before.path)
        if (after.size, after.mtime) != (before.size, before.mtime):
            raise StillUploading(
                title=f"{before.name} is still being written on the server.",
                cause=f"It had {before.size or 0:,} bytes when the transfer began and has {after.size or 0:,} now.",
                suggestion="It will be fetched again once it rests.",
                path=before.path,
            )

    def _refusal(self, path: str, reply: str) -> ShotDockError:
        """Return what a refused RETR means; where the words are vague, whether SIZE knows the file decides."""
        if says_missing(reply):
            return not_found(path, reply)
        if says_denied(reply):
            return not_allowed(path, reply)
        if reply[0] == "4" or reply.startswith(("551", "552")):
            return put_off(path, reply)
        if self.wire.facts(path).size is not None:
            return not_allowed(path, reply)
        return not_found(path, reply)


def announced_size(reply: str) -> int | None:
    """Return the size in `150 Opening BINARY mode data connection for x (123 bytes)`, or None.

    The name may hold such words too: only the last parenthesis counts.
    """
    _, _, tail = reply.rpartition("(")
    number, _, word = tail.partition(" ")
    return told_size(number) if word.lower().startswith("bytes") else None
