"""Look at a connection's server: the scan that `scan`, `compare` and `fetch` begin with."""

from fnmatch import fnmatchcase

from desktop.cli.output import Output
from desktop.cli.progress import Meter
from desktop.cli.session import Answer, Session
from desktop.core.media import ScanProgress, Structure
from desktop.core.plan import CustomVersions, Filters


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


def unmatched(structure: Structure, filters: Filters, custom: CustomVersions) -> tuple[str, ...]:
    """Return a warning for every wish that nothing on the server answers: globs, and rows of a version table."""
    keys = {publication.key for publication in structure.publications}
    warnings = []
    for level in ("project", "episode", "sequence", "shot"):
        names = {getattr(key, level).lower() for key in keys} | ({key.label.lower() for key in keys})
        warnings += [
            f"No {level} matches {glob!r}."
            for glob in getattr(filters, level)
            if not any(fnmatchcase(name, glob.lower()) for name in names)
        ]
    departments = {publication.department.lower() for publication in structure.publications}
    warnings += [
        f"No department matches {glob!r}."
        for glob in filters.department
        if not any(fnmatchcase(name, glob.lower()) for name in departments)
    ]
    there = {(name, p.department) for p in structure.publications for name in (p.key.shot, p.key.label)}
    warnings += [
        f"{shot} {department} is not on the server." for shot, department in custom if (shot, department) not in there
    ]
    return tuple(warnings)
