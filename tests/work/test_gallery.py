"""The gallery's desk against the demo studio's gallery: lists, pictures, plans, whereabouts, watching, tokens."""

import threading
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue as Inbox
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from desktop.core.connection import parse_connection
from desktop.core.errors import LoginFailed, NoSecretStore, NotFound, NotTheFile, ShotDockError, Truncated, UsageError
from desktop.core.gallery import Video
from desktop.core.plan import Plan, Request
from desktop.core.task import TaskState
from desktop.demo.content import Size
from desktop.demo.gallery.gallery import Gallery
from desktop.demo.gallery.videos import FIRST_ID, GONE, PLAIN, PROJECTS
from desktop.work import pictures, watching
from desktop.work.background import Work
from desktop.work.gallery import GalleryDesk
from tests.conftest import MemoryKeyring
from tests.servers.scripted_gallery import TOKEN as SCRIPTED_TOKEN
from tests.servers.scripted_gallery import ScriptedGallery
from tests.servers.scripted_http import Request as Asked
from tests.servers.scripted_http import answer
from tests.work.conftest import Bench

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
PICTURES = "/studio/pictures/"


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    opened = Gallery(tmp_path / "gallery", Size.SMALL)
    yield opened
    opened.stop()


class Visit:
    """The desk, logged in to one gallery."""

    def __init__(self, bench: Bench, url: str, token: str) -> None:
        self.bench, self.url = bench, url
        self.desk: GalleryDesk = bench.services.gallery
        bench.answer(lambda then, failed: self.desk.remember_token(url, token, False, then, failed))

    def videos(self) -> dict[str, Video]:
        listed = self.bench.answer(lambda then, failed: self.desk.videos(self.url, then, failed))
        return {video.id: video for video in listed}

    def picture(self, video: Video) -> bytes:
        found: bytes = self.bench.answer(lambda then, failed: self.desk.thumbnail(self.url, video, then, failed))
        return found

    def plan(self, *videos: Video, **wishes: Any) -> Plan:
        request = Request("", self.bench.destination, **wishes)
        plan: Plan = self.bench.answer(lambda then, failed: self.desk.plan(self.url, videos, request, then, failed))
        return plan

    def where(self, *videos: Video, destination: Path | None = None) -> dict[str, Path]:
        found: dict[str, Path] = self.bench.answer(
            lambda then, _failed: self.desk.whereabouts(self.url, videos, destination, then)
        )
        return found

    def watch(self, video: Video, told: list[tuple[int, int | None]] | None = None) -> Path:
        def progress(here: int, total: int | None) -> None:
            if told is not None:
                told.append((here, total))

        path: Path = self.bench.answer(lambda then, failed: self.desk.watch(self.url, video, then, progress, failed))
        return path


@pytest.fixture
def visit(bench: Bench, gallery: Gallery) -> Visit:
    return Visit(bench, gallery.url, gallery.token)


def test_the_list(visit: Visit, gallery: Gallery) -> None:
    assert list(visit.videos()) == [str(video.id) for video in gallery.videos()]
    assert all(request.credentials for request in gallery.api.seen)


@pytest.mark.parametrize(
    ("server", "kind"), [("nobody", NotFound), ("sftp://ann@127.0.0.1/x", UsageError), ("VEGA", UsageError)]
)
def test_what_is_wrong_with_a_server_goes_to_failed(bench: Bench, server: str, kind: type[ShotDockError]) -> None:
    desk, request = bench.services.gallery, Request("", bench.destination)
    with pytest.raises(kind):
        bench.answer(lambda then, failed: desk.videos(server, then, failed))
    with pytest.raises(kind):
        bench.answer(lambda then, failed: desk.plan(server, (), request, then, failed))
    with pytest.raises(kind):
        bench.answer(lambda then, failed: desk.remember_token(server, "t", False, then, failed))


