"""`shotdock scan`: scan a connection's tree and cache its structure."""

import time

import click

from desktop.cli.carry import engine
from desktop.cli.group import Verb
from desktop.cli.look import fresh_structure
from desktop.cli.output import Output
from desktop.cli.progress import took
from desktop.cli.session import Answer
from desktop.core.errors import ShotDockError
from desktop.core.media import Structure
from desktop.core.units import format_bytes

SHAPE = {"shots": 0, "versions": 0, "files": 0, "bytes": 0, "seconds": 0.0}


@click.command(cls=Verb, shape=SHAPE)
@click.argument("connection")
@click.pass_obj
def scan(output: Output, connection: str) -> None:
    """Scan CONNECTION's tree and cache its structure."""
    began = time.monotonic()
    with engine() as run:
        refused: list[ShotDockError] = []
        run.services.library.refused.connect(refused.append)
        structure, warnings = fresh_structure(run, output, run.known(connection))
        # The cache is written after the answer; asking for it waits until it is.
        answer = Answer[Structure | None](run)
        run.services.library.cached(connection, answer.then, answer.failed)
        answer.of(None)
    if refused:
        raise refused[0]
    seconds = round(time.monotonic() - began, 3)
    output.answer(
        {
            "status": "done",
            "shots": structure.shots,
            "versions": structure.versions,
            "files": structure.files,
            "bytes": structure.bytes,
            "seconds": seconds,
            "warnings": list(warnings),
        }
    )
    output.line(
        f"{connection}: {structure.shots} shots, {structure.versions} versions, {structure.files} files, "
        f"{format_bytes(structure.bytes)} in {took(seconds)}."
    )
