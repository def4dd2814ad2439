"""Is it still the same file? What two looks at a file on a server prove."""

from desktop.core.media import Entry


def agree(one: Entry, other: Entry) -> bool | None:
    """Tell whether two looks at a file saw the same content: True, False, or None if nothing proves either.

    Size and modification time together prove it, or a strong etag; the times may differ by what the worse of
    the two tells.
    """
    sizes = one.size is not None and other.size is not None
    if sizes and one.size != other.size:
        return False
    if one.etag and other.etag:
        return one.etag == other.etag
    if one.mtime is None or other.mtime is None:
        return None
    if abs(one.mtime - other.mtime) > max(one.precision, other.precision):
        return False
    return True if sizes else None


def provable(file: Entry) -> bool:
    """Tell whether the facts are enough to know the same content again."""
    return bool(file.etag) or (file.mtime is not None and file.size is not None)


def same_file(known: Entry, now: Entry, here: bool, begun: bool) -> bool:
    """Tell whether a file that is opened now may be taken for the known one.

    here: bytes of it are. begun: it is under way; before, another one of its size is simply that file.
    """
    same = agree(known, now)
    if same is None and here and provable(known):
        return False  # the server told more before; now nothing proves that the bytes here belong to it
    return same is not False or (not begun and one_size(known, now))


def believed(now: Entry, before: Entry) -> Entry:
    """Return what to expect of a file that looks another: what it was, if it is empty now and nothing vouches for that.

    An answer without a byte is what proxies and failing servers give; a file that was emptied has a time or an etag.
    """
    return before if before.size and now.size == 0 and not provable(now) else now


def joined(now: Entry, before: Entry) -> Entry:
    """Return what is known of a file: what was told last, and what was told before of the rest."""
    timed = now if now.mtime is not None else before
    size = before.size if now.size is None else now.size
    etag = now.etag or before.etag
    if (size, timed.mtime, timed.precision, etag) == (before.size, before.mtime, before.precision, before.etag):
        return before
    return Entry(before.path, before.kind, size, timed.mtime, timed.precision, etag)


def unlike(came: Entry, planned: Entry) -> Entry | None:
    """Return a file as it came if the plan knew it otherwise, or did not know enough of it; else None."""
    return None if agree(came, planned) or came == planned else came


def one_size(one: Entry, other: Entry) -> bool:
    """Tell whether two looks at a file saw no different sizes."""
    return one.size is None or other.size is None or one.size == other.size
