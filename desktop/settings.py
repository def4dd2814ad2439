"""What a person or a studio has chosen: defaults, then the site file, the user's file, the environment.

The user's file is JSON and written by ShotDock; the site file is TOML, written by the studio and only read:

    layouts = ["layouts"]              # folders of layout files, relative to this file
    locked = ["conflict"]              # settings nobody may change

    [settings]
    conflict = "compare"
    limit_rate = "200M"

    [connections.VEGA]
    url = "sftp://render.example/projects"
    layout = "default"                 # also: identity, max_connections
"""

import json
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from desktop.core.connection import Connection, parse_connection
from desktop.core.errors import TargetUnwritable, UsageError
from desktop.core.plan import Options, Order, VersionStrategy
from desktop.core.units import parse_rate
from desktop.places import Places, write_private

THEMES = ("system", "light", "dark")
CHANGED = "changed here"
"""What `origin` says of a value that came from no file: it was changed since the start."""
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True, slots=True)
class Layer:
    """One origin of values: its name in words, the values it gives, and whether the user may write there."""

    name: str
    values: Mapping[str, object]
    own: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting. Making one (also by `dataclasses.replace`) raises UsageError, naming the key, for a bad value.

    parallel: lanes per site, or None for what its protocol profits from. segments: pieces a large file is cut
    into, or None. tasks_at_once: tasks that run side by side on one server; those on other servers are not held up by
    them. limit_rate: bytes/s over all tasks, or None.
    destination: what a new task begins with, or "". layers, locked: where values came from and which are the
    studio's to decide; see `origin`.
    """

    parallel: int | None = None
    segments: int | None = None
    tasks_at_once: int = 2
    limit_rate: int | None = None
    verify: bool = False
    conflict: str = "skip"
    version_strategy: VersionStrategy = VersionStrategy.LATEST
    order: Order = Order.LISTED
    layout: str = "default"
    layout_folders: tuple[Path, ...] = ()
    destination: str = ""
    theme: str = "dark"
    notify: bool = True
    log_level: str = "INFO"
    layers: tuple[Layer, ...] = field(default=(), repr=False, compare=False)
    locked: frozenset[str] = field(default=frozenset(), repr=False, compare=False)

    def __post_init__(self) -> None:
        for key, check in _CHECKS.items():
            object.__setattr__(self, key, check(key, getattr(self, key)))
        for key in self.locked:
            if getattr(self, key) != self._given(key)[1]:
                raise UsageError(
                    title=f"The setting {key} is fixed by the studio.",
                    cause=f"{self._given(key)[0]} sets it to {_plain(self._given(key)[1])!r} and locks it.",
                    suggestion="Ask whoever keeps that file.",
                )

    @property
    def options(self) -> Options:
        """Return how a new task is to run, unless somebody says otherwise."""
        return Options(segments=self.segments, verify=self.verify, order=self.order)

    def origin(self, key: str) -> str:
        """Return in words where the value of `key` came from, e.g. `environment SHOTDOCK_PARALLEL`."""
        name, value = self._given(key)
        return name if getattr(self, key) == value else CHANGED

    def _given(self, key: str) -> tuple[str, object]:
        """Return the layer that decides the key, and its value."""
        for layer in reversed(self.layers):
            if key in layer.values:
                return layer.name, layer.values[key]
        return "default", _DEFAULTS[key]


def _whole(least: int, most: int, *, optional: bool = False) -> Callable[[str, object], object]:
    def check(key: str, value: object) -> object:
        if value is None and optional:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise _bad(key, value, f"a whole number from {least} to {most}{' or nothing' if optional else ''}")
        return value

    return check


def _one_of(*choices: str) -> Callable[[str, object], object]:
    def check(key: str, value: object) -> object:
        if value not in choices:
            raise _bad(key, value, f"one of {', '.join(choices)}")
        return value

    return check


def _text(key: str, value: object) -> object:
    if not isinstance(value, str):
        raise _bad(key, value, "text")
    return value


def _name(key: str, value: object) -> object:
    if not isinstance(value, str) or not value:
        raise _bad(key, value, "a name")
    return value


def _switch(key: str, value: object) -> object:
    if not isinstance(value, bool):
        raise _bad(key, value, "true or false")
    return value


def _rate(key: str, value: object) -> object:
    if isinstance(value, str):
        try:
            return parse_rate(value)
        except UsageError as error:
            raise _bad(key, value, f"bytes a second such as 800k, 1.5M or 2G, 0 for no limit: {error.title}") from None
    return _whole(1, 1 << 60, optional=True)(key, value)


def _value_of(words: type[StrEnum]) -> Callable[[str, object], object]:
    def check(key: str, value: object) -> object:
        try:
            return words(str(value))
        except ValueError:
            raise _bad(key, value, f"one of {', '.join(words)}") from None

    return check


def _folders(key: str, value: object) -> object:
    if not isinstance(value, list | tuple) or not all(isinstance(folder, str | Path) for folder in value):
        raise _bad(key, value, "a list of folders")
    return tuple(Path(folder).expanduser() for folder in value)


_CHECKS: dict[str, Callable[[str, object], object]] = {
    "parallel": _whole(1, 64, optional=True),
    "segments": _whole(1, 64, optional=True),
    "tasks_at_once": _whole(1, 16),
    "limit_rate": _rate,
    "verify": _switch,
    "conflict": _name,
    "version_strategy": _value_of(VersionStrategy),
    "order": _value_of(Order),
    "layout": _name,
    "layout_folders": _folders,
    "destination": _text,
    "theme": _one_of(*THEMES),
    "notify": _switch,
    "log_level": _one_of(*LOG_LEVELS),
}
"""What each setting accepts; a check returns the value in the form Settings keeps."""
_DEFAULTS = {f.name: f.default for f in fields(Settings) if f.name in _CHECKS}
_ENVIRONMENT: dict[str, Callable[[str], object]] = {
    "parallel": int,
    "tasks_at_once": int,
    "limit_rate": str,
    "conflict": str,
    "layout": str,
    "theme": str,
    "log_level": str.upper,
}
"""Settings that `SHOTDOCK_<KEY>` overrides, and how the text is read."""


def load(places: Places, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; missing files are no fault.

    Raises UsageError, naming file and key, for anything that cannot be read, a missing site file included.
    """
    layers = []
    locked: frozenset[str] = frozenset()
    if places.site is not None:
        site = _read_site(places.site)
        layers.append(_layer(f"site file {places.site}", _table(site, "settings", places.site)))
        if "layouts" in site:
            folders = _in_file(places.site, lambda: _folders("layouts", site["layouts"]))
            assert isinstance(folders, tuple)
            given = {"layout_folders": tuple(places.site.parent / folder for folder in folders)}
            layers.append(Layer(f"site file {places.site}", given))
        locked = _locked(site, places.site)
    user = _layer(f"settings file {places.settings}", _read_user(places.settings), own=True)
    # What the studio locks, no later layer decides.
    layers += [
        replace(layer, values={key: value for key, value in layer.values.items() if key not in locked})
        for layer in (user, *_from_environment(environment))
    ]
    values: dict[str, Any] = {}
    for layer in layers:
        values |= layer.values
    return Settings(**values, layers=tuple(layers), locked=locked)


