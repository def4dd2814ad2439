"""Choosing the versions of a publication: the version strategies."""

import re
from collections.abc import Iterable, Mapping

from desktop.core.media import Publication, Version
from desktop.core.plan import VersionStrategy

_WISH = re.compile(r"([^\W\d]*[._-]?)([0-9]{1,18})")
LATEST_WORDS = ("latest", "newest")
LEAVE_OUT = ""


def version_order(version: Version) -> tuple[int, int, str]:
    """Return a version's place: by number; of two spellings of one number the longer, then the small-lettered last."""
    return version.number, len(version.label), version.label


def wished_number(text: str) -> int | None:
    """Return the number a person asks for with `v5`, `V005` or `5`, or None if the text asks for no version."""
    found = _WISH.fullmatch(text.strip())
    return int(found[2]) if found else None


def pick(
    publication: Publication,
    strategy: VersionStrategy,
    specific: str | None = None,
    custom: Mapping[tuple[str, str], str] | None = None,
) -> tuple[tuple[Version, ...], str]:
    """Return the versions to fetch and a warning in words, or "".

    A version still uploading is never chosen: half of it would pass for the whole. No version and no warning: the
    publication is left out on purpose.
    """
    if strategy is VersionStrategy.ALL:
        return _all(publication)
    if strategy is VersionStrategy.SPECIFIC:
        return _numbered(publication, specific or "")
    if strategy is VersionStrategy.CUSTOM:
        wish = custom_wish(publication, custom or {})
        if wish == LEAVE_OUT:
            return (), ""
        if wish.lower() not in LATEST_WORDS:
            return _numbered(publication, wish)
    return _latest(publication)


def custom_wish(publication: Publication, custom: Mapping[tuple[str, str], str]) -> str:
    """Return the version asked for a publication, by the shot's label or else its name; "" to leave it out."""
    key, department = publication.key, publication.department
    return custom.get((key.label, department), custom.get((key.shot, department), LEAVE_OUT))


def labels(versions: Iterable[Version]) -> str:
    """Return the labels for a sentence, e.g. `v001, v002`, or `none`."""
    return ", ".join(version.label for version in versions) or "none"


def _latest(publication: Publication) -> tuple[tuple[Version, ...], str]:
    latest = publication.latest
    uploading = [v for v in publication.versions if v.uploading and (latest is None or v.number > latest.number)]
    if latest is None:
        return (), f"Nothing whole yet: {labels(uploading)} still uploading" if uploading else "No version available"
    notes = [f"Version {labels(uploading)} still uploading, {latest.label} taken"] if uploading else []
    return (latest,), "; ".join(notes + _spelled(publication, latest))


def _numbered(publication: Publication, wish: str) -> tuple[tuple[Version, ...], str]:
    whole = [version for version in publication.versions if not version.uploading]
    number = wished_number(wish)
    exact = [v for v in publication.versions if v.label == wish]
    found = exact or [v for v in publication.versions if v.number == number]
    ready = [version for version in found if not version.uploading]
    if ready:
        chosen = ready[-1]
        return (chosen,), "" if exact else "; ".join(_spelled(publication, chosen))
    if found:
        return (), f"Version {found[-1].label} is still uploading, available: {labels(whole)}"
    asked = wish if number is None or not wish.isdigit() else _styled(number, publication)
    return (), f"Version {asked} not available, available: {labels(whole)}"


def _all(publication: Publication) -> tuple[tuple[Version, ...], str]:
    whole = tuple(version for version in publication.versions if not version.uploading)
    uploading = [version for version in publication.versions if version.uploading]
    return whole, f"Version {labels(uploading)} still uploading, left out" if uploading else ""


def _spelled(publication: Publication, chosen: Version) -> list[str]:
    """Return a note if the chosen number has another spelling too."""
    others = [v for v in publication.versions if v.number == chosen.number and v.label != chosen.label]
    return (
        [f"Version {chosen.label} is also spelled {labels(others)} on the server, {chosen.label} taken"]
        if others
        else []
    )


def _styled(number: int, publication: Publication) -> str:
    """Return a bare number as this publication spells its versions."""
    label = publication.versions[-1].label if publication.versions else "v001"
    digits = re.search(r"\d+", label)
    return label[: digits.start()] + str(number).zfill(len(digits[0])) if digits else str(number)
