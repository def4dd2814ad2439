"""Find out of an artifact whether it can be fetched, how large it is and what it is called."""

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from desktop.core.errors import Stop
from desktop.core.job import Artifact, Report
from desktop.core.media import told_size
from desktop.studio.jobs.reading import Said, said
from desktop.transfer.names import fold, local_name

if TYPE_CHECKING:  # as in `kind.py`
    from desktop.studio.web import Web, WebAnswer

_SUFFIXES = {
    "application/zip": "zip",
    "application/x-zip-compressed": "zip",
    "application/gzip": "tar.gz",
    "application/x-tar": "tar",
    "application/x-blender": "blend",
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "text/x-python": "py",
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/x-exr": "exr",
    "video/mp4": "mp4",
}

_DISPOSITION = re.compile(r""";\s*(filename\*?)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"\s]+))""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Peeked:
    """What the server said of an artifact."""

    artifact: Artifact
    answer: "WebAnswer"

    @property
    def status(self) -> int:
        """The answer's status."""
        return self.answer.status

    @property
    def said(self) -> Said:
        """Why it cannot be had, if it cannot."""
        return said(self.answer)


def peek(web: "Web", artifact: Artifact, remote_id: str, suffix: str) -> Peeked:
    """Ask for an artifact that lies below the API's base.

    The server's name for it comes first, then the one it has already, then our own with this suffix (without a dot)
    unless the type tells another. Raises what `Web.peek` does, and LoginFailed or NotAllowed, which say nothing of it.
    """
    answer = web.peek(artifact.path)
    if answer.status in (401, 403):
        raise web.error(answer, artifact.path.partition("?")[0])
    there = (answer.status < 400 and not _page(answer)) or (answer.status == 416 and _size(answer) == 0)
    name = _file_name(answer) if there else ""
    name = name or artifact.file_name or own_name(remote_id, artifact.name, (there and _suffix(answer)) or suffix)
    size = _size(answer) if there else None
    return Peeked(replace(artifact, available=there, bytes=size, file_name=name), answer)


def known_of(artifact: Artifact, before: Report | None) -> Artifact | None:
    """Return an available artifact with the size and name the last look told, if it lay in the same place."""
    for known in before.artifacts if before else ():
        if known.available and (known.name, known.path) == (artifact.name, artifact.path):
            return replace(artifact, bytes=known.bytes, file_name=known.file_name)
    return None


def elsewhere(artifact: Artifact, remote_id: str, suffix: str) -> Artifact:
    """Return an artifact on another host, which is asked nothing beforehand: its name is the URL's last part."""
    name = safe_name(unquote(urlsplit(artifact.path).path.rpartition("/")[2]))
    return replace(artifact, file_name=name or own_name(remote_id, artifact.name, suffix))


def own_name(remote_id: str, name: str, suffix: str) -> str:
    """Return the name of an artifact whose server tells none that is safe: `{job}_{artifact}.{suffix}`."""
    return local_name(f"{remote_id[:100]}_{name}.{suffix}")


def told_apart(artifacts: tuple[Artifact, ...], remote_id: str) -> tuple[Artifact, ...]:
    """Return the artifacts with no two of them called alike."""
    taken: set[str] = set()
    result = []
    for artifact in artifacts:
        if artifact.file_name and fold(artifact.file_name) in taken:
            suffix = artifact.file_name.rpartition(".")[2]
            artifact = replace(artifact, file_name=own_name(remote_id, artifact.name, suffix))
        taken.add(fold(artifact.file_name))
        result.append(artifact)
    return tuple(result)


def safe_name(name: str) -> str:
    """Return a server's file name if it can be kept as it is, else "". Hidden ones are not: our part files are."""
    with suppress(Stop):
        if local_name(name) == name and not name.startswith(".") and name.isprintable():
            return name
    return ""


def _file_name(answer: "WebAnswer") -> str:
    """Return the safe name that a Content-Disposition tells (RFC 6266; `filename*` before `filename`), or ""."""
    names = {"filename*": "", "filename": ""}
    for key, text, bare in _DISPOSITION.findall(answer.headers.get("content-disposition", "")):
        names[key.lower()] = re.sub(r"\\(.)", r"\1", text) or bare
    charset, _, encoded = names["filename*"].partition("'")
    with suppress(LookupError, ValueError):
        if name := safe_name(unquote(encoded.partition("'")[2], charset or "utf-8", "strict")):
            return name
    name = names["filename"]
    with suppress(UnicodeError):
        # Headers are Latin-1 by the book (RFC 9110, 5.5), UTF-8 in the wild.
        name = name.encode("latin-1").decode("utf-8")
    return safe_name(name)


def _page(answer: "WebAnswer") -> bool:
    """Tell whether a page came instead of a file: a login, a portal, an application that answers to every address."""
    page = "html" in answer.headers.get("content-type", "").lower()
    return page and answer.status in (200, 206) and "content-disposition" not in answer.headers


def _suffix(answer: "WebAnswer") -> str:
    return _SUFFIXES.get(answer.headers.get("content-type", "").partition(";")[0].strip().lower(), "")


def _size(answer: "WebAnswer") -> int | None:
    """Return the whole file's bytes: told in the range, or as the length of an answer that ignores ranges."""
    if answer.status in (206, 416):
        told = re.fullmatch(r"bytes\s+(?:\d+-\d+|\*)/(\d+)", answer.headers.get("content-range", "").strip())
        return told_size(told[1]) if told else None
    length = answer.headers.get("content-length", "")
    plain = answer.status == 200 and "content-encoding" not in answer.headers
    return told_size(length) if plain else None
