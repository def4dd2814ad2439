"""A lane that brings videos whose links expire, lie or lead nowhere: what arrives, and what was asked for."""

import threading
import time
from functools import partial
from pathlib import Path

import pytest

from desktop.core.errors import LoginFailed, NotFound, NotTheFile, Stopped, Unreachable
from desktop.core.media import Entry
from desktop.core.task import FileResult
from desktop.places import Places
from desktop.studio.gallery import links
from desktop.transfer.budget import HostBudget
from desktop.transfer.jobs import Job, JobDone
from desktop.transfer.lane import Lane
from desktop.transfer.pace import Pace
from desktop.transfer.retry import Patience
from desktop.transfer.run import Run
from desktop.work.sites import Sites
from tests.servers.proxy import Proxy
from tests.servers.scripted_gallery import TOKEN, ScriptedGallery
from tests.servers.scripted_http import Request, answer
from tests.transfer.scripted import HASTY, MIB, SKIP, content

FILM = content("film", 6 * MIB)
PAGE = b"<!DOCTYPE html><html><body>Please sign in.</body></html>"
JSON = "application/json"


class Carrying:
    """Brings a gallery's videos over one lane."""

    def __init__(self, gallery: ScriptedGallery, folder: Path, token: str = TOKEN) -> None:
        self.gallery, self.folder = gallery, folder
        self.sites = Sites(Places.find())
        server = self.sites.server(gallery.url)
        self.sites.remember_password(server.site, token)
        self.site = f"gallery:{server.site}"

    def run(self, *ids: str, size: int | None = None, lanes: int = 1, patience: Patience = HASTY) -> list[JobDone]:
        jobs = [
            Job(number, self.site, Entry(self.gallery.path(video), size=size), self.folder / f"{video}.mp4")
            for number, video in enumerate(ids)
        ]
        run = Run("c0ffee00", self.folder, jobs, SKIP, Pace(), lambda: None, segments=1, patience=patience)
        budget = HostBudget(lanes)
        carriers = [Lane(run, self.site, partial(self.sites.source, self.site), budget) for _ in range(lanes)]
        threads = [threading.Thread(target=lane.carry) for lane in carriers[1:]]
        for thread in threads:
            thread.start()
        carriers[0].carry()
        for thread in threads:
            thread.join(30)
        run.close()
        return sorted(run.drain(), key=lambda done: done.id)

    def bytes(self, video: str) -> bytes:
        return (self.folder / f"{video}.mp4").read_bytes()


def good(done: JobDone) -> JobDone:
    assert done.error is None, str(done.error)
    assert done.result is FileResult.DOWNLOADED
    return done


def test_by_its_link_and_without_credentials_there(tmp_path: Path) -> None:
    with ScriptedGallery({"42": FILM}) as gallery:
        done = good(Carrying(gallery, tmp_path).run("42", size=len(FILM))[0])
        assert done.transferred == len(FILM)
        assert gallery.lists() == 1
        assert len(gallery.api.requests) == 1
        assert not any({"authorization", "cookie"} & set(request.headers) for request in gallery.storage.requests)
    assert (tmp_path / "42.mp4").read_bytes() == FILM


def test_a_link_that_expired_before_the_start_is_replaced(tmp_path: Path) -> None:
    with ScriptedGallery({"42": FILM}) as gallery:
        carrying = Carrying(gallery, tmp_path)
        carrying.sites.links(carrying.site.removeprefix("gallery:")).listing("/studio")
        gallery.expire()
        assert good(carrying.run("42")[0]).transferred == len(FILM)
        assert gallery.lists() == 2
        assert gallery.ranges() == [None, None]  # refused, then all of it
    assert carrying.bytes("42") == FILM


