"""Handing a piece its bytes: keeps the engine's own refusals apart from a source's faults."""

from desktop.core.errors import ShotDockError, Stopped


class Dropped(Exception):
    """The engine takes no more of this piece and knows why; the source goes on with the next one."""


class handing:  # noqa: N801  # used like a function, as `disk` is, and twice for every file
    """Turn whatever `Piece.opened` and `Piece.write` raise into Dropped."""

    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Stopped | ShotDockError):
            raise Dropped from error
