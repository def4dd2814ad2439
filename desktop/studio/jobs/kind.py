"""The socket of a kind of job: what it has to know, and who has registered."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, unquote, urlsplit

from desktop.core.errors import Unsupported, UsageError
from desktop.core.job import Field, Report
from desktop.core.registry import Registry

if TYPE_CHECKING:  # whoever lists the kinds does not pay for an HTTP library
    from desktop.studio.web import Web

_ID = re.compile(r"[^\s/\\?#&=\x00-\x1f\x7f]{1,200}")


@dataclass(frozen=True, slots=True)
class Reference:
    """A job as a person pasted it. base: the URL its API lies under, without a password; "" for a bare id."""

    remote_id: str
    base: str = ""


class JobKind(Protocol):
    """One kind of job. Made once, used from many threads, so it keeps nothing.

    fields: the form to start one, () if jobs of this kind are not started from here. every: seconds between two looks
    at a job that runs.
    """

    fields: Sequence[Field] = ()
    every: float = 5.0

    def parse(self, text: str) -> Reference | None:
        """Return which job the text names, an id or a URL of one of the kind's routes, or None."""

    def look(self, web: "Web", remote_id: str, before: Report | None) -> Report:
        """Ask the server how the job stands.

        before: what the last look told, so that sizes need not be asked for again. An artifact's `path` is one below
        the API's base, or a whole URL where it lies elsewhere; its `site` is not ours to tell. Raises what keeps us
        from an answer; that a job failed, has expired or never existed is an answer.
        """

    def start(self, web: "Web", values: Mapping[str, object]) -> str:
        """Start a job with values that `complaints` finds nothing wrong with; return its id."""
        raise Unsupported(title="Jobs of this kind are not started from here.", suggestion="Paste the id of one.")


KINDS: Registry[JobKind] = Registry("kind of job")


def parse_routes(text: str, *routes: str) -> Reference | None:
    """Return which job a bare id or a URL means. routes: patterns of the kind's routes, with the id as a group.

    A pattern is matched against the URL's path and query, from any slash on to the end; a query of its own is ignored.
    """
    text = text.strip()
    if "://" not in text:
        return Reference(text) if _is_id(text) else None
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    asked = parts.path.rstrip("/") + (f"?{parts.query}" if parts.query else "")
    for route in routes:
        if (found := re.search(rf"{route}(?:\?.*)?$", asked)) and _is_id(unquote(found[1])):
            place = f"[{host}]" if ":" in host else host
            where = f"{parts.scheme}://{place}{f':{port}' if port else ''}"
            return Reference(unquote(found[1]), where + asked[: found.start()])
    return None


def _is_id(text: str) -> bool:
    """Tell whether a text can be an id: one component of a URL, which every client leaves where it is."""
    return bool(_ID.fullmatch(text)) and text.isprintable() and text not in (".", "..")


def quoted(remote_id: str) -> str:
    """Return an id as it stands in a URL."""
    return quote(remote_id, safe="")


def complaints(fields: Sequence[Field], values: Mapping[str, object]) -> dict[str, str]:
    """Return what is wrong with a start form's values, field by field, in words."""
    found = {field.name: words for field in fields if (words := _complaint(field, values.get(field.name)))}
    known = {field.name for field in fields}
    return found | {name: "There is no such field." for name in values if name not in known}


def checked(fields: Sequence[Field], values: Mapping[str, object]) -> dict[str, object]:
    """Return the values with defaults filled in; raise UsageError, with every complaint, if they do not do."""
    whole = {field.name: field.default for field in fields} | dict(values)
    if found := complaints(fields, whole):
        raise UsageError(
            title="The job cannot be started like this.",
            cause=" ".join(found.values()),
            suggestion="Correct it; nothing was sent.",
        )
    return whole


def _complaint(field: Field, value: object) -> str:
    if field.choices:
        return "" if value in field.choices else f"{field.title} is one of {', '.join(field.choices)}, not {value!r}."
    wanted = f"{field.title} is a whole number from {field.least} to {field.most}"
    if isinstance(value, bool) or not isinstance(value, int):
        return f"{wanted}, not {value!r}."
    low = field.least is not None and value < field.least
    high = field.most is not None and value > field.most
    return f"{wanted}, not {value:,}." if low or high else ""
