"""A gallery whose links expire at a chosen byte: an API and a storage, each answering by a script."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from tests.servers.certificates import Certificates
from tests.servers.scripted_http import Request, ScriptedHttp, answer, part

BASE = "/studio"
TOKEN = "token-SENTINEL-of-the-api"
SECRET = "signature-SENTINEL"

Script = Callable[[Request], bytes | None]
"""A raw answer, or None for the honest one."""


def nothing(_request: Request) -> None:
    """Have the honest answer given."""


@dataclass
class ScriptedGallery:
    """videos: id -> bytes. good: the serial of the links that are good now; `expire` makes the next ones.

    of_list, of_route, of_storage: scripts that come before the honest answer. linked: whether the list has links.
    etags: whether storage tells strong ETags. entries: more of an entry, by id. api_tls, storage_tls: certificates to
    show, None for plain http.
    """

    videos: dict[str, bytes]
    good: int = 1
    linked: bool = True
    etags: bool = True
    of_list: Script = nothing
    of_route: Script = nothing
    of_storage: Script = nothing
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    api_tls: Certificates | None = None
    storage_tls: Certificates | None = None

    def __enter__(self) -> Self:
        self.api = ScriptedHttp(self._api, tls=self.api_tls).start()
        self.storage = ScriptedHttp(self._storage, host="127.0.0.2", tls=self.storage_tls).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.api.stop()
        self.storage.stop()

    @property
    def url(self) -> str:
        return f"{_scheme(self.api)}://127.0.0.1:{self.api.port}{BASE}"

    def expire(self) -> None:
        self.good += 1

    def path(self, video_id: str) -> str:
        return f"{BASE}/api/downloads/{video_id}/file"

    def link(self, video_id: str) -> str:
        return f"{self.store}/bucket/{video_id}.mp4?X-Amz-Signature={SECRET}{self.good}"

    @property
    def store(self) -> str:
        return f"{_scheme(self.storage)}://127.0.0.2:{self.storage.port}"

    def lists(self) -> int:
        """Return how many times the list was asked for."""
        return sum(request.target == f"{BASE}/api/downloads" for request in self.api.requests)

    def ranges(self) -> list[str | None]:
        """Return the ranges storage was asked for, in order."""
        return [request.headers.get("range") for request in self.storage.requests]

    def _api(self, request: Request) -> bytes:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return answer("401 Unauthorized", b'{"detail": "Not authenticated"}', Content_Type="application/json")
        if request.target == f"{BASE}/api/downloads":
            return self.of_list(request) or self._list()
        video_id = request.target.removeprefix(f"{BASE}/api/downloads/").removesuffix("/file")
        if (given := self.of_route(request)) is not None:
            return given
        if video_id not in self.videos:
            return answer("404 Not Found", b'{"detail": "File not found"}', Content_Type="application/json")
        return answer("302 Found", Location=self.link(video_id))

    def _list(self) -> bytes:
        rows = [
            {
                "id": video_id,
                "project_name": f"Project {video_id}",
                "size": len(data),
                "file_url": self.link(video_id) if self.linked else None,
                **self.entries.get(video_id, {}),
            }
            for video_id, data in self.videos.items()
        ]
        return answer(body=json.dumps(rows).encode(), Content_Type="application/json")

    def _storage(self, request: Request) -> bytes:
        path, _, query = request.target.partition("?")
        video_id = path.removeprefix("/bucket/").removesuffix(".mp4")
        if query != f"X-Amz-Signature={SECRET}{self.good}":
            return answer("403 Forbidden", b"<Error><Code>AccessDenied</Code></Error>", Content_Type="application/xml")
        given = self.of_storage(request)
        return part(self.videos[video_id], request, **self.headers(video_id)) if given is None else given

    def headers(self, video_id: str) -> dict[str, str]:
        """Return what storage says of a video besides its length."""
        told = {"Content_Type": "video/mp4"}
        return told | ({"ETag": f'"etag-{hash(self.videos[video_id])}"'} if self.etags else {})


def _scheme(server: ScriptedHttp) -> str:
    return "http" if server.tls is None else "https"
