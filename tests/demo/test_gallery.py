"""The demo studio's gallery lists videos with signed links, and its storage honours these and nothing else."""

import io
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from desktop.demo.content import Size
from desktop.demo.gallery.gallery import Gallery
from desktop.demo.gallery.videos import DIRECT, GONE, LARGE, PLAIN, UNLINKED, videos
from desktop.demo.listener import Seen
from tests.demo.galleries import SOME, bucket, code, listed, login, route


def test_the_list_tells_all_of_every_video(gallery: Gallery) -> None:
    videos = listed(gallery)
    assert len(videos) >= 30
    for number, video in videos.items():
        assert set(video) == {"id", "project_name", "created", "size", "duration", "thumbnail", "file_url"}
        assert video["size"] == gallery.file(number).stat().st_size
        assert 2 <= video["duration"] <= 20
        assert re.fullmatch(r"2025-\d\d-\d\dT\d\d:\d\d:\d\dZ", video["created"])
    names = [video["project_name"] for video in videos.values()]
    folded = [re.sub("[^A-Za-z0-9]", "_", name) for name in names if name]
    assert (names.count(None), len(folded) - len(set(folded))) == (1, 1)
    assert [number for number, video in videos.items() if not video["file_url"]] == [UNLINKED]
    assert [number for number, video in videos.items() if not video["thumbnail"]] == [PLAIN]


def test_every_link_and_every_route_gives_the_video(gallery: Gallery) -> None:
    for number, video in listed(gallery).items():
        by_link = requests.get(video["file_url"], timeout=10) if video["file_url"] else None
        by_route = requests.get(route(gallery, number), headers=login(gallery), timeout=10)
        if number == GONE:
            assert by_link is not None
            assert code(by_link) == (404, "NoSuchKey: The specified key does not exist.")
            assert (by_route.status_code, by_route.json()) == (404, {"detail": "File not found"})
            continue
        for answer in (by_link, by_route) if by_link is not None else (by_route,):
            assert (answer.status_code, answer.headers["Content-Type"]) == (200, "video/mp4")
            assert answer.content == gallery.file(number).read_bytes()
        assert [hop.status_code for hop in by_route.history] == ([] if number == DIRECT else [302])
    assert not any(seen.credentials for seen in gallery.storage.seen)


def test_the_same_videos_every_time(gallery: Gallery, tmp_path: Path) -> None:
    again = Gallery(tmp_path / "again", Size.SMALL)
    again.stop()
    assert again.token != gallery.token
    for video in gallery.videos():
        assert again.file(video.id).read_bytes() == gallery.file(video.id).read_bytes()


def test_a_thumbnail_is_a_picture_of_the_video(gallery: Gallery) -> None:
    url = listed(gallery)[SOME]["thumbnail"]
    answer = requests.get(url, timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    assert answer.content.startswith(b"\x89PNG\r\n")
    missing = requests.get(url.replace(str(SOME), str(PLAIN)), timeout=10)
    assert missing.status_code == 403


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic {token}"}])
def test_the_api_wants_the_token(gallery: Gallery, headers: dict[str, str]) -> None:
    sent = {name: value.format(token=gallery.token) for name, value in headers.items()}
    for url in (f"{gallery.url}/api/downloads", route(gallery)):
        answer = requests.get(url, headers=sent, timeout=10, allow_redirects=False)
        assert (answer.status_code, answer.json()) == (401, {"detail": "Not authenticated"})


def test_a_session_cookie_does_as_well(gallery: Gallery) -> None:
    answer = requests.get(f"{gallery.url}/api/downloads", cookies={"session": gallery.token}, timeout=10)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "path", ["/api/nothing", "/api/downloads/101", "/api/downloads/999/file", "/api/downloads/x/file"]
)
def test_nothing_else_is_there(gallery: Gallery, path: str) -> None:
    answer = requests.get(gallery.url + path, headers=login(gallery), timeout=10)
    assert answer.status_code == 404
    assert set(answer.json()) == {"detail"}
    bare = gallery.url.removesuffix(urlsplit(gallery.url).path)
    assert requests.get(f"{bare}/api/downloads", headers=login(gallery), timeout=10).status_code == 404


