"""R43, R49: listings whose names lead elsewhere, and whose numbers no file has; the whole program against them."""

from pathlib import Path

import pytest

from desktop.core.media import LARGEST_FILE
from desktop.transfer.sources.ftp_listing import parse_list
from tests.cli.console import Console, Said
from tests.servers.scripted_ftp import Answer, ScriptedFtp
from tests.servers.scripted_http import ScriptedHttp, answer
from tests.servers.scripted_sftp import ScriptedSftp, attributes
from tests.transfer.scripted import tree

DATA = b"12345"
HOSTILE = ["../evil", "../../evil", "a/../../evil", "/etc/evil", "..\\evil", "C:\\evil", "\\\\srv\\evil", "..", ""]
"""What a listing may hold in a name's place."""
GOOD = ["good.exr", "C:x", "CON", "a:b", "x.", "-rf", "a/b"]
"""Odd, but harmless once mapped; one that holds a separator stays below its folder."""


@pytest.fixture
def around(tmp_path: Path) -> Path:
    """Return where to fetch to; beside and above it lies a canary under each name that leads out."""
    for folder in (tmp_path, tmp_path / "around"):
        folder.mkdir(exist_ok=True)
        (folder / "evil").write_bytes(b"canary")
    return tmp_path / "around" / "to"


def unharmed(to: Path) -> bool:
    """Tell whether nothing came to lie outside the destination, and the canaries live."""
    beside = {path.name for path in to.parent.iterdir()}
    return beside == {"evil", "to"} and all(
        (folder / "evil").read_bytes() == b"canary" for folder in (to.parent, to.parent.parent)
    )


def brought(said: Said, to: Path) -> list[str]:
    """Return what came, after checking that every refused name is told with its own spelling and nothing else broke."""
    assert said.status == 1, said.out + said.err
    assert {error["kind"] for error in said.json["errors"]} == {"hostile-name"}
    assert said.json["files"]["failed"] == len(said.json["errors"])
    assert unharmed(to)
    return sorted(tree(to))


MAPPED = sorted(f"s/{name}" for name in ["good.exr", "C%3Ax", "%43ON", "a%3Ab", "x%2E", "-rf", "a/b"])


@pytest.mark.parametrize("verb", ["LIST", "MLSD"])
def test_r43_an_ftp_listing_that_leads_out(shotdock: Console, around: Path, verb: str) -> None:
    names = [*HOSTILE, *GOOD]
    files = {f"/s/{name}": DATA for name in names}
    features = "211-Features:\r\n SIZE\r\n MDTM\r\n MLST type*;size*;\r\n211 End"
    answers: dict[str, Answer] = {"MLST": "500 What?"}
    if verb == "MLSD":
        listing = "".join(f"type=file;size=5; {name}\r\n" for name in names)
    else:
        answers["MLSD"] = "500 What?"
        listing = "".join(f"-rw-r--r-- 1 a b 5 Nov 14 2023 {name}\r\n" for name in names)
    with ScriptedFtp(files=files, answers=answers, listing=listing.encode(), features=features) as server:
        said = shotdock("get", f"ftp://{server.host}:{server.port}/s", around, "--json")
        asked = [command.removeprefix("RETR ") for command in server.commands if command.startswith("RETR")]
    assert brought(said, around) == MAPPED
    assert sorted(asked) == sorted(f"/s/{name}" for name in GOOD), "what is refused is not even asked for"


