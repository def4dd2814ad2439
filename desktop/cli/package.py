"""`shotdock package`: a job's output folder as the result ZIP its server would send.

Incomplete results are not packed, or whoever gets the ZIP would take it for whole: the answer names what is missing,
`zip` is null and the exit status 1. `--model` packs the model that is complete.
"""

import time
from pathlib import Path

import click

from desktop.cli import options, status
from desktop.cli.group import Verb
from desktop.cli.output import Output, without_secrets
from desktop.cli.progress import Meter, took
from desktop.core.errors import IncompleteResultsError, NotFound, UsageError
from desktop.core.paths import whole_path
from desktop.core.units import format_bytes
from desktop.studio.jobs.contents import MODELS
from desktop.studio.jobs.packager import create_result_zip

SHAPE: dict[str, object] = {"zip": None, "files": 0, "bytes": 0, "missing": [], "absent": []}


@click.command(cls=Verb, shape=SHAPE)
@click.argument("output_dir", metavar="OUTPUT_DIR", type=options.FOLDER)
@click.argument("target", metavar="ZIP", type=click.Path(path_type=Path))
@click.option(
    "--model",
    "models",
    type=click.Choice(MODELS),
    multiple=True,
    help="Pack this model, and no other that is not named; all of them have to be complete otherwise.",
)
@click.pass_obj
def package(output: Output, output_dir: Path, target: Path, models: tuple[str, ...]) -> int:
    """Pack the results in OUTPUT_DIR, a reconstruction's output folder, into the file ZIP.

    An existing ZIP is replaced once the new one is whole. Exits with 1, and packs nothing, if a model is incomplete: it
    needs mesh.glb or mesh.obj.
    """
    began = time.monotonic()
    folder, file = whole_path(output_dir), whole_path(target)
    meter = Meter(output)
    try:
        results = create_result_zip(folder, file, models=models or MODELS, progress=meter.packing)
    except NotFound as error:
        raise UsageError(error.title, error.cause, error.suggestion, error.path) from error
    except IncompleteResultsError as error:
        rows = [without_secrets(error.as_dict())]
        output.answer({**SHAPE, "status": "failed", "missing": list(error.missing), "errors": rows})
        output.error(error)
        return status.FAILED
    finally:
        meter.clear()
    output.answer(
        {
            "status": "done",
            "zip": str(file),
            "files": len(results.files),
            "bytes": results.size,
            "missing": [],
            "absent": list(results.absent),
        }
    )
    if results.absent:
        output.remark(f"Not there, and not needed: {', '.join(results.absent)}")
    seconds = took(time.monotonic() - began)
    output.summary(f"{file}: {len(results.files)} files, {format_bytes(results.size)} in {seconds}.")
    return status.DONE
