"""Turn a request into a frozen plan: which versions, which files, and what becomes of each. Nothing is touched."""

from collections.abc import Callable
from functools import partial

from desktop.core.errors import Stopped, UsageError
from desktop.core.media import Publication, Structure
from desktop.core.plan import ItemState, Plan, PlannedItem, Request, VersionStrategy
from desktop.studio.fates import Fates
from desktop.studio.shots.filters import GONE, Sieve
from desktop.studio.shots.local import Places, local_versions
from desktop.studio.shots.naming import Layout
from desktop.studio.shots.order import ranked
from desktop.studio.shots.versions import LEAVE_OUT, pick


def plan(
    structure: Structure,
    layout: Layout,
    request: Request,
    stopped: Callable[[], bool] = lambda: False,
) -> Plan:
    """Return what the request comes to: an item for each publication and version, sorted as the structure is.

    A publication without the version asked for is a skipped item with a message; so is a filter or a row of the
    custom table that matches nothing. Raises UsageError for a strategy there is
    none of, or that lacks its version, Stopped.
    """
    if request.version_strategy is VersionStrategy.SPECIFIC and not request.specific_version:
        raise UsageError(
            title="No version was given.",
            cause="The strategy `specific` fetches one version for all shots.",
            suggestion="Say which, for example v012.",
        )
    fates = Fates(request.destination, request.conflict)
    places = Places(layout, structure.root)
    sieve = Sieve(request.filters)
    items: list[PlannedItem] = []
    for publication in structure.publications:
        if stopped():
            raise Stopped
        if sieve.takes(publication):
            items += _items(structure.connection, publication, layout, request, fates, places)
    notes = [*sieve.idle(structure.publications), *_idle_rows(structure, request)]
    items += [
        PlannedItem(structure.connection, label, (), state=ItemState.SKIPPED, message=why) for label, why in notes
    ]
    return Plan(request, tuple(items), fates.free())


def _items(
    site: str, publication: Publication, layout: Layout, request: Request, fates: Fates, places: Places
) -> list[PlannedItem]:
    versions, message = pick(publication, request.version_strategy, request.specific_version, request.custom)
    if not versions and not message:
        return []
    here = local_versions(layout, fates.disk, publication)
    latest = publication.latest
    item = partial(
        PlannedItem,
        site,
        key=publication.key,
        department=publication.department,
        available_versions=tuple(version.label for version in publication.versions if not version.uploading),
        latest_version=latest.label if latest else None,
        local_version=here[-1].label if here else None,
    )
    label = f"{publication.key.label} {publication.department}"
    if not versions:
        asked = request.specific_version if request.version_strategy is VersionStrategy.SPECIFIC else None
        return [item(label, (), selected_version=asked, state=ItemState.SKIPPED, message=message)]
    made = []
    for version in versions:
        fated = (fates.decide(file, partial(places.target, file)) for file in version.files)
        files = ranked(fated, request.options.order)
        words = message if version is versions[-1] else ""  # once a publication is enough
        made.append(item(label, files, selected_version=version.label, state=fates.state(files), message=words))
    return made


def _idle_rows(structure: Structure, request: Request) -> list[tuple[str, str]]:
    """Return the rows of a custom table that name no publication."""
    if request.version_strategy is not VersionStrategy.CUSTOM:
        return []
    known = {(name, p.department) for p in structure.publications for name in (p.key.label, p.key.shot)}
    return [
        (f"{shot} {department}", GONE)
        for (shot, department), wish in request.custom.items()
        if wish != LEAVE_OUT and (shot, department) not in known
    ]