def test_a_link_that_expires_in_the_middle_of_a_cut_answer_goes_on_at_the_byte_reached(tmp_path: Path) -> None:
    reached = 5 * MIB
    with ScriptedGallery({"42": FILM}) as gallery:

        def cut(request: Request) -> bytes | None:
            if request.headers.get("range"):
                return None
            gallery.expire()
            told = {"Content_Length": str(len(FILM)), "Connection": "close"} | gallery.headers("42")
            return answer("200 OK", FILM[:reached], True, **told)

        gallery.of_storage = cut
        carrying = Carrying(gallery, tmp_path)
        done = good(carrying.run("42", size=len(FILM))[0])
        assert done.transferred == len(FILM)  # not a byte came twice
        assert gallery.ranges() == [None, f"bytes={reached}-", f"bytes={reached}-"]
        assert gallery.lists() == 2
    assert carrying.bytes("42") == FILM


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "410 Gone", "400 Bad Request"])
def test_a_range_refused_in_the_middle_is_asked_for_again_within_the_piece(tmp_path: Path, status: str) -> None:
    """Storage gives 1 MiB at a time, and each link only once."""
    with ScriptedGallery({"42": FILM}) as gallery:
        spent: set[str] = set()

        def sip(request: Request) -> bytes:
            asked = request.headers.get("range")
            if asked is None:
                told = {"Content_Length": str(len(FILM)), "Connection": "close"} | gallery.headers("42")
                return answer("200 OK", FILM[:MIB], True, **told)
            if request.target in spent:
                return answer(status, b"<Error><Code>ExpiredToken</Code></Error>")
            spent.add(request.target)
            start = int(asked.removeprefix("bytes=").partition("-")[0])
            end = min(start + MIB, len(FILM))
            told = {"Content_Range": f"bytes {start}-{end - 1}/{len(FILM)}"} | gallery.headers("42")
            return answer("206 Partial Content", FILM[start:end], True, **told)

        gallery.of_storage = sip

        def renew(_request: Request) -> None:
            gallery.expire()

        gallery.of_list = renew
        carrying = Carrying(gallery, tmp_path)
        done = good(carrying.run("42", size=len(FILM))[0])
        assert done.transferred == len(FILM)
        starts = [0 if asked is None else int(asked[6:-1]) for asked in gallery.ranges()]
        # One byte is asked for twice where a link was refused; nothing is ever asked for again from further back.
        assert starts == [0, MIB, *(at for step in range(2, 6) for at in (step * MIB, step * MIB))]
        assert gallery.lists() == 5
    assert carrying.bytes("42") == FILM


def test_without_a_link_the_api_is_asked_and_its_redirect_gets_no_credentials(tmp_path: Path) -> None:
    with ScriptedGallery({"42": FILM}, linked=False) as gallery:
        carrying = Carrying(gallery, tmp_path)
        good(carrying.run("42")[0])
        assert [request.target for request in gallery.api.requests] == ["/studio/api/downloads", gallery.path("42")]
        assert not any({"authorization", "cookie"} & set(request.headers) for request in gallery.storage.requests)
    assert carrying.bytes("42") == FILM


def test_the_api_may_give_the_bytes_itself(tmp_path: Path) -> None:
    with ScriptedGallery({"42": FILM}) as gallery:
        gallery.of_storage = lambda request: answer("403 Forbidden")
        gallery.of_route = lambda request: answer(body=FILM, Content_Type="video/mp4")
        carrying = Carrying(gallery, tmp_path)
        good(carrying.run("42")[0])
    assert carrying.bytes("42") == FILM


def test_gone_from_everywhere(tmp_path: Path) -> None:
    with ScriptedGallery({"42": FILM}) as gallery:
        gallery.of_storage = lambda request: answer("404 Not Found", b"<Error><Code>NoSuchKey</Code></Error>")
        carrying = Carrying(gallery, tmp_path)
        (done,) = carrying.run("42")
    assert isinstance(done.error, NotFound)
    assert "gone" in done.error.title
    assert "404" in done.error.cause
    assert "Retry" in done.error.suggestion
    assert list(tmp_path.iterdir()) == []


