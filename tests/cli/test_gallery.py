"""Galleries on the command line, against the demo studio's: lists, names, interruptions, secrets, exit statuses."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from desktop.demo.content import Size
from desktop.demo.gallery.gallery import Gallery
from desktop.demo.gallery.videos import DIRECT, FIRST_ID, GONE, PROJECTS, UNLINKED
from desktop.work.sites import password_variable
from tests.cli.console import ROOT, Console, Said

HERE = 100_000_000
"""Bytes on disk when a run is killed."""
KEPT = HERE - 64 * 1024 * 1024
"""Those that are surely taken over: so many at most are not durable yet."""
FLAT = 90 * 1024 * 1024
"""Bytes of memory for a video of 150 MB."""
ONE, TWO = FIRST_ID + PROJECTS.index("Moon Base 7"), FIRST_ID + PROJECTS.index("Moon-Base 7")


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    opened = Gallery(tmp_path / "gallery", Size.SMALL)
    yield opened
    opened.stop()


class Shop:
    """The command line on one gallery, its token given by the environment."""

    def __init__(self, shotdock: Console, gallery: Gallery) -> None:
        self.shotdock, self.gallery = shotdock, gallery
        self.token = {password_variable(f"http://127.0.0.1:{gallery.api.port}"): gallery.token}

    def __call__(self, *arguments: object) -> Said:
        return self.shotdock("gallery", *arguments, "--server", self.gallery.url, "--json", **self.token)

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        return self.shotdock.start("gallery", *arguments, "--server", self.gallery.url, "--json", variables=self.token)

    def same(self, number: int, path: Path) -> bool:
        return sha256(path.read_bytes()).digest() == sha256(self.gallery.file(number).read_bytes()).digest()


@pytest.fixture
def shop(shotdock: Console, gallery: Gallery) -> Shop:
    return Shop(shotdock, gallery)


def test_list(shop: Shop) -> None:
    videos = shop("list").json["videos"]
    assert [video["id"] for video in videos] == [str(video.id) for video in shop.gallery.videos()]
    assert set(videos[0]) == {"id", "project_name", "file_name", "created", "bytes", "seconds", "available"}
    by_id = {video["id"]: video for video in videos}
    film = by_id[str(FIRST_ID)]
    assert film["project_name"] == "VEGA Teaser"
    assert film["file_name"] == "VEGA_Teaser_final.mp4"
    assert film["bytes"] == shop.gallery.file(FIRST_ID).stat().st_size
    assert film["created"] == "2025-04-12T10:00:00.000+00:00"
    assert by_id[str(UNLINKED)]["available"] is False
    assert by_id[str(FIRST_ID + PROJECTS.index(None))]["file_name"] == "video.mp4"


def test_a_gallery_repeats_and_waits(shop: Shop, tmp_path: Path) -> None:
    said = shop("get", "--all", tmp_path / "to", "--repeat", "daily")
    assert said.status == 0, said.err
    kept = said.json["routine"]
    assert (kept["connection"], kept["videos"], kept["repeat"]) == (shop.gallery.url, [], "every day")
    later = shop("get", ONE, tmp_path / "later", "--start-at", "+2h")
    assert (later.json["status"], later.json["files"]["planned"]) == ("scheduled", 1)
    for number in set(shop.gallery._videos) - {ONE, TWO}:
        del shop.gallery._videos[number]
    served = shop.shotdock.start("tasks", "serve", "--json", variables=shop.token)
    try:
        assert served.stderr is not None
        while not (line := served.stderr.readline()).startswith("Task "):
            assert line, "it ended by itself"
    finally:
        served.send_signal(signal.SIGTERM)
        served.communicate(timeout=60)
    assert len(list((tmp_path / "to").glob("*.mp4"))) == 2
    assert shop.shotdock("routines", "list", "--json").json["routines"][0]["last_result"].startswith("done: 2")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--server", "sftp://render.example/x"), "not a web server"),
        (("--server", "https://render.example/x", "--token-stdin"), "forgotten when the command ends"),
    ],
)
def test_a_gallery_that_cannot_repeat_is_wrong_usage(
    shotdock: Console, tmp_path: Path, words: tuple[str, ...], why: str
) -> None:
    said = shotdock("gallery", "get", "--all", tmp_path, "--repeat", "daily", *words, stdin="hunter22")
    assert said.status == 2
    assert why in " ".join(said.err.split())


def test_list_for_a_person(shop: Shop) -> None:
    said = shop.shotdock("gallery", "list", "--server", shop.gallery.url, "--token-stdin", stdin=shop.gallery.token)
    head, *rows = said.out.splitlines()
    assert head.split() == ["ID", "CREATED", "LENGTH", "SIZE", "FILE", "PROJECT"]
    assert len(rows) == len(PROJECTS)
    teaser = next(row for row in rows if "VEGA_Teaser" in row)
    assert teaser.index("VEGA_Teaser_final.mp4") == head.index("FILE")
    assert "0:02" in teaser


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")
@pytest.mark.parametrize("columns", [80, 110])
def test_list_fits_a_terminal(shop: Shop, columns: int) -> None:
    ours, theirs = os.openpty()
    arguments = Console.command(("gallery", "list", "--server", shop.gallery.url))
    environment = {**shop.shotdock.environment, **shop.token, "COLUMNS": str(columns)}
    process = subprocess.Popen(arguments, stdout=theirs, cwd=ROOT, env=environment)
    os.close(theirs)
    seen = b""
    try:
        while chunk := os.read(ours, 65536):
            seen += chunk
    except OSError:
        pass  # Linux ends a terminal nobody writes to any more with EIO
    finally:
        os.close(ours)
        process.wait()
    lines = seen.decode().splitlines()
    assert len(lines) == len(PROJECTS) + 1
    assert max(map(len, lines)) <= columns
    long = next(line for line in lines if "a very" in line)
    assert "..." in long
    assert long.endswith("spring")
    assert "inal.mp4  " in long
    assert any("VEGA Teaser" in line for line in lines)


def test_get_some_and_what_nobody_has(shop: Shop, tmp_path: Path) -> None:
    said = shop("get", FIRST_ID, UNLINKED, DIRECT, 999, GONE, tmp_path / "here")
    answer = said.json
    assert said.status == 1
    assert answer["status"] == "partial"
    assert answer["files"] == {
        "planned": 5,
        "downloaded": 3,
        "resumed": 0,
        "skipped": 0,
        "overwritten": 0,
        "kept_both": 0,
        "failed": 2,
    }
    assert {error["kind"] for error in answer["errors"]} == {"not-found"}
    titles = {error["path"]: error["title"] for error in answer["errors"]}
    assert "999" in titles["/studio/api/downloads/999/file"]
    assert "gone" in titles[f"/studio/api/downloads/{GONE}/file"]
    assert [item["label"] for item in answer["items"]][:2] == ["VEGA Teaser", "Harbour Lights"]
    assert shop.same(FIRST_ID, tmp_path / "here" / "VEGA_Teaser_final.mp4")
    assert shop.same(UNLINKED, tmp_path / "here" / "Harbour_Lights_final.mp4")
    assert shop.same(DIRECT, tmp_path / "here" / "Caf__del_Mar_final.mp4")
    assert len(list((tmp_path / "here").iterdir())) == 3
    assert {request.method for request in shop.gallery.storage.seen} == {"GET"}  # a link is signed for nothing else


def test_errors_name_videos_and_servers_not_paths(shop: Shop, tmp_path: Path) -> None:
    shop.gallery.remove(FIRST_ID)
    arguments = ("gallery", "get", FIRST_ID, 999, tmp_path / "here", "--server", shop.gallery.url)
    said = shop.shotdock(*arguments, **shop.token)
    assert said.status == 1
    assert "Error: VEGA_Teaser_final.mp4: The file is gone from the server." in said.err
    assert "Error: The gallery has no video 999." in said.err
    shown = shop.shotdock("tasks", "show", 1)
    assert "Error: VEGA_Teaser_final.mp4: " in shown.err
    refused = shop.shotdock("gallery", "list", "--server", shop.gallery.url)
    assert refused.err.startswith(f"Error: 127.0.0.1:{shop.gallery.api.port} wants a login.")
    assert "/api/downloads" not in said.err + shown.err + refused.err


def test_get_all_twice(shop: Shop, tmp_path: Path) -> None:
    first, second = (shop("get", "--all", tmp_path / "here").json for _ in range(2))
    assert first["files"]["downloaded"] == len(PROJECTS) - 1
    assert second["files"] == first["files"] | {"downloaded": 0, "skipped": len(PROJECTS) - 1}
    names = {path.name for path in (tmp_path / "here").iterdir()}
    assert len(names) == len(PROJECTS) - 1
    assert {"video.mp4", "______etc_final.mp4", "CON_final.mp4", "______final.mp4"} <= names


def test_two_projects_of_one_name_never_meet(shop: Shop, tmp_path: Path) -> None:
    """Who was first keeps the name, whatever is asked for later and in whichever order."""
    own, marked = tmp_path / "here" / "Moon_Base_7_final.mp4", tmp_path / "here" / f"Moon_Base_7_final_{TWO}.mp4"
    assert shop("get", ONE, tmp_path / "here").status == 0
    said = shop("get", TWO, ONE, tmp_path / "here", "--conflict", "overwrite")
    assert said.status == 0
    assert any(marked.name in warning for warning in said.json["warnings"])
    assert said.json["items"][0]["reason"].startswith(f"Saved as {marked.name}")
    assert shop.same(ONE, own)
    assert shop.same(TWO, marked)
    own.unlink()
    assert shop("get", TWO, tmp_path / "here").json["files"]["skipped"] == 1  # it keeps the name it has
    assert not own.exists()


def test_a_strange_file_is_the_conflict_strategy_s(shop: Shop, tmp_path: Path) -> None:
    here = tmp_path / "here" / "VEGA_Teaser_final.mp4"
    here.parent.mkdir()
    here.write_text("notes")
    assert shop("get", FIRST_ID, here.parent).json["files"]["skipped"] == 1
    assert here.read_text() == "notes"
    assert shop("get", FIRST_ID, here.parent, "--conflict", "keep-both").json["files"]["kept_both"] == 1
    assert shop.same(FIRST_ID, here)


def test_a_dry_run_touches_nothing(shop: Shop, tmp_path: Path) -> None:
    said = shop("get", FIRST_ID, 999, tmp_path / "here", "--dry-run")
    rows = said.json["plan"]
    assert said.status == 0
    assert [row["action"] for row in rows] == ["download", "blocked"]
    assert rows[0]["source"] == f"{shop.gallery.url}/api/downloads/{FIRST_ID}/file"
    assert rows[0]["target"] == str(tmp_path / "here" / "VEGA_Teaser_final.mp4")
    assert not (tmp_path / "here").exists()
    assert shop.gallery.storage.seen == []


@pytest.mark.parametrize("token", ["", "wrong"])
def test_without_the_right_token_nothing_is_touched(shop: Shop, tmp_path: Path, token: str) -> None:
    for verb in (("list",), ("get", "--all", tmp_path / "here")):
        arguments = ["gallery", *verb, "--server", shop.gallery.url, "--json"]
        said = shop.shotdock(*arguments, "--token-stdin", stdin=token) if token else shop.shotdock(*arguments)
        assert said.status == 3
        assert [error["kind"] for error in said.json["errors"]] == ["login-failed"]
    assert not (tmp_path / "here").exists()


def test_forbidden_busy_broken_gone(shop: Shop) -> None:
    shop.gallery.faults.forbidden = True
    assert shop("list").status == 3
    shop.gallery.faults.forbidden = False
    shop.gallery.faults.fail_api(1, 503, retry_after=1)
    assert shop("list").json["errors"][0]["kind"] == "server-busy"
    shop.gallery.faults.fail_api(1)
    assert shop("list").status == 1
    shop.gallery.stop()
    said = shop("list")
    assert said.status == 3
    assert said.json["errors"][0]["kind"] == "unreachable"


@pytest.mark.parametrize(
    "arguments",
    [
        ("list",),
        ("list", "--server", "nobody"),
        ("list", "--server", "sftp://ann@127.0.0.1/shows"),
        ("get", "--server", "http://127.0.0.1:1", "/tmp/here"),
        ("get", "1", "--all", "--server", "http://127.0.0.1:1", "/tmp/here"),
        ("get", "1", "http://127.0.0.1:1/here", "--server", "http://127.0.0.1:1"),
    ],
)
def test_wrong_usage(shotdock: Console, arguments: tuple[str, ...]) -> None:
    said = shotdock("gallery", *arguments, "--json")
    assert said.status == 2
    assert said.json["errors"][0]["kind"] in ("usage", "not-found")


def test_no_gallery_there_is_a_wrong_configuration(shop: Shop) -> None:
    said = shop.shotdock("gallery", "list", "--server", shop.gallery.url + "/else", "--json", **shop.token)
    assert said.status == 2
    assert "no gallery" in said.json["errors"][0]["title"]


def test_a_server_that_is_no_api_is_told_as_such(shop: Shop) -> None:
    shop.gallery.faults.page = True
    page = f"http://127.0.0.1:{shop.gallery.storage.port}"
    said = shop.shotdock("gallery", "list", "--server", page, "--json")
    assert said.status == 3
    assert said.json["videos"] == []


def test_kept_as_a_connection(shop: Shop, tmp_path: Path) -> None:
    arguments = ("connections", "add", "finals", shop.gallery.url, "--password-stdin", "--json")
    said = shop.shotdock(*arguments, stdin=f"{shop.gallery.token}\n")
    assert said.status == 0
    assert "SHOTDOCK_PASSWORD_FINALS" in said.json["warnings"][0]
    token = {"SHOTDOCK_PASSWORD_FINALS": shop.gallery.token}
    tested = shop.shotdock("connections", "test", "finals", **token)
    assert tested.status == 0
    assert f"its gallery lists {len(PROJECTS)} videos" in tested.out
    assert shop.shotdock("connections", "test", "finals").status == 3  # no token, no entry
    here = tmp_path / "here"
    got = shop.shotdock("gallery", "get", FIRST_ID, here, "--server", "finals", "--json", **token)
    assert got.status == 0
    assert got.json["items"][0]["site"] == "gallery:finals"
    (here / "VEGA_Teaser_final.mp4").unlink()
    again = shop.shotdock("tasks", "retry", got.json["task"], "--json", **token)
    assert again.status == 0
    for verb in (("scan", "finals"), ("compare", "finals", here), ("fetch", "finals", here)):
        refused = shop.shotdock(*verb, "--json", **token)
        assert refused.status == 2
        assert "web server" in refused.json["errors"][0]["title"]
        assert "shotdock gallery get" in refused.json["errors"][0]["suggestion"]


def test_a_web_server_without_a_gallery_is_reached_all_the_same(shop: Shop) -> None:
    assert shop.shotdock("connections", "add", "plain", shop.gallery.url + "/else").status == 0
    said = shop.shotdock("connections", "test", "plain")
    assert said.status == 0
    assert "a web server. There is no gallery" in said.out


def test_redirected_to_another_host_without_credentials(shop: Shop, tmp_path: Path) -> None:
    shop.gallery.faults.unlinked = shop.gallery.faults.elsewhere = True
    assert shop("get", FIRST_ID, tmp_path / "here").status == 0
    assert [request.credentials for request in shop.gallery.api.seen] == [True, True]
    assert [request.credentials for request in shop.gallery.storage.seen] == [False]
    assert shop.same(FIRST_ID, tmp_path / "here" / "VEGA_Teaser_final.mp4")


def test_killed_and_gone_on_with_under_a_fresh_link(shop: Shop, tmp_path: Path) -> None:
    """SIGKILL in the middle: the next run takes the bytes over, though every link has expired and the token is new."""
    number, here = shop.gallery.add_large(), tmp_path / "here"
    size = shop.gallery.file(number).stat().st_size
    process = shop.start("get", number, here, "--limit-rate", "120M", "--parallel", 1)
    wait_for_bytes(process, here, HERE)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    no_secret(shop, here)
    shop.gallery.expire_links()
    seen = len(shop.gallery.storage.seen)
    said = shop("get", number, here, "--parallel", 1)
    assert said.status == 0
    answer = said.json
    assert answer["files"]["resumed"] == 1
    assert answer["bytes"]["reused"] >= KEPT
    assert answer["bytes"]["transferred"] + answer["bytes"]["reused"] == size
    assert [asked.range for asked in shop.gallery.storage.seen[seen:]] == [f"bytes={answer['bytes']['reused']}-"]
    assert shop.same(number, here / "VEGA_Final_Grade_final.mp4")
    no_secret(shop, here, said)


def test_killed_and_run_again_as_a_task(shop: Shop, tmp_path: Path) -> None:
    number, here = shop.gallery.add_large(), tmp_path / "here"
    process = shop.start("get", number, here, "--limit-rate", "120M")
    wait_for_bytes(process, here, HERE)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    shop.gallery.expire_links()
    (task,) = shop.shotdock("tasks", "list", "--json").json["tasks"]
    assert task["state"] == "interrupted"
    refused = shop.shotdock("tasks", "run", task["id"], "--json")
    assert refused.status == 3  # nobody told this process the token
    said = shop.shotdock("tasks", "retry", task["id"], "--json", **shop.token)
    assert said.status == 0
    assert said.json["files"]["resumed"] == 1
    assert said.json["bytes"]["transferred"] <= shop.gallery.file(number).stat().st_size - KEPT
    assert shop.same(number, here / "VEGA_Final_Grade_final.mp4")
    no_secret(shop, here, refused, said, shop.shotdock("tasks", "logs", task["id"], "--json"))


def test_no_signature_and_no_token_anywhere(shop: Shop, tmp_path: Path) -> None:
    """Whatever goes wrong on the way."""
    here = tmp_path / "here"
    faults = shop.gallery.faults
    said = [shop("list"), shop("get", "--all", here)]
    faults.cut(1000, 2)
    said.append(shop("get", FIRST_ID, here, "--conflict", "overwrite"))
    faults.page = True
    said.append(shop("get", FIRST_ID, here, "--conflict", "overwrite"))
    assert said[-1].status == 1
    faults.page = False
    faults.fail_api(3)
    said += [shop("list"), shop("get", FIRST_ID, here, "--conflict", "overwrite", "--dry-run")]
    said += [shop.shotdock("tasks", "show", task, "--json") for task in (1, 2, 3)]
    said += [shop.shotdock("tasks", "logs", task) for task in (1, 2, 3)]
    no_secret(shop, here, *said)


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of one process is told by /proc")
def test_memory_stays_flat(shop: Shop, tmp_path: Path) -> None:
    number = shop.gallery.add_large()
    arguments = ("gallery", "get", number, tmp_path / "here", "--server", shop.gallery.url)
    assert shop.shotdock.peak(*arguments, **shop.token) < FLAT
    assert shop.same(number, tmp_path / "here" / "VEGA_Final_Grade_final.mp4")


def wait_for_bytes(process: subprocess.Popen[str], folder: Path, wanted: int) -> None:
    """Wait until the part below the folder has so many bytes on disk, and a journal that knows of the first ones."""
    deadline = time.monotonic() + 60
    while True:
        blocks = sum(path.stat().st_blocks * 512 for path in folder.glob(".*.part"))
        if blocks >= wanted and any(folder.glob(".*.journal")):
            return
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "the transfer never got so far"
        time.sleep(0.005)


def no_secret(shop: Shop, here: Path, *said: Said) -> None:
    """Fail if a token or a signature is in a database, log, part, journal or output."""
    paths = [request.path for request in shop.gallery.storage.seen]
    secrets = {match[1] for path in paths if (match := re.search("signature=([0-9a-f]+)", path))} | {shop.gallery.token}
    assert len(secrets) > 1
    kept = b"".join(
        path.read_bytes() for folder in (shop.shotdock.home, here) for path in folder.rglob("*") if path.is_file()
    )
    assert not [secret for secret in secrets if secret.encode() in kept]
    told = "".join(one.out + one.err for one in said)
    assert not [secret for secret in secrets if secret in told]