def test_a_link_is_for_one_method_and_one_path(gallery: Gallery) -> None:
    link = bucket(gallery)
    other = urlsplit(bucket(gallery, 102))
    assert requests.head(link, timeout=10).status_code == 403
    for wrong in (
        link[:-1] + ("0" if link[-1] != "0" else "1"),
        other._replace(query=urlsplit(link).query).geturl(),
        re.sub(r"expires=\d+", "expires=9999999999", link),
    ):
        refused = code(requests.get(wrong, timeout=10))
        assert refused == (403, "SignatureDoesNotMatch: The request signature we calculated does not match.")
    assert code(requests.get(link.partition("?")[0], timeout=10)) == (403, "AccessDenied: Access Denied")


def test_links_expire(gallery: Gallery) -> None:
    link = bucket(gallery)
    gallery.expire_links()
    assert code(requests.get(link, timeout=10)) == (403, "AccessDenied: Request has expired")
    fresh = bucket(gallery)
    assert requests.get(fresh, timeout=10).status_code == 200
    gallery.life = -1
    assert code(requests.get(bucket(gallery), timeout=10)) == (403, "AccessDenied: Request has expired")
    assert requests.get(fresh, timeout=10).status_code == 200


def test_storage_and_direct_route_give_ranges_of_the_same_file(gallery: Gallery) -> None:
    data = gallery.file(SOME).read_bytes()
    gallery.serve_directly(SOME)
    for url, headers in ((bucket(gallery), {}), (route(gallery), login(gallery))):
        etag = requests.get(url, headers=headers, timeout=10).headers["ETag"]
        part = requests.get(url, headers={**headers, "Range": "bytes=100-", "If-Range": etag}, timeout=10)
        assert (part.status_code, part.content) == (206, data[100:])
        assert part.headers["Content-Range"] == f"bytes 100-{len(data) - 1}/{len(data)}"
        other = requests.get(url, headers={**headers, "Range": "bytes=100-", "If-Range": '"other"'}, timeout=10)
        assert (other.status_code, other.content) == (200, data)


def test_every_request_is_in_the_log(gallery: Gallery) -> None:
    link = bucket(gallery)
    requests.get(link, headers={"Range": "bytes=5-6", **login(gallery)}, timeout=10)
    requests.get(f"{gallery.url}/api/downloads", timeout=10)
    path = urlsplit(link)
    assert gallery.storage.seen == [Seen("GET", f"{path.path}?{path.query}", 206, "bytes=5-6", credentials=True)]
    assert gallery.api.seen == [
        Seen("GET", "/studio/api/downloads", 200, None, credentials=True),
        Seen("GET", "/studio/api/downloads", 401, None, credentials=False),
    ]


def test_it_comes_back_on_the_same_ports(gallery: Gallery) -> None:
    link, url = bucket(gallery), gallery.url
    gallery.stop()
    for gone in (link, url):
        with pytest.raises(requests.ConnectionError):
            requests.get(gone, timeout=10)
    gallery.start()
    assert gallery.url == url
    assert requests.get(link, timeout=10).status_code == 200
    assert listed(gallery)


def test_the_large_video_is_made_when_asked_for(gallery: Gallery) -> None:
    number = gallery.add_large()
    answer = requests.get(bucket(gallery, number), headers={"Range": "bytes=-8"}, timeout=10)
    size = int(answer.headers["Content-Range"].rpartition("/")[2])
    assert 150_000_000 <= size <= 151_000_000
    path = gallery.file(number)
    with path.open("rb") as file:
        file.seek(-8, io.SEEK_END)
        assert answer.content == file.read()
    path.unlink()  # too large to be kept with what else a test leaves


def test_the_full_size_has_the_large_video_from_the_start() -> None:
    small, full = ({video.id for video in videos(size)} for size in (Size.SMALL, Size.FULL))
    assert full - small == {LARGE}
