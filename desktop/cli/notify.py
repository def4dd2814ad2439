"""`shotdock notify`: who is told, besides the desktop, when a task has ended."""

import sys

import click

from desktop.cli.carry import engine
from desktop.cli.group import Verbs
from desktop.cli.output import Output
from desktop.cli.session import Answer, Done
from desktop.core.errors import UsageError


@click.group("notify", cls=Verbs)
def notify() -> None:
    """Add, list, test and remove services that are told when a task has ended: mail, Slack, Teams, webhooks.

    An address is written as Apprise does, and kept in the system's keyring: slack://A/B/C,
    mailto://user:password@studio.example, jsons://host/path. Messages are sent by the window and by
    `shotdock tasks serve`, one a task. On a machine without a keyring SHOTDOCK_NOTIFY_<NAME> holds the address.
    """


@notify.command("add", shape={"services": []})
@click.argument("name")
@click.argument("url", required=False)
@click.option("--url-stdin", is_flag=True, help="Read the address from standard input: others see a command line.")
@click.pass_obj
def add(output: Output, name: str, url: str | None, url_stdin: bool) -> None:
    """Tell the service NAME at the address URL from now on."""
    if (url is None) is not url_stdin:
        raise UsageError(title="Give the address as URL or with --url-stdin.")
    address = url if url is not None else sys.stdin.readline().strip()
    with engine() as run:
        done = Done(run)
        run.services.notify.add(name, address, done.done, done.failed)
        done.of(None)
        _answer(output, run.services.notify.services(), f"{name} is told from now on.")


@notify.command("list", shape={"services": []})
@click.pass_obj
def list_(output: Output) -> None:
    """List the services that are told."""
    with engine() as run:
        names = run.services.notify.services()
    _answer(output, names, "\n".join(names) or "There are none yet.")


@notify.command("test", shape={"services": []})
@click.argument("name")
@click.pass_obj
def test(output: Output, name: str) -> None:
    """Send a test message to a service."""
    with engine() as run:
        answer = Answer[str](run)
        run.services.notify.test(name, answer.then, answer.failed)
        _answer(output, run.services.notify.services(), answer.of(None))


@notify.command("remove", shape={"services": []})
@click.argument("name")
@click.pass_obj
def remove(output: Output, name: str) -> None:
    """Tell a service no more, and forget its address."""
    with engine() as run:
        done = Done(run)
        run.services.notify.remove(name, done.done, done.failed)
        done.of(None)
        _answer(output, run.services.notify.services(), f"{name} is told no more.")


def _answer(output: Output, names: tuple[str, ...], words: str) -> None:
    output.answer({"status": "done", "services": list(names)})
    output.line(words)
