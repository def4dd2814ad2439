"""`shotdock open`: the window."""

from collections.abc import Callable

import click

from desktop.cli import gui
from desktop.cli.group import Verb
from desktop.cli.output import Output


@click.command("open", cls=Verb)
@click.pass_obj
def open_window(output: Output) -> int:
    """Open the window."""
    gui.check_display()
    code = load_window()()
    output.answer({"status": "done"})
    return code


def load_window() -> Callable[[], int]:
    """Import the window, which is late because Qt's libraries may be missing: UsageError names what to install."""
    try:
        from desktop.app import open_window as window
    except ImportError as error:
        if not gui.missing_library(error):
            raise
        raise gui.no_library(str(error)) from None
    return window
