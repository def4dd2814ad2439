"""The studio's site file: TOML, only read, with settings, layouts and connections for everybody."""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from desktop.core.connection import Connection, parse_connection
from desktop.core.errors import UsageError
from desktop.places import Places
from desktop.settings.values import CHECKS


def site_connections(places: Places) -> tuple[Connection, ...]:
    """Return the connections the site file defines, in its order. Raises UsageError naming the bad one."""
    if places.site is None:
        return ()
    entries = table(read_site(places.site), "connections", places.site)
    return tuple(_connection(name, entry, places.site) for name, entry in entries.items())


def _connection(name: str, entry: object, site: Path) -> Connection:
    where = f"connections.{name}"
    kinds: dict[str, type] = {"url": str, "layout": str, "identity": str, "max_connections": int}
    if not isinstance(entry, dict):
        raise bad_site(site, where, "It is not a table.")
    for key, value in entry.items():
        if key not in kinds:
            raise bad_site(site, f"{where}.{key}", f"Known keys: {', '.join(kinds)}.")
        if not isinstance(value, kinds[key]) or isinstance(value, bool):
            raise bad_site(site, f"{where}.{key}", f"It is not {'text' if kinds[key] is str else 'a number'}.")
    if "url" not in entry:
        raise bad_site(site, f"{where}.url", "It is missing.")
    connection: Connection
    connection, password = in_file(site, lambda: parse_connection(name, **entry), where)
    if password is not None:
        raise bad_site(site, f"{where}.url", "It carries a password, which every user of the file could read.")
    return connection


def read_site(site: Path) -> dict[str, object]:
    """Return the site file's tables. Raises UsageError, naming the file and the bad key."""
    try:
        content = tomllib.loads(site.read_text("utf-8-sig"))
    except OSError as error:
        raise bad_site(site, "", f"{error.strerror or error}.") from error
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError both are
        raise bad_site(site, "", f"{error}.") from error
    for key in content:
        if key not in ("settings", "connections", "layouts", "locked"):
            raise bad_site(site, key, "Known keys: settings, connections, layouts, locked.")
    return content


def locked_names(site: Mapping[str, object], path: Path) -> frozenset[str]:
    """Return the settings nobody may change. Raises UsageError for one there is not."""
    names = site.get("locked", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise bad_site(path, "locked", "It is not a list of settings.")
    for name in names:
        if name not in CHECKS:
            raise bad_site(path, f"locked: {name}", f"Known settings: {', '.join(CHECKS)}.")
    return frozenset(names)


def table(site: Mapping[str, object], key: str, path: Path) -> dict[str, object]:
    """Return one table of the site file, an empty one where it has none."""
    table = site.get(key, {})
    if not isinstance(table, dict):
        raise bad_site(path, key, "It is not a table.")
    return table


def in_file(site: Path, read: Callable[[], Any], where: str = "layouts") -> Any:
    """Read something; a complaint says where in the site file it stands."""
    try:
        return read()
    except UsageError as error:
        raise bad_site(site, where, f"{error.title} {error.cause}".strip()) from None


def bad_site(path: Path, key: str, cause: str) -> UsageError:
    """Return the complaint about the site file. key: where in it, or ""."""
    return UsageError(
        title=f"The studio's site file cannot be used{f' at {key}' if key else ''}.",
        cause=cause,
        suggestion=f"Correct {path}, or unset SHOTDOCK_SITE to work without it.",
        path=str(path),
    )
