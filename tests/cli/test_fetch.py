"""Fetching shots over real SFTP and FTP servers: every version strategy, every conflict strategy, every promise."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.console import Console, Said
from tests.cli.studio import LATEST, OLD, SHOT_ROOT, TREE, expected, here, publish, put
from tests.servers.content import content
from tests.servers.vsftpd import VsftpdServer

SCENE = f"{SHOT_ROOT}/SH020/anim/publish/v002/scene.ma"
FILE_KEYS = {"planned", "downloaded", "resumed", "skipped", "overwritten", "kept_both", "failed"}

Fetch = Callable[..., Said]


@pytest.fixture(params=["sftp", "ftp"])
def fetch(request: pytest.FixtureRequest, shotdock: Console, served: Path, tmp_path: Path) -> Fetch:
    """Return `shotdock fetch V tmp_path/dest ... --json` against a real server of the published tree."""
    publish(served)
    if request.param == "sftp":
        server = request.getfixturevalue("sshd")
        assert shotdock("connections", "add", "V", server.url, "--identity", server.identity).status == 0
        assert shotdock("connections", "trust", "V", "--yes").status == 0
    else:
        server = request.getfixturevalue("vsftpd")
        # Run by the user who starts it, vsftpd confines nobody: its paths are the disk's.
        url = f"ftp://{server.user}@{server.host}:{server.port}{served}"
        assert shotdock("connections", "add", "V", url).status == 0
        shotdock.environment["SHOTDOCK_PASSWORD_V"] = server.password

    def run(*arguments: object, command: str = "fetch") -> Said:
        return shotdock(command, "V", tmp_path / "dest", *arguments, "--json")

    return run


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    return tmp_path / "dest"


def test_scan_counts(fetch: Fetch, shotdock: Console) -> None:
    said = shotdock("scan", "V", "--json")
    assert said.status == 0
    answer = said.json
    assert (answer["shots"], answer["versions"], answer["files"]) == (2, 8, len(TREE))
    assert answer["bytes"] == sum(TREE.values())
    assert answer["seconds"] >= 0


def test_latest_then_again(fetch: Fetch, dest: Path) -> None:
    said = fetch()
    assert said.status == 0, said.err
    answer = said.json
    assert answer["status"] == "done"
    assert set(answer["files"]) == FILE_KEYS
    assert answer["files"]["planned"] == answer["files"]["downloaded"] == len(LATEST)
    assert answer["bytes"]["transferred"] == sum(TREE[name] for name in LATEST)
    assert here(dest) == expected(LATEST)
    assert int((dest / SCENE).stat().st_mtime) == OLD
    rows = {(item["shot"], item["department"]): item for item in answer["items"]}
    assert {key: row["version"] for key, row in rows.items()} == {
        ("SH010", "anim"): "v010",
        ("SH010", "lighting"): "v002",
        ("SH020", "anim"): "v002",
    }
    row = rows["SH010", "anim"]
    assert (row["project"], row["episode"], row["sequence"], row["status"]) == ("VEGA", None, "SQ01", "done")
    assert row["files"]["downloaded"] == 2
    assert answer["errors"] == []

    again = fetch()
    assert (again.status, again.json["status"]) == (0, "up-to-date")
    assert again.json["files"]["downloaded"] == 0
    assert again.json["files"]["skipped"] == len(LATEST)
    assert again.json["bytes"]["transferred"] == 0


def test_a_specific_version_skips_shots_without_it_and_names_what_there_is(fetch: Fetch, dest: Path) -> None:
    said = fetch("--version", "v005")
    assert said.status == 0
    assert here(dest) == expected([f"{SHOT_ROOT}/SH010/anim/publish/v005/scene.ma"])
    rows = {(item["shot"], item["department"]): item for item in said.json["items"]}
    skipped = rows["SH020", "anim"]
    assert skipped["status"] == "skipped"
    assert skipped["reason"] == "Version v005 not available, available: v001, v002"
    assert "Version v005 not available, available: v001, v002" in said.err


def test_all_versions(fetch: Fetch, dest: Path) -> None:
    said = fetch("--version", "all", "--department", "anim")
    assert said.status == 0
    assert here(dest) == expected(name for name in TREE if "/anim/" in name)


def test_a_version_table(fetch: Fetch, dest: Path, tmp_path: Path) -> None:
    table = tmp_path / "versions.txt"
    table.write_text("# what the supervisor approved\nSH010 anim v002\nVEGA/SQ01/SH020 anim v001\nSH999 anim v001\n")
    said = fetch("--version", f"@{table}")
    assert said.status == 0
    assert here(dest) == expected(
        [f"{SHOT_ROOT}/SH010/anim/publish/v002/scene.ma", f"{SHOT_ROOT}/SH020/anim/publish/v001/scene.ma"]
    )
    assert "SH999" in said.err
    assert {item["shot"] for item in said.json["items"]} == {"SH010", "SH020"}


def test_filters_and_shot_list(fetch: Fetch, dest: Path, tmp_path: Path) -> None:
    assert fetch("--shot", "sh02*").status == 0
    assert set(here(dest)) == {SCENE}
    listed = tmp_path / "shots.txt"
    listed.write_text("SH010\n")
    assert fetch("--shots-from", listed, "--department", "lighting").status == 0
    assert set(here(dest)) == {SCENE, *(name for name in LATEST if "beauty" in name)}
    nothing = fetch("--shot", "SH777")
    assert (nothing.status, nothing.json["status"]) == (0, "up-to-date")
    assert nothing.json["items"] == []
    assert "SH777" in nothing.err


def test_skip_leaves_what_is_there(fetch: Fetch, dest: Path) -> None:
    put(dest / SCENE, b"mine", OLD)
    said = fetch("--conflict", "skip", "--shot", "SH020")
    assert said.status == 0
    assert here(dest) == {SCENE: b"mine"}
    assert (said.json["files"]["skipped"], said.json["files"]["downloaded"]) == (1, 0)


def test_compare_fetches_only_what_is_newer_or_of_another_size(fetch: Fetch, dest: Path) -> None:
    assert fetch().status == 0
    stale, size_differs = (name for name in LATEST if "beauty" in name)
    put(dest / stale, bytes(TREE[stale]), OLD - 3 * 86_400)
    put(dest / size_differs, b"short", OLD + 1000)
    said = fetch("--conflict", "compare")
    assert said.status == 0
    assert here(dest) == expected(LATEST)
    assert said.json["files"]["overwritten"] == said.json["files"]["downloaded"] == 2
    assert said.json["files"]["skipped"] == len(LATEST) - 2


def test_overwrite_replaces(fetch: Fetch, dest: Path) -> None:
    put(dest / SCENE, b"mine", OLD)
    said = fetch("--conflict", "overwrite", "--shot", "SH020")
    assert said.status == 0
    assert here(dest) == expected([SCENE])
    assert said.json["files"]["overwritten"] == said.json["files"]["downloaded"] == 1


@pytest.mark.parametrize("spelling", ["keep_both", "keep-both"])
def test_keep_both_keeps_both(fetch: Fetch, dest: Path, spelling: str) -> None:
    put(dest / SCENE, b"mine", OLD)
    said = fetch("--conflict", spelling, "--shot", "SH020")
    assert said.status == 0
    files = here(dest)
    assert files.pop(SCENE) == content(SCENE, TREE[SCENE])
    ((backup, kept),) = files.items()
    assert kept == b"mine"
    assert Path(backup).match("scene_backup_[0-9]*_[0-9]*.ma")
    assert said.json["files"]["kept_both"] == said.json["files"]["downloaded"] == 1


def test_a_dry_run_touches_nothing(fetch: Fetch, shotdock: Console, dest: Path) -> None:
    put(dest / SCENE, b"mine", OLD)
    said = fetch("--dry-run", "--conflict", "compare")
    assert said.status == 0
    plan = {row["source"].partition(SHOT_ROOT)[2]: row for row in said.json["plan"]}
    assert len(plan) == len(LATEST)
    update = plan[SCENE.removeprefix(SHOT_ROOT)]
    assert update["action"] == "update"
    assert update["bytes"] == TREE[SCENE]
    assert Path(update["target"]) == dest / SCENE
    assert update["reason"]
    assert here(dest) == {SCENE: b"mine"}
    assert shotdock("tasks", "list", "--json").json["tasks"] == []


def test_compare_command_and_its_states(fetch: Fetch, dest: Path) -> None:
    said = fetch(command="compare")
    assert said.status == 0
    rows = {(row["shot"], row["department"]): row for row in said.json["shots"]}
    anim = rows["SH010", "anim"]
    assert anim["available_versions"] == ["v001", "v002", "v005", "v010"]
    assert (anim["latest_version"], anim["local_version"], anim["state"]) == ("v010", None, "new")
    assert (anim["files"], anim["bytes"]) == (2, 300_000 + 4010)
    fetch("--version", "v002")
    rows = {(row["shot"], row["department"]): row for row in fetch(command="compare").json["shots"]}
    assert (rows["SH010", "anim"]["state"], rows["SH010", "anim"]["local_version"]) == ("update", "v002")
    assert rows["SH020", "anim"]["state"] == "up-to-date"


def test_tasks_remember(fetch: Fetch, shotdock: Console, dest: Path) -> None:
    answer = fetch("--task-name", "morning", "--version", "v002").json
    (task,) = shotdock("tasks", "list", "--json").json["tasks"]
    assert task["id"] == answer["task"]
    assert (task["name"], task["state"], task["connection"]) == ("morning", "done", "V")
    assert task["destination"] == str(dest)
    assert (task["version_strategy"], task["specific_version"]) == ("specific", "v002")
    assert set(task["files"]) == FILE_KEYS
    shown = shotdock("tasks", "show", task["id"], "--json").json
    assert "anim anim" not in shotdock("tasks", "show", task["id"]).out
    assert shown["task"]["id"] == task["id"]
    assert len(shown["items"]) == 3
    lines = shotdock("tasks", "logs", task["id"], "--json").json["lines"]
    assert all(set(line) == {"time", "level", "item", "message"} for line in lines)
    assert any("Finished" in line["message"] for line in lines)
    assert shotdock("tasks", "logs", task["id"], "--level", "ERROR", "--json").json["lines"] == []
    again = shotdock("tasks", "run", task["id"], "--json")
    assert (again.status, again.json["status"], again.json["files"]["downloaded"]) == (0, "up-to-date", 0)
    assert shotdock("tasks", "delete", task["id"]).status == 0
    assert shotdock("tasks", "list", "--json").json["tasks"] == []
    assert SCENE in here(dest)


def test_a_file_that_cannot_be_read_fails_alone_and_is_retried(
    fetch: Fetch, shotdock: Console, served: Path, dest: Path
) -> None:
    # What the plan saw is gone when its turn comes: the folder in its place cannot be read as a file.
    blocked = dest / SCENE
    blocked.mkdir(parents=True)
    (blocked / "in the way").touch()
    said = fetch()
    assert said.status == 1
    answer = said.json
    assert answer["status"] == "partial"
    assert answer["files"]["failed"] == 1
    assert answer["files"]["downloaded"] == len(LATEST) - 1
    (error,) = answer["errors"]
    assert error["path"].endswith(SCENE)
    assert error["title"]
    assert error["title"] in said.err
    (task,) = shotdock("tasks", "list", "--json").json["tasks"]
    assert task["state"] == "failed"
    retried = shotdock("tasks", "retry", task["id"], "--json")
    assert retried.status == 1
    assert retried.json["files"]["downloaded"] == 0


def test_progress_in_a_pipe_is_plain_lines(fetch: Fetch, shotdock: Console, dest: Path) -> None:
    del fetch
    said = shotdock("fetch", "V", dest)
    assert said.status == 0
    assert "\r" not in said.out + said.err
    assert f"{len(LATEST)} downloaded" in said.out
    quiet = shotdock("fetch", "V", dest, "--quiet")
    assert (quiet.status, quiet.out, quiet.err) == (0, "", "")


def test_an_unreachable_server_exits_with_3_and_touches_nothing(shotdock: Console, dest: Path) -> None:
    shotdock("connections", "add", "V", "sftp://ann@127.0.0.1:1/shows")
    for command in ("fetch", "compare"):
        said = shotdock(command, "V", dest, "--json")
        assert said.status == 3
        assert said.json["errors"][0]["kind"] == "unreachable"
    assert shotdock("scan", "V").status == 3
    assert not dest.exists()


def test_of_every_sequence_three_frames_come_first_if_asked_for(
    shotdock: Console, vsftpd: VsftpdServer, served: Path, dest: Path
) -> None:
    """Over one connection files arrive in the order they are asked for: the server's log tells it."""
    folder = f"{SHOT_ROOT}/SH010/lighting/version"
    names = [f"{folder}/{part}_v001.{n}.exr" for part in ("beauty", "depth") for n in range(1001, 1006)]
    publish(served, {f"{SHOT_ROOT}/SH010/anim/publish/v001/scene.ma": 900, **dict.fromkeys(names, 700)})
    assert shotdock("connections", "add", "V", vsftpd.url).status == 0
    shotdock.environment["SHOTDOCK_PASSWORD_V"] = vsftpd.password
    for order, ranked in {
        "listed": ["scene.ma", *(f"{p}_v001.{n}.exr" for p in ("beauty", "depth") for n in range(1001, 1006))],
        "frames-first": [
            *(f"{p}_v001.{n}.exr" for n in (1001, 1003, 1005) for p in ("beauty", "depth")),
            "scene.ma",
            *(f"{p}_v001.{n}.exr" for p in ("beauty", "depth") for n in (1002, 1004)),
        ],
    }.items():
        before = len(retrieved(vsftpd))
        said = shotdock("fetch", "V", dest / order, "--order", order, "--parallel", 1, "--json")
        assert (said.status, said.json["files"]["downloaded"]) == (0, 11), said.err
        assert retrieved(vsftpd)[before:] == ranked


def retrieved(server: VsftpdServer) -> list[str]:
    """Return the names of the files that were asked for, in that order."""
    log = (server.folder / "vsftpd.log").read_text()
    return [path.rpartition("/")[2] for path in re.findall(r'"RETR (.+)"', log)]
