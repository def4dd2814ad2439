"""Ranges of a file that lanes fetch, one lane each."""

from collections.abc import Iterable

SEGMENT_FROM = 64 * 1024 * 1024
"""Bytes still missing from which on a file may be fetched in several ranges at once."""
SHARE_FROM = 192 * 1024 * 1024
"""Bytes of a range still to come from which on half of them go to a lane that would idle: FTP cannot be told where to
stop, so what was on its way when a range ends is wasted, some megabytes."""
BLOCK = 1024 * 1024
"""A range is halved at a multiple of it in the file, where file systems like writing to begin."""

Gap = tuple[int, int | None]
"""A missing range; None for an end that only the server knows."""


class Span:
    """A range on its way. stop: its end, None if unknown. received: bytes that came. ended: nobody wants more of it.

    carried: a lane has it; before, it waits in a queue, or for the time that a server asked for.
    """

    __slots__ = ("carried", "ended", "received", "start", "stop")

    def __init__(self, start: int, stop: int | None) -> None:
        self.start, self.stop = start, stop
        self.received = 0
        self.ended = self.carried = False


class Spans:
    """The ranges of one file that are wanted, be they waiting for a lane or with one."""

    __slots__ = ("_live",)

    def __init__(self) -> None:
        self._live: set[Span] = set()

    def __len__(self) -> int:
        return len(self._live)

    @property
    def wait(self) -> bool:
        """Tell whether ranges are wanted of which no lane has any, at one moment or another."""
        live = tuple(self._live)
        return bool(live) and not any(span.carried for span in live)

    def want(self, gaps: Iterable[Gap]) -> list[Span]:
        """Return a new range for each gap."""
        spans = [Span(start, stop) for start, stop in gaps]
        self._live.update(spans)
        return spans

    def longest(self, size: int) -> tuple[int, Span] | None:
        """Return the range with the most bytes to come, and their number, if a lane has any. size: the file's.

        It may be asked while another thread changes the ranges: the answer is of one moment or another.
        """
        live = tuple(self._live)
        left = [(self._end(span, size) - span.start - span.received, span) for span in live if span.carried]
        return max(left, key=lambda one: one[0], default=None)

    def halve(self, span: Span, size: int) -> Span:
        """Take the second half of what is still to come of a range off it, as a range of its own."""
        end = self._end(span, size)
        at = span.start + span.received
        middle = -(-(at + end) // 2 // BLOCK) * BLOCK
        half = Span(middle, span.stop)
        span.stop = middle
        self._live.add(half)
        return half

    def merge(self, spans: list[Span]) -> Span:
        """Return one range that covers several, and end those; one that has ended if nobody wants them any more."""
        spans = [span for span in spans if not span.ended] or spans[:1]
        if spans[0].ended:
            return spans[0]
        stops = [span.stop for span in spans]
        for span in spans:
            self.leave(span)
        stop = None if None in stops else max(stop for stop in stops if stop is not None)
        return self.want([(min(span.start for span in spans), stop)])[0]

    @staticmethod
    def _end(span: Span, size: int) -> int:
        return size if span.stop is None else span.stop

    def leave(self, span: Span) -> bool:
        """End a range; return whether it was the last one."""
        span.ended = True
        self._live.discard(span)
        return not self._live

    def end(self) -> None:
        """End every range, wherever it is."""
        for span in self._live:
            span.ended = True
        self._live.clear()


def cut(gaps: list[Gap], segments: int) -> list[Gap]:
    """Cut gaps so that there are about `segments` ranges, if so many bytes are missing that it pays."""
    known = [(start, end) for start, end in gaps if end is not None]
    missing = sum(end - start for start, end in known)
    if segments <= len(gaps) or len(known) < len(gaps) or missing < SEGMENT_FROM:
        return gaps
    length = -(-missing // segments)
    return [(at, min(at + length, end)) for start, end in known for at in range(start, end, length)]
