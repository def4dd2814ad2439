"""The first rows of a table on disk, for people to look at."""

import csv
import io
from pathlib import Path

from desktop.core.errors import NotAllowed, NotFound
from desktop.core.job import Table
from desktop.transfer.names import shown

BYTES = 256 * 1024
"""Bytes of a table that are looked at, however large it is."""
ROWS = 200
_LONGEST_CELL = 2_000


def read_table(path: Path) -> Table:
    """Return a table's header and first rows; tabs divide a .tsv, commas or semicolons any other.

    Bad bytes are shown as such. Raises NotFound for a file that is not there (any more), NotAllowed.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(BYTES + 1)
    except FileNotFoundError as error:
        raise NotFound("The table is not there any more.", "", "Fetch it again.", shown(str(path))) from error
    except OSError as error:
        raise NotAllowed("The table cannot be read.", f"{error.strerror or error}.", "", shown(str(path))) from error
    whole = len(data) <= BYTES
    text = data[:BYTES].decode("utf-8-sig", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    rows = _rows(text, _divider(path, text), whole)
    first = rows[: ROWS + 1]
    header, *body = first or [()]
    return Table(header, tuple(body), not whole or len(rows) > len(first))


def _rows(text: str, divider: str, whole: bool) -> list[tuple[str, ...]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=divider)
    rows = []
    try:
        for row in reader:
            if row:
                rows.append(tuple(cell[:_LONGEST_CELL] for cell in row))
    except csv.Error:
        # A cell that never ends: what came before it is a table all the same.
        return rows
    # The last one may be cut in two.
    return rows if whole or len(rows) < 2 else rows[:-1]


def _divider(path: Path, text: str) -> str:
    first = text.partition("\n")[0]
    if path.suffix.lower() == ".tsv" or ("\t" in first and "," not in first):
        return "\t"
    return ";" if ";" in first and "," not in first else ","
