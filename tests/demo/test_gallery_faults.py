"""Each fault of the demo studio's gallery does what it says, and nothing once it is off."""

import pytest
import requests

from desktop.demo.gallery.gallery import Gallery
from desktop.demo.gallery.videos import PROJECTS
from tests.demo.galleries import SOME, bucket, code, listed, login, route


def test_the_api_fails_so_many_times(gallery: Gallery) -> None:
    gallery.faults.fail_api(2)
    gallery.faults.fail_api(1, status=503, retry_after=7)
    url = f"{gallery.url}/api/downloads"
    answers = [requests.get(url, headers=login(gallery), timeout=10) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [500, 500, 503, 200]
    assert [answer.headers.get("Retry-After") for answer in answers] == [None, None, "7", None]
    assert answers[0].json() == {"detail": "Internal Server Error"}


def test_the_api_allows_nothing(gallery: Gallery) -> None:
    gallery.faults.forbidden = True
    for url in (f"{gallery.url}/api/downloads", route(gallery)):
        answer = requests.get(url, headers=login(gallery), timeout=10)
        assert (answer.status_code, answer.json()) == (403, {"detail": "Not allowed"})


def test_no_video_is_linked(gallery: Gallery) -> None:
    gallery.faults.unlinked = True
    assert {video["file_url"] for video in listed(gallery).values()} == {None}
    assert requests.get(route(gallery), headers=login(gallery), timeout=10).status_code == 200


def test_every_link_is_refused_and_only_the_route_works(gallery: Gallery) -> None:
    gallery.faults.refusing = True
    assert code(requests.get(bucket(gallery), timeout=10)) == (403, "AccessDenied: Access Denied")
    answer = requests.get(route(gallery), headers=login(gallery), timeout=10)
    assert (answer.status_code, answer.history) == (200, [])
    assert answer.content == gallery.file(SOME).read_bytes()


def test_a_redirect_names_another_host(gallery: Gallery) -> None:
    gallery.faults.elsewhere = True
    answer = requests.get(route(gallery), headers=login(gallery), timeout=10)
    assert answer.url.startswith("http://localhost:")
    assert answer.content == gallery.file(SOME).read_bytes()


def test_storage_answers_a_page(gallery: Gallery) -> None:
    gallery.faults.page = True
    answer = requests.get(bucket(gallery), timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer.text.startswith("<!DOCTYPE html>")
    gallery.faults.page = False
    assert requests.get(bucket(gallery), timeout=10).headers["Content-Type"] == "video/mp4"


def test_storage_ignores_ranges(gallery: Gallery) -> None:
    gallery.faults.no_ranges = True
    answer = requests.get(bucket(gallery), headers={"Range": "bytes=10-"}, timeout=10)
    assert (answer.status_code, answer.content) == (200, gallery.file(SOME).read_bytes())
    assert "Accept-Ranges" not in answer.headers


def test_a_video_is_replaced(gallery: Gallery) -> None:
    before = requests.get(bucket(gallery), timeout=10)
    gallery.replace(SOME)
    condition = {"Range": "bytes=10-", "If-Range": before.headers["ETag"]}
    after = requests.get(bucket(gallery), headers=condition, timeout=10)
    assert (after.status_code, len(after.content)) == (200, len(before.content))
    assert after.content == gallery.file(SOME).read_bytes() != before.content


@pytest.mark.parametrize("direct", [False, True])
def test_the_line_breaks_after_so_many_bytes(gallery: Gallery, direct: bool) -> None:
    if direct:
        gallery.serve_directly(SOME)
    gallery.faults.cut(1000, times=2)
    data = gallery.file(SOME).read_bytes()
    url, headers = (route(gallery), login(gallery)) if direct else (bucket(gallery), {})
    for begin in (0, 500):
        got = b""
        sent = {**headers, "Range": f"bytes={begin}-"}
        with requests.get(url, headers=sent, timeout=10, stream=True) as answer:
            assert answer.headers["Content-Length"] == str(len(data) - begin)
            with pytest.raises(requests.exceptions.ChunkedEncodingError):
                for chunk in answer.iter_content(100):
                    got += chunk
        assert got == data[begin : begin + 1000]
    assert requests.get(url, headers=headers, timeout=10).content == data


def test_a_file_is_gone(gallery: Gallery) -> None:
    link = bucket(gallery)
    gallery.remove(SOME)
    assert len(listed(gallery)) == len(PROJECTS)
    assert code(requests.get(link, timeout=10)) == (404, "NoSuchKey: The specified key does not exist.")
    assert requests.get(route(gallery), headers=login(gallery), timeout=10).status_code == 404
