"""What is said of a file the server did not deliver as it said, and of a server that puts everybody off."""

from collections.abc import Sequence

from desktop.core.errors import Overlong, RemoteChanged, ServerBusy, StillUploading, Truncated
from desktop.core.media import Entry
from desktop.core.units import format_duration
from desktop.transfer.names import shown


def changed(before: Entry, now: Entry) -> RemoteChanged:
    """Return the error for a file that is another one now."""
    return RemoteChanged(
        title=f"{shown(before.name)} changed on the server.",
        cause=f"It was {told(before)}, and is now {told(now)}.",
        suggestion="It is fetched from its beginning.",
        path=before.path,
    )


def still_uploading(last: RemoteChanged) -> StillUploading:
    """Return the error for a file that changed again, last as told."""
    return StillUploading(
        title=f"{shown(last.path.rpartition('/')[2])} is still being written on the server.",
        cause=f"It changed twice while it was fetched. {last.cause}",
        suggestion="Retry when whoever writes it is done.",
        path=last.path,
    )


def remarks(changed: bool, unsized: bool) -> tuple[str, ...]:
    """Return what is said of a file that arrived all the same."""
    another = "changed on the server meanwhile, fetched from its beginning" if changed else ""
    return another, "size not known by the server" if unsized else ""


def surplus(file: Entry, end: int, size: int) -> Overlong:
    """Return the error for bytes up to end, beyond the size."""
    return Overlong(
        title=f"{shown(file.name)} is longer than the server said.",
        cause=f"Bytes up to {end:,} came, {size:,} were promised.",
        suggestion="It may be growing; it will be tried again.",
        path=file.path,
    )


def short(file: Entry, missing: int, stop: int) -> Truncated:
    """Return the error for a range up to stop of which bytes are missing."""
    return Truncated(
        title=f"{shown(file.name)} ended early.",
        cause=f"{missing:,} of the bytes up to {stop:,} did not come.",
        suggestion="It will be continued where it stopped.",
        path=file.path,
    )


def put_off(last: ServerBusy, rests: Sequence[float]) -> ServerBusy:
    """Return the error for a host that asked for one rest, in seconds, after the other; last: what it said then."""
    return ServerBusy(
        title=last.title,
        cause=f"{last.cause} It asked for {len(rests)} rests in a row, {format_duration(sum(rests))} in all, "
        "and sent nothing in between.".strip(),
        suggestion="Retry later, or ask who runs the server what it is busy with.",
        path=last.path,
        retry_after=last.retry_after,
    )


def told(file: Entry) -> str:
    """Return what is known of a file, in words."""
    size = "of unknown size" if file.size is None else f"{file.size:,} bytes"
    return f"{size}, changed at {file.mtime:.0f}" if file.mtime is not None else size
