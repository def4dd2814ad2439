"""Reading the lists people hand over as text files: shots, and versions of shots."""

from collections.abc import Iterator

from desktop.core.errors import UsageError
from desktop.core.plan import CustomVersions
from desktop.studio.shots.versions import LATEST_WORDS, LEAVE_OUT, wished_number


def read_version_list(text: str, path: str = "") -> CustomVersions:
    """Read lines `SHOT DEPARTMENT VERSION`; `#` begins a comment, `-` as the version leaves the row out.

    SHOT is a shot's name or its label such as `VEGA/SQ01/SH010`. VERSION is `v005`, `5` or `latest`. Words are
    divided by blanks, or by tabs where a name has blanks in it. Raises UsageError naming the line.
    """
    chosen: CustomVersions = {}
    lines: dict[tuple[str, str], int] = {}
    for number, line in _lines(text):
        words = [word.strip() for word in line.split("\t")] if line.count("\t") >= 2 else line.split()
        if len(words) != 3 or not all(words):
            raise _error(number, f"{line!r} has {len(words)} words.", "Write SHOT DEPARTMENT VERSION.", path)
        shot, department, version = words
        if version != "-" and version.lower() not in LATEST_WORDS and wished_number(version) is None:
            raise _error(number, f"{version!r} is no version.", "Write v005, 5, latest, or - to leave it out.", path)
        key = shot.strip("/"), department
        wish = LEAVE_OUT if version == "-" else version
        if chosen.get(key, wish) != wish:
            raise _error(number, f"Line {lines[key]} asks for another version of it.", "Keep one of the two.", path)
        chosen[key], lines[key] = wish, number
    return chosen


def read_shot_list(text: str) -> tuple[str, ...]:
    """Read one shot a line, by name, label or glob; `#` begins a comment."""
    return tuple(dict.fromkeys(line.strip("/") for _, line in _lines(text)))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that say something, with their numbers, comments cut off."""
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        for mark in ("\t#", " #"):
            line = line.partition(mark)[0]
        line = line.strip()
        if line and not line.startswith("#"):
            yield number, line


def _error(number: int, cause: str, suggestion: str, path: str) -> UsageError:
    return UsageError(
        title=f"Line {number} of the version list cannot be used.", cause=cause, suggestion=suggestion, path=path
    )
