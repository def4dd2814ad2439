"""R43: names that are this program's own, from a server: what it plants is never taken for our work under way."""

import os
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zlib_ng.zlib_ng import crc32

from desktop.core.media import Entry
from desktop.studio.jobs.swap import Swap
from desktop.transfer.conflicts.skip import skip
from desktop.transfer.journal import Journal, write_journal
from desktop.transfer.names import local_name
from tests.cli.console import Console
from tests.servers.pyftpd import PyftpdServer
from tests.transfer.scripted import content, tree

MTIME = 1_700_000_000
SIZE = 6 << 20
REAL = content("plate.exr", SIZE)
FALSE = content("another", SIZE)


def test_a_part_from_one_server_is_no_beginning_of_another_s_file(shotdock: Console, tmp_path: Path) -> None:
    """The false one knows the path, size and time of what the honest one will be asked for."""
    false, honest, to = tmp_path / "false" / "s", tmp_path / "honest" / "s", tmp_path / "to"
    for folder in (false, honest):
        folder.mkdir(parents=True)
    (honest / "plate.exr").write_bytes(REAL)
    os.utime(honest / "plate.exr", (MTIME, MTIME))
    part = false / ".plate.exr.0badc0de.part"
    part.write_bytes(FALSE)
    block = (0, SIZE - 1, crc32(FALSE[:-1]))
    write_journal(f"{part}.journal", Journal(Entry("/s/plate.exr", size=SIZE, mtime=float(MTIME)), (block,)))
    came = {}
    for root in (false.parent, honest.parent):
        with PyftpdServer(root) as server:
            url = f"ftp://artist:p%C3%A4ssword%3Awith%40signs@{server.host}:{server.port}/s"
            said = shotdock("get", url, to, "--json")
        assert said.status == 0, said.out + said.err
        came = tree(to)
    assert came["s/plate.exr"] == REAL
    assert came["s/%2Eplate.exr.0badc0de.part"] == FALSE, (
        "what the false one has is there, under a name that is not ours"
    )
    assert said.json["bytes"]["reused"] == 0


@pytest.mark.parametrize("kind", ["old", "extract", "dead"])
def test_a_folder_from_a_server_is_no_result_that_was_to_go_back(tmp_path: Path, kind: str) -> None:
    name = f".results.0123456789abcdef.{kind}"
    planted = tmp_path / local_name(name)
    planted.mkdir()
    (planted / "mesh.obj").write_bytes(b"false")
    swap = Swap(tmp_path / "results")
    try:
        (swap.folder / "mesh.obj").write_bytes(b"real")
        swap.place(4, skip)
    finally:
        swap.close()
    assert (tmp_path / "results" / "mesh.obj").read_bytes() == b"real"
    assert (planted / "mesh.obj").read_bytes() == b"false"


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\\\0"), max_size=12),
    st.sampled_from(["a.part", ".part", "t.part.journal", "t.PART.journal.new", "t.part.new", f"{'0a' * 8}.old"]),
)
def test_no_name_of_a_server_is_one_of_our_work(name: str, tail: str) -> None:
    mapped = local_name(f".{name}.{tail}")
    assert not mapped.startswith(".")
    assert unquote_to_bytes(mapped).decode() == f".{name}.{tail}"


@pytest.mark.parametrize(
    ("name", "mapped"),
    [
        (".a.exr.t0k3n.part", "%2Ea.exr.t0k3n.part"),
        (".a.exr.t0k3n.PART", "%2Ea.exr.t0k3n.PART"),
        (".a.exr.t0k3n.part.journal", "%2Ea.exr.t0k3n.part.journal"),
        (".a.exr.t0k3n.part.journal.new", "%2Ea.exr.t0k3n.part.journal.new"),
        (".a\n.exr.t0k3n.part", "%2Ea%0A.exr.t0k3n.part"),
        (".r.0123456789abcdef.old", "%2Er.0123456789abcdef.old"),
        ("%2Ea.exr.t0k3n.part", "%252Ea.exr.t0k3n.part"),
        (".hidden", ".hidden"),
        ("a.part", "a.part"),
        (".old", ".old"),
    ],
)
def test_only_names_of_our_own_work_are_mapped(name: str, mapped: str) -> None:
    assert local_name(name) == mapped