def test_without_the_list_the_lasting_path_still_works(tmp_path: Path) -> None:
    with ScriptedGallery({"42": FILM}) as gallery:
        gallery.of_list = lambda request: answer("500 Internal Server Error", b'{"detail": "Oops"}', Content_Type=JSON)
        carrying = Carrying(gallery, tmp_path)
        good(carrying.run("42")[0])
    assert carrying.bytes("42") == FILM


def test_without_a_fresh_list_the_lasting_path_still_works(tmp_path: Path) -> None:
    with ScriptedGallery({str(number): FILM[number:] for number in range(5)}) as gallery:
        carrying = Carrying(gallery, tmp_path)
        carrying.sites.links(carrying.site.removeprefix("gallery:")).listing("/studio")
        gallery.expire()
        gallery.of_list = lambda request: answer("500 Internal Server Error")
        for done in carrying.run(*gallery.videos):
            good(done)
        assert gallery.lists() == 2  # what fails is not asked by every file
    for video, film in gallery.videos.items():
        assert carrying.bytes(video) == film


def test_a_busy_api_is_left_alone_as_long_as_it_asks(tmp_path: Path) -> None:
    with ScriptedGallery({"42": FILM}) as gallery:
        answers = [answer("503 Service Unavailable", Retry_After="1"), answer("429 Too Many Requests", Retry_After="1")]
        moments: list[float] = []

        def busy(_request: Request) -> bytes | None:
            moments.append(time.monotonic())
            return answers.pop() if answers else None

        gallery.of_list = busy
        carrying = Carrying(gallery, tmp_path)
        good(carrying.run("42", patience=Patience(first=0.001, cap=0.01))[0])
        assert len(gallery.api.requests) == 3
    assert moments[1] - moments[0] >= 1
    assert moments[2] - moments[1] >= 1


@pytest.mark.parametrize("kind", ["text/html", "video/mp4"])
def test_a_page_instead_of_a_video_leads_to_the_next_door(tmp_path: Path, kind: str) -> None:
    with ScriptedGallery({"42": FILM}) as gallery:
        gallery.of_storage = lambda request: answer(body=PAGE, Content_Type=kind)
        gallery.of_route = lambda request: answer(body=FILM, Content_Type="video/mp4")
        carrying = Carrying(gallery, tmp_path)
        good(carrying.run("42", size=len(FILM))[0])
        assert gallery.lists() == 2
    assert carrying.bytes("42") == FILM


@pytest.mark.parametrize("kind", ["text/html", "video/mp4", "application/xml"])
def test_pages_everywhere_leave_nothing_on_disk(tmp_path: Path, kind: str) -> None:
    page = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>" if kind.endswith("xml") else PAGE
    with ScriptedGallery({"42": FILM}) as gallery:
        gallery.of_storage = lambda request: answer(body=page, Content_Type=kind)
        (done,) = Carrying(gallery, tmp_path).run("42", size=len(FILM))
    assert isinstance(done.error, NotTheFile)
    assert list(tmp_path.iterdir()) == []


def test_ranges_ignored(tmp_path: Path) -> None:
    with ScriptedGallery({"42": FILM}) as gallery:
        whole = {"Content_Length": str(len(FILM)), "Connection": "close"}

        def ignorant(request: Request) -> bytes:
            first = len(gallery.storage.requests) == 1
            return answer("200 OK", FILM[: 5 * MIB] if first else FILM, True, **whole | gallery.headers("42"))

        gallery.of_storage = ignorant
        carrying = Carrying(gallery, tmp_path)
        good(carrying.run("42", size=len(FILM))[0])
    assert carrying.bytes("42") == FILM


