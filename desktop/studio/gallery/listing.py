"""Read a gallery's list with patience: a field that is missing or odd costs that field, never the list."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from desktop.core.gallery import Video
from desktop.studio.gallery.names import file_name

_WRAPPINGS = ("downloads", "videos", "items", "results", "data")
_LONGEST_ID = 200
_LONGEST_TEXT = 1000
_MOST_BYTES = 10**18
_MILLISECONDS_FROM = 1e11
"""A time of creation above this, in the year 5138 if it were seconds, is told in milliseconds."""
_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:\.\d+)?)")
_AS_IT_IS = "/%:@!$&'()*+,;=-._~?#[]"


@dataclass(frozen=True, slots=True)
class Listing:
    """A gallery's list. links, thumbnails: video id -> URL, signature and all. remarks: what was left out of it."""

    videos: tuple[Video, ...]
    links: Mapping[str, str] = field(repr=False)
    thumbnails: Mapping[str, str] = field(repr=False)
    remarks: tuple[str, ...] = ()


def read_listing(data: Any, url: str) -> Listing | None:
    """Read the JSON of a list; None if it is none. url: where it came from; relative addresses go by it."""
    if isinstance(data, dict):
        data = next((data[key] for key in _WRAPPINGS if isinstance(data.get(key), list)), None)
    if not isinstance(data, list):
        return None
    videos: dict[str, Video] = {}
    links, thumbnails = dict[str, str](), dict[str, str]()
    nameless = doubled = 0
    for item in data:
        video_id = _id(item.get("id")) if isinstance(item, dict) else ""
        if not video_id:
            nameless += 1
        elif video_id in videos:
            doubled += 1
        else:
            link, picture = _url(item.get("file_url"), url), _url(item.get("thumbnail"), url)
            if link:
                links[video_id] = link
            if picture:
                thumbnails[video_id] = picture
            videos[video_id] = _video(video_id, item, picture.partition("?")[0], bool(link))
    remarks = [
        f"{_entries(count)} of the gallery's list left out: {why}."
        for count, why in ((nameless, "without a usable id"), (doubled, "its id was there before"))
        if count
    ]
    return Listing(tuple(videos.values()), links, thumbnails, tuple(remarks))


def _video(video_id: str, item: Mapping[str, Any], thumbnail: str, available: bool) -> Video:
    name = _text(item.get("project_name"))
    return Video(
        id=video_id,
        project_name=name,
        file_name=file_name(name),
        created=_moment(item.get("created")),
        bytes=_size(item.get("size")),
        seconds=_seconds(item.get("duration")),
        thumbnail=thumbnail,
        available=available,
    )


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count:,} entries"


def _id(value: object) -> str:
    """Return an id as text, "" for what cannot be one; it becomes a component of a path."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    text = str(value).strip()
    return text if text.isprintable() and text not in (".", "..") and len(text) <= _LONGEST_ID else ""


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)[:_LONGEST_TEXT].encode("utf-8", "replace").decode()


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _size(value: object) -> int | None:
    """Return bytes; None for 0 too, which servers tell of what they have not measured."""
    number = _number(value)
    return int(number) if number is not None and 0 < number < _MOST_BYTES else None


def _seconds(value: object) -> float | None:
    if isinstance(value, str) and (clock := _CLOCK.fullmatch(value.strip())):
        return int(clock[1] or 0) * 3600 + int(clock[2]) * 60 + float(clock[3])
    number = _number(value)
    return number if number is not None and number > 0 else None


def _moment(value: object) -> float | None:
    """Return seconds since the epoch of an ISO 8601 date, UTC if it names no zone, or of a number."""
    number = _number(value)
    try:
        if number is not None:
            moment = number / 1000 if number > _MILLISECONDS_FROM else number
            datetime.fromtimestamp(moment, UTC)
            return moment
        if not isinstance(value, str):
            return None
        told = datetime.fromisoformat(value.strip())
        return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _url(value: object, url: str) -> str:
    """Return an address as an absolute URL fit for a request, "" for what is none."""
    if not isinstance(value, str) or not value.strip():
        return ""
    try:
        absolute = urljoin(url, quote(value.strip(), safe=_AS_IT_IS, errors="replace"))
        parts = urlsplit(absolute)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return ""
    return absolute.partition("#")[0] if usable else ""
