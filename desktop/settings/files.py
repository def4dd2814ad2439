"""The settings' files: the user's JSON, written by ShotDock, under what site file and environment say."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from desktop.core.errors import TargetUnwritable, UsageError
from desktop.places import Places, write_private
from desktop.settings.checks import bad, folders, plain
from desktop.settings.site import in_file, locked_names, read_site, table
from desktop.settings.values import CHANGED, CHECKS, Layer, Settings

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
        site = read_site(places.site)
        layers.append(_layer(f"site file {places.site}", table(site, "settings", places.site)))
        if "layouts" in site:
            found = in_file(places.site, lambda: folders("layouts", site["layouts"]))
            assert isinstance(found, tuple)
            given = {"layout_folders": tuple(places.site.parent / folder for folder in found)}
            layers.append(Layer(f"site file {places.site}", given))
        locked = locked_names(site, places.site)
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
    for key in CHECKS:
        value = getattr(settings, key)
        if settings.origin(key) == CHANGED:
            chosen[key] = plain(value)
        elif key in own:  # also where the environment hides it for this one run
            chosen[key] = plain(own[key])
    try:
        write_private(places.settings, json.dumps(chosen, indent=2, ensure_ascii=False) + "\n")
    except OSError as error:
        raise TargetUnwritable(
            title="The settings cannot be saved.",
            cause=f"{error.strerror or error}.",
            suggestion="Make the folder writable, or name another one in SHOTDOCK_HOME.",
            path=str(places.settings),
        ) from error


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
        if key not in CHECKS:
            raise UsageError(
                title=f"The {name} has an unknown setting: {key}.",
                cause=f"Known: {', '.join(CHECKS)}.",
                suggestion="Correct or remove it.",
            )
        checked[key] = _named(name, CHECKS[key], key, value)
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
                raise bad(variable, text, "a whole number") from None
            layers.append(Layer(f"environment {variable}", {key: _named(variable, CHECKS[key], key, value)}))
    return layers


def _named(name: str, check: Callable[[str, object], object], key: str, value: object) -> object:
    """Check a value; a complaint says which file or variable it is about."""
    try:
        return check(key, value)
    except UsageError as error:
        raise UsageError(error.title, f"{error.cause} It comes from: {name}.".strip(), error.suggestion) from None


def _bad_file(path: Path, key: str, cause: str) -> UsageError:
    return UsageError(
        title=f"The settings file cannot be read{f' at {key}' if key else ''}.",
        cause=cause,
        suggestion="Correct it, or move it away to start with the defaults.",
        path=str(path),
    )
