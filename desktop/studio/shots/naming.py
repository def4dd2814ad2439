"""A layout: the naming convention that turns server paths into shots, departments and versions."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from desktop.core.media import ShotKey
from desktop.studio.shots.templates import (
    DEPARTMENT,
    SHOT_FIELDS,
    VERSION,
    Level,
    Trail,
    level,
)
from desktop.transfer.names import local_name

MOST_DIGITS = 18
"""Digits a version number may have; what is longer is a date, a hash or a trap, not a version."""


@dataclass(frozen=True, slots=True)
class Step:
    """A folder's place on a trail: how many of its levels are behind, and the fields they gave."""

    trail: Trail
    index: int
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Match:
    """What a file's path says: shot, department, version, and its path below the version (`rest`).

    shot_parts: how many leading components of the path make up the shot's folder.
    """

    key: ShotKey
    department: str
    version: str
    number: int
    shot_parts: int
    rest: str


@dataclass(frozen=True, slots=True)
class VersionRule:
    """A department's version pattern: a regular expression with one group, the number; case is ignored."""

    pattern: str
    compiled: re.Pattern[str] = field(repr=False, compare=False)

    def number(self, label: str) -> int | None:
        """Return the label's number, or None if it is no version of this department."""
        found = self.compiled.fullmatch(label)
        return int(found[1]) if found and 0 < len(found[1]) <= MOST_DIGITS else None


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout, read and checked.

    trails: every way a department's files can lie below the root, in the order they are tried. versions:
    department -> its version pattern. local: components of the local template, or () where the server's tree is
    kept.
    """

    name: str
    description: str
    trails: tuple[Trail, ...]
    versions: Mapping[str, VersionRule]
    local: tuple[str, ...] = ()

    @property
    def departments(self) -> tuple[str, ...]:
        """Return the departments' names in the layout's order."""
        return tuple(self.versions)

    def start(self) -> tuple[Step, ...]:
        """Return the root's place."""
        return tuple(Step(trail, 0, {}) for trail in self.trails)

    def down(self, steps: tuple[Step, ...], name: str) -> tuple[Step, ...]:
        """Return the place of the folder `name` below a place; empty if the layout cannot match anything there."""
        found = []
        for step in steps:
            trail, index = step.trail, step.index
            if index == len(trail.levels):
                found.append(step)  # below a version folder: any depth belongs to it
            elif index < len(trail.levels) - (not trail.deep):
                given = trail.levels[index].match(name)
                if given is not None and (fields := self._joined(trail, step.fields, given)) is not None:
                    found.append(Step(trail, index + 1, fields))
        return tuple(found)

    def file(self, steps: tuple[Step, ...], name: str) -> tuple[Step, Mapping[str, str]] | None:
        """Return the step whose version the file `name` belongs to, with all fields, or None."""
        for step in steps:
            trail, index = step.trail, step.index
            if index == len(trail.levels):
                return step, step.fields
            if not trail.deep and index == len(trail.levels) - 1:
                given = trail.levels[index].match(name)
                if given is not None and (fields := self._joined(trail, step.fields, given)) is not None:
                    return step, fields
        return None

    def match(self, path: str, project: str = "") -> Match | None:
        """Read a file's path below the root; project: the project's name where no level of the layout tells it."""
        parts = path.split("/")
        steps = self.start()
        for name in parts[:-1]:
            steps = self.down(steps, name)
            if not steps:
                return None
        found = self.file(steps, parts[-1])
        if found is None:
            return None
        step, fields = found
        trail = step.trail
        below = len(trail.levels) if trail.deep else len(parts) - 1
        return Match(
            key=shot_key(fields, project),
            department=trail.department,
            version=fields[VERSION],
            number=self.versions[trail.department].number(fields[VERSION]) or 0,
            shot_parts=trail.shot_depth,
            rest="/".join(parts[below:]),
        )

    def local_trails(self, key: ShotKey, department: str) -> tuple[Trail, ...]:
        """Return where a shot's department lies under a destination, only versions and files left open.

        Raises HostileName, NameTooLong for a shot whose name no local folder may bear.
        """
        values = {**{name: getattr(key, name) for name in SHOT_FIELDS}, DEPARTMENT: department}
        there = {name for name in SHOT_FIELDS if values[name]}
        patterns = {VERSION: _version_pattern(self.versions[department])}
        if self.local:
            parts = [part for part in self.local[:-1] if not _absent(part, values)]
            return (Trail(department, _local_levels(parts, patterns, values), True, 0, frozenset(there)),)
        found: dict[tuple[Level, ...], Trail] = {}
        for trail in self.trails:
            # The project may be the root's own name, then no level of the trail holds it.
            if trail.department == department and there - {"project"} <= trail.fields <= there:
                levels = _local_levels([part.text for part in trail.levels], patterns, values)
                found.setdefault(levels, Trail(department, levels, trail.deep, trail.shot_depth, trail.fields))
        return tuple(found.values())

    def local_parts(self, match: Match) -> tuple[str, ...]:
        """Return a file's components under the destination as the local template asks for them."""
        values = {**{name: getattr(match.key, name) for name in SHOT_FIELDS}, VERSION: match.version}
        values[DEPARTMENT] = match.department
        parts = [part for part in self.local[:-1] if not _absent(part, values)]
        return (*(level(part, {}, PLACE_FIELDS, values).literal or "" for part in parts), *match.rest.split("/"))

    def _joined(self, trail: Trail, before: Mapping[str, str], given: dict[str, str]) -> Mapping[str, str] | None:
        """Return both sets of fields, or None if they contradict each other or the version is none."""
        if not given:
            return before
        label = given.get(VERSION)
        if label is not None and self.versions[trail.department].number(label) is None:
            return None
        for name, text in given.items():
            if before.get(name, text) != text:
                return None
        return {**before, **given}


PLACE_FIELDS = frozenset((*SHOT_FIELDS, VERSION, DEPARTMENT))
"""Fields that may stand in a department's path and, with `{file}`, in a local template."""


def shot_key(fields: Mapping[str, str], project: str = "") -> ShotKey:
    """Return the key that fields give."""
    return ShotKey(
        fields.get("project", project), fields.get("episode", ""), fields.get("sequence", ""), fields["shot"]
    )


def _version_pattern(rule: VersionRule) -> str:
    return f"(?ai:{rule.pattern})"


def _local_levels(parts: Sequence[str], patterns: Mapping[str, str], values: Mapping[str, str]) -> tuple[Level, ...]:
    """Bind what is known of a shot, as local names spell it."""
    bound = [level(part, patterns, PLACE_FIELDS, values) for part in parts]
    return tuple(
        Level(b.text, literal=local_name(b.literal))
        if b.literal is not None
        else level(b.text, patterns, PLACE_FIELDS, {name: local_name(text) for name, text in values.items() if text})
        for b in bound
    )


def _absent(component: str, values: Mapping[str, str]) -> bool:
    """Tell whether a component of the local template stands for nothing but a level this shot does not have."""
    return any(component == f"{{{name}}}" and not values[name] for name in SHOT_FIELDS)