def test_another_etag_behind_a_fresh_link_starts_over_and_never_splices(tmp_path: Path) -> None:
    other = content("another cut", len(FILM))
    with ScriptedGallery({"42": FILM}) as gallery:

        def cut(request: Request) -> bytes | None:
            if gallery.videos["42"] is other:
                asked = request.headers.get("range")
                changed = asked is not None and request.headers.get("if-range") not in (None, etag())
                return answer("200 OK", other, True, **gallery.headers("42")) if changed else None
            told = {"Content_Length": str(len(FILM)), "Connection": "close"} | gallery.headers("42")
            gallery.videos["42"] = other
            gallery.expire()
            return answer("200 OK", FILM[: 5 * MIB], True, **told)

        def etag() -> str:
            return gallery.headers("42")["ETag"]

        gallery.of_storage = cut
        carrying = Carrying(gallery, tmp_path)
        good(carrying.run("42", size=len(FILM))[0])
    assert carrying.bytes("42") == other


def test_r24_while_the_gallery_is_away_nothing_is_lost_that_came_by_a_link_that_expired(tmp_path: Path) -> None:
    """Storage is there and gives nothing without a fresh link: the next run goes on at the byte reached."""
    reached = 5 * MIB
    with ScriptedGallery({"42": FILM}) as gallery, Proxy(gallery.api.port) as line:
        gallery.api.port = line.port

        def cut(request: Request) -> bytes | None:
            if gallery.good > 1:
                return None
            gallery.expire()
            line.refuse()
            line.cut_all()
            told = {"Content_Length": str(len(FILM)), "Connection": "close"} | gallery.headers("42")
            return answer("200 OK", FILM[:reached], True, **told)

        gallery.of_storage = cut
        carrying = Carrying(gallery, tmp_path)
        [away] = carrying.run("42", size=len(FILM))
        assert away.result is FileResult.FAILED
        assert isinstance(away.error, Unreachable), "a task is put off for that"
        assert not (tmp_path / "42.mp4").exists()
        line.accept()
        done = good(carrying.run("42", size=len(FILM))[0])
        assert (done.reused, done.transferred) == (reached, len(FILM) - reached)
    assert carrying.bytes("42") == FILM


def test_without_an_etag_nothing_is_spliced_over_two_links(tmp_path: Path) -> None:
    """Nothing tells then that both links lead to the same bytes."""
    other = content("another cut", len(FILM))
    with ScriptedGallery({"42": FILM}, etags=False) as gallery:

        def cut(request: Request) -> bytes | None:
            if gallery.videos["42"] is other:
                return None
            gallery.videos["42"] = other
            gallery.expire()
            told = {"Content_Length": str(len(FILM)), "Connection": "close"} | gallery.headers("42")
            return answer("200 OK", FILM[: 5 * MIB], True, **told)

        gallery.of_storage = cut
        carrying = Carrying(gallery, tmp_path)
        good(carrying.run("42", size=len(FILM))[0])
    assert carrying.bytes("42") == other


def test_many_expired_links_are_replaced_by_one_question(tmp_path: Path) -> None:
    with ScriptedGallery({str(number): FILM[: 1000 + number] for number in range(40)}) as gallery:
        carrying = Carrying(gallery, tmp_path)
        carrying.sites.links(carrying.site.removeprefix("gallery:")).listing("/studio")
        gallery.expire()
        for done in carrying.run(*gallery.videos, lanes=8):
            good(done)
        assert gallery.lists() == 2
        assert len(gallery.api.requests) == 2
    for video, film in gallery.videos.items():
        assert carrying.bytes(video) == film


def test_a_server_that_gives_the_same_dead_link_again_is_not_asked_for_each_file(tmp_path: Path) -> None:
    with ScriptedGallery({str(number): FILM[: 1000 + number] for number in range(20)}) as gallery:
        gallery.of_route = lambda request: answer(body=gallery.videos[request.target.split("/")[-2]])
        gallery.of_storage = lambda request: answer("403 Forbidden")
        for done in Carrying(gallery, tmp_path).run(*gallery.videos):
            good(done)
        assert gallery.lists() == 2


