"""Handing a piece its bytes: keeps the engine's own refusals apart from a source's faults."""

from collections.abc import Iterator
from contextlib import contextmanager

from desktop.core.errors import ShotDockError, Stopped


class Dropped(Exception):
    """The engine takes no more of this piece and knows why; the source goes on with the next one."""


@contextmanager
def handing() -> Iterator[None]:
    """Turn whatever `Piece.opened` and `Piece.write` raise into Dropped."""
    try:
        yield
    except (Stopped, ShotDockError) as refusal:
        raise Dropped from refusal
