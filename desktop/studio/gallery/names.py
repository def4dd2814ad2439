"""What a video's file is called, on the server for good and on disk."""

import hashlib
import re
from urllib.parse import quote, unquote

from desktop.transfer.names import NAME_MAX

ENDING = "_final.mp4"
NAMELESS = "video.mp4"
_PLAIN = re.compile(r"[^A-Za-z0-9]")
_LASTING = re.compile(r"(.*)/api/downloads/([^/?]+)/file")


def file_name(project_name: str) -> str:
    """Return a video's name on disk: every character outside [A-Za-z0-9] becomes `_`, then `_final.mp4`."""
    if not project_name:
        return NAMELESS
    return _PLAIN.sub("_", project_name)[: NAME_MAX - len(ENDING)] + ENDING


def told_apart(name: str, video_id: str, whole: str = "") -> str:
    """Return the name for a video whose own name is another's: `<stem>_<id>.mp4`.

    whole: what no other video has, if the id's letters and digits are not enough: of it the name bears a mark too.
    """
    stem, dot, suffix = name.rpartition(".")
    mark = "_" + _PLAIN.sub("_", video_id)[:80]
    if whole:
        mark += "_" + hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return stem[: NAME_MAX - len(mark + dot + suffix)] + mark + dot + suffix


def lasting_path(base: str, video_id: str) -> str:
    """Return the path under which the API itself serves a video's file, whatever links to it expire.

    base: the path the API lies under, percent-encoded, without a slash at its end.
    """
    return f"{base}/api/downloads/{quote(video_id, safe='')}/file"


def read_lasting(path: str) -> tuple[str, str]:
    """Return (base, video id) of a lasting path; raises ValueError for any other."""
    match = _LASTING.fullmatch(path)
    if match is None:
        raise ValueError(f"{path!r} is not a video's")
    return match[1], unquote(match[2])
