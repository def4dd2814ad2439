"""What a reconstruction's results say of each model, from its ZIP or from the folder it was unpacked to."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from desktop.core.errors import NotTheFile, ShotDockError
from desktop.core.job import Light, Measure, ModelResult
from desktop.studio.jobs.archive_ends import Limits, reading
from desktop.studio.jobs.archive_listing import Listing, list_archive
from desktop.studio.jobs.contents import FILES, MODELS, missing_of, take_stock
from desktop.studio.jobs.quality import LARGEST, Quality, Threshold, flatten, grade, read_quality
from desktop.transfer.names import shown

QUALITY = "quality.json"
_PREVIEWS = "previews/"


def thresholds_of(setting: Iterable[tuple[str, float, float]]) -> dict[str, Threshold]:
    """Return the thresholds of the setting: (name, last green number, last amber number) each."""
    return {name: Threshold(green, amber, green >= amber) for name, green, amber in setting}


def results_in_folder(folder: Path, thresholds: Mapping[str, Threshold]) -> tuple[ModelResult, ...]:
    """Return what unpacked results say of each model. Raises NotAllowed for a folder that cannot be read."""
    stock = take_stock(folder)
    files = {found.name: found.path for found in stock.files}
    whole = {found.name for found in stock.files if found.facts.st_size}

    def numbers(name: str) -> tuple[Quality, ...]:
        return read_quality(files[name], thresholds)

    return _models(files, whole, numbers, files, thresholds)


def results_in_archive(archive: Path, thresholds: Mapping[str, Threshold]) -> tuple[ModelResult, ...]:
    """Return what a ZIP says of each model, without unpacking it; there are no previews then.

    Raises NotTheFile, BadArchive, HostileName, NameTooLong, NotAllowed as `archive.unpack` does.
    """
    name = shown(archive.name)
    with reading(name):
        stream = archive.open("rb")
    with stream:
        listing = list_archive(stream, name, Limits())
        names = {member.target for member in listing.files}
        whole = {member.target for member in listing.files if member.info.file_size}
        return _models(names, whole, lambda wanted: _packed(listing, wanted, name, thresholds), {}, thresholds)


def objection(models: Sequence[ModelResult]) -> str:
    """Return why results are not to be unpacked by themselves, in words, or ""."""
    reasons = [f"{model.name} has no mesh" for model in models if not model.complete]
    reasons += [
        f"{model.name}: {measure.name} is {measure.value:g} ({measure.rule})"
        for model in models
        for measure in model.measures
        if measure.light is Light.RED
    ]
    return "; ".join(reasons[:4]) + (f"; and {len(reasons) - 4} more" if len(reasons) > 4 else "")


def _models(
    names: Iterable[str],
    whole: Iterable[str],
    numbers: Callable[[str], tuple[Quality, ...]],
    paths: Mapping[str, Path],
    thresholds: Mapping[str, Threshold],
) -> tuple[ModelResult, ...]:
    names, whole = set(names), set(whole)
    found = []
    for model in MODELS:
        quality, remark = f"{model}/{QUALITY}", ""
        measures: tuple[Measure, ...] = ()
        if quality in names:
            try:
                measures = tuple(_measure(number, thresholds) for number in numbers(quality))
            except ShotDockError as error:
                remark = f"{error.title} {error.cause}".strip()
        mine = [paths[name] for file in FILES if (name := f"{model}/{file}") in paths]
        previews = [
            paths[name] for file in FILES if file.startswith(_PREVIEWS) and (name := f"{model}/{file}") in paths
        ]
        found.append(
            ModelResult(model, not missing_of(whole, (model,)), tuple(previews), tuple(mine), measures, remark)
        )
    return tuple(found)


def _packed(listing: Listing, wanted: str, name: str, thresholds: Mapping[str, Threshold]) -> tuple[Quality, ...]:
    member = next(member for member in listing.files if member.target == wanted)
    with reading(name), listing.archive.open(member.info) as stream:
        data = stream.read(LARGEST + 1)
    try:
        if len(data) > LARGEST:
            raise ValueError(f"more than {LARGEST:,} bytes")
        return grade(flatten(json.loads(data, parse_int=float)), thresholds)
    except (ValueError, RecursionError) as error:
        raise NotTheFile(f"{QUALITY} cannot be understood.", f"{shown(str(error))}.", "", wanted) from error


def _measure(quality: Quality, thresholds: Mapping[str, Threshold]) -> Measure:
    light = None if quality.grade is None else Light(quality.grade.value)
    rule = "" if light is None else _rule(quality, thresholds)
    return Measure(quality.name, quality.number, light, rule)


def _rule(quality: Quality, thresholds: Mapping[str, Threshold]) -> str:
    """Return the threshold a number was graded by, in words: the one that gives its name alone the same grade."""
    parts = quality.name.casefold().split(".")
    known = {name.casefold(): threshold for name, threshold in thresholds.items()}
    fits = next(known[name] for start in range(len(parts)) if (name := ".".join(parts[start:])) in known)
    side = "from" if fits.more else "up to"
    return f"good {side} {fits.green:g}, poor {'below' if fits.more else 'above'} {fits.amber:g}"