def test_left_out_entries_are_told(bench: Bench, qtbot: QtBot) -> None:
    with ScriptedGallery({"1": b"film"}) as gallery:
        gallery.of_list = lambda request: answer(body=b'[{"id": 1}, {}]', Content_Type="application/json")
        visit = Visit(bench, gallery.url, SCRIPTED_TOKEN)
        with qtbot.waitSignal(visit.desk.remarked, timeout=5000) as heard:
            assert list(visit.videos()) == ["1"]
        assert "1 entry" in heard.args[0]


def test_videos_run_as_a_task_and_are_known_after_it(visit: Visit, gallery: Gallery, tmp_path: Path) -> None:
    videos = visit.videos()
    first, second = videos[str(FIRST_ID)], videos[str(FIRST_ID + 1)]
    assert visit.where(first, second) == {}
    plan = visit.plan(first, second)
    task = visit.bench.until(visit.bench.submit(plan).id)
    assert task.state is TaskState.DONE
    here = visit.bench.destination
    assert visit.where(first, second) == {first.id: here / first.file_name, second.id: here / second.file_name}
    (here / second.file_name).write_bytes(b"shorter")
    assert visit.where(first, second) == {first.id: here / first.file_name}
    other = tmp_path / "other"
    other.mkdir()
    (other / second.file_name).write_bytes(gallery.file(FIRST_ID + 1).read_bytes())
    assert visit.where(first, second, destination=other) == {
        first.id: here / first.file_name,
        second.id: other / second.file_name,
    }
    assert visit.watch(first) == here / first.file_name


def test_two_tasks_of_one_name_planned_before_either_arrives(visit: Visit) -> None:
    videos = visit.videos()
    one, two = (videos[str(FIRST_ID + PROJECTS.index(name))] for name in ("Moon Base 7", "Moon-Base 7"))
    paused = visit.bench.submit(visit.plan(one), start=False)
    second = visit.plan(two, conflict="overwrite")
    assert [file.target for _, file in second.files()] == [f"Moon_Base_7_final_{two.id}.mp4"]
    assert visit.bench.until(visit.bench.submit(second).id).state is TaskState.DONE
    visit.bench.services.tasks.resume((paused.id,))
    assert visit.bench.until(paused.id, TaskState.DONE).files.downloaded == 1


def test_two_servers_videos_of_one_name_never_meet(bench: Bench) -> None:
    """Whatever the conflict strategy says: it is for files that are nobody's. One server may have several names."""
    with ScriptedGallery({"1": b"film"}) as one, ScriptedGallery({"1": b"other film"}) as two:
        first, second = Visit(bench, one.url, SCRIPTED_TOKEN), Visit(bench, two.url, SCRIPTED_TOKEN)
        own = bench.destination / "Project_1_final.mp4"
        for visit, conflict in ((first, "skip"), (second, "overwrite"), (first, "overwrite"), (second, "skip")):
            task = bench.submit(visit.plan(visit.videos()["1"], conflict=conflict))
            assert bench.until(task.id).state is TaskState.DONE
        assert own.read_bytes() == b"film"
        assert own.with_name("Project_1_final_1.mp4").read_bytes() == b"other film"
        assert first.where(first.videos()["1"]) == {"1": own}
        connection, _ = parse_connection("finals", two.url)
        bench.answer(lambda then, failed: bench.services.connections.save(connection, None, then, failed))
        bench.answer(lambda then, failed: first.desk.remember_token("finals", SCRIPTED_TOKEN, False, then, failed))
        named = Visit(bench, "finals", SCRIPTED_TOKEN)
        plan = named.plan(named.videos()["1"], conflict="overwrite")
        assert [file.target for _, file in plan.files()] == ["Project_1_final_1.mp4"]


# --- pictures


def test_a_picture_is_fetched_once(visit: Visit, gallery: Gallery) -> None:
    video = visit.videos()[str(FIRST_ID)]
    picture = visit.picture(video)
    assert picture.startswith(b"\x89PNG")
    gallery.stop()
    assert visit.picture(video) == picture
    with pytest.raises(ShotDockError):
        visit.picture(Video("999", "", "video.mp4", thumbnail=video.thumbnail))


