"""Plain transfer over real servers: what arrives, what is told, and that no secret is."""

import sys
from pathlib import Path

import pytest

from tests.cli.console import Console
from tests.cli.studio import here
from tests.servers.content import write_tree
from tests.servers.nginx import NginxServer
from tests.servers.pyftpd import PyftpdServer
from tests.servers.scripted_http import Request, ScriptedHttp, answer, part
from tests.servers.sshd import SshServer

FILES = {"shots/a.exr": 5000, "shots/deep/b c#1.exr": 70_000, "shots/deep/empty.txt": 0}
SECRET = "p4ss+w0rd-of-ann"


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    return tmp_path / "dest"


def test_a_folder_over_sftp_is_taken_whole(shotdock: Console, sshd: SshServer, served: Path, dest: Path) -> None:
    made = write_tree(served, FILES)
    url = f"{sshd.url}/shots"
    unknown = shotdock("get", url, dest, "--identity", sshd.identity, "--json")
    assert (unknown.status, unknown.json["errors"][0]["kind"]) == (3, "host-key-unknown")
    assert "--accept-new-host-key" in unknown.json["errors"][0]["suggestion"]
    assert not dest.exists()
    said = shotdock("get", url, dest, "--identity", sshd.identity, "--accept-new-host-key", "--json")
    assert said.status == 0, said.err
    assert here(dest) == made
    assert said.json["files"]["downloaded"] == 3
    # It is remembered now.
    again = shotdock("get", url, dest, "--identity", sshd.identity, "--json")
    assert (again.status, again.json["status"]) == (0, "up-to-date")


def test_known_hosts_of_ones_own(shotdock: Console, sshd: SshServer, served: Path, dest: Path, tmp_path: Path) -> None:
    write_tree(served, {"a": 10})
    known = tmp_path / "hosts"
    known.write_text(sshd.known_hosts)
    said = shotdock("get", f"{sshd.url}/a", dest, "--identity", sshd.identity, "--known-hosts", known)
    assert said.status == 0, said.err
    assert set(here(dest)) == {"a"}


def test_a_password_in_a_url_is_never_seen_again(
    shotdock: Console, pyftpd: PyftpdServer, served: Path, dest: Path
) -> None:
    write_tree(served, {"a.bin": 1000})
    place = f"{pyftpd.host}:{pyftpd.port}"
    good = f"ftp://{pyftpd.user}:p%C3%A4ssword%3Awith%40signs@{place}/a.bin"
    bad = f"ftp://{pyftpd.user}:{SECRET}@{place}/a.bin"
    said = shotdock("get", good, dest, "--json")
    assert said.status == 0, said.err
    refused = shotdock("get", bad, dest, "--json")
    assert (refused.status, refused.json["errors"][0]["kind"]) == (3, "login-failed")
    listed = [shotdock("tasks", "show", 1, "--json"), shotdock("tasks", "logs", 1, "--json"), shotdock("tasks", "list")]
    kept = b"".join(path.read_bytes() for path in shotdock.home.rglob("*") if path.is_file())
    for secret in (pyftpd.password, "p%C3%A4ssword", SECRET):
        assert not any(secret in words.out + words.err for words in (said, refused, *listed))
        assert secret.encode() not in kept


def test_http_files_and_a_list_with_names(
    shotdock: Console, nginx: NginxServer, served: Path, dest: Path, tmp_path: Path
) -> None:
    made = write_tree(served, {"one.bin": 3000, "two.bin": 4000, "three.bin": 5000})
    listed = tmp_path / "list.txt"
    listed.write_text(f"# renders\n{nginx.url}two.bin\n{nginx.url}three.bin\tsub/3.bin\n")
    said = shotdock("get", f"{nginx.url}one.bin", dest, "-i", listed, "--json", "--verify", "--segments", 2)
    assert said.status == 0, said.err
    assert here(dest) == {"one.bin": made["one.bin"], "two.bin": made["two.bin"], "sub/3.bin": made["three.bin"]}
    assert len(said.json["items"]) == 3
    assert said.json["bytes"]["transferred"] == 12_000


def test_what_is_missing_fails_alone(shotdock: Console, nginx: NginxServer, served: Path, dest: Path) -> None:
    write_tree(served, {"one.bin": 3000})
    said = shotdock("get", f"{nginx.url}none.bin", f"{nginx.url}one.bin", dest, "--json")
    assert said.status == 1
    assert said.json["status"] == "partial"
    (error,) = said.json["errors"]
    assert (error["kind"], error["retryable"]) == ("not-found", False)
    assert "none.bin" in error["path"]
    assert "spelled" in error["suggestion"]
    assert set(here(dest)) == {"one.bin"}


