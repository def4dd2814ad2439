"""R49: a folder of a million names is read within bounds, one with more is refused in words, and each can be left."""

import tracemalloc
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from desktop.core.errors import Unsupported
from desktop.core.media import Entry
from desktop.transfer.sources.ftp_listing import parse_list, parse_mlsd
from desktop.transfer.sources.ftp_lookout import Lookout
from desktop.transfer.sources.ftp_wire import Wire
from desktop.transfer.sources.sftp import SftpSource
from desktop.transfer.sources.sftp_walk import AHEAD
from desktop.transfer.walk import LONGEST
from tests.cli.console import Console
from tests.faults.engine import ftp, sftp
from tests.servers.scripted_ftp import ScriptedFtp
from tests.servers.scripted_sftp import READDIR, ScriptedSftp

MLST = "211-Features:\r\n MLST type*;size*;modify*;\r\n211 End"
LINE = b"type=file;size=5;modify=20240101000000; a_file_with_a_name_of_its_own.exr\r\n"
LISTERS: dict[str, Callable[[bytes, Callable[[], None]], list[Entry]]] = {
    "MLSD": lambda data, check: parse_mlsd(data, "/plates", check),
    "LIST": lambda data, check: parse_list(data, "/plates", 1.7e9, 0.0, check),
}
LINES = {"MLSD": LINE, "LIST": b"-rw-r--r-- 1 artist artist 5 Jan 01 2024 a_file_with_a_name_of_its_own.exr\r\n"}


def test_r49_more_names_than_any_folder_has_are_refused_in_words(shotdock: Console, tmp_path: Path) -> None:
    with ScriptedFtp(listing=LINE * (LONGEST + 1), features=MLST) as liar:
        said = shotdock("get", f"ftp://{liar.host}:{liar.port}/plates", tmp_path / "to", "--json")
        assert [line for line in liar.commands if line.startswith("MLSD")] == ["MLSD /plates"], "it is not tried again"
    assert said.status not in (0, 2)
    [error] = said.json["errors"]
    assert error["kind"] == "unsupported"
    assert "no end" in said.err and f"{LONGEST:,}" in said.err
    assert not (tmp_path / "to").exists()


@pytest.mark.slow
def test_r49_over_sftp_the_millionth_name_is_the_last(tmp_path: Path) -> None:
    each = 2000
    with ScriptedSftp(folders={"/": [b"%d" % n for n in range(each)]}, endless=True) as liar:
        with closing(SftpSource(sftp(liar, tmp_path))) as source:
            source.connect()
            with pytest.raises(Unsupported, match=f"{LONGEST:,}"):
                source.list("/")
        assert liar.asked[READDIR] <= LONGEST // each + 1 + AHEAD


@pytest.mark.parametrize("verb", LISTERS)
def test_r49_a_long_listing_takes_no_more_memory_than_its_entries(verb: str) -> None:
    """Neither a copy of the listing nor one of its lines is made: a million names take fifty times as much."""
    count = 20_000
    data = LINES[verb] * count
    tracemalloc.start()
    try:
        entries = LISTERS[verb](data, lambda: None)
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(entries) == count
    assert kept < 512 * count, "half a kilobyte a name, 500 MB for a million"
    assert peak < kept + len(data) // 2


@pytest.mark.parametrize("verb", LISTERS)
def test_r49_a_long_listing_is_left_at_any_name(verb: str) -> None:
    seen = 0

    def check() -> None:
        nonlocal seen
        seen += 1
        if seen == 700:
            raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        LISTERS[verb](LINES[verb] * 1000, check)


@pytest.mark.parametrize("features", [MLST, "211-Features:\r\n MDTM\r\n211 End"], ids=LISTERS)
def test_r49_whoever_cancels_does_not_wait_for_the_names_that_came(features: str) -> None:
    """It closes the source, from another thread: here, as the server's last word on the listing arrives."""

    class Severed(Wire):
        def listing(self, command: str) -> tuple[bytes, str]:
            heard = super().listing(command)
            self.sever()
            return heard

    listing = LINES["MLSD" if "MLST" in features else "LIST"] * 1000
    with ScriptedFtp(listing=listing, features=features) as server:
        wire = Severed(ftp(server))
        try:
            wire.open()
            with pytest.raises(ConnectionAbortedError):
                Lookout().entries(wire, "/")
        finally:
            wire.hang_up()
