"""`shotdock compare`: what the server has, against what is here."""

from pathlib import Path

import click

from desktop.cli import options
from desktop.cli.carry import engine
from desktop.cli.group import Verb
from desktop.cli.look import fresh_structure
from desktop.cli.output import Output
from desktop.cli.session import Answer
from desktop.core.media import Compared, Structure
from desktop.core.units import format_bytes
from desktop.studio.shots.filters import Sieve


@click.command(cls=Verb, shape={"shots": []})
@click.argument("connection")
@click.argument("destination", metavar="DEST", type=options.FOLDER)
@options.filters
@click.option("--cached", is_flag=True, help="Use the structure of the last scan, if there is one.")
@click.pass_obj
def compare(
    output: Output,
    /,
    connection: str,
    destination: Path,
    cached: bool,
    shots_from: Path | None,
    **chosen: tuple[str, ...],
) -> None:
    """Compare CONNECTION's shots with the folder DEST."""
    filters = options.make_filters(chosen, shots_from)
    folder = options.local_folder(destination)
    with engine() as run:
        name = run.known(connection)
        library = run.services.library
        structure: Structure | None = None
        warnings: tuple[str, ...] = ()
        if cached:
            old = Answer[Structure | None](run)
            library.cached(name, old.then, old.failed)
            structure = old.of(None)
        if structure is None:
            structure, warnings = fresh_structure(run, output, name)
        answer = Answer[list[Compared]](run)
        rows = answer.of(library.compare(structure, folder, answer.then, answer.failed, filters))
    for wish, why in Sieve(filters).idle(structure.publications):
        output.warn(f"{wish}: {why}")
        warnings += (f"{wish}: {why}",)
    output.answer({"status": "done", "shots": [row.as_dict() for row in rows], "warnings": list(warnings)})
    output.table(
        ("SHOT", "DEPARTMENT", "HERE", "LATEST", "STATE", "FILES", "SIZE", "FRAMES"),
        (
            (
                row.key.label,
                row.department,
                row.local_version or "-",
                row.latest_version or "-",
                row.state.value,
                row.files,
                format_bytes(row.bytes),
                row.frames,
            )
            for row in rows
        ),
    )
