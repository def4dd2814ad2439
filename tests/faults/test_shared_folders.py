"""R43: a destination that others write to: what they plant or swap there is neither followed, waited for nor used."""

import os
import threading
from pathlib import Path

import pytest
from zlib_ng.zlib_ng import crc32

from desktop.core.errors import HostileName
from desktop.core.media import Entry
from desktop.core.task import FileResult
from desktop.transfer.journal import Journal, read_journal, write_journal
from desktop.transfer.partfile import journal_path, part_path
from tests.transfer.scripted import MIB, Shelf, bring, content, tree

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pipes, owners and links")

needs_root = pytest.mark.skipif(os.name != "nt" and os.geteuid() != 0, reason="only root gives files away")
SIZE = 5 * MIB
STRANGER = 54_321


def swap(folder: Path, elsewhere: Path) -> None:
    folder.rename(folder.with_name("moved away"))
    folder.symlink_to(elsewhere)


@pytest.mark.parametrize("moment", ["between two files", "while one is on its way"])
def test_a_folder_that_becomes_a_link_is_not_followed(tmp_path: Path, moment: str) -> None:
    """Whoever may write to a shared destination could have us write where only we may."""
    to, ours = tmp_path / "to", tmp_path / "only ours"
    to.mkdir()
    ours.mkdir()
    shelf = Shelf()
    entries = [shelf.put("/shot/a.exr", 9), shelf.put("/shot/b.exr", 3 * shelf.block)]

    def on_open(path: str, _count: int) -> None:
        if path == "/shot/b.exr" and moment == "between two files":
            swap(to / "shot", ours)

    def on_block(path: str, offset: int) -> None:
        if path == "/shot/b.exr" and offset and moment == "while one is on its way" and not (to / "shot").is_symlink():
            swap(to / "shot", ours)

    shelf.on_open, shelf.on_block = on_open, on_block
    results = bring(to, shelf, entries)
    assert tree(ours) == {}
    assert [done.result for done in results][1:] == [FileResult.FAILED]
    assert isinstance(results[1].error, HostileName)


def test_a_folder_that_is_made_anew_meanwhile_is_filled(tmp_path: Path) -> None:
    shelf = Shelf()
    entries = [shelf.put("/shot/a.exr", 9), shelf.put("/shot/b.exr", 9)]

    def on_open(path: str, _count: int) -> None:
        if path == "/shot/b.exr":
            (tmp_path / "shot").rename(tmp_path / "moved away")
            (tmp_path / "shot").mkdir()

    shelf.on_open = on_open
    assert [done.result for done in bring(tmp_path, shelf, entries)][1:] == [FileResult.DOWNLOADED]
    assert (tmp_path / "shot" / "b.exr").read_bytes() == shelf.files["/shot/b.exr"]


def planted(folder: Path, shelf: Shelf, token: str, user: int, journals: int) -> Path:
    """Plant a part that knows the file, with other bytes, and give it and its journal to users."""
    part = Path(part_path(str(folder / "a.exr"), token))
    false = content("another", SIZE)
    part.write_bytes(false)
    entry = shelf.entry("/a.exr")
    write_journal(journal_path(str(part)), Journal(entry, ((0, SIZE - 1, crc32(false[:-1])),), "gone", 2**22 + 1))
    os.chown(part, user, -1)
    os.chown(journal_path(str(part)), journals, -1)
    part.chmod(0o666)
    return part


@needs_root
@pytest.mark.parametrize("token", ["0badc0de", "tok00001"])
@pytest.mark.parametrize(("user", "journals"), [(STRANGER, STRANGER), (STRANGER, 0), (0, STRANGER)])
def test_a_part_of_another_user_is_no_beginning_of_ours(tmp_path: Path, token: str, user: int, journals: int) -> None:
    """Its owner could go on writing into what bears the final name, and says what of it is whole."""
    shelf = Shelf()
    entry = shelf.put("/a.exr", SIZE)
    planted(tmp_path, shelf, token, user, journals)
    [done] = bring(tmp_path, shelf, [entry])
    assert (done.result, done.reused) == (FileResult.DOWNLOADED, 0)
    assert tree(tmp_path) == {"a.exr": shelf.files["/a.exr"]}
    assert (tmp_path / "a.exr").stat().st_uid == os.geteuid()


@pytest.mark.parametrize("tail", ["part", "part.journal", "part.journal.new"])
@pytest.mark.parametrize("token", ["0badc0de", "tok00001"])
def test_a_pipe_in_place_of_our_work_is_not_waited_for(tmp_path: Path, tail: str, token: str) -> None:
    shelf = Shelf()
    entry = shelf.put("/a.exr", SIZE)
    os.mkfifo(tmp_path / f".a.exr.{token}.{tail}")
    ended = threading.Event()

    def transfer() -> None:
        bring(tmp_path, shelf, [entry])
        ended.set()

    threading.Thread(target=transfer, daemon=True).start()
    assert ended.wait(30)
    if (token, tail) != ("tok00001", "part"):
        assert (tmp_path / "a.exr").read_bytes() == shelf.files["/a.exr"]


@pytest.mark.parametrize(
    "figures",
    ['"mtime": 1' + "0" * 400, '"precision": 1' + "0" * 400, '"mtime": 1e999', '"mtime": NaN', '"size": NaN'],
)
def test_no_figure_breaks_the_reader_of_journals(tmp_path: Path, figures: str) -> None:
    path = str(tmp_path / "journal")
    write_journal(path, Journal(Entry("/a.exr", size=9, mtime=1.0), ((0, 5, 0),)))
    text = Path(path).read_text()
    key = figures.partition(":")[0]
    whole = text.replace(f"{key}: {'9' if 'size' in key else '1.0'}", figures)
    assert whole != text
    Path(path).write_text(whole)
    assert read_journal(path) is None