def test_no_picture(visit: Visit) -> None:
    with pytest.raises(NotFound):
        visit.picture(visit.videos()[str(PLAIN)])


@pytest.mark.parametrize(
    ("body", "kind", "error"),
    [
        (b"<html>Please sign in</html>", "text/html", NotTheFile),
        (b"<html>Please sign in</html>", "image/png", NotTheFile),
        (b"", "image/png", NotTheFile),
        (PNG + bytes(pictures.MOST_BYTES), "image/png", NotTheFile),
    ],
    ids=["page", "page in disguise", "nothing", "too large"],
)
def test_what_is_no_picture(bench: Bench, body: bytes, kind: str, error: type[ShotDockError]) -> None:
    with ScriptedGallery({"1": b"film"}, entries={"1": {"thumbnail": PICTURES + "1"}}) as gallery:
        gallery.of_route = lambda request: answer(body=body, Content_Type=kind)
        visit = Visit(bench, gallery.url, SCRIPTED_TOKEN)
        with pytest.raises(error):
            visit.picture(visit.videos()["1"])


def test_a_picture_on_the_gallery_s_own_server_gets_the_token(bench: Bench) -> None:
    with ScriptedGallery({"1": b"film"}, entries={"1": {"thumbnail": PICTURES + "1"}}) as gallery:
        gallery.of_route = lambda request: answer(body=PNG, Content_Type="image/png")
        visit = Visit(bench, gallery.url, SCRIPTED_TOKEN)
        assert visit.picture(visit.videos()["1"]) == PNG
        assert gallery.api.requests[-1].target == PICTURES + "1"


def test_a_picture_s_link_that_expired_is_replaced(bench: Bench) -> None:
    with ScriptedGallery({"1": PNG}) as gallery:
        gallery.entries["1"] = {"thumbnail": gallery.link("1")}
        visit = Visit(bench, gallery.url, SCRIPTED_TOKEN)
        video = visit.videos()["1"]
        assert "SENTINEL" not in video.thumbnail
        gallery.expire()
        gallery.entries["1"] = {"thumbnail": gallery.link("1")}
        assert visit.picture(video) == PNG
        assert gallery.lists() == 2
        assert not any("authorization" in request.headers for request in gallery.storage.requests)


def test_the_latest_asked_for_comes_first_and_cancelled_ones_never(bench: Bench) -> None:
    """Four are under way at once; of the others the last one asked for is the next."""
    names = [str(number) for number in range(12)]
    entries = {name: {"thumbnail": PICTURES + name} for name in names}
    arrived = Inbox[str]()
    go = {name: threading.Event() for name in names}
    with ScriptedGallery(dict.fromkeys(names, b"film"), entries=entries) as gallery:

        def wait(request: Asked) -> bytes:
            name = request.target.removeprefix(PICTURES)
            arrived.put(name)
            go[name].wait(30)
            return answer(body=PNG, Content_Type="image/png")

        def next_one() -> str:
            bench.qtbot.waitUntil(lambda: not arrived.empty(), timeout=10_000)
            return arrived.get()

        gallery.of_route = wait
        visit = Visit(bench, gallery.url, SCRIPTED_TOKEN)
        videos = visit.videos()
        told: list[str] = []

        def ask(name: str) -> Work:
            return visit.desk.thumbnail(
                gallery.url, videos[name], lambda _picture: told.append(name), lambda error: None
            )

        works = {name: ask(name) for name in names}
        first = sorted(next_one() for _ in range(pictures.AT_ONCE))
        assert first == ["0", "1", "2", "3"]
        for name in ("5", "6", "11", "0"):
            works[name].cancel()
        rest = [next_one()]
        for name in ("1", "2", "3", "10"):
            go[name].set()
            rest.append(next_one())
        assert rest == ["10", "9", "8", "7", "4"]
        for name in names:
            go[name].set()
        bench.qtbot.waitUntil(lambda: len(told) == 8, timeout=10_000)
    assert sorted(told) == ["1", "10", "2", "3", "4", "7", "8", "9"]


