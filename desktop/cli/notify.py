"""`shotdock notify`: who is told, besides the desktop, when a task has ended."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from desktop.cli.carry import engine
from desktop.cli.group import Verbs
from desktop.cli.output import Output
from desktop.cli.session import Answer, Done, Session
from desktop.core.errors import NotFound, UsageError


@click.group("notify", cls=Verbs)
def notify() -> None:
    """Add, list, set, test and remove services that are told when a task has ended: mail, Slack, Teams, webhooks.

    An address is written as Apprise does, and kept in the system's keyring: slack://A/B/C,
    mailto://user:password@studio.example, jsons://host/path. Messages are sent by the window and by
    `shotdock tasks serve`, one a task. On a machine without a keyring SHOTDOCK_NOTIFY_<NAME> holds the address.
    """


@notify.command("add", shape={"services": []})
@click.argument("name")
@click.argument("url", required=False)
@click.option("--url-stdin", is_flag=True, help="Read the address from standard input: others see a command line.")
@click.option("--errors-only", is_flag=True, help="Tell it of what failed only.")
@click.pass_obj
def add(output: Output, name: str, url: str | None, url_stdin: bool, errors_only: bool) -> None:
    """Tell the service NAME at the address URL from now on."""
    if (url is None) is not url_stdin:
        raise UsageError(title="Give the address as URL or with --url-stdin.")
    with engine() as run:
        address = run.read_secret("address").strip() if url is None else url
        done = Done(run)
        run.services.notify.add(name, address, done.done, done.failed)
        done.of(None)
        if errors_only:
            run.services.notify.tell_errors_only(name, True)
        what = " of what failed" if run.services.notify.errors_only(name) else ""
        _answer(output, run, f"{name} is told{what} from now on.")


@notify.command("set", shape={"services": []})
@click.argument("name")
@click.option("--errors-only/--everything", "errors_only", required=True, help="What it is told of.")
@click.pass_obj
def set_(output: Output, name: str, errors_only: bool) -> None:
    """Tell a service of what failed only, or of every task."""
    with engine() as run, _known():
        run.services.notify.tell_errors_only(name, errors_only)
        _answer(output, run, f"{name} is told of {'what failed only' if errors_only else 'every task'}.")


@notify.command("list", shape={"services": []})
@click.pass_obj
def list_(output: Output) -> None:
    """List the services that are told."""
    with engine() as run:
        desk = run.services.notify
        lines = [f"{name}{'  (what failed only)' if desk.errors_only(name) else ''}" for name in desk.services()]
        _answer(output, run, *lines or ["There are none yet."])


@notify.command("test", shape={"services": []})
@click.argument("name")
@click.pass_obj
def test(output: Output, name: str) -> None:
    """Send a test message to a service."""
    with engine() as run, _known():
        answer = Answer[str](run)
        run.services.notify.test(name, answer.then, answer.failed)
        _answer(output, run, answer.of(None))


@notify.command("remove", shape={"services": []})
@click.argument("name")
@click.pass_obj
def remove(output: Output, name: str) -> None:
    """Tell a service no more, and forget its address."""
    with engine() as run, _known():
        done = Done(run)
        run.services.notify.remove(name, done.done, done.failed)
        done.of(None)
        _answer(output, run, f"{name} is told no more.")


@contextmanager
def _known() -> Iterator[None]:
    """Take a service that nobody added, or whose address nobody gave, for wrong usage."""
    try:
        yield
    except NotFound as error:
        raise UsageError(error.title, error.cause, error.suggestion, error.path) from error


def _answer(output: Output, run: Session, *words: str) -> None:
    desk = run.services.notify
    names = list(desk.services())
    output.answer({"status": "done", "services": names, "errors_only": [one for one in names if desk.errors_only(one)]})
    for line in words:
        output.line(line)
