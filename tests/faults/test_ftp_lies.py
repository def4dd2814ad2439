"""FTP servers that stop, miscount and know little: R10, R11, R12."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from desktop.core.errors import Retry, Truncated
from desktop.core.media import Entry
from desktop.core.task import FileResult
from desktop.transfer.ports import Source
from desktop.transfer.sources.ftp_control import LAST_WORD
from tests.cli.console import Console
from tests.faults.engine import MTIME, fetch, ftp, opener
from tests.servers.content import content
from tests.servers.scripted_ftp import Answer, ScriptedFtp, Transfer
from tests.transfer.scripted import tree

Answered = TypeVar("Answered")
R = FileResult
NAME, PATH = "a.exr", "/a.exr"
SIZE, CUT = 300_000, 100_000
DATA = content(NAME, SIZE)
PLANNED = Entry(PATH, size=SIZE, mtime=MTIME)
BIG = content("big", 9 << 20)
"""Large enough to be asked about before and after."""


def server(*transfers: Transfer, data: bytes = DATA, **script: Any) -> ScriptedFtp:
    return ScriptedFtp(files={PATH: data}, transfers={PATH: list(transfers) or [Transfer()]}, **script)


def count(liar: ScriptedFtp, verb: str) -> int:
    return sum(command.partition(" ")[0] == verb for command in liar.commands)


def rests(liar: ScriptedFtp) -> list[int]:
    return [int(command[5:]) for command in liar.commands if command.startswith("REST ")]


def look(liar: ScriptedFtp, ask: Callable[[Source], Answered]) -> Answered:
    """Ask the server something over a connection of its own."""
    source = opener(ftp(liar))()
    try:
        source.connect()
        return ask(source)
    finally:
        source.close()


# --- R10: a fault after part of the data

FAULTS = {
    "426": "426 Failure writing network stream.",
    "450": "450 File busy.",
    "451": "451 Local error in processing.",
    "551": "551 Page type unknown.",
    "552": "552 Exceeded storage allocation.",
}


@pytest.mark.parametrize("last", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("whole", [False, True], ids=["part", "all of it"])
def test_r10_a_fault_after_data_is_resumed(tmp_path: Path, last: str, whole: bool) -> None:
    with server(Transfer(DATA if whole else DATA[:CUT], last=last), Transfer()) as liar:
        [done] = fetch(ftp(liar), tmp_path, PLANNED)
    assert (done.result, done.error) == (R.DOWNLOADED, None)
    [rest] = rests(liar)
    # A server that calls a transfer failed whose every byte came is not believed as to the last of them.
    assert rest == SIZE - 64 * 1024 if whole else rest == CUT
    assert (count(liar, "RETR"), count(liar, "USER")) == (2, 1)
    assert tree(tmp_path) == {NAME: DATA}


@pytest.mark.parametrize("last", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("sent", [b"", DATA], ids=["nothing", "all of it"])
@pytest.mark.parametrize("planned", [PLANNED, Entry(PATH)], ids=["planned", "size unknown"])
def test_r10_a_fault_that_stays_is_never_done(tmp_path: Path, last: str, sent: bytes, planned: Entry) -> None:
    # Whatever REST says, the same bytes come: the fault is what the server insists on.
    with server(Transfer(sent, last=last), answers={"REST": "502 No"}) as liar:
        [done] = fetch(ftp(liar), tmp_path, planned)
    assert done.result is R.FAILED and isinstance(done.error, Retry)
    assert last[:3] in done.error.cause
    assert tree(tmp_path) == {}


# --- R11: reports that are wrong or missing


@pytest.mark.parametrize("data", [DATA, BIG], ids=["small", "large"])
@pytest.mark.parametrize("difference", [-1000, 1000], ids=["too few", "too many"])
def test_r11_226_and_another_number_of_bytes_is_never_done(tmp_path: Path, data: bytes, difference: int) -> None:
    sent = data[:difference] if difference < 0 else data + b"x" * difference
    with server(Transfer(sent), data=data, answers={"REST": "502 No"}) as liar:
        [done] = fetch(ftp(liar), tmp_path, Entry(PATH, size=len(data), mtime=MTIME))
    assert done.result is R.FAILED and isinstance(done.error, Truncated)
    assert f"{len(sent):,}" in done.error.cause and f"{len(data):,}" in done.error.cause
    assert NAME not in tree(tmp_path)


def test_r11_226_after_too_few_bytes_is_resumed(tmp_path: Path) -> None:
    with server(Transfer(DATA[:CUT]), Transfer()) as liar:
        [done] = fetch(ftp(liar), tmp_path, PLANNED)
    assert (done.result, done.transferred, rests(liar)) == (R.DOWNLOADED, SIZE, [CUT])
    assert tree(tmp_path) == {NAME: DATA}


SILENT = {
    "no 226": Transfer(last=None),
    "the control connection dies": Transfer(last=None, hang_up=True),
}


@pytest.mark.parametrize("silent", SILENT.values(), ids=SILENT)
@pytest.mark.parametrize("data", [DATA, BIG], ids=["small", "large"])
def test_r11_every_byte_and_no_report_is_done_with_a_note(
    tmp_path: Path, silent: Transfer, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "desktop")
    with server(silent, data=data) as liar:
        [done] = fetch(ftp(liar, timeout=0.5), tmp_path, Entry(PATH, size=len(data), mtime=MTIME))
    assert (done.result, done.error) == (R.DOWNLOADED, None)
    assert count(liar, "RETR") == 1
    assert "did not confirm it" in caplog.text
    assert tree(tmp_path) == {NAME: data}
    assert LAST_WORD <= 15.0, "however long a server may be silent in mid-transfer"


def test_r11_no_report_on_a_file_of_unknown_size_is_never_done(tmp_path: Path) -> None:
    with server(Transfer(first="150 Here", last=None), answers={"SIZE": "500 What?"}) as liar:
        [done] = fetch(ftp(liar, timeout=0.2), tmp_path, Entry(PATH))
    assert done.result is R.FAILED and done.error is not None
    assert done.error.kind == "timed-out"
    assert tree(tmp_path) == {}


@pytest.mark.parametrize("hang_up", [False, True], ids=["no 226", "the control connection dies"])
def test_r11_too_few_bytes_and_no_report_is_resumed(tmp_path: Path, hang_up: bool) -> None:
    with server(Transfer(DATA[:CUT], last=None, hang_up=hang_up), Transfer()) as liar:
        [done] = fetch(ftp(liar, timeout=0.5), tmp_path, PLANNED)
    assert (done.result, done.transferred) == (R.DOWNLOADED, SIZE)
    assert (rests(liar), count(liar, "USER")) == ([CUT], 2)
    assert tree(tmp_path) == {NAME: DATA}


# --- R12: features that are missing or wrong


def ascii_until_told(liar: ScriptedFtp) -> None:
    """Count line ends twice, or refuse to count, until binary transfers are agreed on."""
    inflated = f"213 {SIZE + 1234}"
    liar.answers["SIZE"] = lambda path: f"213 {SIZE}" if "TYPE I" in liar.commands else inflated


WORDS: dict[str, dict[str, Answer]] = {
    "SIZE 500": {"SIZE": "500 What?"},
    "SIZE 550": {"SIZE": "550 SIZE not allowed in ASCII mode"},
    "SIZE nonsense": {"SIZE": "213 many"},
    "no MDTM": {"MDTM": "502 What?"},
    "MDTM nonsense": {"MDTM": "213 yesterday"},
    "no MLSD": {"MLSD": "500 What?", "MLST": "500 What?"},
    "no EPSV": {"EPSV": "500 What?"},
    "no FEAT": {"FEAT": "500 What?"},
    "nothing of it": dict.fromkeys(("FEAT", "SIZE", "MDTM", "EPSV", "MLSD", "MLST"), "500 What?"),
}
LISTING = b"-rw-r--r-- 1 a b %d Nov 14 2023 a.exr\r\n"


@pytest.mark.parametrize("answers", WORDS.values(), ids=WORDS)
@pytest.mark.parametrize("data", [DATA, BIG], ids=["small", "large"])
def test_r12_one_missing_feature_costs_nothing_else(tmp_path: Path, answers: dict[str, Answer], data: bytes) -> None:
    """Listed, cut once, resumed: whatever else the server can do is still used."""
    liar = server(Transfer(data[:CUT], last="426 Cut"), Transfer(), data=data, answers=dict(answers))
    liar.listing = LISTING % len(data)
    with liar:
        [entry] = look(liar, lambda source: source.list("/"))
        assert (entry.path, entry.size) == (PATH, len(data))
        [done] = fetch(ftp(liar), tmp_path, entry)
    assert (done.result, done.error) == (R.DOWNLOADED, None)
    assert tree(tmp_path) == {NAME: data}
    # Without size and time nothing proves that the second half belongs to the first (R03).
    known = {"SIZE", "MDTM"}.isdisjoint(answers)
    assert rests(liar) == [CUT] if known else count(liar, "RETR") <= 3
    for verb in answers:
        assert count(liar, verb) <= 4, "what a server does not know is not asked for again and again"


def test_r12_a_size_in_ascii_units_is_not_asked_for(tmp_path: Path) -> None:
    liar = server()
    ascii_until_told(liar)
    with liar:
        entry = look(liar, lambda source: source.stat(PATH))
        assert entry.size == SIZE
        [done] = fetch(ftp(liar), tmp_path, entry)
    assert done.result is R.DOWNLOADED
    assert tree(tmp_path) == {NAME: DATA}


@pytest.mark.parametrize("reply", ["500 What?", "502 Not implemented", "501 Bad offset", "554 Not now"])
@pytest.mark.parametrize("features", ["211-Features:\r\n SIZE\r\n MDTM\r\n211 End", None], ids=["untold", "told"])
def test_r12_rest_refused_begins_at_the_first_byte(tmp_path: Path, reply: str, features: str | None) -> None:
    liar = server(Transfer(DATA[:CUT], last="426 Cut"), Transfer(), answers={"REST": reply})
    if features:
        liar.features = features
    with liar:
        [done] = fetch(ftp(liar), tmp_path, PLANNED)
    assert (done.result, done.transferred) == (R.DOWNLOADED, SIZE)
    assert count(liar, "RETR") == 2
    assert tree(tmp_path) == {NAME: DATA}


@pytest.mark.parametrize(
    "first", ["150 Opening (17 bytes).", f"150 Opening ({SIZE + 1} bytes).", "150 (bytes)", "125 Go"]
)
@pytest.mark.parametrize("sized", [True, False], ids=["SIZE", "no SIZE"])
def test_r12_a_wrong_number_in_the_150_is_looked_into(tmp_path: Path, first: str, sized: bool) -> None:
    answers: dict[str, Answer] = {} if sized else {"SIZE": "500 What?"}
    with server(Transfer(first=first), answers=answers) as liar:
        [done] = fetch(ftp(liar), tmp_path, PLANNED)
    assert (done.result, done.transferred) == (R.DOWNLOADED, SIZE)
    assert tree(tmp_path) == {NAME: DATA}


def test_r12_an_unknown_size_is_told(tmp_path: Path) -> None:
    with server(Transfer(first="150 Here"), answers={"SIZE": "500 What?"}) as liar:
        [done] = fetch(ftp(liar), tmp_path, Entry(PATH))
    assert (done.result, done.reason) == (R.DOWNLOADED, "size not known by the server")
    assert tree(tmp_path) == {NAME: DATA}


LOCALES = {
    "German": "-rw-r--r-- 1 a b %d 14. Nov 2023 a.exr",
    "German, no year": "-rw-r--r-- 1 a b %d Dez 14 22:13 a.exr",
    "French": "-rw-r--r-- 1 a b %d nov. 14 2023 a.exr",
    "French, day first": "-rw-r--r-- 1 a b %d 14 févr. 22:13 a.exr",
    "Spanish": "-rw-r--r-- 1 a b %d ene 14 22:13 a.exr",
    "Russian": "-rw-r--r-- 1 a b %d ноя 14 22:13 a.exr",
    "Japanese": "-rw-r--r-- 1 a b %d 11月 14 2023 a.exr",
    "Chinese, day too": "-rw-r--r-- 1 a b %d 11月 14日 22:13 a.exr",
    "ISO": "-rw-r--r-- 1 a b %d 2023-11-14 22:13 a.exr",
    "no year": "-rw-r--r-- 1 a b %d Nov 14 22:13 a.exr",
    "no year, leap day": "-rw-r--r-- 1 a b %d Feb 29 22:13 a.exr",
}


@pytest.mark.parametrize("line", LOCALES.values(), ids=LOCALES)
def test_r12_a_listing_in_another_tongue_names_the_file_and_its_size(tmp_path: Path, line: str) -> None:
    liar = server(listing=f"{line % SIZE}\r\n".encode())
    with liar:
        [entry] = look(liar, lambda source: source.list("/"))
        assert (entry.path, entry.size) == (PATH, SIZE)
        [done] = fetch(ftp(liar), tmp_path, entry)
    assert (done.result, done.error) == (R.DOWNLOADED, None)
    assert tree(tmp_path) == {NAME: DATA}


def test_r12_the_whole_program_on_a_server_that_knows_next_to_nothing(shotdock: Console, tmp_path: Path) -> None:
    listing = "\r\n".join(f"-rw-r--r-- 1 a b {SIZE} 14 déc. 22:13 {i}.exr" for i in range(3)).encode() + b"\r\n"
    files = {f"/shot/{i}.exr": DATA for i in range(3)}
    missing: dict[str, Answer] = dict.fromkeys(("FEAT", "SIZE", "MDTM", "EPSV", "MLSD", "MLST", "REST"), "500 What?")
    with ScriptedFtp(files=files, answers=missing, listing=listing) as liar:
        said = shotdock("get", f"ftp://{liar.host}:{liar.port}/shot", tmp_path / "dest", "--json")
    assert said.status == 0, said.out + said.err
    assert set(tree(tmp_path / "dest").values()) == {DATA}
    assert said.json["files"]["downloaded"] == 3
