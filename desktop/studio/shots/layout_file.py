"""Reading a layout from its TOML file, with errors that name the file, the key and what to write."""

import re
import tomllib
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from desktop.core.errors import UsageError
from desktop.studio.shots.naming import PLACE_FIELDS, Layout, VersionRule
from desktop.studio.shots.templates import (
    ANYTHING_BELOW,
    DEPARTMENT,
    FILE,
    SHOT_FIELDS,
    SHOT_PATH,
    VERSION,
    BadTemplate,
    Trail,
    fields_of,
    is_optional,
    level,
    split,
    variants,
)

DEFAULT_VERSION = r"v(\d+)"
_KEYS = ("name", "description", "shot", "version", "local", "fields", "departments")
_DEPARTMENT_KEYS = ("path", "version")

T = TypeVar("T")


def read_layout(text: str, path: str, name: str) -> Layout:
    """Read a layout from TOML text.

    path: the file's name for errors. name: what to call it if the file does not say. Raises UsageError.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            title="This layout file is not valid TOML.",
            cause=f"{error}.",
            suggestion="Regular expressions go between single quotes, as in version = 'v(\\d+)'.",
            path=path,
        ) from None
    return _Reader(path, data).layout(name)


class _Reader:
    """Checks one file's keys in the order they are written about in the documentation."""

    def __init__(self, path: str, data: Mapping[str, object]) -> None:
        self._path = path
        self._data = data

    def layout(self, name: str) -> Layout:
        self._only(self._data, _KEYS, "")
        name = self._text("name", name)
        fields = self._fields()
        shots = [self._read("shot", template, self._shot) for template in self._texts(self._data, "shot", "shot")]
        tables = self._table(self._data, "departments", "departments")
        if not tables:
            raise self._error("departments", "There is no department.", "Write a table such as [departments.anim].")
        usual = self._text("version", DEFAULT_VERSION)
        rules: dict[str, VersionRule] = {}
        trails: list[Trail] = []
        for department, table in tables.items():
            key = f"departments.{department}"
            if not isinstance(table, dict):
                raise self._error(key, "It is not a table.", f'Write [{key}] and below it path = "...".')
            self._only(table, _DEPARTMENT_KEYS, f"{key}.")
            pattern = table.get("version", usual)
            rules[department] = self._version(f"{key}.version" if "version" in table else "version", pattern)
            patterns = {**fields, VERSION: f"(?ai:{rules[department].pattern})"}
            read = partial(self._trails, department=department, shots=shots, patterns=patterns)
            for template in self._texts(table, "path", f"{key}.path"):
                trails += self._read(f"{key}.path", template, read)
        # A shot nearer to the root is tried first; the order of the departments and templates decides the rest.
        trails.sort(key=lambda trail: trail.shot_depth)
        return Layout(name, self._text("description", ""), tuple(trails), rules, self._local())

    def _shot(self, template: str) -> tuple[str, ...]:
        parts = split(template)
        names = [name for part in parts for name in fields_of(part)]
        for name in names:
            if name not in SHOT_FIELDS:
                raise BadTemplate(f"{{{name}}} is not a level. Use {{project}}, {{episode}}, {{sequence}}, {{shot}}.")
        if "shot" not in names or any(part == "{shot?}" for part in parts):
            raise BadTemplate("It does not hold {shot}. Write for example {project}/{sequence?}/{shot}.")
        if "{shot}" not in parts[-1]:
            raise BadTemplate("The last component has to hold {shot}: what lies below belongs to the departments.")
        for part in parts:
            level(part.replace("?}", "}") if is_optional(part) else part, {})
        return parts

    def _trails(
        self, template: str, department: str, shots: list[tuple[str, ...]], patterns: Mapping[str, str]
    ) -> list[Trail]:
        parts = split(template)
        if parts[0] == SHOT_PATH:
            starts, rest = [start for shot in shots for start in variants(shot)], parts[1:]
        else:
            starts, rest = [()], parts
        if any("shot_path" in fields_of(part) for part in rest):
            raise BadTemplate(f"{SHOT_PATH} can only be the first component, followed by a slash.")
        deep = bool(rest) and rest[-1] == ANYTHING_BELOW
        rest = rest[:-1] if deep else rest
        if not any(VERSION in fields_of(part) for part in rest):
            raise BadTemplate("It does not hold {version}. Write for example {shot_path}/anim/publish/{version}/... .")
        if ANYTHING_BELOW in rest:
            raise BadTemplate("`...` can only be the last component.")
        if rest[-1] == f"{{{VERSION}}}" and not deep:
            raise BadTemplate("It ends with a version folder. Write /... behind it for the files below.")
        return [
            self._trail(department, (*start, *tail), len(start), deep, patterns)
            for start in starts
            for tail in variants(rest)
        ]

    def _trail(
        self, department: str, parts: tuple[str, ...], shot_depth: int, deep: bool, patterns: Mapping[str, str]
    ) -> Trail:
        levels = tuple(level(part, patterns, PLACE_FIELDS, {DEPARTMENT: department}) for part in parts)
        if not shot_depth:
            at = next((i for i, part in enumerate(parts) if "shot" in fields_of(part)), None)
            if at is None:
                raise BadTemplate("It holds neither {shot_path} nor {shot}.")
            # A folder such as {shot}_{version} is not the shot's own; the shot's is the one above.
            shot_depth = at if VERSION in fields_of(parts[at]) or at == len(parts) - 1 else at + 1
        fields = frozenset(name for part in parts for name in fields_of(part) if name in SHOT_FIELDS)
        return Trail(department, levels, deep, shot_depth, fields)

    def _local(self) -> tuple[str, ...]:
        template = self._text("local", "")
        return self._read("local", template, self._local_parts) if template else ()

    def _local_parts(self, template: str) -> tuple[str, ...]:
        parts = tuple(part.replace("?}", "}") if is_optional(part) else part for part in split(template))
        if parts[-1] != f"{{{FILE}}}" or any(FILE in fields_of(part) for part in parts[:-1]):
            raise BadTemplate("Its last component has to be {file}, and no other: the file below its version.")
        for needed in (VERSION, "shot", DEPARTMENT):
            if not any(needed in fields_of(part) for part in parts):
                raise BadTemplate(
                    f"It does not hold {{{needed}}}: files of several {needed}s would take each other's place."
                )
        for part in parts[:-1]:
            if "*" in part:
                raise BadTemplate("A local path cannot hold `*`: it says where files go.")
            level(part, {}, PLACE_FIELDS)
        return parts

    def _fields(self) -> dict[str, str]:
        found = {}
        for name, pattern in self._table(self._data, "fields", "fields").items():
            key = f"fields.{name}"
            if name not in SHOT_FIELDS:
                raise self._error(key, f"{name} is not a level.", f"Use {', '.join(SHOT_FIELDS)}.")
            compiled = self._pattern(key, pattern)
            if compiled.groups:
                raise self._error(key, "It holds a group.", "Write groups as (?:...).")
            found[name] = compiled.pattern
        return found

    def _version(self, key: str, pattern: object) -> VersionRule:
        self._pattern(key, pattern)
        compiled = self._pattern(key, f"(?ai:{pattern})")
        if compiled.groups != 1 or compiled.groupindex:
            raise self._error(
                key,
                f"{pattern!r} has {compiled.groups} groups.",
                "Put exactly one pair of parentheses, without a name, around the digits, as in 'v(\\d+)'.",
            )
        if compiled.fullmatch(""):
            raise self._error(key, f"{pattern!r} matches nothing at all too.", "Ask for one digit at least: 'v(\\d+)'.")
        if not re.search(r"\((?:\\d|\[0-9\])", str(pattern)):
            raise self._error(key, f"The group of {pattern!r} is no number.", "Put \\d+ in it, as in 'v(\\d+)'.")
        return VersionRule(str(pattern), compiled)

    def _pattern(self, key: str, pattern: object) -> re.Pattern[str]:
        if not isinstance(pattern, str) or not pattern or "/" in pattern:
            raise self._error(key, f"{pattern!r} is no pattern for a name.", "Write a regular expression without /.")
        try:
            return re.compile(pattern)
        except re.error as error:
            raise self._error(key, f"{pattern!r} is no regular expression: {error}.", "Correct it.") from None

    def _text(self, key: str, default: str) -> str:
        value = self._data.get(key, default)
        if not isinstance(value, str):
            raise self._error(key, f"{value!r} is not a text.", f'Write {key} = "..." .')
        return value

    def _texts(self, table: Mapping[str, object], name: str, key: str) -> list[str]:
        value = table.get(name)
        listed = value if isinstance(value, list) else [value]
        values = [text for text in listed if isinstance(text, str) and text.strip()]
        if not values or len(values) < len(listed):
            cause = "It is missing." if value is None else f"{value!r} is not a path template."
            raise self._error(key, cause, f'Write {name} = "..." with a template, or a list of them.')
        return values

    def _table(self, table: Mapping[str, object], name: str, key: str) -> dict[str, object]:
        value = table.get(name, {})
        if not isinstance(value, dict):
            raise self._error(key, f"{value!r} is not a table.", f"Write [{key}] on a line of its own.")
        return value

    def _only(self, table: Mapping[str, object], known: tuple[str, ...], prefix: str) -> None:
        for key in table:
            if key not in known:
                raise self._error(f"{prefix}{key}", "There is no such key.", f"Keys here are {', '.join(known)}.")

    def _read(self, key: str, template: str, read: Callable[[str], T]) -> T:
        try:
            return read(template)
        except BadTemplate as error:
            cause, _, hint = str(error).partition(". ")
            raise self._error(key, f"{template!r}: {cause.rstrip('.')}.", hint or "Correct the template.") from None

    def _error(self, key: str, cause: str, suggestion: str) -> UsageError:
        return UsageError(
            title=f"The layout's key {key!r} cannot be used.", cause=cause, suggestion=suggestion, path=self._path
        )
