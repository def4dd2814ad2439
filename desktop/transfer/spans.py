"""Ranges of a file that lanes fetch, one lane each."""

SEGMENT_FROM = 64 * 1024 * 1024
"""Bytes still missing from which on a file may be fetched in several ranges at once."""

Gap = tuple[int, int | None]
"""A missing range; None for an end that only the server knows."""


class Span:
    """A range of a file that a lane fetches. stop: its end, None if unknown. received: bytes that came."""

    __slots__ = ("ended", "received", "start", "stop")

    def __init__(self, start: int, stop: int | None) -> None:
        self.start, self.stop = start, stop
        self.received = 0
        self.ended = False


def cut(gaps: list[Gap], segments: int) -> list[Gap]:
    """Cut gaps so that there are about `segments` ranges, if so many bytes are missing that it pays."""
    known = [(start, end) for start, end in gaps if end is not None]
    missing = sum(end - start for start, end in known)
    if segments <= len(gaps) or len(known) < len(gaps) or missing < SEGMENT_FROM:
        return gaps
    length = -(-missing // segments)
    return [(at, min(at + length, end)) for start, end in known for at in range(start, end, length)]
