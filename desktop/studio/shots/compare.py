"""Compare a structure with a local folder: per shot and department, what is there and what is here.

Files are compared by name and size. The latest version is the highest that is whole on the server; the local one is
the highest of which any file is here.
"""

from collections.abc import Callable
from pathlib import Path

from desktop.core.errors import HostileName, NameTooLong, Stopped
from desktop.core.media import Compared, Publication, ShotState, Structure, Version
from desktop.core.plan import Filters
from desktop.studio.disk import Disk
from desktop.studio.shots.filters import filtered
from desktop.studio.shots.local import LocalVersion, Places, local_versions
from desktop.studio.shots.naming import Layout
from desktop.studio.shots.sequences import FrameSequence, group, missing, shorter, summary
from desktop.studio.shots.versions import labels


def compare(
    structure: Structure,
    layout: Layout,
    destination: Path,
    filters: Filters = Filters(),
    stopped: Callable[[], bool] = lambda: False,
) -> list[Compared]:
    """Return a row for every publication the filters take, in the structure's order. Raise Stopped."""
    disk = Disk(destination)
    places = Places(layout, structure.root)
    rows = []
    for publication in filtered(structure.publications, filters):
        if stopped():
            raise Stopped
        rows.append(_row(publication, layout, disk, places))
    return rows


def _row(publication: Publication, layout: Layout, disk: Disk, places: Places) -> Compared:
    latest = publication.latest
    here = local_versions(layout, disk, publication)
    absent, differing = _lacking(latest, disk, places) if latest else (0, 0)
    state, reason = _state(publication, here, absent, differing)
    sequences = group(latest.files) if latest else []
    notes = [reason, _less_than_before(publication, sequences)]
    return Compared(
        publication=publication,
        available_versions=tuple(version.label for version in publication.versions if not version.uploading),
        latest_version=latest.label if latest else None,
        local_versions=tuple(version.label for version in here),
        local_version=here[-1].label if here else None,
        state=state,
        files=len(latest.files) if latest else 0,
        bytes=latest.bytes if latest else 0,
        local_files=len(latest.files) - absent - differing if latest else 0,
        frames=summary(sequences),
        missing=missing(sequences),
        changed=max((file.mtime for file in latest.files if file.mtime is not None), default=None) if latest else None,
        reason="; ".join(note for note in notes if note),
    )


def _state(
    publication: Publication, here: tuple[LocalVersion, ...], absent: int, differing: int
) -> tuple[ShotState, str]:
    """Return the state and the reason for it. absent, differing: files of the latest version not or not whole here."""
    latest = publication.latest
    local = here[-1] if here else None
    uploading = [v for v in publication.versions if v.uploading and (latest is None or v.number > latest.number)]
    coming = f"{labels(uploading)} still uploading" if uploading else ""
    if latest is None:
        return ShotState.STILL_UPLOADING, coming
    if local is None:
        return ShotState.NEW, _joined("nothing of it is here", coming)
    if local.number < latest.number:
        return ShotState.UPDATE, _joined(f"{local.label} is here, {latest.label} on the server", coming)
    if local.number > latest.number and not any(version.number == local.number for version in uploading):
        return ShotState.LOCAL_NEWER, f"{local.label} is here, {latest.label} is the latest on the server"
    if uploading:
        return ShotState.STILL_UPLOADING, coming
    if absent or differing:
        counts = [f"{absent:,} not here" if absent else "", f"{differing:,} of another size" if differing else ""]
        return ShotState.INCOMPLETE, f"of {len(latest.files):,} files {_joined(*counts)}"
    return ShotState.UP_TO_DATE, ""


def _lacking(version: Version, disk: Disk, places: Places) -> tuple[int, int]:
    """Return how many of a version's files are not here, and how many are here with another size."""
    absent = differing = 0
    for file in version.files:
        try:
            facts = disk.facts(places.target(file))
        except (HostileName, NameTooLong):
            facts = None  # it cannot be here; the plan says so and why
        if facts is None:
            absent += 1
        elif None not in (facts.size, file.size) and facts.size != file.size:
            differing += 1
    return absent, differing


def _less_than_before(publication: Publication, sequences: list[FrameSequence]) -> str:
    """Return where the latest version has fewer frames than the whole one before it, in words."""
    latest = publication.latest
    before = [v for v in publication.versions if latest and v.number < latest.number and not v.uploading]
    if not sequences or not before or latest is None:
        return ""
    return shorter(sequences, latest.label, group(before[-1].files), before[-1].label)


def _joined(*texts: str) -> str:
    return ", ".join(text for text in texts if text)
