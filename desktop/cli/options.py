"""Options several commands share, and how their values are read."""

import re
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from desktop.core.connection import Address
from desktop.core.errors import UsageError
from desktop.core.paths import at_home, is_file, whole_path
from desktop.core.plan import CustomVersions, Filters, Options, Order, Request, VersionStrategy
from desktop.core.units import parse_rate
from desktop.places import Places
from desktop.settings import Settings
from desktop.studio.shots.versions import LATEST_WORDS, wished_number
from desktop.transfer import conflicts  # noqa: F401  the strategies register themselves
from desktop.transfer.ports import CONFLICTS

F = TypeVar("F", bound=Callable[..., Any])


class Rate(click.ParamType[int | None]):
    """A transfer rate such as 800k or 1.5M, in bytes/s."""

    name = "rate"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        """Read the rate."""
        if isinstance(value, int):
            return value
        try:
            # 0 overrules a limit of the settings: a task without one of its own follows only the global limit.
            return parse_rate(value)
        except UsageError as error:
            self.fail(f"{error.title} {error.cause} {error.suggestion}", param, ctx)


class Conflict(click.ParamType[str]):
    """A registered conflict strategy; `keep-both` is read as `keep_both`."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the strategy's registered name."""
        name = str(value).lower().replace("-", "_")
        if name not in CONFLICTS:
            self.fail(f"{value!r} is not one of {', '.join(CONFLICTS.names())}.", param, ctx)
        return name


