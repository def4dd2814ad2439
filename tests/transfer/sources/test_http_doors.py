"""Links that expire: which door a file is asked at, in which order, and what is never spliced together."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from desktop.core.connection import Address
from desktop.core.errors import LoginFailed, NotAllowed, NotFound, ServerBusy, ShotDockError, Truncated
from desktop.core.media import Entry
from desktop.transfer.ports import Login, Site
from desktop.transfer.sources.http import HttpSource
from tests.contracts.pieces import ListFeed, MemoryPiece
from tests.servers.content import content
from tests.servers.scripted_http import Request, ScriptedHttp, answer, part

DATA = content("clip.mov", 5000)
PATH = "/api/downloads/42/file"
GONE = answer("404 Not Found", b"gone")
FORBIDDEN = answer("403 Forbidden", b"expired")


class ListedLinks:
    """Links to one file, each good until it is refused.

    opened: the links that did, in order. vain_for: paths whose fresh link did not do either.
    """

    def __init__(self, *links: str, error: ShotDockError | None = None) -> None:
        self._links, self._error = list(links), error
        self.opened: list[str] = []
        self.vain_for: list[str] = []
        self.closed = False

    def link(self, path: str, refused: str | None) -> str | None:
        if self._error is not None:
            raise self._error
        if refused is not None and refused in self._links:
            self._links = self._links[self._links.index(refused) + 1 :]
        return self._links[0] if self._links else None

    def did(self, path: str, url: str) -> None:
        self.opened.append(url)

    def vain(self, path: str) -> None:
        self.vain_for.append(path)

    def close(self) -> None:
        self.closed = True


class Studio:
    """A gallery and a store of files. at: target (or its path) -> what is answered to it, in turn, then honestly."""

    def __init__(self) -> None:
        self.at: dict[str, list[bytes]] = {}
        self.gallery, self.store = ScriptedHttp(self._answer), ScriptedHttp(self._answer)

    def _answer(self, request: Request) -> bytes:
        answers = self.at.get(request.target)
        return answers.pop(0) if answers else part(DATA, request, ETag='"one"')

    def link(self, name: str, *answers: bytes) -> str:
        self.at[f"/{name}?sig=1"] = list(answers)
        return f"http://{self.store.host}:{self.store.port}/{name}?sig=1"

    @property
    def asked(self) -> list[str]:
        """Return where the file was asked for, in order."""
        return [request.target for server in (self.store, self.gallery) for request in server.requests]


@pytest.fixture
def studio() -> Iterator[Studio]:
    studio = Studio()
    with studio.gallery, studio.store:
        yield studio


@contextmanager
def talking(studio: Studio, links: ListedLinks) -> Iterator[HttpSource]:
    address = Address("http", studio.gallery.host, studio.gallery.port)
    source = HttpSource(Site(address, Login(token="s3cret"), timeout=20.0, links=links))
    try:
        source.connect()
        yield source
    finally:
        source.close()


def fetch(source: HttpSource, size: int | None = 5000) -> MemoryPiece:
    piece = MemoryPiece(Entry(PATH, size=size))
    source.read(ListFeed([piece]))
    return piece


def test_the_link_is_asked_without_the_gallery_s_credentials(studio: Studio) -> None:
    links = ListedLinks(studio.link("one"))
    with talking(studio, links) as source:
        assert fetch(source).data == DATA
    assert studio.asked == ["/one?sig=1"]
    assert all("authorization" not in request.headers for request in studio.store.requests)
    assert links.closed


def test_an_expired_link_is_replaced_by_a_fresh_one(studio: Studio) -> None:
    links = ListedLinks(studio.link("old", FORBIDDEN), studio.link("fresh"))
    with talking(studio, links) as source:
        assert fetch(source).data == DATA
    assert studio.asked == ["/old?sig=1", "/fresh?sig=1"]
    assert [url.rpartition("/")[2] for url in links.opened] == ["fresh?sig=1"]
    assert links.vain_for == []


def test_where_no_link_does_the_gallery_is_asked_for_the_path_itself(studio: Studio) -> None:
    links = ListedLinks(studio.link("old", FORBIDDEN), studio.link("fresh", FORBIDDEN))
    with talking(studio, links) as source:
        assert fetch(source).data == DATA
    assert studio.asked == ["/old?sig=1", "/fresh?sig=1", PATH]
    assert studio.gallery.requests[0].headers["authorization"] == "Bearer s3cret"
    assert links.opened == [] and links.vain_for == [PATH]


@pytest.mark.parametrize("error", [NotFound("No such video."), LoginFailed("Who are you?")])
def test_a_gallery_that_cannot_tell_a_link_may_serve_the_path_all_the_same(
    studio: Studio, error: ShotDockError
) -> None:
    with talking(studio, ListedLinks(error=error)) as source:
        assert fetch(source).data == DATA
    assert studio.asked == [PATH]


@pytest.mark.parametrize(("last", "kind"), [(GONE, NotFound), (FORBIDDEN, NotAllowed)], ids=["gone", "denied"])
def test_a_file_behind_no_door_fails_as_the_last_one_says(
    studio: Studio, last: bytes, kind: type[ShotDockError]
) -> None:
    studio.at[PATH] = [last]
    with talking(studio, ListedLinks(studio.link("one", GONE))) as source:
        piece = fetch(source)
    assert type(piece.error) is kind
    if kind is NotFound:
        assert "Neither its link, nor a fresh one" in piece.error.cause


def test_the_rest_of_a_refusal_that_stopped_is_not_the_answer_of_the_next_door() -> None:
    foreign = answer(body=b"x" * 5000)
    stopped = answer("403 Forbidden", b"expired", Content_Length=str(len(b"expired" + foreign)))

    def script(request: Request) -> bytes:
        if request.target == "/old":
            return stopped
        return foreign if server.connections == 1 else part(DATA, request)

    with ScriptedHttp(script) as server:
        doors = ListedLinks(*(f"http://{server.host}:{server.port}/{name}" for name in ("old", "fresh")))
        source = HttpSource(Site(Address("http", server.host, server.port), timeout=0.5, links=doors))
        assert fetch(source).data == DATA
        source.close()


def test_a_busy_store_is_left_alone_and_no_other_door_is_tried(studio: Studio) -> None:
    links = ListedLinks(studio.link("one", answer("503 Service Unavailable", Retry_After="7")), studio.link("two"))
    with talking(studio, links) as source, pytest.raises(ServerBusy) as caught:
        fetch(source)
    assert caught.value.retry_after == 7
    assert studio.asked == ["/one?sig=1"]


def test_a_look_asks_for_the_first_byte_at_the_link(studio: Studio) -> None:
    with talking(studio, ListedLinks(studio.link("one"))) as source:
        assert source.stat(PATH).size == 5000
    [request] = studio.store.requests
    assert (request.method, request.headers["range"]) == ("GET", "bytes=0-0")


def cut(studio: Studio, **headers: str) -> bytes:
    """Return an honest answer that brings less than was asked for, as servers may."""
    told = {"Content_Range": "bytes 0-1999/5000"} | headers
    return answer("206 Partial Content", DATA[:2000], True, **told)


def ranged(source: HttpSource) -> MemoryPiece:
    piece = MemoryPiece(Entry(PATH, size=5000), 0, 5000)
    source.read(ListFeed([piece]))
    return piece


def test_a_link_that_expires_in_the_middle_goes_on_where_it_was(studio: Studio) -> None:
    links = ListedLinks(studio.link("old", cut(studio, ETag='"one"'), FORBIDDEN), studio.link("fresh"))
    with talking(studio, links) as source:
        piece = ranged(source)
    assert (piece.state, piece.data) == ("finished", DATA)
    assert [request.headers["range"] for request in studio.store.requests] == [
        "bytes=0-4999",
        "bytes=2000-4999",
        "bytes=2000-4999",
    ]


def test_bytes_of_two_links_are_never_put_together_without_proof(studio: Studio) -> None:
    links = ListedLinks(studio.link("old", cut(studio), FORBIDDEN), studio.link("fresh"))
    with talking(studio, links) as source:
        piece = ranged(source)
    assert isinstance(piece.error, Truncated)
    assert "nothing tells whether the fresh one leads to the same" in piece.error.cause


def test_a_file_that_is_another_in_its_second_part_is_not_put_together(studio: Studio) -> None:
    rest = answer("206 Partial Content", DATA[2000:], True, Content_Range="bytes 2000-4999/5000", ETag='"two"')
    with talking(studio, ListedLinks(studio.link("one", cut(studio, ETag='"one"'), rest))) as source:
        piece = ranged(source)
    assert isinstance(piece.error, Truncated)
    assert "changed from one part to the next" in piece.error.cause
