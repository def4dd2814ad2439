"""The command line: its commands, and the one place where their errors become words and exit statuses."""

import gc
import io
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType, TracebackType

import click

from desktop import __version__
from desktop.cli import status
from desktop.cli.group import Verbs, wants_json
from desktop.cli.output import Output, nowhere, unwritten
from desktop.core.errors import ShotDockError, UsageError
from desktop.core.redaction import redact
from desktop.logs import set_up
from desktop.places import Places

HELP = """Bring shots, gallery videos and job results home: whole, in the right version, resumable.

Without a command the window opens."""

COLLECTED = (10_000, 10, 10)
"""The collector's thresholds: plans and structures are many values without cycles, and with Python's own 700 it walks
all of them again and again while they grow, 1.4 s for 100,000 files."""


@click.group(
    "shotdock",
    cls=Verbs,
    help=HELP,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="shotdock %(version)s")
@click.pass_context
def shotdock(context: click.Context) -> int | None:
    """Open the window where no command is named."""
    if context.invoked_subcommand is None:
        opened: int | None = context.invoke(_open())
        return opened
    return None


# Each loader imports its command when it is used: `layouts list` never pays for Qt or an SSH library.
@shotdock.lazy("open", "Open the window.")
def _open() -> click.Command:
    from desktop.cli.open import open_window

    return open_window


@shotdock.lazy("demo", "Start the demo studio, then the window on it.")
def _demo() -> click.Command:
    from desktop.cli.demo import demo

    return demo


@shotdock.lazy("connections", "Add, list, test, trust and remove connections.")
def _connections() -> click.Command:
    from desktop.cli.connections import connections

    return connections


@shotdock.lazy("layouts", "List layouts, or try one on a list of server paths.")
def _layouts() -> click.Command:
    from desktop.cli.layouts import layouts

    return layouts


@shotdock.lazy("scan", "Scan a connection and cache its structure.")
def _scan() -> click.Command:
    from desktop.cli.scan import scan

    return scan


@shotdock.lazy("compare", "Compare a connection with a local folder.")
def _compare() -> click.Command:
    from desktop.cli.compare import compare

    return compare


@shotdock.lazy("fetch", "Fetch shots from a connection into a local folder.")
def _fetch() -> click.Command:
    from desktop.cli.fetch import fetch

    return fetch


@shotdock.lazy("get", "Fetch plain files and folders by URL.")
def _get() -> click.Command:
    from desktop.cli.get import get

    return get


@shotdock.lazy("gallery", "List and fetch the finished videos of a web server.")
def _gallery() -> click.Command:
    from desktop.cli.gallery import gallery

    return gallery


@shotdock.lazy("tasks", "List, show, run, order, limit, schedule and delete tasks.")
def _tasks() -> click.Command:
    from desktop.cli.tasks import tasks

    return tasks


@shotdock.lazy("routines", "List, pause, resume and remove what repeats.")
def _routines() -> click.Command:
    from desktop.cli.routines import routines

    return routines


@shotdock.lazy("notify", "Add, list, test and remove services to tell of tasks.")
def _notify() -> click.Command:
    from desktop.cli.notify import notify

    return notify


@shotdock.lazy("package", "Pack a job's output folder into the ZIP of its results.")
def _package() -> click.Command:
    from desktop.cli.package import package

    return package


@shotdock.lazy("jobs", "Follow, start and fetch long-running jobs of a web server.")
def _jobs() -> click.Command:
    from desktop.cli.jobs import jobs

    return jobs


@shotdock.lazy("verify", "Check a folder against the receipts of what was brought there.")
def _verify() -> click.Command:
    from desktop.cli.verify import verify

    return verify


@shotdock.lazy("doctor", "Say what works on this machine, and what to install if not.")
def _doctor() -> click.Command:
    from desktop.cli.doctor import doctor

    return doctor


def run() -> None:
    """Run the command line of this process and end it with CLI.md's exit status."""
    _leave_no_core()
    gc.set_threshold(*COLLECTED)
    code = main(sys.argv[1:])
    logging.shutdown()
    # What was opened is closed by now, what was said is written; taking the interpreter and Qt apart piece by piece
    # would cost another 60 ms.
    os._exit(code)


def _leave_no_core() -> None:
    """Have no crash write this process's memory, with the passwords in it, to a file for others to find."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def main(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit status; no exception of a command leaves here as a traceback."""
    # A closed stream (`>&-`, a service without a console) swallows what is said: the work is done all the same.
    sys.stdin = sys.stdin or Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115  as long as the process
    sys.stdout = sys.stdout or nowhere()
    sys.stderr = sys.stderr or nowhere()
    for stream in (sys.stdout, sys.stderr):
        # A name the terminal's encoding cannot spell is escaped, never a crash.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # what Python opens can
    output = Output()
    sys.excepthook = _Crash(output)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _end)
    code = _run(arguments, output)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = nowhere()
        return code or status.FAILED
    except OSError as error:
        output.error(unwritten(error))
        return code or status.FAILED
    return code


def _run(arguments: Sequence[str], output: Output) -> int:
    try:
        code = shotdock.main(args=list(arguments), prog_name="shotdock", standalone_mode=False, obj=output)
    except (click.Abort, KeyboardInterrupt):
        output.json = output.json or wants_json(arguments)
        output.remark("Interrupted.")
        output.fail((), "cancelled")
        return status.INTERRUPTED
    except click.ClickException as error:
        output.json = output.json or wants_json(arguments)
        output.fail([_as_usage(error).as_dict()])
        # Whoever forgot the command, or an option's value, has a URL with a password taken for it and quoted.
        words = io.StringIO()
        error.show(words)
        sys.stderr.write(redact(words.getvalue()))
        return status.USAGE
    except ShotDockError as error:
        output.fail([error.as_dict()])
        output.error(error)
        return status.status_of(error)
    return code if isinstance(code, int) else status.DONE


def _as_usage(error: click.ClickException) -> UsageError:
    context = getattr(error, "ctx", None)
    hint = f"See: {context.command_path} --help" if context else ""
    return UsageError(title=redact(error.format_message()), suggestion=hint)


def _end(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


class _Crash:
    """What is left to say when something unexpected happened: one line, and where the traceback went."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Write the traceback to the log file and a plain line to the terminal; Python then exits with 1."""
        self._output.json = self._output.json or wants_json(sys.argv[1:])
        places = Places.find()
        try:
            where = f"The details are in {places.logs / 'shotdock.log'}; send it to your TD."
            set_up(places, console=None)
        except UsageError as homeless:
            where = str(homeless)
        else:
            logging.getLogger(__name__).critical("unexpected error", exc_info=(kind, error, trace))
        words = ShotDockError(
            title="Something unexpected went wrong inside ShotDock.",
            cause=f"{kind.__name__}: {error}",
            suggestion=where,
        )
        self._output.fail([words.as_dict()])
        self._output.error(words)
