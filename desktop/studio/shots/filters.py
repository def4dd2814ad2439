"""Which publications a request is about, and which of its wishes match nothing."""

import re
from collections.abc import Iterable, Sequence
from fnmatch import translate

from desktop.core.media import Publication
from desktop.core.plan import Filters

_NAMES = ("project", "episode", "sequence", "shot", "department")
_SHOWN = 8
"""Known names to show beside one that matches nothing."""
GONE = "No such shot and department on the server"


class Sieve:
    """Filters made ready to be asked often; letters' case is ignored.

    A shot's pattern with a slash in it is matched with the end of the shot's label: `SQ01/SH010`.
    """

    def __init__(self, filters: Filters) -> None:
        self._rows = dict.fromkeys(filters.rows)
        self._patterns = {name: _compiled(getattr(filters, name)) for name in _NAMES if getattr(filters, name)}

    def takes(self, publication: Publication) -> bool:
        """Tell whether every filter takes the publication."""
        if self._rows and _row(publication) not in self._rows:
            return False
        return all(
            any(_fits(pattern, text, name, publication) for text, pattern in patterns)
            for name, patterns in self._patterns.items()
        )

    def idle(self, publications: Sequence[Publication]) -> list[tuple[str, str]]:
        """Return the wishes no publication fits, as (what it filters with what, why nothing comes of it)."""
        there = {_row(publication) for publication in publications} if self._rows else set()
        found = [(" ".join(row), GONE) for row in self._rows if row not in there]
        for name, patterns in self._patterns.items():
            for text, pattern in patterns:
                if not any(_fits(pattern, text, name, publication) for publication in publications):
                    known = sorted({value for p in publications if (value := _value(name, p))})
                    found.append((f"{name} {text}", f"No {name} of this name, known: {_some(known)}"))
        if not found and publications and not any(map(self.takes, publications)):
            found.append(("filters", "Each filter matches something, but no shot matches all of them"))
        return found


def filtered(publications: Iterable[Publication], filters: Filters) -> list[Publication]:
    """Return the publications the filters take, in order."""
    sieve = Sieve(filters)
    return [publication for publication in publications if sieve.takes(publication)]


def _row(publication: Publication) -> tuple[str, str]:
    return publication.key.label, publication.department


def _compiled(globs: Iterable[str]) -> list[tuple[str, re.Pattern[str]]]:
    return [(glob, re.compile(translate(glob.strip("/")), re.IGNORECASE)) for glob in globs]


def _value(name: str, publication: Publication) -> str:
    value: str = publication.department if name == "department" else getattr(publication.key, name)
    return value


def _fits(pattern: re.Pattern[str], text: str, name: str, publication: Publication) -> bool:
    if name == "shot" and "/" in text:
        parts = publication.key.label.split("/")
        return pattern.match("/".join(parts[-text.strip("/").count("/") - 1 :])) is not None
    return pattern.match(_value(name, publication)) is not None


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return (", ".join(names[:_SHOWN]) or "none") + more
