"""What a reconstruction's results say of each model, from its ZIP or from the folder it was unpacked to."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from desktop.core.errors import ShotDockError
from desktop.core.job import Light, Measure, ModelResult
from desktop.studio.jobs.archive import read_members, sizes_of
from desktop.studio.jobs.contents import FILES, MODELS, missing_of, take_stock
from desktop.studio.jobs.quality import LARGEST, Quality, Threshold, parse_quality, read_quality

QUALITY = "quality.json"
_PREVIEWS = "previews/"


def thresholds_of(setting: Iterable[tuple[str, float, float]]) -> dict[str, Threshold]:
    """Return the thresholds of the setting: (name, last green number, last amber number) each."""
    return {name: Threshold(green, amber, green >= amber) for name, green, amber in setting}


def results_in_folder(folder: Path, thresholds: Mapping[str, Threshold]) -> tuple[ModelResult, ...]:
    """Return what unpacked results say of each model. Raises NotAllowed for a folder that cannot be read."""
    stock = take_stock(folder)
    paths = {found.name: found.path for found in stock.files}
    missing = missing_of({found.name for found in stock.files if found.facts.st_size})
    return tuple(_in_folder(model, paths, missing, thresholds) for model in MODELS)


def results_in_archive(archive: Path, thresholds: Mapping[str, Threshold]) -> tuple[ModelResult, ...]:
    """Return what a ZIP says of each model, without unpacking it; there are no previews then.

    Raises NotTheFile, BadArchive, HostileName, NameTooLong, NotAllowed as `archive.unpack` does.
    """
    missing = missing_of({name for name, size in sizes_of(archive).items() if size})
    texts = read_members(archive, [f"{model}/{QUALITY}" for model in MODELS], LARGEST)
    found = []
    for model in MODELS:
        name = f"{model}/{QUALITY}"
        measures: tuple[Measure, ...] = ()
        remark = ""
        if name in texts:
            measures, remark = _judged(partial(parse_quality, texts[name], name, thresholds), thresholds)
        found.append(ModelResult(model, _complete(model, missing), measures=measures, remark=remark))
    return tuple(found)


def objection(models: Sequence[ModelResult]) -> str:
    """Return why results are not to be unpacked by themselves, in words, or "": an empty mesh is none to work with."""
    reasons = [f"{model.name} has no mesh, or an empty one" for model in models if not model.complete]
    reasons += [
        f"{model.name}: {measure.name} is {measure.value:g} ({measure.rule})"
        for model in models
        for measure in model.measures
        if measure.light is Light.RED
    ]
    return "; ".join(reasons[:4]) + (f"; and {len(reasons) - 4} more" if len(reasons) > 4 else "")


def _in_folder(
    model: str, paths: Mapping[str, Path], missing: Iterable[str], thresholds: Mapping[str, Threshold]
) -> ModelResult:
    mine = {file: paths[name] for file in FILES if (name := f"{model}/{file}") in paths}
    previews = tuple(path for file, path in mine.items() if file.startswith(_PREVIEWS))
    measures: tuple[Measure, ...] = ()
    remark = ""
    if QUALITY in mine:
        measures, remark = _judged(lambda: read_quality(mine[QUALITY], thresholds), thresholds)
    return ModelResult(model, _complete(model, missing), previews, tuple(mine.values()), measures, remark)


def _complete(model: str, missing: Iterable[str]) -> bool:
    return not any(item.startswith(f"{model}/") for item in missing)


def _judged(
    read: Callable[[], tuple[Quality, ...]], thresholds: Mapping[str, Threshold]
) -> tuple[tuple[Measure, ...], str]:
    """Return the judged numbers, and what is wrong with the file they should be in, or ""."""
    try:
        return tuple(_measure(quality, thresholds) for quality in read()), ""
    except ShotDockError as error:
        return (), f"{error.title} {error.cause}".strip()


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
