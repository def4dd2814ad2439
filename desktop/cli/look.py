"""Look at a connection's server: the scan that `scan`, `compare` and `fetch` begin with."""

from desktop.cli.output import Output
from desktop.cli.progress import Meter
from desktop.cli.session import Answer, Session
from desktop.core.media import ScanProgress, Structure


def fresh_structure(run: Session, output: Output, connection: str) -> tuple[Structure, tuple[str, ...]]:
    """Scan the connection now and return its structure and warnings in words, which are printed too."""
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
    if not structure.publications:
        warnings.append(f"No shots were found below {structure.root}; does the layout {structure.layout!r} fit?")
    for warning in warnings:
        output.warn(warning)
    return structure, tuple(warnings)