def save(settings: Settings, places: Places) -> None:
    """Write what the user chose to the user's file: whole or not at all; 0600.

    What the site file, the environment or the defaults decided is left to them. Raises TargetUnwritable.
    """
    own: Mapping[str, object] = next((layer.values for layer in settings.layers if layer.own), {})
    chosen = {}
    for key in _CHECKS:
        value = getattr(settings, key)
        if settings.origin(key) == CHANGED:
            chosen[key] = _plain(value)
        elif key in own:  # also where the environment hides it for this one run
            chosen[key] = _plain(own[key])
    try:
        write_private(places.settings, json.dumps(chosen, indent=2, ensure_ascii=False) + "\n")
    except OSError as error:
        raise TargetUnwritable(
            title="The settings cannot be saved.",
            cause=f"{error.strerror or error}.",
            suggestion="Make the folder writable, or name another one in SHOTDOCK_HOME.",
            path=str(places.settings),
        ) from error


def site_connections(places: Places) -> tuple[Connection, ...]:
    """Return the connections the site file defines, in its order. Raises UsageError naming the bad one."""
    if places.site is None:
        return ()
    table = _table(_read_site(places.site), "connections", places.site)
    return tuple(_connection(name, entry, places.site) for name, entry in table.items())


def _connection(name: str, entry: object, site: Path) -> Connection:
    where = f"connections.{name}"
    kinds: dict[str, type] = {"url": str, "layout": str, "identity": str, "max_connections": int}
    if not isinstance(entry, dict):
        raise _bad_site(site, where, "It is not a table.")
    for key, value in entry.items():
        if key not in kinds:
            raise _bad_site(site, f"{where}.{key}", f"Known keys: {', '.join(kinds)}.")
        if not isinstance(value, kinds[key]) or isinstance(value, bool):
            raise _bad_site(site, f"{where}.{key}", f"It is not {'text' if kinds[key] is str else 'a number'}.")
    if "url" not in entry:
        raise _bad_site(site, f"{where}.url", "It is missing.")
    connection: Connection
    connection, password = _in_file(site, lambda: parse_connection(name, **entry), where)
    if password is not None:
        raise _bad_site(site, f"{where}.url", "It carries a password, which every user of the file could read.")
    return connection


