"""`shotdock layouts`: the naming conventions that turn server paths into shots."""

from pathlib import Path

import click

from desktop import settings as settings_file
from desktop.cli import status
from desktop.cli.group import Verbs
from desktop.cli.options import layout_folders, read_lines
from desktop.cli.output import Output
from desktop.places import Places
from desktop.studio.shots.layout import check_paths, layout_names, load_layout


@click.group("layouts", cls=Verbs)
def layouts() -> None:
    """List layouts, or try one on a list of server paths."""


@layouts.command("list", shape={"layouts": []})
@click.pass_obj
def list_(output: Output) -> None:
    """List the layouts that can be used by name."""
    names = layout_names(_folders())
    output.answer({"layouts": list(names)})
    for name in names:
        output.line(name)


@layouts.command("check", shape={"layout": None, "paths": [], "matched": 0, "unmatched": 0})
@click.argument("file", metavar="FILE")
@click.option(
    "--paths", required=True, type=click.Path(path_type=Path), metavar="LIST", help="Server paths, one a line."
)
@click.option("--root", default="", metavar="PATH", help="The folder on the server the connection will point to.")
@click.option("--strict", is_flag=True, help="Exit with 1 if a path does not match.")
@click.pass_obj
def check(output: Output, file: str, paths: Path, root: str, strict: bool) -> int:
    """Try the layout FILE (or a layout's name) on server paths."""
    layout = load_layout(file, _folders())
    rows = check_paths(layout, [line for _, line in read_lines(paths)], root)
    unmatched = sum(row.match is None for row in rows)
    output.answer(
        {
            "status": "done",
            "layout": file,
            "matched": len(rows) - unmatched,
            "unmatched": unmatched,
            "paths": [row.as_dict() for row in rows],
        }
    )
    for row in rows:
        if row.match is None:
            output.line(f"no   {row.path}: {row.reason}")
        else:
            output.line(f"yes  {row.path}: {row.match.key.label} {row.match.department} {row.match.version}")
    output.summary(f"{len(rows) - unmatched} of {len(rows)} paths match.")
    return status.FAILED if unmatched and strict else status.DONE


def _folders() -> tuple[Path, ...]:
    places = Places.find()
    return layout_folders(settings_file.load(places), places)
