"""Web servers that answer another question than the one asked: R04, R05, R06, R15."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from desktop.core.errors import Truncated
from desktop.core.media import Entry
from desktop.core.task import FileResult
from desktop.transfer.ports import ConflictStrategy
from desktop.transfer.spans import SEGMENT_FROM
from tests.cli.console import Console
from tests.faults.engine import MTIME, fetch, http
from tests.servers.content import content
from tests.servers.scripted_http import Request, Script, ScriptedHttp, answer, part
from tests.transfer.scripted import KEEP_BOTH, OVERWRITE, SKIP, tree

R = FileResult
NAME, PATH = "a.exr", "/a.exr"
SIZE, CUT = 300_000, 100_000
DATA = content(NAME, SIZE)
FACTS: dict[str, Any] = {"ETag": '"one"', "Last_Modified": formatdate(MTIME, usegmt=True)}
PLANNED = Entry(PATH, size=SIZE, mtime=MTIME, etag='"one"')


def honest(request: Request) -> bytes:
    return part(DATA, request, **FACTS)


def cut_at(count: int) -> bytes:
    """The whole file announced, so many bytes of it sent, and the line closed."""
    return answer("200 OK", DATA[:count], Content_Length=str(SIZE), Connection="close", **FACTS)


def first_cut(then: Script) -> Script:
    """Cut the first answer at CUT, so that the rest is asked for by a range, and answer that as told."""
    return lambda request: then(request) if "range" in request.headers else cut_at(CUT)


def starts(server: ScriptedHttp) -> list[int]:
    """Where each request began."""
    ranges = [request.headers.get("range", "bytes=0-") for request in server.requests]
    return [int(told.removeprefix("bytes=").partition("-")[0]) for told in ranges]


# --- R04: the range is ignored


def test_r04_a_server_that_ignores_ranges_starts_over_in_one_stream(tmp_path: Path) -> None:
    whole = answer(body=DATA, **FACTS)
    with ScriptedHttp(first_cut(lambda request: whole)) as server:
        [done] = fetch(http(server), tmp_path, PLANNED)
    assert done.result is R.DOWNLOADED
    assert done.transferred == SIZE, "not a byte more than there is: nothing was appended"
    assert starts(server) == [0, CUT]
    assert tree(tmp_path) == {NAME: DATA}


@pytest.mark.parametrize("lanes", [1, 3])
def test_r04_ranges_ignored_from_the_second_segment_on_end_in_one_stream(tmp_path: Path, lanes: int) -> None:
    data = content("large", SEGMENT_FROM)

    def script(request: Request) -> bytes:
        first = request.headers.get("range", "").startswith("bytes=0-")
        return part(data, request, **FACTS) if first else answer(body=data, **FACTS)

    planned = replace(PLANNED, size=len(data))
    with ScriptedHttp(script) as server:
        [done] = fetch(http(server), tmp_path, planned, lanes=lanes, segments=6)
    assert done.result is R.DOWNLOADED
    assert done.transferred == len(data)
    assert (tmp_path / NAME).read_bytes() == data and len(tree(tmp_path)) == 1
    # The first segment, one whole body for each lane that could not know yet, and no other segments any more.
    # One that comes as asked, one a lane to find out, one for all the rest.
    assert len(server.requests) <= 2 + lanes


# --- R05: the answer does not fit


def lie(told: str, body: bytes = DATA[CUT:], **headers: Any) -> bytes:
    return answer("206 Partial Content", body, **(FACTS | ({"Content_Range": told} if told else {}) | headers))


LIES = {
    "wrong start": (lie(f"bytes 0-{SIZE - CUT - 1}/{SIZE}"), f"Content-Range: bytes 0-{SIZE - CUT - 1}/{SIZE}"),
    "start one off": (lie(f"bytes {CUT + 1}-{SIZE - 1}/{SIZE}", DATA[CUT + 1 :]), f"bytes {CUT + 1}-{SIZE - 1}"),
    "no Content-Range": (lie(""), "Content-Range: nothing"),
    "end at total": (lie(f"bytes {CUT}-{SIZE}/{SIZE}", DATA[CUT:] + b"x"), f"bytes {CUT}-{SIZE}/{SIZE}"),
    "end beyond total": (lie(f"bytes {CUT}-{SIZE - 1}/{SIZE - 5}"), f"/{SIZE - 5}"),
    "end before start": (lie(f"bytes {CUT}-{CUT - 1}/{SIZE}", b""), f"bytes {CUT}-{CUT - 1}"),
    "length of another range": (
        lie(f"bytes {CUT}-{SIZE - 1}/{SIZE}", DATA[CUT:-7]),
        f"Content-Length: {SIZE - CUT - 7}",
    ),
    "multipart": (lie("", Content_Type="multipart/byteranges; boundary=x"), "several parts at once"),
    "multipart with range": (
        lie(f"bytes {CUT}-{SIZE - 1}/{SIZE}", Content_Type="multipart/byteranges; boundary=x"),
        "several parts at once",
    ),
    "negative length": (lie(f"bytes {CUT}-{SIZE - 1}/{SIZE}", Content_Length="-1"), "Content-Length: -1"),
    "200 with a range": (answer(body=DATA, Content_Range=f"bytes 0-{SIZE - 1}/{SIZE}", **FACTS), "200, the whole file"),
}


@pytest.mark.parametrize(("told", "shown"), LIES.values(), ids=LIES)
def test_r05_an_answer_to_another_range_is_refused_before_a_byte_is_written(
    tmp_path: Path, told: bytes, shown: str
) -> None:
    with ScriptedHttp(first_cut(lambda request: told)) as server:
        [done] = fetch(http(server), tmp_path, PLANNED)
    assert done.result is R.FAILED and isinstance(done.error, Truncated)
    assert shown in done.error.cause, "the server's own values are shown"
    assert done.transferred == CUT, "of the lie nothing"
    assert starts(server) == [0, *[CUT] * 5], "five tries of the range, then no more"
    assert tree(tmp_path) == {}


@pytest.mark.parametrize(("told", "shown"), LIES.values(), ids=LIES)
def test_r05_one_lie_is_got_over(tmp_path: Path, told: bytes, shown: str) -> None:
    lies = [told]
    with ScriptedHttp(first_cut(lambda request: lies.pop() if lies else honest(request))) as server:
        [done] = fetch(http(server), tmp_path, PLANNED)
    assert (done.result, done.transferred) == (R.DOWNLOADED, SIZE)
    assert starts(server) == [0, CUT, CUT]
    assert tree(tmp_path) == {NAME: DATA}


@pytest.mark.parametrize("total", [SIZE - 1000, SIZE + 1000])
def test_r05_another_total_is_another_file(tmp_path: Path, total: int) -> None:
    end = min(total, SIZE)
    told = lie(f"bytes {CUT}-{end - 1}/{total}", DATA[CUT:end], ETag='"two"')
    with ScriptedHttp(first_cut(lambda request: told)) as server:
        [done] = fetch(http(server), tmp_path, PLANNED)
    assert done.result is R.FAILED and done.error is not None
    assert f"{total:,}" in done.error.cause
    assert tree(tmp_path) == {}


UNASKED = {
    "206 of the whole": (lie(f"bytes 0-{SIZE - 1}/{SIZE}", DATA), "a part (206) where the whole was asked for"),
    "206 of the rest": (lie(f"bytes {CUT}-{SIZE - 1}/{SIZE}"), "a part (206)"),
    "206 and no range": (lie("", DATA), "a part (206)"),
    "negative length": (answer(body=DATA, Content_Length="-5", **FACTS), "Content-Length: -5"),
    "two lengths": (answer(body=DATA, Content_Length=f"{SIZE}, 17", **FACTS), f"Content-Length: {SIZE}, 17"),
}


@pytest.mark.parametrize(("told", "shown"), UNASKED.values(), ids=UNASKED)
def test_r05_a_part_nobody_asked_for_is_refused_before_a_byte_is_written(
    tmp_path: Path, told: bytes, shown: str
) -> None:
    with ScriptedHttp(lambda request: told) as server:
        [done] = fetch(http(server), tmp_path, PLANNED)
    assert done.result is R.FAILED and isinstance(done.error, Truncated)
    assert shown in done.error.cause
    assert (done.transferred, len(server.requests)) == (0, 5)
    assert tree(tmp_path) == {}


def test_r05_the_person_is_shown_what_the_server_said(shotdock: Console, tmp_path: Path) -> None:
    def script(request: Request) -> bytes:
        if request.method == "HEAD":
            return part(DATA, request, **FACTS)
        return cut_at(CUT) if "range" not in request.headers else lie(f"bytes 17-{SIZE - 1}/{SIZE}")

    with ScriptedHttp(script) as server:
        said = shotdock("get", f"http://127.0.0.1:{server.port}{PATH}", tmp_path / "dest", "--json")
    [error] = said.json["errors"]
    assert (said.status, error["kind"], error["retryable"]) == (1, "truncated", True)
    assert f"Bytes {CUT}-" in error["cause"] and f"bytes 17-{SIZE - 1}/{SIZE}" in error["cause"]
    assert tree(tmp_path / "dest") == {}


# --- R06: 416


def unsatisfied(size: int, **headers: Any) -> bytes:
    return answer("416 Range Not Satisfiable", b"no", Content_Range=f"bytes */{size}", **headers)


def endless(request: Request) -> bytes:
    """All the bytes in chunks, of unknown length, and never the last chunk; then nothing is left to range over."""
    if "range" in request.headers:
        return unsatisfied(SIZE)
    body = b"%x\r\n%s\r\n" % (SIZE, DATA)
    return answer(body=body, length=False, Transfer_Encoding="chunked", Connection="close", **FACTS)


@pytest.mark.parametrize("digest", [None, hashlib.sha256(DATA).hexdigest()], ids=["no hash", "hash"])
def test_r06_416_when_all_of_it_is_here_finishes_it(tmp_path: Path, digest: str | None) -> None:
    with ScriptedHttp(endless) as server:
        [done] = fetch(http(server), tmp_path, Entry(PATH), digest=digest)
    assert (done.result, done.error) == (R.DOWNLOADED, None)
    assert starts(server) == [0, SIZE]
    assert tree(tmp_path) == {NAME: DATA}


def test_r06_416_when_all_of_it_is_here_and_wrong_does_not_finish_it(tmp_path: Path) -> None:
    other = hashlib.sha256(b"another file").hexdigest()
    with ScriptedHttp(endless) as server:
        [done] = fetch(http(server), tmp_path, Entry(PATH), digest=other)
    assert done.result is R.FAILED and done.error is not None
    assert done.error.kind == "corrupted"
    assert tree(tmp_path) == {}


@pytest.mark.parametrize("now", [CUT // 2, CUT], ids=["shorter than what is here", "as long as what is here"])
def test_r06_416_of_a_file_that_shrank_discards_and_starts_over(tmp_path: Path, now: int) -> None:
    shrunk = content("shrunk", now)
    replies = [cut_at(CUT), unsatisfied(now)]

    def script(request: Request) -> bytes:
        return replies.pop(0) if replies else part(shrunk, request, ETag='"two"')

    with ScriptedHttp(script) as server:
        [done] = fetch(http(server), tmp_path, PLANNED)
    assert done.result is R.DOWNLOADED
    assert starts(server) == [0, CUT, 0]
    assert tree(tmp_path) == {NAME: shrunk}


@pytest.mark.parametrize(
    ("conflict", "result", "left"),
    [(SKIP, R.DOWNLOADED, []), (OVERWRITE, R.OVERWRITTEN, []), (KEEP_BOTH, R.KEPT_BOTH, [b"old"])],
    ids=["free", "overwrite", "keep-both"],
)
def test_r06_416_of_a_file_that_is_empty_now_brings_the_empty_file_by_the_policy(
    tmp_path: Path, conflict: ConflictStrategy, result: R, left: list[bytes]
) -> None:
    replies = [cut_at(CUT), unsatisfied(0)]

    def script(request: Request) -> bytes:
        return replies.pop(0) if replies else part(b"", request, ETag='"empty"')

    if conflict is not SKIP:
        (tmp_path / NAME).write_bytes(b"old")
    with ScriptedHttp(script) as server:
        [done] = fetch(http(server), tmp_path, PLANNED, conflict=conflict)
    assert (done.result, done.error) == (result, None)
    files = tree(tmp_path)
    assert files.pop(NAME) == b""
    assert list(files.values()) == left


# --- R15: bodies too short and too long


def no_length(body: bytes) -> bytes:
    return answer(body=body, length=False, Connection="close", **FACTS)


def chunked(body: bytes, last: bytes) -> bytes:
    text = b"%x\r\n%s\r\n" % (len(body), body) + last
    return answer(body=text, length=False, Transfer_Encoding="chunked", Connection="close", **FACTS)


SHORT: dict[str, bytes] = {
    "no length, closed midway": no_length(DATA[:CUT]),
    "chunks, cut between two": chunked(DATA[:CUT], b""),
    "chunks, cut within one": chunked(DATA[:CUT], b"ffff\r\n" + DATA[CUT : CUT + 50]),
    "chunks, a size that is none": chunked(DATA[:CUT], b"zz\r\n"),
    "length, closed midway": cut_at(CUT),
}


@pytest.mark.parametrize("short", SHORT.values(), ids=SHORT)
def test_r15_a_body_cut_short_is_continued(tmp_path: Path, short: bytes) -> None:
    with ScriptedHttp(lambda request: honest(request) if "range" in request.headers else short) as server:
        [done] = fetch(http(server), tmp_path, PLANNED)
    assert (done.result, done.reason) == (R.DOWNLOADED, "")
    assert CUT <= starts(server)[1] < CUT + 100, "from where it broke"
    assert done.transferred == SIZE
    assert tree(tmp_path) == {NAME: DATA}


@pytest.mark.parametrize("short", SHORT.values(), ids=SHORT)
def test_r15_a_body_that_is_always_cut_short_is_never_done(tmp_path: Path, short: bytes) -> None:
    with ScriptedHttp(lambda request: short) as server:
        [done] = fetch(http(server), tmp_path, PLANNED)
    assert done.result is R.FAILED and done.error is not None
    assert done.error.retryable
    assert tree(tmp_path) == {}


def test_r15_an_unknown_length_is_told(tmp_path: Path) -> None:
    with ScriptedHttp(lambda request: no_length(DATA[:CUT])) as server:
        [done] = fetch(http(server), tmp_path, Entry(PATH))
    assert (done.result, done.reason) == (R.DOWNLOADED, "size not known by the server")


SURPLUS: dict[str, Callable[[], bytes]] = {
    "beyond Content-Length": lambda: answer(body=DATA + b"surplus", Content_Length=str(SIZE), **FACTS),
    "beyond the plan, no length": lambda: no_length(DATA + b"surplus"),
    "beyond the plan, in chunks": lambda: chunked(DATA + b"surplus", b"0\r\n\r\n"),
}


@pytest.mark.parametrize("surplus", SURPLUS.values(), ids=SURPLUS)
def test_r15_surplus_is_an_error(tmp_path: Path, surplus: Callable[[], bytes]) -> None:
    with ScriptedHttp(lambda request: surplus()) as server:
        [done] = fetch(http(server), tmp_path, PLANNED)
    assert done.result is R.FAILED and isinstance(done.error, Truncated)
    assert tree(tmp_path) == {}
