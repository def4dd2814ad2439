"""Plan to bring videos: an item for each, and no two with one name."""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from desktop.core.errors import NotFound
from desktop.core.gallery import PREFIX, Video
from desktop.core.media import Entry
from desktop.core.plan import Plan, PlannedItem, Request
from desktop.core.task import Brought
from desktop.studio.fates import Fates, blocked
from desktop.studio.gallery.names import lasting_path, told_apart
from desktop.transfer.names import fold, relative_target, shown


def plan_videos(
    videos: Sequence[Video],
    server: str,
    base: str,
    request: Request,
    brought: Sequence[Brought],
    unknown: Sequence[str] = (),
) -> Plan:
    """Return the plan that brings the videos, in their order. Nothing is touched.

    server: the web server's site name. base: the path of its API. brought: what tasks brought from galleries, the
    newest first; another server's sources are no paths of this one. unknown: ids that were asked for and are in no
    list; they are planned as blocked files, so that the rest still comes. Raises UsageError for an unknown conflict
    strategy.
    """
    fates = Fates(request.destination, request.conflict)
    owners = _owners(brought, request.destination)
    targets = _targets(videos, server, base, owners)
    items = []
    for video in videos:
        target = targets[video.id]
        file = Entry(lasting_path(base, video.id), size=video.bytes)
        planned = (fates.decide(file, partial(relative_target, [target])),)
        apart = "" if target == video.file_name else f"Saved as {target}: another video is called {video.file_name}"
        state = fates.state(planned)
        items.append(PlannedItem(PREFIX + server, label_of(video), planned, state=state, message=apart))
    items += [_unknown(video_id, server, base) for video_id in unknown]
    name = request.name or (items[0].label if len(items) == 1 else f"{len(items):,} videos of {server}")
    return Plan(replace(request, connection="", name=name), tuple(items), fates.free())


def whereabouts(
    videos: Sequence[Video],
    base: str,
    destination: Path | None,
    brought: Sequence[Brought],
) -> dict[str, Path]:
    """Return which videos lie whole on this machine: video id -> file.

    That is what a task brought and still has the size it came in, and what lies in the destination under a video's
    own name with the size the list tells, unless it came from another one.
    """
    by_source: dict[str, list[Brought]] = {}
    for one in brought:
        if one.arrived:
            by_source.setdefault(one.source, []).append(one)
    owners = {one.path: one.source for one in reversed(brought) if one.arrived}
    found: dict[str, Path] = {}
    for video in videos:
        source = lasting_path(base, video.id)
        for one in by_source.get(source, ()):
            # A file that another video has replaced since is that one's.
            if owners[one.path] == source and one.size is not None and _size(one.path) == one.size:
                found[video.id] = one.path
                break
        if video.id in found or destination is None or video.bytes is None:
            continue
        here = destination / video.file_name
        if owners.get(here, source) == source and _size(here) == video.bytes:
            found[video.id] = here
    return found


def missing(videos: Sequence[Video], base: str, destination: Path, brought: Sequence[Brought]) -> tuple[Video, ...]:
    """Return the videos that do not lie in the destination, in the size the list tells; elsewhere they may."""
    here = whereabouts(videos, base, destination, _brought_to(destination, brought))

    def is_here(video: Video) -> bool:
        path = here.get(video.id)
        return path is not None and (video.bytes is None or _size(path) == video.bytes)

    return tuple(video for video in videos if not is_here(video))


def label_of(video: Video) -> str:
    """Return what a video is called where people read of it."""
    return shown(video.project_name).strip() or f"Video {shown(video.id)}"


def _size(path: Path) -> int | None:
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_size if stat.S_ISREG(facts.st_mode) else None


def _owners(brought: Sequence[Brought], destination: Path) -> Mapping[str, str]:
    """Return who has which name in the destination: folded name -> lasting path of the video.

    A name whose file was deleted since is free again.
    """
    owners: dict[str, str] = {}
    for one in sorted(_brought_to(destination, brought), key=lambda one: not one.arrived):
        if not one.arrived or one.path.exists():
            owners.setdefault(fold(one.path.name), one.source)
    return owners


def _brought_to(destination: Path, brought: Sequence[Brought]) -> list[Brought]:
    """Return what was brought to the destination, or is to be. However a folder is spelled, it is the same one."""
    real = cache(os.path.realpath)
    here = real(destination)
    return [one for one in brought if real(one.path.parent) == here]


def _targets(videos: Sequence[Video], server: str, base: str, owners: Mapping[str, str]) -> dict[str, str]:
    """Return each video's name: its own, unless it is another's; then one with its id."""
    names: dict[str, str] = {}
    taken, here = dict(owners), frozenset(owners.values())
    # Who has a name here keeps it; of the others the first one gets it.
    for video in videos:
        source = lasting_path(base, video.id)
        if source in here:
            mine = [name for name in _wishes(video, server, source) if owners.get(fold(name)) == source]
            if mine:
                names[video.id] = mine[-1]
    for video in videos:
        if video.id not in names:
            source = lasting_path(base, video.id)
            name = next(name for name in _wishes(video, server, source) if taken.get(fold(name), source) == source)
            names[video.id], taken[fold(name)] = name, source
    return names


def _wishes(video: Video, server: str, source: str) -> Iterator[str]:
    """Yield what a video may be called, what it would best be called first."""
    yield video.file_name
    yield told_apart(video.file_name, video.id)
    yield told_apart(video.file_name, video.id, f"{server}\n{source}")


def _unknown(video_id: str, server: str, base: str) -> PlannedItem:
    error = NotFound(
        title=f"The gallery has no video {shown(video_id)}.",
        cause="Its list has no such id.",
        suggestion="See the ids there are with: shotdock gallery list",
    )
    return PlannedItem(
        PREFIX + server, f"Video {shown(video_id)}", (blocked(Entry(lasting_path(base, video_id)), error),)
    )
