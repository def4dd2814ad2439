"""Commands that are imported when they are used, and take --json and --quiet in any place."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from desktop.cli.output import Output

Load = Callable[[], click.Command]


def _switch(name: str) -> Callable[[click.Context, click.Parameter, bool], None]:
    def note(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
        if value:
            setattr(context.ensure_object(Output), name, True)

    return note


def switches() -> list[click.Parameter]:
    """Return the options every command and group takes."""
    explained = {
        "json": "Print one JSON object on standard output; everything else goes to standard error.",
        "quiet": "No progress and no remarks.",
    }
    return [
        click.Option([f"--{name}"], is_flag=True, expose_value=False, is_eager=True, help=text, callback=_switch(name))
        for name, text in explained.items()
    ]


class Verb(click.Command):
    """One command. shape: the keys of its JSON object when it fails, with empty values."""

    def __init__(self, *args: Any, shape: Mapping[str, object] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shape = shape or {}
        self.params += switches()

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; from here on the command's own empty object is what a failure prints."""
        ctx.ensure_object(Output).shape = self.shape
        return super().parse_args(ctx, args)

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the caption, whole: a list of commands wraps it, where click would cut it at "e.g."."""
        return " ".join((self.help or "").partition("\n\n")[0].split())


class Verbs(click.Group):
    """A group that knows its commands' names and captions, and imports a command when it is used."""

    command_class = Verb

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += switches()
        self._loaders: dict[str, tuple[str, Load]] = {}

    def lazy(self, name: str, caption: str) -> Callable[[Load], Load]:
        """Return a decorator that registers a function which imports and returns the command `name`."""

        def register(load: Load) -> Load:
            self._loaders[name] = (caption, load)
            return load

        return register

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order they were registered."""
        return [*self._loaders, *self.commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command, imported now."""
        if cmd_name in self._loaders:
            return self._loaders[cmd_name][1]()
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with their captions, without importing any."""
        rows = [(name, caption) for name, (caption, _) in self._loaders.items()]
        rows += [(name, command.get_short_help_str(80)) for name, command in self.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def wants_json(arguments: Sequence[str]) -> bool:
    """Tell whether a command line that could not be read asks for JSON."""
    plain = list(arguments)
    return "--json" in (plain[: plain.index("--")] if "--" in plain else plain)
