"""What the create bar asks for: which rows, which versions, how much that is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from desktop.core.media import Compared, Publication, ShotState, Structure, Version
from desktop.core.plan import CustomVersions, Options, Request, VersionStrategy

WORTH = frozenset({ShotState.NEW, ShotState.UPDATE, ShotState.INCOMPLETE})
"""States a download is offered for when nothing is selected."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A request in the making. specific: a version label or ""."""

    rows: tuple[Compared, ...]
    strategy: VersionStrategy = VersionStrategy.LATEST
    specific: str = ""
    conflict: str = "skip"


@dataclass(frozen=True, slots=True)
class Amount:
    """How much a wish is before the plan knows better."""

    items: int = 0
    files: int = 0
    bytes: int = 0


def wanted(selected: Sequence[Compared], shown: Sequence[Compared], strategy: VersionStrategy) -> tuple[Compared, ...]:
    """Return the rows a download means: the selected ones, or of those shown whatever is worth fetching.

    With a version strategy that asks for other than the latest, every row shown is meant.
    """
    if selected:
        return tuple(selected)
    if strategy is VersionStrategy.LATEST:
        return tuple(row for row in shown if row.state in WORTH)
    return tuple(shown)


def amount(wish: Wish, custom: CustomVersions) -> Amount:
    """Count items, files and bytes of a wish."""
    items = files = size = 0
    for row in wish.rows:
        if wish.strategy is VersionStrategy.LATEST:
            if row.latest_version is not None:
                items, files, size = items + 1, files + row.files, size + row.bytes
            continue
        for version in _versions(row.publication, wish, custom):
            items, files, size = items + 1, files + len(version.files), size + version.bytes
    return Amount(items, files, size)


def trimmed(structure: Structure, rows: Sequence[Compared]) -> Structure:
    """Return the structure with nothing but these rows: a plan of it is a plan of exactly the selection."""
    names = {(row.key, row.department) for row in rows}
    kept = tuple(p for p in structure.publications if (p.key, p.department) in names)
    return replace(structure, publications=kept)


def request(
    wish: Wish,
    connection: str,
    destination: Path,
    custom: CustomVersions,
    name: str,
    options: Options = Options(),
) -> Request:
    """Return the request for a wish."""
    return Request(
        connection=connection,
        destination=destination,
        version_strategy=wish.strategy,
        specific_version=wish.specific or None if wish.strategy is VersionStrategy.SPECIFIC else None,
        custom=dict(custom) if wish.strategy is VersionStrategy.CUSTOM else {},
        conflict=wish.conflict,
        options=options,
        name=name,
    )


def task_name(wish: Wish, connection: str) -> str:
    """Return a name a person recognises: project or shots, strategy, departments."""
    projects = sorted({row.key.project for row in wish.rows if row.key.project})
    shots = sorted({row.key.shot for row in wish.rows})
    departments = sorted({row.department for row in wish.rows})
    if len(shots) <= 3:
        where = ", ".join(shots)
    elif len(projects) == 1:
        where = f"{projects[0]} ({len(shots)} shots)"
    else:
        where = f"{connection} ({len(shots)} shots)"
    version = wish.specific if wish.strategy is VersionStrategy.SPECIFIC else wish.strategy.value
    return f"{where} {version} {', '.join(departments[:3])}"


def _versions(publication: Publication, wish: Wish, custom: CustomVersions) -> tuple[Version, ...]:
    if wish.strategy is VersionStrategy.ALL:
        return tuple(version for version in publication.versions if not version.uploading)
    if wish.strategy is VersionStrategy.SPECIFIC:
        found = publication.version(wish.specific) if wish.specific else None
        return (found,) if found else ()
    label = custom.get((publication.key.label, publication.department))
    if label == "":
        return ()
    chosen = publication.version(label) if label else publication.latest
    return (chosen,) if chosen else ()
