"""What a command says: one JSON object or plain lines on standard output, everything else on standard error."""

import io
import json
import os
import shutil
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from desktop.core.errors import ShotDockError
from desktop.core.redaction import redact

_NARROWEST = 16
"""Characters that a shortened column keeps."""
_GAP = "..."


@dataclass(slots=True)
class Output:
    """Where a command's words go.

    json: one JSON object on standard output instead of lines. quiet: no progress, no remarks. shape: the keys the
    command's object has when it fails, with empty values.
    """

    json: bool = False
    quiet: bool = False
    shape: Mapping[str, object] = field(default_factory=dict)
    answered: bool = False

    @property
    def live(self) -> bool:
        """True if a person watches: progress may be drawn over itself."""
        return not self.quiet and sys.stderr.isatty()

    def line(self, text: str = "") -> None:
        """Print a line of the command's result; with --json the object stands for it."""
        if not self.json:
            _write(printable(text) + "\n")

    def remark(self, text: str) -> None:
        """Say how things go, on standard error; --quiet leaves it out."""
        if not self.quiet:
            sys.stderr.write(printable(text) + "\n")
            sys.stderr.flush()

    def summary(self, text: str) -> None:
        """Print a closing line for a person; --quiet leaves it out."""
        if not self.quiet:
            self.line(text)

    def warn(self, text: str) -> None:
        """Print a warning on standard error, even with --quiet: it is what a person has to know."""
        sys.stderr.write(f"Warning: {printable(text)}\n")

    def error(self, error: ShotDockError) -> None:
        """Print what happened, why and what to do."""
        self.error_row(error.as_dict())

    def error_row(self, row: Mapping[str, object], name: str | None = None) -> None:
        """Print an error as CLI.md's rows spell it, as a few lines on standard error.

        name: what it is about, in a person's words, if the row's path is none of them.
        """
        title, path = str(row["title"]), str(row.get("path") or "") if name is None else name
        named = f"{path}: {title}" if path and path not in title else title
        sys.stderr.write(f"Error: {printable(redact(named))}\n")
        for key in ("cause", "suggestion"):
            if row.get(key):
                sys.stderr.write(f"  {printable(redact(str(row[key])))}\n")

    def answer(self, result: Mapping[str, object]) -> None:
        """Print the command's one JSON object, if --json asks for it."""
        asked, self.answered = self.json and not self.answered, True
        if asked:
            # ASCII only: any name a server can spell gets through any terminal and pipe.
            _write(json.dumps(result) + "\n")

    def fail(self, errors: Sequence[Mapping[str, object]], status: str = "failed") -> None:
        """Print the object of a command that came to nothing."""
        self.answer({**self.shape, "status": status, "errors": [without_secrets(row) for row in errors]})

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[object]], shorten: Collection[str] = ()) -> None:
        """Print rows in columns; with --json nothing.

        shorten: headings of the columns that may lose the middle of their texts, so that a line fits the terminal.
        """
        if self.json:
            return
        cells = [[printable(str(cell)) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
        if sys.stdout.isatty():
            _narrow(widths, [place for place, heading in enumerate(headings) if heading in shorten])
        for row in ([*headings], *cells):
            _write("  ".join(map(_fitted, row, widths)).rstrip() + "\n")


def _narrow(widths: list[int], places: Sequence[int]) -> None:
    """Take from the widest of these columns, character by character, until a line fits the terminal."""
    room = shutil.get_terminal_size().columns - 2 * (len(widths) - 1)
    while sum(widths) > room and (wide := [place for place in places if widths[place] > _NARROWEST]):
        widths[max(wide, key=widths.__getitem__)] -= 1


def _fitted(text: str, width: int) -> str:
    if len(text) <= width:
        return text.ljust(width)
    kept = width - len(_GAP)
    return text[: kept - kept // 2] + _GAP + text[len(text) - kept // 2 :]


def nowhere() -> io.TextIOWrapper:
    """Return a stream that swallows what is written to it."""
    return io.TextIOWrapper(io.FileIO(os.open(os.devnull, os.O_WRONLY), "w"), encoding="utf-8")


def unwritten(error: OSError) -> ShotDockError:
    """Return the error for an answer that standard output does not take, such as a file on a full disk.

    Standard output is let go: what waits in its buffer would be tried once more, and fail, when the program ends.
    """
    sys.stdout = nowhere()
    return ShotDockError(
        title="The answer could not be written.",
        cause=f"Standard output takes no more: {error.strerror}.",
        suggestion="What was done is done; see: shotdock tasks list",
    )


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
    except BrokenPipeError:
        raise  # nobody reads any more, and nobody wants to hear of it
    except OSError as error:
        raise unwritten(error) from error


def without_secrets(row: Mapping[str, object]) -> dict[str, object]:
    """Return an error row whose words carry no secret, whoever wrote them."""
    return {key: redact(value) if isinstance(value, str) else value for key, value in row.items()}


def printable(text: str) -> str:
    """Return the text with control characters spelled out: a server's file name must not steer the terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)