@pytest.mark.parametrize("folders", [False, True], ids=["files", "folders"])
def test_r43_an_sftp_listing_that_leads_out(shotdock: Console, around: Path, tmp_path: Path, folders: bool) -> None:
    names = [name.encode() for name in [*HOSTILE, "nul\0", *GOOD]]
    inside = {f"/s/{name}": [b"f"] for name in [*HOSTILE, "nul\0", *GOOD]}
    files = {f"/s/{name.decode()}{'/f' if folders else ''}": DATA for name in names} | {"/s": b""}
    server = ScriptedSftp(files, folders={"/s": names} | (inside if folders else {}))
    server.stat = lambda path: attributes(5, mode=0o040755) if path == "/s" else attributes(5)
    server.kinds = lambda path: 0o040755 if path == "/s" and folders else 0o100644
    with server:
        known = tmp_path / "known_hosts"
        known.write_text(server.known_line)
        url = f"sftp://ann:right@127.0.0.1:{server.port}/s"
        said = shotdock("get", url, around, "--json", "--known-hosts", known)
        opened = set(server.opened)
    told = {error["path"] for error in said.json["errors"]}
    parted = {"/s/a/b"} if folders else set()
    assert len(told) == len(HOSTILE) - 1 + 1 + len(parted), "all but the parent folder's own entry, and that with a NUL"
    assert told >= parted
    if folders:
        # A folder whose name holds a separator is not entered either.
        assert brought(said, around) == [f"{name}/f" for name in MAPPED if name != "s/a/b"]
    else:
        assert brought(said, around) == MAPPED
    assert not {path for path in opened if path.removesuffix("/f").removeprefix("/s/") in (*HOSTILE, "nul\0")}


FOLDERS = ["../evil", "..", "a/b", "/etc"]
"""Names of folders, none of which is entered."""


@pytest.mark.parametrize("verb", ["LIST", "MLSD"])
def test_r43_folders_of_an_ftp_listing_that_are_several_names_are_told_and_not_entered(
    shotdock: Console, around: Path, verb: str
) -> None:
    answers: dict[str, Answer] = {"MLST": "500 What?", "RETR": "550 No", "CWD": "250 Fine"}
    if verb == "MLSD":
        listing = "".join(f"type=dir; {name}\r\n" for name in FOLDERS) + "type=file;size=5; good\r\n"
    else:
        answers["MLSD"] = "500 What?"
        lines = [f"drwxr-xr-x 2 a b 5 Nov 14 2023 {name}\r\n" for name in FOLDERS]
        listing = "".join(lines) + "-rw-r--r-- 1 a b 5 Nov 14 2023 good\r\n"
    features = "211-Features:\r\n SIZE\r\n MLST type*;size*;\r\n211 End"
    with ScriptedFtp(answers=answers, listing=listing.encode(), features=features) as server:
        said = shotdock("get", f"ftp://{server.host}:{server.port}/s", around, "--dry-run", "--json")
        asked = {command.partition(" ")[2] for command in server.commands}
    plan = {row["source"].partition(f":{server.port}")[2]: row["action"] for row in said.json["plan"]}
    assert plan == {"/s/good": "download"} | dict.fromkeys(("/s/../evil", "/s/a/b", "/s//etc"), "blocked")
    assert not asked & set(plan)


def test_r43_a_scan_tells_of_a_folder_with_two_names(shotdock: Console, tmp_path: Path) -> None:
    folders = {"/s": [b"VEGA", b"VEGA/SQ02"], "/s/VEGA": [b"SH010"], "/s/VEGA/SH010": [b"anim"]}
    folders |= {"/s/VEGA/SH010/anim": [b"publish"], "/s/VEGA/SH010/anim/publish": [b"v001"]}
    leaf = "/s/VEGA/SH010/anim/publish/v001"
    server = ScriptedSftp({f"{leaf}/a.exr": DATA}, folders={**folders, leaf: [b"a.exr"]})
    server.kinds = lambda folder: 0o100644 if folder == leaf else 0o040755
    server.stat = lambda path: attributes(5, mode=0o040755)
    with server:
        shotdock.home.mkdir()
        (shotdock.home / "known_hosts").write_text(server.known_line)
        added = shotdock("connections", "add", "V", f"sftp://ann:right@127.0.0.1:{server.port}/s")
        said = shotdock("scan", "V", "--json", SHOTDOCK_PASSWORD_V="right")
    assert (added.status, said.status) == (0, 0), said.out + said.err
    assert "/s/VEGA/SQ02 cannot be listed and was left out." in said.err