def test_a_list_s_lines_end_where_lines_end(shotdock: Console, served: Path, dest: Path, tmp_path: Path) -> None:
    """Names may hold what Python takes for more ends of lines: U+2028, U+0085."""
    odd = "plates\u2028final\u0085.bin"
    made = write_tree(served, {odd: 10, "two.bin": 20})
    listed = tmp_path / "list.txt"
    listed.write_text(f"{served / odd}\r\n{served / 'two.bin'}", "utf-8", newline="")
    said = shotdock("get", "-i", listed, dest, "--json")
    assert (said.status, said.json["files"]["downloaded"]) == (0, 2), said.err
    assert here(dest)["two.bin"] == made["two.bin"]
    again = shotdock(
        "get", "-i", "-", dest, "--json", stdin="\ufeff" + listed.read_text("utf-8"), PYTHONIOENCODING="latin-1"
    )
    assert (again.status, again.json["files"]["skipped"]) == (0, 2), again.err


def test_a_name_in_a_list_cannot_leave_the_destination(
    shotdock: Console, nginx: NginxServer, served: Path, dest: Path, tmp_path: Path
) -> None:
    write_tree(served, {"one.bin": 3000})
    listed = tmp_path / "list.txt"
    listed.write_text(f"{nginx.url}one.bin\t../outside.bin\n")
    said = shotdock("get", dest, "-i", listed, "--json")
    assert said.status == 1
    assert said.json["errors"][0]["kind"] == "hostile-name"
    assert not (tmp_path / "outside.bin").exists()


def test_local_paths_and_connection_paths(
    shotdock: Console, sshd: SshServer, served: Path, dest: Path, tmp_path: Path
) -> None:
    made = write_tree(served, FILES)
    local = write_tree(tmp_path / "disk", {"plate.dpx": 900})
    shotdock("connections", "add", "V", sshd.url, "--identity", sshd.identity)
    shotdock("connections", "trust", "V", "--yes")
    said = shotdock("get", "V:shots/deep", f"V:{served}/shots/a.exr", tmp_path / "disk" / "plate.dpx", dest, "--json")
    assert said.status == 0, said.err
    wanted = {name.removeprefix("shots/"): data for name, data in made.items()}
    assert here(dest) == {**wanted, **local}


def test_a_dry_run_names_sources_and_targets(shotdock: Console, nginx: NginxServer, served: Path, dest: Path) -> None:
    write_tree(served, {"one.bin": 3000})
    said = shotdock("get", f"{nginx.url}one.bin", dest, "--dry-run", "--json")
    assert said.status == 0
    (row,) = said.json["plan"]
    assert row["source"] == f"{nginx.url}one.bin"
    assert Path(row["target"]) == dest / "one.bin"
    assert row["action"] == "download"
    assert not dest.exists()


def test_nobody_there_exits_with_3(shotdock: Console, dest: Path) -> None:
    for url in ("http://127.0.0.1:1/a", "ftp://127.0.0.1:1/a", "sftp://127.0.0.1:1/a"):
        said = shotdock("get", url, dest, "--json")
        assert said.status == 3, url
        assert said.json["errors"][0]["kind"] == "unreachable"


@pytest.mark.parametrize(
    ("broken", "kind"), [("500 Internal Server Error", "truncated"), ("401 Unauthorized", "login-failed")]
)
def test_one_bad_web_file_does_not_keep_its_neighbours_away(
    shotdock: Console, dest: Path, broken: str, kind: str
) -> None:
    data = b"a web file" * 100

    def script(request: Request) -> bytes:
        return answer(broken) if request.target == "/bad.mov" else part(data, request)

    with ScriptedHttp(script) as server:
        base = f"http://127.0.0.1:{server.port}"
        said = shotdock("get", f"{base}/bad.mov", f"{base}/good.mov", dest, "--json")
    assert said.status == 1
    assert [error["kind"] for error in said.json["errors"]] == [kind]
    assert here(dest) == {"good.mov": data}


def test_the_same_source_twice_is_one_wish(shotdock: Console, nginx: NginxServer, served: Path, dest: Path) -> None:
    write_tree(served, {"one.bin": 10})
    said = shotdock("get", f"{nginx.url}/one.bin", f"{nginx.url}/one.bin", dest, "--json")
    assert (said.status, said.json["files"]["planned"], said.json["files"]["failed"]) == (0, 1, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="a drive there")
def test_a_connection_of_one_letter_is_asked_for_like_any_other(shotdock: Console, dest: Path) -> None:
    said = shotdock("get", "N:/x", dest, "--json")
    assert (said.status, said.json["errors"][0]["title"]) == (2, "There is no connection called 'N'.")


def test_one_server_away_and_one_there(shotdock: Console, nginx: NginxServer, served: Path, dest: Path) -> None:
    write_tree(served, {"one.bin": 10})
    said = shotdock("get", "sftp://127.0.0.1:1/x", f"{nginx.url}one.bin", dest, "--json")
    assert (said.status, said.json["status"]) == (1, "partial")
    (error,) = said.json["errors"]
    assert error["kind"] == "unreachable"
    assert "127.0.0.1:1 cannot be reached" in error["title"]
    assert "server is running" in error["suggestion"]


def test_an_empty_source_is_not_the_current_folder(shotdock: Console, dest: Path) -> None:
    said = shotdock("get", "", dest, "--json")
    assert (said.status, said.json["errors"][0]["kind"]) == (2, "usage")
    assert not dest.exists()
