"""A publication's versions and files as one small blob: columns instead of rows, compressed."""

import itertools
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from desktop.core.media import Entry, EntryKind, Version

FORMAT = 1
"""First number of every blob; one of another number is an older or newer ShotDock's cache and worth nothing."""


class UnknownFormat(ValueError):
    """The blob is of another format."""


def pack(versions: Iterable[Version]) -> bytes:
    """Return the versions as bytes: JSON, deflated.

    Per version: label, number, uploading, and runs of files of one folder; per run: the folder and a column
    for each of name, size, mtime, precision, etag, kind. A column whose values are all equal is that value.
    """
    content = [FORMAT, [[v.label, v.number, v.uploading, [_run(f, fs) for f, fs in _runs(v.files)]] for v in versions]]
    # ASCII: names that are not Unicode survive as escapes.
    return zlib.compress(json.dumps(content, separators=(",", ":")).encode("ascii"), 1)


def unpack(blob: bytes) -> tuple[Version, ...]:
    """Return what `pack` was given. Raises UnknownFormat, zlib.error or ValueError for other bytes."""
    number, versions = json.loads(zlib.decompress(blob))
    if number != FORMAT:
        raise UnknownFormat(f"structure format {number}")
    return tuple(
        Version(label, version, tuple(entry for run in runs for entry in _entries(run)), uploading)
        for label, version, uploading, runs in versions
    )


def _runs(files: Sequence[Entry]) -> Iterator[tuple[str, list[Entry]]]:
    # With its slash: "name" and "/name" are two paths.
    for folder, group in itertools.groupby(files, lambda file: file.path[: file.path.rfind("/") + 1]):
        yield folder, list(group)


def _run(folder: str, files: list[Entry]) -> list[Any]:
    return [
        folder,
        [file.path[len(folder) :] for file in files],
        _column([file.size for file in files]),
        _column([file.mtime for file in files]),
        _column([file.precision for file in files]),
        _column([file.etag for file in files]),
        _column([file.kind.value for file in files]),
    ]


def _column(values: list[Any]) -> Any:
    return values if any(value != values[0] for value in values) else values[0]


def _entries(run: list[Any]) -> Iterator[Entry]:
    folder, names, *columns, kinds = run
    length = len(names)
    sizes, mtimes, precisions, etags = (_values(column, length) for column in columns)
    known = {kind.value: kind for kind in EntryKind}
    rows = zip(names, _values(kinds, length), sizes, mtimes, precisions, etags, strict=True)
    return (Entry(folder + name, known[kind], *facts) for name, kind, *facts in rows)


def _values(column: Any, length: int) -> Iterable[Any]:
    return column if isinstance(column, list) else itertools.repeat(column, length)
