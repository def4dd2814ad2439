"""A named set of interchangeable parts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from desktop.core.errors import UsageError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """One part of a family: its name, the words a person reads about it, and how to load it."""

    name: str
    title: str
    explanation: str
    load: Callable[[], T]


class Registry(Generic[T]):
    """The parts of one family, in the order they were registered; the first is the recommended one.

    A part registers itself either as it is (`add`) or as a loader (`lazy`) where importing it is
    dear, so that a command that never speaks SFTP never pays for an SSH library.
    """

    def __init__(self, family: str) -> None:
        self.family = family
        self._parts: dict[str, Part[T]] = {}

    def add(self, name: str, title: str = "", explanation: str = "") -> Callable[[T], T]:
        """Return a decorator that registers the decorated object as the part `name`."""

        def register(part: T) -> T:
            self._put(Part(name, title or name, explanation, lambda: part))
            return part

        return register

    def lazy(self, *names: str) -> Callable[[Callable[[], T]], Callable[[], T]]:
        """Return a decorator that registers a function which imports and returns the part."""

        def register(load: Callable[[], T]) -> Callable[[], T]:
            for name in names:
                self._put(Part(name, name, "", load))
            return load

        return register

    def _put(self, part: Part[T]) -> None:
        if part.name in self._parts:
            raise ValueError(f"{self.family} {part.name!r} is registered twice")
        self._parts[part.name] = part

    def __getitem__(self, name: str) -> T:
        """Return the part called `name`; raise UsageError, naming the known ones, if there is none."""
        try:
            part = self._parts[name]
        except KeyError:
            raise UsageError(
                title=f"There is no {self.family} called {name!r}.",
                cause=f"Known: {', '.join(self._parts)}.",
                suggestion="Choose one of these names.",
            ) from None
        return part.load()

    def __contains__(self, name: object) -> bool:
        return name in self._parts

    def __iter__(self) -> Iterator[Part[T]]:
        return iter(self._parts.values())

    def names(self) -> tuple[str, ...]:
        """Return the registered names in order."""
        return tuple(self._parts)