@pytest.mark.parametrize("status", ["403 Forbidden", "404 Not Found", "500 Internal Server Error"])
def test_a_server_whose_fresh_links_are_as_dead_is_not_asked_for_each_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    """Every list has links of its own; storage wants none of them."""
    monkeypatch.setattr(links, "RESTING", 60.0)
    with ScriptedGallery({str(number): FILM[: 1000 + number] for number in range(20)}) as gallery:
        gallery.of_list = lambda request: gallery.expire()
        gallery.of_route = lambda request: answer(body=gallery.videos[request.target.split("/")[-2]])
        gallery.of_storage = lambda request: answer(status)
        for done in Carrying(gallery, tmp_path).run(*gallery.videos, lanes=4):
            good(done)
        assert gallery.lists() == 2


def test_a_fresh_list_is_not_asked_for_again_before_one_of_its_links_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One lane still tries the link it got in a refused one's place; another's of the same list was refused."""
    monkeypatch.setattr(links, "RESTING", 60.0)
    with ScriptedGallery({"1": FILM, "2": FILM, "3": FILM}) as gallery:
        gallery.of_list = lambda request: gallery.expire()
        carrying = Carrying(gallery, tmp_path)
        one, other, third = (carrying.sites.links(carrying.site.removeprefix("gallery:")) for _ in range(3))
        fresh = one.link(gallery.path("1"), one.link(gallery.path("1"), None))
        known = other.link(gallery.path("2"), None)
        assert fresh is not None and known is not None and gallery.lists() == 2
        one.did(gallery.path("1"), fresh)
        renewed = other.link(gallery.path("2"), known)  # links of this list did open: this one has expired
        assert renewed not in (None, known) and gallery.lists() == 3
        assert third.link(gallery.path("3"), third.link(gallery.path("3"), None)) is None
        assert gallery.lists() == 3


def test_a_list_that_takes_long_to_fail_does_not_hold_up_every_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "RESTING", 0.0)
    with ScriptedGallery({str(number): FILM[: 1000 + number] for number in range(10)}) as gallery:

        def crawl(_request: Request) -> bytes:
            time.sleep(1)  # a server that thinks, and then fails
            return answer("504 Gateway Timeout")

        gallery.of_list = crawl
        for done in Carrying(gallery, tmp_path).run(*gallery.videos):
            good(done)
        assert gallery.lists() == 1


def test_a_wrong_token_is_told_as_such(tmp_path: Path) -> None:
    with ScriptedGallery({"42": FILM}) as gallery:
        (done,) = Carrying(gallery, tmp_path, token="wrong").run("42")
    assert isinstance(done.error, LoginFailed)


@pytest.mark.parametrize("token", ["tok\u2192en", "to\nken", "Cookie: a=b\r\nX-Forged: 1", "to\0ken"])
def test_a_token_that_cannot_be_sent_is_told_as_such(tmp_path: Path, token: str) -> None:
    with ScriptedGallery({"42": FILM}) as gallery:
        carrying = Carrying(gallery, tmp_path, token)
        (done,) = carrying.run("42")
        assert isinstance(done.error, LoginFailed)
        assert token not in str(done.error)
        with pytest.raises(LoginFailed):
            carrying.sites.links(carrying.site.removeprefix("gallery:")).listing("/studio")
        assert gallery.api.requests == []


def test_a_list_that_hangs_can_be_broken_off(tmp_path: Path) -> None:
    asked, over = threading.Event(), threading.Event()
    with ScriptedGallery({"42": FILM}) as gallery:

        def hang(_request: Request) -> bytes:
            asked.set()
            over.wait(30)
            return b""

        gallery.of_list = hang
        asker = Carrying(gallery, tmp_path).sites.links(f"http://127.0.0.1:{gallery.api.port}")
        raised: list[BaseException] = []

        def ask() -> None:
            try:
                asker.link(gallery.path("42"), None)
            except Stopped as stopped:
                raised.append(stopped)

        thread = threading.Thread(target=ask)
        thread.start()
        assert asked.wait(10)
        asker.close()
        thread.join(10)
        over.set()
        assert not thread.is_alive()
        assert raised
        with pytest.raises(Stopped):
            asker.link(gallery.path("42"), None)
