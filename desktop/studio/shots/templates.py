"""Path templates: `{project}/{sequence?}/{shot}` and the like, made into something that matches folder by folder."""

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from desktop.transfer.names import NAME_MAX

SHOT_FIELDS = ("project", "episode", "sequence", "shot")
VERSION = "version"
FILE = "file"
DEPARTMENT = "department"
SHOT_PATH = "{shot_path}"
ANYTHING_BELOW = "..."

_TOKEN = re.compile(r"\{(\w*)(\??)\}|(\*)|([^{}*]+)|([{}])")


class BadTemplate(ValueError):
    """A template that cannot be read; the text says why and what to write instead."""


@dataclass(frozen=True, slots=True)
class Level:
    """One path component of a trail: a literal name, a whole field, or a pattern.

    text: as written. literal: the only name it matches, or None. field: the field that takes the whole name, or
    None. pattern: what the name has to match if it is neither; its named groups are fields.
    """

    text: str
    literal: str | None = None
    field: str | None = None
    pattern: re.Pattern[str] | None = None

    def match(self, name: str) -> dict[str, str] | None:
        """Return the fields a name gives, or None if it does not match, as none does that is no file's here.

        A pattern with several fields is tried at every way to divide a name: a server's name of 4,000 characters would
        take half a minute.
        """
        if len(name) > NAME_MAX:
            return None
        if self.literal is not None:
            return {} if name == self.literal else None
        if self.field is not None:
            return {self.field: name}
        found = self.pattern.fullmatch(name) if self.pattern is not None else None
        return found.groupdict() if found else None


@dataclass(frozen=True, slots=True)
class Trail:
    """One way from the root to a department's files, every optional level decided.

    levels: the components; the last one names files unless deep is true, then any file at any depth below
    belongs. shot_depth: how many levels lead to the shot's folder. fields: the shot fields it holds.
    """

    department: str
    levels: tuple[Level, ...]
    deep: bool
    shot_depth: int
    fields: frozenset[str]


def split(template: str) -> tuple[str, ...]:
    """Return a template's components; raise BadTemplate for an empty or dangerous one."""
    parts = tuple(template.strip().strip("/").split("/"))
    for part in parts:
        if part in ("", ".", ".."):
            raise BadTemplate(f"It holds an empty component or {part!r}. Write names divided by single slashes.")
    return parts


def fields_of(component: str) -> tuple[str, ...]:
    """Return the names of the fields in a component, in order."""
    return tuple(match[1] for match in _TOKEN.finditer(component) if match[1] is not None)


def is_optional(component: str) -> bool:
    """Tell whether the component is an optional level such as `{episode?}`."""
    return re.fullmatch(r"\{\w+\?\}", component) is not None


def variants(components: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the template with every choice of its optional levels, shortest first.

    Of two with equally many levels the one that keeps the levels further right comes first: one folder between
    project and shot is the sequence, not the episode.
    """
    optional = [index for index, part in enumerate(components) if is_optional(part)]
    found = []
    for count in range(len(optional) + 1):
        for kept in reversed(list(itertools.combinations(optional, count))):
            left_out = set(optional) - set(kept)
            found.append(tuple(p.replace("?}", "}") for i, p in enumerate(components) if i not in left_out))
    return found


def level(
    component: str,
    patterns: Mapping[str, str],
    known: frozenset[str] = frozenset(SHOT_FIELDS),
    values: Mapping[str, str] | None = None,
) -> Level:
    """Read one component.

    patterns: field -> regular expression. known: the fields that may stand here. values: fields whose text is
    known already; they match that text only. Raises BadTemplate.
    """
    given = {name: text for name, text in (values or {}).items() if f"{{{name}}}" in component}
    return _level(component, tuple(sorted(patterns.items())), known, tuple(sorted(given.items())))


@lru_cache(maxsize=4096)
def _level(
    component: str, patterns: tuple[tuple[str, str], ...], known: frozenset[str], values: tuple[tuple[str, str], ...]
) -> Level:
    rules, given = dict(patterns), dict(values)
    written: list[str] = []
    plain: list[str] | None = []
    seen: list[str] = []
    for name, optional, star, text, stray in (match.groups() for match in _TOKEN.finditer(component)):
        if stray:
            raise BadTemplate(f"{component!r} has a brace without its partner. Write fields as {{shot}}.")
        if optional:
            raise BadTemplate(f"Only a whole level can be optional: write {{{name}?}} alone between two slashes.")
        if name is not None and name not in known:
            raise BadTemplate(f"{{{name}}} is not a field here. Use {_listed(known)}.")
        known_text = given.get(name or "", text)
        if known_text is not None:
            written.append(re.escape(known_text))
            if plain is not None:
                plain.append(known_text)
            continue
        plain = None
        if star:
            written.append(".*")
        elif name in seen:
            written.append(f"(?P={name})")
        else:
            written.append(f"(?P<{name}>{rules.get(name, '.+')})")
            seen.append(name)
    if plain is not None:
        return Level(component, literal="".join(plain))
    if seen and component == f"{{{seen[0]}}}" and seen[0] not in rules:
        return Level(component, field=seen[0])
    return Level(component, pattern=re.compile("".join(written), re.DOTALL))


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names))
