"""The gallery itself: its API, its storage on another port, and what a script may do to both."""

import os
import re
import secrets
import shutil
import threading
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from pathlib import Path

from desktop.demo.content import DAY, Size
from desktop.demo.gallery.faults import GalleryFaults
from desktop.demo.gallery.links import Links, refused
from desktop.demo.gallery.videos import GONE, Video, large, videos
from desktop.demo.listener import HOST, Listener
from desktop.demo.mp4 import write_mp4
from desktop.demo.stills import still
from desktop.demo.web import Answer, Answering, Request, as_json, knows, plain

BASE = "/studio"
LIST = "/api/downloads"
FILE = re.compile(r"/api/downloads/(\d+)/file")
THUMBNAIL = re.compile(r"/thumbnails/(\d+)\.png")
FILM = "video/mp4"


class Gallery:
    """Videos behind an API with a token and a storage with signed links; both listen until `stop`.

    api, storage: the listeners, whose `seen` tells every request. links: how long links live. faults: what goes wrong.
    The videos are made when they are first asked for.
    """

    def __init__(self, folder: Path, size: Size) -> None:
        self.token = secrets.token_hex(16)
        self.links = Links()
        self.faults = GalleryFaults()
        self._folder = folder
        self._videos = {video.id: video for video in videos(size)}
        self._lost = {GONE}
        self._lock = threading.Lock()
        # What an earlier studio kept here may have been replaced by a test of that day.
        shutil.rmtree(folder, ignore_errors=True)
        self.api = Listener("demo-gallery", partial(Answering, answer=self._api))
        self.storage = Listener("demo-storage", partial(Answering, answer=self._storage))

    @property
    def url(self) -> str:
        """Return the base URL of the API."""
        return f"http://{HOST}:{self.api.port}{BASE}"

    @property
    def life(self) -> float:
        """Tell for how many seconds a new link lives."""
        return self.links.life

    @life.setter
    def life(self, seconds: float) -> None:
        self.links.life = seconds

    def start(self) -> None:
        """Listen again, on the same ports."""
        self.api.start()
        self.storage.start()

    def stop(self) -> None:
        """Hang up on everybody and free the ports; safe to call twice."""
        self.api.stop()
        self.storage.stop()

    def expire_links(self) -> None:
        """Expire every link given so far; the next ones are good."""
        self.links.expire()

    def videos(self) -> list[Video]:
        """Return what is in the gallery, the newest first."""
        return sorted(self._videos.values(), key=lambda video: video.created, reverse=True)

    def file(self, number: int) -> Path:
        """Return where the bytes of a video lie on this machine."""
        with self._lock:
            video, path = self._videos[number], self._folder / f"{number}.mp4"
            if not path.exists():
                _write(video, path, video.created)
        return path

    def add_large(self) -> int:
        """Add the video of 150 MB, which is there from the start in the full size; return its id."""
        video = large()
        self._videos[video.id] = video
        return video.id

    def replace(self, number: int) -> None:
        """Put other bytes, as many, in a video's place: size and URL stay, its ETag changes."""
        path, video = self.file(number), self._videos[number]
        red, green, blue = video.film.colour
        other = replace(video, film=replace(video.film, colour=(blue, red, green)))
        _write(other, path, video.created + DAY)
        self._videos[number] = other

    def remove(self, number: int) -> None:
        """Lose a video's file; it stays in the list."""
        self._lost.add(number)

    def serve_directly(self, number: int) -> None:
        """Let the API give a video's bytes itself, instead of redirecting to storage."""
        self._videos[number] = replace(self._videos[number], direct=True)

    def _api(self, asked: Request) -> Answer:
        path = asked.path.removeprefix(BASE)
        found = FILE.fullmatch(path)
        if not asked.path.startswith(BASE) or (found is None and path != LIST):
            return as_json({"detail": "Not Found"}, HTTPStatus.NOT_FOUND)
        if (fault := self.faults.of_api()) is not None:
            return fault
        if not knows(asked, self.token):
            return as_json({"detail": "Not authenticated"}, HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": "Bearer"})
        if asked.method == "POST":
            return as_json({"detail": "Method Not Allowed"}, HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET, HEAD"})
        if found is None:
            return as_json([self._entry(video) for video in self.videos()])
        return self._give(self._videos.get(int(found[1])))

    def _give(self, video: Video | None) -> Answer:
        if video is None or video.id in self._lost:
            return as_json({"detail": "File not found"}, HTTPStatus.NOT_FOUND)
        if video.direct or self.faults.refusing:
            return self.faults.spoil(Answer(content=self.file(video.id), type=FILM))
        host = "localhost" if self.faults.elsewhere else HOST
        return Answer(HTTPStatus.FOUND, headers={"Location": self._link(video, host)})

    def _storage(self, asked: Request) -> Answer:
        if thumbnail := THUMBNAIL.fullmatch(asked.path):
            shown = self._videos.get(int(thumbnail[1]))
            if shown is not None and shown.thumbnail:
                return Answer(content=still(shown.film, shown.film.frames // 2), type="image/png", tagged=True)
        if self.faults.refusing:
            return refused("AccessDenied", "Access Denied")
        if (refusal := self.links.refusal(asked)) is not None:
            return refusal
        wanted = next((one for one in self._videos.values() if plain(one.key) == plain(asked.path)), None)
        if wanted is None or wanted.id in self._lost:
            return refused("NoSuchKey", "The specified key does not exist.", HTTPStatus.NOT_FOUND)
        return self.faults.of_storage() or self.faults.spoil(Answer(content=self.file(wanted.id), type=FILM))

    def _entry(self, video: Video) -> dict[str, object]:
        origin = f"http://{HOST}:{self.storage.port}"
        return {
            "id": video.id,
            "project_name": video.project,
            "created": video.told,
            "size": self.file(video.id).stat().st_size,
            "duration": video.seconds,
            "thumbnail": f"{origin}/thumbnails/{video.id}.png" if video.thumbnail else None,
            "file_url": self._link(video, HOST) if video.linked and not self.faults.unlinked else None,
        }

    def _link(self, video: Video, host: str) -> str:
        return f"http://{host}:{self.storage.port}{self.links.sign(video.key)}"


def _write(video: Video, path: Path, mtime: int) -> None:
    """Write a video's file in one step, so that whoever reads the old one goes on with the old one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    making = path.with_suffix(".new")
    with making.open("wb") as file:
        write_mp4(video.film, file)
    os.utime(making, (mtime, mtime))
    making.replace(path)