def _read_site(site: Path) -> dict[str, object]:
    try:
        content = tomllib.loads(site.read_text("utf-8-sig"))
    except OSError as error:
        raise _bad_site(site, "", f"{error.strerror or error}.") from error
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError both are
        raise _bad_site(site, "", f"{error}.") from error
    for key in content:
        if key not in ("settings", "connections", "layouts", "locked"):
            raise _bad_site(site, key, "Known keys: settings, connections, layouts, locked.")
    return content


def _read_user(path: Path) -> Mapping[str, object]:
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise _bad_file(path, "", f"{error}.") from error
    try:
        content = json.loads(text)
    except ValueError as error:
        raise _bad_file(path, "", f"{error}.") from error
    if not isinstance(content, dict):
        raise _bad_file(path, "", "It is not a table of settings.")
    return content


def _layer(name: str, values: Mapping[str, object], own: bool = False) -> Layer:
    """Check a file's values and return them as a layer."""
    checked = {}
    for key, value in values.items():
        if key not in _CHECKS:
            raise UsageError(
                title=f"The {name} has an unknown setting: {key}.",
                cause=f"Known: {', '.join(_CHECKS)}.",
                suggestion="Correct or remove it.",
            )
        checked[key] = _named(name, _CHECKS[key], key, value)
    return Layer(name, checked, own)


def _from_environment(environment: Mapping[str, str]) -> list[Layer]:
    layers = []
    for key, read in _ENVIRONMENT.items():
        variable = f"SHOTDOCK_{key.upper()}"
        text = environment.get(variable, "")
        if text:
            try:
                value = read(text)
            except ValueError:
                raise _bad(variable, text, "a whole number") from None
            layers.append(Layer(f"environment {variable}", {key: _named(variable, _CHECKS[key], key, value)}))
    return layers


def _locked(site: Mapping[str, object], path: Path) -> frozenset[str]:
    names = site.get("locked", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _bad_site(path, "locked", "It is not a list of settings.")
    for name in names:
        if name not in _CHECKS:
            raise _bad_site(path, f"locked: {name}", f"Known settings: {', '.join(_CHECKS)}.")
    return frozenset(names)


def _table(site: Mapping[str, object], key: str, path: Path) -> dict[str, object]:
    table = site.get(key, {})
    if not isinstance(table, dict):
        raise _bad_site(path, key, "It is not a table.")
    return table


def _named(name: str, check: Callable[[str, object], object], key: str, value: object) -> object:
    """Check a value; a complaint says which file or variable it is about."""
    try:
        return check(key, value)
    except UsageError as error:
        raise UsageError(error.title, f"{error.cause} It comes from: {name}.".strip(), error.suggestion) from None


def _in_file(site: Path, read: Callable[[], Any], where: str = "layouts") -> Any:
    try:
        return read()
    except UsageError as error:
        raise _bad_site(site, where, f"{error.title} {error.cause}".strip()) from None


def _plain(value: object) -> object:
    """Return a value as JSON spells it."""
    if isinstance(value, tuple):
        return [str(part) for part in value]
    return str(value) if isinstance(value, StrEnum) else value


def _bad(key: str, value: object, wanted: str) -> UsageError:
    return UsageError(
        title=f"The setting {key} cannot be {_plain(value)!r}.",
        cause=f"It takes {wanted}.",
        suggestion="Correct it, or remove it to get the default.",
    )


def _bad_file(path: Path, key: str, cause: str) -> UsageError:
    return UsageError(
        title=f"The settings file cannot be read{f' at {key}' if key else ''}.",
        cause=cause,
        suggestion="Correct it, or move it away to start with the defaults.",
        path=str(path),
    )


def _bad_site(path: Path, key: str, cause: str) -> UsageError:
    return UsageError(
        title=f"The studio's site file cannot be used{f' at {key}' if key else ''}.",
        cause=cause,
        suggestion=f"Correct {path}, or unset SHOTDOCK_SITE to work without it.",
        path=str(path),
    )