# --- watching


def test_a_video_is_watched_from_a_cache(visit: Visit, gallery: Gallery, shotdock_home: Path) -> None:
    video = visit.videos()[str(FIRST_ID)]
    path = visit.watch(video)
    assert path.read_bytes() == gallery.file(FIRST_ID).read_bytes()
    assert path.is_relative_to(shotdock_home / "cache")
    asked = len(gallery.storage.seen)
    assert visit.watch(video) == path
    assert len(gallery.storage.seen) == asked
    assert visit.bench.tasks() == ()


def test_what_cannot_be_watched_says_why(visit: Visit) -> None:
    with pytest.raises(NotFound):
        visit.watch(visit.videos()[str(GONE)])


def test_watching_again_goes_on_at_the_byte_reached(bench: Bench) -> None:
    film = bytes(range(256)) * (24 * 4096)  # 24 MiB
    reached = 8 << 20
    with ScriptedGallery({"1": film}) as gallery:

        def stall(request: Asked) -> bytes | None:
            if request.headers.get("range"):
                return None
            told = {"Content_Length": str(len(film))} | gallery.headers("1")
            return answer("200 OK", film[:reached], True, **told)

        gallery.of_storage = stall
        visit = Visit(bench, gallery.url, SCRIPTED_TOKEN)
        video = visit.videos()["1"]
        told: list[tuple[int, int | None]] = []
        ended: list[object] = []
        work = visit.desk.watch(
            gallery.url, video, ended.append, lambda here, total: told.append((here, total)), ended.append
        )
        bench.qtbot.waitUntil(lambda: bool(told) and told[-1][0] == reached, timeout=20_000)
        assert told[-1] == (reached, len(film))
        work.cancel()
        gallery.expire()
        assert visit.watch(video).read_bytes() == film
        assert gallery.ranges()[-1] == f"bytes={reached}-"
        assert ended == []


def test_the_cache_of_videos_is_bounded(
    visit: Visit, gallery: Gallery, monkeypatch: pytest.MonkeyPatch, shotdock_home: Path
) -> None:
    videos = visit.videos()
    assert watching.MOST_ON_DISK == 2 << 30
    monkeypatch.setattr(visit.desk._watching._cache, "_most", 200_000)
    for number in range(FIRST_ID + 1, FIRST_ID + 5):
        visit.watch(videos[str(number)])
    kept = sum(path.stat().st_size for path in (shotdock_home / "cache" / "videos").iterdir())
    assert kept <= 200_000


# --- tokens


def test_a_token_in_the_keyring(bench: Bench, gallery: Gallery, memory_keyring: MemoryKeyring) -> None:
    desk, url = bench.services.gallery, gallery.url
    with pytest.raises(LoginFailed):
        bench.answer(lambda then, failed: desk.videos(url, then, failed))
    bench.answer(lambda then, failed: desk.remember_token(url, gallery.token, True, then, failed))
    assert list(memory_keyring.secrets.values()) == [gallery.token]
    assert bench.answer(lambda then, failed: desk.videos(url, then, failed))


def test_without_a_keyring_the_token_serves_for_this_run(bench: Bench, gallery: Gallery) -> None:
    desk, url = bench.services.gallery, gallery.url
    with pytest.raises(NoSecretStore):
        bench.answer(lambda then, failed: desk.remember_token(url, gallery.token, True, then, failed))
    assert bench.answer(lambda then, failed: desk.videos(url, then, failed))


def test_a_cookie_is_a_token_too(bench: Bench, gallery: Gallery) -> None:
    visit = Visit(bench, gallery.url, f"Cookie: session={gallery.token}")
    assert visit.videos()


def test_a_list_that_fails_says_so(visit: Visit, gallery: Gallery) -> None:
    gallery.faults.fail_api(1)
    with pytest.raises(Truncated):
        visit.videos()
    assert visit.videos()
