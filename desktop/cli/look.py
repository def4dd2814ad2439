"""Look at a connection's server: the scan that `scan`, `compare` and `fetch` begin with."""

from desktop.cli.output import Output
from desktop.cli.progress import Meter
from desktop.cli.session import Answer, Session
from desktop.core.errors import NoShots
from desktop.core.media import ScanProgress, Structure


def fresh_structure(run: Session, output: Output, connection: str) -> tuple[Structure, tuple[str, ...]]:
    """Scan the connection now and return its structure and warnings in words, which are printed too.

    Raises NoShots for a tree without a single one: a mistake in the connection is no day without news.
    """
    meter = Meter(output)
    seen: list[ScanProgress] = []

    def show(progress: ScanProgress) -> None:
        seen[:] = [progress]
        meter.scan(progress)

    library = run.services.library
    try:
        answer = Answer[Structure](run)
        structure = answer.of(library.scan(connection, answer.then, answer.failed, show))
    finally:
        meter.clear()
    warnings = [f"{path} cannot be listed and was left out." for progress in seen for path in progress.skipped]
    for warning in warnings:
        output.warn(warning)
    if not structure.publications:
        raise _no_shots(structure, seen[-1] if seen else ScanProgress())
    return structure, tuple(warnings)


def _no_shots(structure: Structure, seen: ScanProgress) -> NoShots:
    if not seen.files and seen.folders <= 1:
        return NoShots(
            title=f"There is nothing below {structure.root}.",
            cause="The folder is there, and empty.",
            suggestion="Correct the connection's URL; its path is where the projects lie.",
            path=structure.root,
        )
    return NoShots(
        title=f"The layout {structure.layout!r} recognises no shots below {structure.root}.",
        cause=f"{seen.folders} folders were looked at.",
        suggestion="Try the layout on the server's paths with: shotdock layouts check; or correct the connection.",
        path=structure.root,
    )