class Folder(click.ParamType[Path]):
    """A folder; an empty text is none, as a script's unset variable is: the current folder is spelled `.`."""

    name = "folder"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path as it was written."""
        if not str(value):
            self.fail("A folder's name is empty; the current folder is spelled '.'.", param, ctx)
        return Path(value)


FOLDER = Folder()


def filters(command: F) -> F:
    """Add the options that choose shots."""
    for name in ("department", "shot", "sequence", "episode", "project"):
        command = click.option(
            f"--{name}", multiple=True, metavar="GLOB", help=f"Take only this {name}; may be given again."
        )(command)
    return click.option(
        "--shots-from", type=click.Path(path_type=Path), metavar="FILE", help="Take the shots a file lists, one a line."
    )(command)


def transfer(command: F) -> F:
    """Add the options that say how files are brought."""
    options = (
        click.option("--conflict", type=Conflict(), metavar="NAME", help=f"If a file exists: {_conflicts()}."),
        click.option("--dry-run", is_flag=True, help="Print the plan and touch nothing."),
        click.option("--parallel", type=click.IntRange(1, 64), metavar="N", help="Connections to open at once."),
        click.option("--segments", type=click.IntRange(1, 64), metavar="N", help="Pieces to cut a large file into."),
        click.option(
            "--limit-rate", type=Rate(), metavar="RATE", help="Bytes a second at most, e.g. 800k or 1.5M; 0: no limit."
        ),
        click.option("--order", type=click.Choice([order.value for order in Order]), help="Which files come first."),
        click.option("--verify", is_flag=True, help="Read every file again after it arrived and compare."),
        click.option("--task-name", metavar="NAME", default="", help="What the task is called in lists."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def server(explained: str, *, required: bool) -> Callable[[F], F]:
    """Return what adds the options that say which web server, and as whom. explained: the help of --server."""

    def add(command: F) -> F:
        token = click.option("--token-stdin", is_flag=True, help="Read the token to log in with from standard input.")
        if required:
            where = click.option("--server", required=True, metavar="NAME|URL", help=explained)
        else:
            where = click.option("--server", default="", metavar="NAME|URL", help=explained)
        return where(token(command))

    return add


def _conflicts() -> str:
    return ", ".join(CONFLICTS.names())


def make_options(
    settings: Settings,
    parallel: int | None,
    segments: int | None,
    limit_rate: int | None,
    verify: bool,
    order: str | None,
) -> Options:
    """Return how a task is to run: as the options of `transfer` say, else as the settings do."""
    usual = settings.options
    order = order or usual.order
    return Options(parallel, segments or usual.segments, limit_rate, verify or usual.verify, Order(order))


def plain_request(
    settings: Settings,
    folder: Path,
    conflict: str | None,
    parallel: int | None,
    segments: int | None,
    limit_rate: int | None,
    verify: bool,
    order: str | None,
    name: str,
) -> Request:
    """Return what is asked for without a layout: into this folder, as the options of `transfer` or the settings say."""
    return Request(
        connection="",
        destination=folder,
        conflict=conflict or known_conflict(settings.conflict),
        options=make_options(settings, parallel, segments, limit_rate, verify, order),
        name=name,
    )


def make_filters(chosen: dict[str, tuple[str, ...]], shots_from: Path | None) -> Filters:
    """Return the filters of the options; raise UsageError if the shot list cannot be read."""
    if shots_from is not None:
        listed = tuple(text for _, text in read_lines(shots_from))
        if not listed:
            raise UsageError(title="The shot list is empty.", path=str(shots_from))
        chosen = {**chosen, "shot": (*chosen["shot"], *listed)}
    return Filters(
        project=chosen["project"],
        episode=chosen["episode"],
        sequence=chosen["sequence"],
        shot=chosen["shot"],
        department=chosen["department"],
    )


def parse_version(text: str) -> tuple[VersionStrategy, str | None, CustomVersions]:
    """Read `latest`, `all`, `vNNN` or `@FILE` into (strategy, specific version, custom table)."""
    if text.startswith("@"):
        return VersionStrategy.CUSTOM, None, read_custom(Path(text[1:]))
    if text.lower() in (VersionStrategy.LATEST, VersionStrategy.ALL):
        return VersionStrategy(text.lower()), None, {}
    if wished_number(text) is None:
        raise UsageError(
            title=f"{text!r} is not a version.",
            suggestion="Write latest, all, a version such as v005, or @FILE with lines 'SHOT DEPARTMENT VERSION'.",
        )
    return VersionStrategy.SPECIFIC, text, {}


def read_custom(path: Path) -> CustomVersions:
    """Read a table of lines 'SHOT DEPARTMENT VERSION'; raise UsageError naming the line that is wrong."""
    table: CustomVersions = {}
    for number, text in read_lines(path):
        words = text.rsplit(None, 2)
        if len(words) != 3:
            raise _bad_line(path, number, f"{text!r} is not 'SHOT DEPARTMENT VERSION'.")
        shot, department, version = words
        if wished_number(version) is None and version.lower() not in LATEST_WORDS:
            raise _bad_line(path, number, f"{version!r} is not a version such as v005.")
        if (shot, department) in table:
            raise _bad_line(path, number, f"{shot} {department} is listed twice.")
        table[shot, department] = version
    if not table:
        raise UsageError(title="The version table is empty.", path=str(path))
    return table


def read_lines(path: Path) -> list[tuple[int, str]]:
    """Return (line number, text) of every line that is neither empty nor a # comment; `-` is standard input.

    Raises UsageError if it cannot be read.
    """
    try:
        text = (sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()).decode("utf-8-sig")
    except OSError as error:
        raise UsageError(
            title="The list cannot be read.",
            cause=f"{error.strerror}.",
            suggestion="Check its path and that you may read it.",
            path=str(path),
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(
            title="The list is not UTF-8 text.", cause=str(error), suggestion="Save it as UTF-8.", path=str(path)
        ) from error
    # Not splitlines: a name may hold what that takes for the end of one besides.
    stripped = ((number, line.strip()) for number, line in enumerate(re.split(r"\r\n?|\n", text), 1))
    return [(number, line) for number, line in stripped if line and not line.startswith("#")]


def _bad_line(path: Path, number: int, cause: str) -> UsageError:
    return UsageError(title=f"Line {number} of the version table cannot be read.", cause=cause, path=str(path))


def in_clear_words(address: Address) -> str:
    """Return the warning about an address whose password goes for anybody on the way to read."""
    return f"{address.origin} is not encrypted: the password, and every file, can be read by anybody on the way."


def last_folder(destination: str) -> Path:
    """Return DEST, the last of several arguments, as an absolute path; raise UsageError for a URL or a file."""
    if "://" in destination:
        raise click.UsageError("The last argument is DEST, a local folder; this is a URL.")
    return local_folder(FOLDER.convert(destination, None, None))


def local_folder(path: Path) -> Path:
    """Return a destination as an absolute path; raise UsageError if it is a file or may not be looked at."""
    folder = whole_path(path)
    try:
        found = folder.stat()
    except (FileNotFoundError, NotADirectoryError):
        return folder  # whether it can be made shows when something goes there
    except OSError as error:
        raise UsageError(
            title="The destination cannot be looked at.",
            cause=f"{error.strerror}.",
            suggestion="Choose a folder that can be there and that you may open.",
            path=str(folder),
        ) from error
    if not stat.S_ISDIR(found.st_mode):
        raise UsageError(
            title="The destination is a file, not a folder.", suggestion="Name a folder.", path=str(folder)
        )
    return folder


def check_key(path: Path) -> None:
    """Raise UsageError unless a key file is seen there."""
    if not is_file(at_home(path)):
        raise UsageError(
            title="There is no such key file.", suggestion="Check its path and that you may read it.", path=str(path)
        )


def known_conflict(name: str) -> str:
    """Return the conflict strategy of the settings; raise UsageError, naming the known ones, if there is none."""
    part = name.replace("-", "_")
    CONFLICTS[part]
    return part


def layout_folders(settings: Settings, places: Places) -> tuple[Path, ...]:
    """Return the folders layouts are looked for in, besides those ShotDock brings."""
    return (places.layouts, *settings.layout_folders)
