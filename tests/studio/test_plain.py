"""Plain transfers planned from real trees and a real web server."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.core.connection import parse_location
from desktop.core.errors import NotFound, Stopped, UsageError
from desktop.core.media import Entry
from desktop.core.plan import Action, ItemState, Plan, Request
from desktop.studio.disk import Disk
from desktop.studio.plain import Expanded, expand, plan_plain
from desktop.transfer.journal import Journal, write_journal
from desktop.transfer.partfile import journal_path, part_path
from desktop.transfer.ports import Site
from desktop.transfer.sources.ftp import FtpSource
from desktop.transfer.sources.http import HttpSource
from tests.servers.nginx import NginxServer
from tests.servers.scripted_ftp import ScriptedFtp
from tests.studio.trees import plant, source

LARGE = 5_000_000


def look(path: Path | str, name: str | None = None) -> Expanded:
    text = path if isinstance(path, str) else path.as_posix()
    return expand(source(), "file://", text, "", name, lambda: False)


def planned(destination: Path, *found: Expanded, conflict: str = "skip") -> Plan:
    return plan_plain(found, Request("", destination, conflict=conflict))


def targets(made: Plan) -> list[str]:
    return [file.target for _, file in made.files()]


def test_a_file_goes_into_the_destination(tmp_path: Path) -> None:
    plant(tmp_path, {"a b.mov": 7})
    made = planned(tmp_path / "dest", look(tmp_path / "a b.mov"))
    ((item, file),) = made.files()
    assert (file.target, file.size, file.action) == ("a b.mov", 7, Action.DOWNLOAD)
    assert (item.key, item.site, item.state) == (None, "file://", ItemState.PLANNED)
    assert not (tmp_path / "dest").exists()


def test_a_folder_keeps_its_tree_below_its_name(tmp_path: Path) -> None:
    plant(tmp_path, ["sq/SH010/a.exr", "sq/SH010/deep/.hidden", "sq/b.tmp", "other/c"])
    (tmp_path / "sq/empty").mkdir()
    wanted = ["sq/SH010/a.exr", "sq/SH010/deep/.hidden", "sq/b.tmp"]
    assert targets(planned(tmp_path / "d", look(tmp_path / "sq"))) == wanted
    assert targets(planned(tmp_path / "d", look(f"{tmp_path.as_posix()}/sq/"))) == wanted


def test_a_name_of_ones_own(tmp_path: Path) -> None:
    plant(tmp_path, ["sq/a", "b"])
    made = planned(tmp_path / "d", look(tmp_path / "sq", "to/here"), look(tmp_path / "b", "x/c.mov"))
    assert targets(made) == ["to/here/a", "x/c.mov"]


def test_a_folder_without_a_name_gives_its_contents(tmp_path: Path) -> None:
    plant(tmp_path, ["sq/a"])
    assert targets(planned(tmp_path / "d", look(f"{tmp_path.as_posix()}/sq/."))) == ["a"]


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_in_a_folder_are_left_out_and_told(tmp_path: Path) -> None:
    plant(tmp_path, ["sq/a"])
    (tmp_path / "sq/b").symlink_to("a")
    (tmp_path / "sq/loop").symlink_to(".")
    made = planned(tmp_path / "d", look(tmp_path / "sq"))
    assert targets(made) == ["sq/a"]
    assert made.warnings == (f"{tmp_path.as_posix()}/sq: 2 links were left out",)


def test_what_is_not_there_blocks_and_the_others_go_on(tmp_path: Path) -> None:
    plant(tmp_path, ["a"])
    made = planned(tmp_path / "d", look(tmp_path / "gone"), look(tmp_path / "a"))
    gone, here = (file for _, file in made.files())
    assert (gone.action, gone.kind, here.action) == (Action.BLOCKED, "not-found", Action.DOWNLOAD)
    assert gone.source == (tmp_path / "gone").as_posix()


def test_two_sources_with_one_target(tmp_path: Path) -> None:
    plant(tmp_path, ["x/a", "y/A"])
    made = planned(tmp_path / "d", look(tmp_path / "x/a"), look(tmp_path / "y/A"))
    assert [(file.action, file.kind) for _, file in made.files()] == [
        (Action.DOWNLOAD, ""),
        (Action.BLOCKED, "conflict"),
    ]


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a//b", "a\\b"])
def test_a_name_that_would_leave_the_destination_blocks(tmp_path: Path, name: str) -> None:
    plant(tmp_path, ["a"])
    ((_, file),) = planned(tmp_path / "d", look(tmp_path / "a", name)).files()
    assert (file.action, file.kind) == (Action.BLOCKED, "hostile-name")


def test_the_same_again_is_up_to_date(tmp_path: Path) -> None:
    plant(tmp_path, ["a", "d/a"])
    (item,) = planned(tmp_path / "d", look(tmp_path / "a")).items
    assert item.state is ItemState.UP_TO_DATE


def test_listing_a_folder_can_be_stopped(tmp_path: Path) -> None:
    plant(tmp_path, ["sq/a"])
    with pytest.raises(Stopped):
        expand(source(), "file://", (tmp_path / "sq").as_posix(), "", None, lambda: True)


def test_disk_reads_each_folder_once_and_knows_parts(tmp_path: Path) -> None:
    plant(tmp_path, ["d/a", "d/.b.t0ken.part"])
    disk = Disk(tmp_path)
    listing = disk.folder("d")
    assert (set(listing.files), listing.parts) == ({"a", ".b.t0ken.part"}, True)
    (tmp_path / "d/c").touch()
    assert disk.facts("d/c") is None
    assert Disk(tmp_path).facts("d/c") is not None
    assert disk.folder("gone/deeper").files == {}
    assert "is a file" in disk.folder("d/a").error


@pytest.fixture
def web(nginx: NginxServer, served: Path) -> Iterator[tuple[str, HttpSource]]:
    """A web server with a few files, and a source connected to it."""
    plant(served, {"v/SH 010.mov": 1234, "a.mov": 5, "large.mov": LARGE})
    location = parse_location(nginx.url)
    here = HttpSource(Site(location.address))
    here.connect()
    yield location.address.origin, here
    here.close()


def fetch(
    web: tuple[str, HttpSource], path: str, query: str = "", name: str | None = None, ask: bool = True
) -> Expanded:
    return expand(web[1], web[0], path, query, name, lambda: False, ask=ask)


@pytest.mark.servers
def test_a_web_address_gives_its_last_component_as_the_name(tmp_path: Path, web: tuple[str, HttpSource]) -> None:
    ((item, file),) = planned(tmp_path, fetch(web, "/v/SH%20010.mov", "sig=1%2F2")).files()
    assert (file.target, file.size, file.source) == ("SH 010.mov", 1234, "/v/SH%20010.mov?sig=1%2F2")
    assert item.site == web[0]
    assert "sig" not in item.label


@pytest.mark.servers
def test_a_part_is_found_again_under_another_signature(tmp_path: Path, web: tuple[str, HttpSource]) -> None:
    first = fetch(web, "/large.mov", "sig=old")
    (seen,) = first.files
    part = part_path(str(tmp_path / "large.mov"), "deadbeef")
    plant(tmp_path, {Path(part).name: LARGE})
    write_journal(journal_path(part), Journal(replace(seen, path="/large.mov"), ((0, 1000, 0),)))
    ((_, file),) = planned(tmp_path, fetch(web, "/large.mov", "sig=new")).files()
    assert (file.action, file.reuse) == (Action.RESUME, 1000)


@pytest.mark.servers
def test_a_web_file_that_is_not_there_blocks(tmp_path: Path, web: tuple[str, HttpSource]) -> None:
    ((_, file),) = planned(tmp_path, fetch(web, "/gone.mov", "sig=secret")).files()
    assert (file.action, file.kind) == (Action.BLOCKED, "not-found")
    assert "secret" not in repr(file)


@pytest.mark.servers
def test_many_web_files_are_not_asked_for_one_by_one_unless_they_are_here(
    tmp_path: Path, web: tuple[str, HttpSource]
) -> None:
    plant(tmp_path, {"a.mov": 5, "b.mov": 5})
    disk = Disk(tmp_path)
    fresh = expand(web[1], web[0], "/v/SH%20010.mov", "", None, lambda: False, disk, ask=False)
    known = expand(web[1], web[0], "/a.mov", "", None, lambda: False, disk, ask=False)
    assert [file.size for found in (fresh, known) for file in found.files] == [None, 5]
    assert [file.action for _, file in planned(tmp_path, fresh, known).files()] == [Action.DOWNLOAD, Action.SKIP]


@pytest.mark.servers
def test_an_address_without_a_name_is_refused_unless_it_is_given_one(web: tuple[str, HttpSource]) -> None:
    with pytest.raises(UsageError) as caught:
        fetch(web, "/v/", ask=False)
    assert caught.value.path == f"{web[0]}/v/"
    assert fetch(web, "/v/", name="index.html", ask=False).name == "index.html"


@pytest.mark.servers
def test_an_address_whose_name_hides_a_path_blocks(tmp_path: Path, web: tuple[str, HttpSource]) -> None:
    ((_, file),) = planned(tmp_path, fetch(web, "/x/..%5C..%5Cevil", ask=False)).files()
    assert file.kind == "hostile-name"
    ((_, file),) = planned(tmp_path, fetch(web, "/x/..%2F..%2Fevil", ask=False)).files()
    assert file.kind == "hostile-name"


def test_a_folder_whose_name_leads_elsewhere_is_told_of_and_not_entered(tmp_path: Path) -> None:
    listing = b"type=dir; ../up\r\ntype=file;size=3; good\r\n"
    features = "211-Features:\r\n MLST type*;size*;\r\n MLSD\r\n UTF8\r\n211 End"
    with ScriptedFtp(listing=listing, features=features) as server:
        here = FtpSource(Site(parse_location(f"ftp://{server.host}:{server.port}").address))
        here.connect()
        found = expand(here, "ftp://server", "/t", "", None, lambda: False)
        here.close()
        asked = [command for command in server.commands if "up" in command]
    made = {file.source: (file.action, file.kind) for _, file in planned(tmp_path / "d", found).files()}
    assert made == {"/t/good": (Action.DOWNLOAD, ""), "/t/../up": (Action.BLOCKED, "hostile-name")}
    assert not asked


def test_a_link_out_of_the_destination_is_told_as_what_it_is(tmp_path: Path) -> None:
    plant(tmp_path, ["sq/SH010/a.exr"])
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "d/sq").mkdir(parents=True)
    (tmp_path / "d/sq/SH010").symlink_to(tmp_path / "elsewhere")
    ((_, file),) = planned(tmp_path / "d", look(tmp_path / "sq")).files()
    assert (file.action, file.kind) == (Action.BLOCKED, "hostile-name")
    assert "A link in the destination leads out of it. sq/SH010 would end up in" in file.reason
    assert "server" not in file.reason


def test_what_a_list_names_on_one_server_is_one_item(tmp_path: Path) -> None:
    found = [Expanded(site, f"/{n}", str(n), files=(Entry(f"/{n}", size=n),)) for n, site in enumerate("aab")]
    trouble = Expanded("a", "/x", "x", troubles=((Entry("/x"), NotFound("Gone.")),))
    whole = plan_plain([*found, trouble], Request("", tmp_path), ["list"] * 4)
    assert [(item.site, item.label, len(item.files)) for item in whole.items] == [
        ("a", "3 files of a", 3),
        ("b", "/2", 1),
    ]
    assert whole.totals().files[Action.BLOCKED] == 1
    assert len(plan_plain([*found, trouble], Request("", tmp_path)).items) == 4
