"""Looking around on an FTP server: MLST and MLSD where it has them, else SIZE, MDTM and LIST."""

import time
from dataclasses import replace

from desktop.core.errors import NotAllowed, NotFound, ShotDockError
from desktop.core.media import Entry, EntryKind
from desktop.transfer.sources.ftp_errors import not_allowed, not_found, says_denied, says_missing
from desktop.transfer.sources.ftp_listing import DAY, MINUTE, facts_entry, parse_facts, parse_list, parse_mlsd
from desktop.transfer.sources.ftp_wire import Wire

_QUARTER = 900.0


class Lookout:
    """Asks a server about files and folders, and remembers how far its listings are ahead of UTC."""

    def __init__(self) -> None:
        self._shift: float | None = None

    def stat(self, wire: Wire, path: str) -> Entry:
        """Return what is at path, following links; raise NotFound, NotAllowed."""
        entry = wire.facts(path)
        if wire.can.mlst:
            reply = wire.ask(f"MLST {path}")[0]
            lines = [line[1:] for line in reply.splitlines() if line.startswith(" ")]
            if reply[0] == "2" and lines:
                told = facts_entry(path, parse_facts(lines[0])[0])
                # Of a link ProFTPD tells the target's type and the link's own size: SIZE and MDTM are right.
                if told.kind is EntryKind.FILE and entry.size is not None:
                    return entry
                if told.kind is not EntryKind.LINK:
                    return told
        if entry.size is not None:
            return entry
        reply = wire.ask(f"CWD {path}")[0]
        if reply[0] == "2":
            return Entry(path, EntryKind.FOLDER, mtime=entry.mtime)
        return self._from_parent(wire, path, reply)

    def _from_parent(self, wire: Wire, path: str, reply: str) -> Entry:
        """Return path as its folder lists it, for servers that know no SIZE; raise if it is not there or denied."""
        if says_missing(reply):
            raise not_found(path, reply)
        folder, _, name = path.rstrip("/").rpartition("/")
        try:
            siblings = self.entries(wire, folder or "/") if name else []
        except (NotFound, NotAllowed):
            raise not_found(path, reply) from None
        for entry in siblings:
            if entry.name == name and entry.kind is EntryKind.FILE:
                return replace(entry, path=path)
            if entry.name == name:
                raise not_allowed(path, reply)
        raise not_found(path, reply)

    def entries(self, wire: Wire, path: str) -> list[Entry]:
        """Return the folder's entries; raise NotFound, NotAllowed."""
        if wire.can.mlst:
            data, reply = wire.listing(f"MLSD {path}")
            if not reply.startswith(("500", "502")):
                if reply[0] != "2":
                    raise self._denial(wire, path, reply)
                return parse_mlsd(data, path, wire.check_severed)
            wire.can.mlst = False
        data, reply = wire.listing(f"LIST {path}")
        if reply[0] != "2":
            raise self._denial(wire, path, reply)
        known = self._shift
        entries = parse_list(data, path, time.time(), known or 0.0, wire.check_severed)
        # LIST of a file lists the file; of a missing or closed folder many servers list nothing, and call it success.
        if not entries or (len(entries) == 1 and entries[0].name == path.rpartition("/")[2]):
            entered = wire.ask(f"CWD {path}")[0]
            if entered[0] != "2":
                raise self._denial(wire, path, entered)
        if "failed to open directory" in reply:
            raise not_allowed(path, reply)
        if known is not None:
            return entries
        self._measure_shift(wire, entries)
        if self._shift is None:
            # Read once more, with no shift known, the lines would say the same, each time good to a day only.
            return [entry if entry.precision == DAY else replace(entry, precision=DAY) for entry in entries]
        return parse_list(data, path, time.time(), self._shift, wire.check_severed)

    def _denial(self, wire: Wire, path: str, reply: str) -> ShotDockError:
        """Return why a folder cannot be listed: vague servers use the same words for missing and for denied."""
        if says_missing(reply):
            return not_found(path, reply)
        if says_denied(reply):
            return not_allowed(path, reply)
        if path == "/":
            return not_allowed(path, reply)
        try:
            self._from_parent(wire, path, reply)
        except ShotDockError as error:
            return error
        return NotFound(f"{path} is not a folder.", "The server has a file of this name.", "Choose a folder.", path)

    def _measure_shift(self, wire: Wire, entries: list[Entry]) -> None:
        """Find out by one MDTM, which is UTC, how far the server's listings are ahead: they tell local time."""
        if not wire.can.mdtm:
            return
        for entry in entries:
            if entry.kind is EntryKind.FILE and entry.precision == MINUTE and entry.mtime is not None:
                known = wire.facts(entry.path).mtime
                if known is not None:
                    shift = round((entry.mtime - known) / _QUARTER) * _QUARTER
                    if abs(entry.mtime - known - shift) <= 2 * MINUTE and abs(shift) <= 15 * 3600:
                        self._shift = shift
                return