NUMBERS = {
    "more than a 64-bit number": "99999999999999999999",
    "the largest 64-bit number": str(2**64 - 1),
    "the largest the database takes": str(2**63 - 1),
    "ten of them are more than the database takes": "999999999999999999",
    "three thousand digits": "9" * 3000,
    "below nothing": "-1",
    "none": "x",
}


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.parametrize("when", ["00010101000000", "99991231235959", "20231114221320"])
def test_r49_a_size_that_no_file_has_is_unknown_and_its_file_comes(
    shotdock: Console, tmp_path: Path, number: str, when: str
) -> None:
    names = [f"{n}.exr" for n in range(12)]
    listing = "".join(f"type=file;size={number};modify={when}; {name}\r\n" for name in names).encode()
    features = "211-Features:\r\n MLST type*;size*;modify*;\r\n211 End"
    files = {f"/s/{name}": DATA for name in names}
    with ScriptedFtp(
        files=files, answers={"SIZE": f"213 {number}", "MLST": "500 What?"}, listing=listing, features=features
    ) as server:
        said = shotdock("get", f"ftp://{server.host}:{server.port}/s", tmp_path / "to", "--json")
    assert said.status == 0, said.out + said.err
    assert tree(tmp_path / "to") == {f"s/{name}": DATA for name in names}


@pytest.mark.parametrize("size", [LARGEST_FILE + 1, 2**63, 2**64 - 1])
def test_r49_over_sftp(shotdock: Console, tmp_path: Path, size: int) -> None:
    names = [f"{n}.exr" for n in range(3)]
    files = {f"/s/{name}": DATA for name in names} | {"/s": b""}
    server = ScriptedSftp(files, folders={"/s": [name.encode() for name in names]})
    server.stat = lambda path: attributes(5, mode=0o040755) if path == "/s" else attributes(size, 2**32 - 1)
    server.sizes = lambda path: size
    with server:
        known = tmp_path / "known_hosts"
        known.write_text(server.known_line)
        url = f"sftp://ann:right@127.0.0.1:{server.port}/s"
        said = shotdock("get", url, tmp_path / "to", "--json", "--known-hosts", known)
    assert said.status == 0, said.out + said.err
    assert tree(tmp_path / "to") == {f"s/{name}": DATA for name in names}


@pytest.mark.parametrize("number", [str(LARGEST_FILE + 1), "999999999999999999"])
def test_r49_over_http_it_is_that_files_fault_alone(shotdock: Console, tmp_path: Path, number: str) -> None:
    def lie(target: str) -> bytes:
        return answer(body=DATA, Content_Length=number, Connection="close")

    with ScriptedHttp(lambda asked: answer(body=DATA) if asked.target == "/good" else lie(asked.target)) as server:
        base = f"http://{server.host}:{server.port}"
        urls = [f"{base}/{n}" for n in range(12)]
        said = shotdock("get", *urls, f"{base}/good", tmp_path / "to", "--json")
    assert said.status == 1, said.out + said.err
    assert {error["kind"] for error in said.json["errors"]} == {"truncated"}
    assert tree(tmp_path / "to") == {"good": DATA}


@pytest.mark.parametrize("line", ["-rw-r--r-- 1 a b 8, 1 Nov 15 11:30 odd", "-rw-r--r-- 1 a 8,   1 Nov 15 11:30 odd"])
def test_r49_a_file_with_a_devices_numbers_does_not_hide_its_folder(line: str) -> None:
    listing = f"{line}\r\n-rw-r--r-- 1 a b 7 Nov 15 11:30 good\r\n".encode()
    assert [(entry.name, entry.size) for entry in parse_list(listing, "/", 1.7e9, 0.0)] == [("odd", None), ("good", 7)]
