"""Read a gallery's list with patience: a field that is missing or odd costs that field, never the list."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

from desktop.core.gallery import Video
from desktop.core.media import believable
from desktop.studio.gallery.names import file_name

_WRAPPINGS = ("downloads", "videos", "items", "results", "data")
_COUNTS = ("total", "total_count", "count")
_NEXT = ("next", "next_page", "next_cursor", "has_more")
_LONGEST_ID = 200
_LONGEST_TEXT = 1000
_MILLISECONDS_FROM = 1e11
"""A time of creation above this, in the year 5138 if it were seconds, is told in milliseconds."""
_FROM, _TO = -62_135_510_400, 253_402_214_400
"""The first and the last moment that are told, in seconds since the epoch: in every zone a date can be had of them."""
_LONGEST = 1e9
"""Seconds of a video beyond which its duration is none."""
_CLOCK = re.compile(r"(?:(\d{1,6}):)?(\d{1,2}):(\d{1,2}(?:\.\d{1,9})?)", re.ASCII)
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
    remarks = list[str]()
    if isinstance(data, dict):
        around, data = data, next((data[key] for key in _WRAPPINGS if isinstance(data.get(key), list)), None)
        if isinstance(data, list) and _goes_on(around, len(data)):
            remarks.append(f"The gallery told only a part of its list, {_entries(len(data))}: it has more videos.")
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
    remarks += [
        f"{_entries(count)} of the gallery's list left out: {why}."
        for count, why in ((nameless, "without a usable id"), (doubled, "its id was there before"))
        if count
    ]
    return Listing(tuple(videos.values()), links, thumbnails, tuple(remarks))


def _goes_on(around: Mapping[str, Any], count: int) -> bool:
    """Tell whether what a list is wrapped in says that it is a part of a longer one."""
    pages = _number(around.get("pages")) or 1
    return (
        pages > 1
        or any(around.get(key) for key in _NEXT)
        or any((_number(around.get(key)) or 0) > count for key in _COUNTS)
    )


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
    return believable(int(number)) if number is not None and number >= 1 else None


def _seconds(value: object) -> float | None:
    if isinstance(value, str) and (clock := _CLOCK.fullmatch(value.strip())):
        return int(clock[1] or 0) * 3600 + int(clock[2]) * 60 + float(clock[3])
    number = _number(value)
    return number if number is not None and 0 < number < _LONGEST else None


def _moment(value: object) -> float | None:
    """Return seconds since the epoch of an ISO 8601 date, UTC if it names no zone, or of a number."""
    moment = _number(value)
    if moment is not None:
        moment = moment / 1000 if moment > _MILLISECONDS_FROM else moment
    elif isinstance(value, str):
        try:
            told = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
        moment = (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()
    return moment if moment is not None and _FROM <= moment <= _TO else None


def _url(value: object, url: str) -> str:
    """Return an address as an absolute URL fit for a request, "" for what is none. A login within it is left out."""
    if not isinstance(value, str) or not value.strip():
        return ""
    spelled = quote(value.strip(), safe=_AS_IT_IS, errors="replace")
    try:
        parts = urlsplit(spelled)
        if not parts.scheme or not parts.netloc:
            # An absolute one stays as it is, to the letter: it may be signed.
            spelled = urljoin(url, spelled)
            parts = urlsplit(spelled)
        host = parts.netloc.rpartition("@")[2]
        if not unquote(host).isascii():
            host = unquote(host).encode("idna").decode()
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return ""
    rest = spelled[len(f"{parts.scheme}://{parts.netloc}") :].partition("#")[0]
    return f"{parts.scheme}://{host}{rest}" if usable else ""
