"""What can be done with fetched artifacts: check and unpack results, look at them, look at a table, pack a folder."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from desktop.core.errors import NotFound
from desktop.core.job import Download, ModelResult, Outcome, Table
from desktop.studio.jobs.archive import unpack
from desktop.studio.jobs.contents import MODELS
from desktop.studio.jobs.packager import create_result_zip
from desktop.studio.jobs.results import objection, results_in_archive, results_in_folder, thresholds_of
from desktop.studio.jobs.table import read_table


class Shelf:
    """Works on files; keeps nothing but the thresholds of quality: (name, last green number, last amber one) each."""

    def __init__(self, rules: Iterable[tuple[str, float, float]]) -> None:
        self._thresholds = thresholds_of(rules)

    def put_up(self, download: Download, conflict: str, anyway: bool, stopped: Callable[[], bool]) -> Download:
        """Check results and, unless something speaks against it, unpack them to a folder called as their ZIP.

        anyway: whatever their quality. Raises what `archive.unpack` does.
        """
        against = objection(results_in_archive(download.path, self._thresholds))
        if against and not anyway:
            return replace(download, outcome=Outcome.HELD, note=f"Not unpacked: {against}.")
        unpacked = unpack(download.path, _folder(download.path), conflict, stopped=stopped)
        return replace(download, outcome=Outcome.UNPACKED, folder=unpacked.folder, note=unpacked.reason)

    def results(self, download: Download) -> tuple[ModelResult, ...]:
        """Return what results say of each model, unpacked or not; raise NotFound if they are gone."""
        if download.folder is not None and download.folder.is_dir():
            return results_in_folder(download.folder, self._thresholds)
        if not download.path.is_file():
            raise NotFound("The results are not there any more.", "", "Fetch them again.", str(download.path))
        return results_in_archive(download.path, self._thresholds)

    def table(self, download: Download) -> Table:
        """Return the first rows of a table; raise NotFound if it is gone."""
        return read_table(download.path)

    def pack(
        self,
        folder: Path,
        target: Path,
        models: Sequence[str],
        progress: Callable[[int, int], None],
        stopped: Callable[[], bool],
    ) -> tuple[str, ...]:
        """Pack an output folder; return what optional files are absent. Raises what `create_result_zip` does.

        models: those alone, all of them if none is named.
        """
        return create_result_zip(folder, target, models=models or MODELS, progress=progress, stopped=stopped).absent

    def whole_models(self, missing: Sequence[str]) -> tuple[str, ...]:
        """Return the models of an output folder that lack nothing of what is missing in it."""
        return tuple(model for model in MODELS if not any(name.startswith(f"{model}/") for name in missing))


def _folder(archive: Path) -> Path:
    return archive.with_suffix("") if archive.suffix else archive.with_name(f"{archive.name}_files")
