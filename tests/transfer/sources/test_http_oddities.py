"""HTTP at its oddest: small bodies, answers that bring more than they say, ranges beyond the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from desktop.core.connection import Address
from desktop.core.errors import ConnectionLost, LoginFailed, NotFound, NotTheFile, ShotDockError, Truncated
from desktop.core.media import Entry
from desktop.transfer.ports import Login, Site, Trust
from desktop.transfer.sources.http import HttpSource
from tests.contracts.pieces import ListFeed, MemoryPiece
from tests.servers.certificates import make_certificates
from tests.servers.content import content
from tests.servers.scripted_http import Script, ScriptedHttp, answer, part

DATA = content("a.exr", 3 << 20)
PATH = "/a.exr"


@contextmanager
def talking(server: ScriptedHttp, login: Login | None = None, trust: Trust | None = None) -> Iterator[HttpSource]:
    with server:
        address = Address("https" if server.tls else "http", server.host, server.port)
        source = HttpSource(Site(address, login or Login(), trust or Trust(), timeout=20.0))
        try:
            source.connect()
            yield source
        finally:
            source.close()


def saying(*answers: bytes) -> Script:
    """Answer with these in turn, and honestly from then on."""
    left = list(answers)
    return lambda request: left.pop(0) if left else part(DATA, request)


# --- a small file as a whole


@pytest.mark.parametrize("length", [True, False], ids=["told", "untold"])
@pytest.mark.parametrize("body", [b"", b"a list of checksums"])
def test_a_small_body_is_returned_whole(body: bytes, length: bool) -> None:
    close = {} if length else {"Connection": "close"}
    server = ScriptedHttp(saying(answer("200 OK", body, length, **close)))
    with talking(server) as source:
        assert source.body(f"http://{server.host}:{server.port}/sums.txt?v=2", 1000) == body
    assert [request.target for request in server.requests] == ["/sums.txt?v=2"]


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (answer("404 Not Found", b"no"), NotFound, "sums.txt"),
        (answer("200 OK", b"x" * 1001), NotTheFile, "more than 1,000 bytes"),
        (answer("200 OK", b"x" * 9, Content_Length="5"), Truncated, "fewer bytes than it sent"),
        (
            answer("200 OK", b"x" * 9, Content_Length="50", Connection="close"),
            Truncated,
            "up to byte 9; 50 were promised",
        ),
        (answer("200 OK", b"<html>", Content_Type="text/html"), NotTheFile, "a page"),
    ],
    ids=["missing", "too long", "longer than told", "shorter than told", "a page"],
)
def test_a_small_body_that_is_not_what_it_says_is_refused(said: bytes, kind: type[ShotDockError], words: str) -> None:
    server = ScriptedHttp(saying(said))
    with talking(server) as source:
        with pytest.raises(kind) as caught:
            source.body(f"http://{server.host}:{server.port}/sums.txt", 1000)
        assert words in f"{caught.value.title} {caught.value.cause} {caught.value.path}"
        # Whatever came of it does not answer the next question.
        assert source.stat(PATH).size == len(DATA)


# --- looking


def test_where_head_is_refused_and_the_file_is_missing_it_is_missing() -> None:
    refusing = ScriptedHttp(saying(answer("405 Method Not Allowed"), answer("404 Not Found", b"gone")))
    with talking(refusing) as source, pytest.raises(NotFound):
        source.stat(PATH)
    assert [request.method for request in refusing.requests] == ["HEAD", "GET"]


def test_a_refusal_with_more_bytes_than_it_says_costs_the_connection() -> None:
    server = ScriptedHttp(saying(answer("404 Not Found", b"gone and more", Content_Length="4")))
    with talking(server) as source:
        with pytest.raises(NotFound):
            source.stat(PATH)
        assert source.stat(PATH).size == len(DATA)
    assert server.connections == 2


def test_a_token_no_header_can_carry_is_never_sent() -> None:
    server = ScriptedHttp(saying())
    with talking(server, Login(token="abc\r\nX-Evil: 1")) as source, pytest.raises(LoginFailed, match="token"):
        source.stat(PATH)
    assert server.requests == []


def test_a_new_server_may_be_believed_without_writing_it_down(tmp_path: Path) -> None:
    """Where there is no file for certificates the answer holds for this source alone."""
    server = ScriptedHttp(saying(), tls=make_certificates(tmp_path))
    with talking(server, trust=Trust(accept_new=True)) as source:
        assert source.stat(PATH).size == len(DATA)


# --- carrying


class Regretted(MemoryPiece):
    """A piece that is wanted no more as soon as it is open."""

    def opened(self, now: Entry) -> None:
        super().opened(now)
        self.stopped = True


def test_bytes_that_are_only_skipped_are_left_when_the_piece_is_not_wanted() -> None:
    server = ScriptedHttp(saying(answer("200 OK", DATA)))
    with talking(server) as source:
        piece = Regretted(Entry(PATH, size=len(DATA)), len(DATA) - 1)
        source.read(ListFeed([piece]))
        assert (piece.state, piece.data) == ("", b"")
        assert source.stat(PATH).size == len(DATA)


@pytest.mark.parametrize("size", ["4000", "6000", "nothing"])
def test_a_range_that_is_refused_as_behind_the_end_says_nothing_about_another_end(size: str) -> None:
    server = ScriptedHttp(saying(answer("416 Range Not Satisfiable", Content_Range=f"bytes */{size}")))
    with talking(server) as source:
        piece = MemoryPiece(Entry(PATH), 5000)
        source.read(ListFeed([piece]))
    assert isinstance(piece.error, Truncated)
    assert "Bytes from 5,000 were asked for" in piece.error.cause


def test_a_server_that_is_gone_in_the_middle_of_a_run_is_a_line_that_broke() -> None:
    server = ScriptedHttp(lambda request: answer("200 OK", DATA, Connection="close"))
    with talking(server) as source:
        piece = MemoryPiece(Entry(PATH, size=len(DATA)))
        source.read(ListFeed([piece]))
        assert piece.data == DATA
        server.stop()
        with pytest.raises(ConnectionLost):
            source.read(ListFeed([MemoryPiece(Entry(PATH, size=len(DATA)))]))
