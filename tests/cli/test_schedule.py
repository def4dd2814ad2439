"""Schedules, order and limits from the command line: asked for by one command, carried out by one that stays."""

import json
import signal
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.console import Console
from tests.servers.content import write_tree

FILES = {"a.exr": 3000, "b.exr": 4000}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    write_tree(tmp_path / "source", FILES)
    return tmp_path / "source"


def test_a_start_later_makes_a_task_that_waits(shotdock: Console, source: Path, tmp_path: Path) -> None:
    said = shotdock("get", source, tmp_path / "to", "--start-at", "+2h", "--priority", "high", "--json")
    assert said.status == 0, said.err
    assert (said.json["status"], said.json["files"]["planned"]) == ("scheduled", 2)
    number = said.json["task"]
    assert not (tmp_path / "to").exists()
    (row,) = shotdock("tasks", "list", "--json").json["tasks"]
    assert (row["state"], row["priority"], row["not_before"]) == ("waiting", "high", said.json["start"])
    shown = shotdock("tasks", "show", number)
    assert "waits: Waits until" in shown.out
    ran = shotdock("tasks", "run", number, "--json")
    assert (ran.status, ran.json["status"], ran.json["files"]["downloaded"]) == (0, "done", 2)


def test_a_waiting_task_is_ordered_limited_scheduled_and_cancelled(
    shotdock: Console, source: Path, tmp_path: Path
) -> None:
    first, second = (
        shotdock("get", source, tmp_path / name, "--start-at", "+2h", "--json").json["task"] for name in ("x", "y")
    )
    limited = shotdock("tasks", "limit", first, "1.5M", "--json")
    assert limited.json["task"]["limit_rate"] == 1_500_000
    assert shotdock("tasks", "limit", first, "0", "--json").json["task"]["limit_rate"] is None
    moved = shotdock("tasks", "move", second, "--before", first, "--json")
    assert moved.status == 0, moved.err
    found = shotdock("tasks", "priority", "low", second, first, "--json").json["tasks"]
    assert [(row["id"], row["priority"]) for row in found] == [(second, "low"), (first, "low")]
    again = shotdock("tasks", "schedule", first, "--window", "22:00-06:00 mon-fri", "--after", "notify", "--json")
    (row,) = again.json["tasks"]
    assert (row["window"], row["not_before"], row["after"]) == ("22:00-06:00 mon-fri", None, "notify")
    assert shotdock("tasks", "cancel", first, "--json").json["task"]["state"] == "cancelled"


def test_as_soon_as_may_be_is_left_to_whoever_stays(shotdock: Console, source: Path, tmp_path: Path) -> None:
    task = shotdock("get", source, tmp_path / "to", "--start-at", "+2h", "--json").json["task"]
    assert "It runs while a ShotDock does" in shotdock("tasks", "schedule", task).out
    (row,) = shotdock("tasks", "list", "--json").json["tasks"]
    assert row["state"] == "waiting"
    assert not (tmp_path / "to").exists()


def test_a_paused_task_is_run_whatever_its_hours(shotdock: Console, source: Path, tmp_path: Path) -> None:
    later = f"{(datetime.now() + timedelta(hours=3)):%H}"
    hours = f"{later}:00-{later}:59"
    task = shotdock("get", source, tmp_path / "to", "--window", hours, "--json").json["task"]
    assert shotdock("tasks", "pause", task).status == 0
    ran = shotdock("tasks", "retry", task, "--json")
    assert (ran.status, ran.json["status"], ran.json["files"]["downloaded"]) == (0, "done", 2)


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--start-at", "2020-01-01 10:00", "That has passed"),
        ("--start-at", "soon", "no moment to start at"),
        ("--start-at", "+99999999999d", "more than ten years ahead"),
        ("--window", "22:00-22:00", "never opens"),
        ("--repeat", "0h", "without end"),
        ("--priority", "urgent", "'urgent' is not one of"),
    ],
)
def test_what_cannot_be_scheduled_is_wrong_usage(
    shotdock: Console, source: Path, tmp_path: Path, option: str, value: str, words: str
) -> None:
    said = shotdock("get", source, tmp_path / "to", option, value)
    assert said.status == 2
    assert words in " ".join(said.err.split())


@pytest.mark.parametrize("rate", ["fast", "0.1", "-5"])
def test_a_limit_that_is_none_is_wrong_usage(shotdock: Console, rate: str) -> None:
    assert shotdock("tasks", "limit", "1", "--", rate).status == 2


def test_one_that_stays_runs_what_is_due(shotdock: Console, source: Path, tmp_path: Path) -> None:
    task = shotdock("get", source, tmp_path / "to", "--start-at", "+1h", "--json").json["task"]
    routine = shotdock("get", source, tmp_path / "again", "--repeat", "daily", "--json").json["routine"]
    assert routine["repeat"] == "every day"
    shotdock("tasks", "schedule", task, "--window", "00:00-24:00")
    served = shotdock.start("tasks", "serve", "--json")
    try:
        _ended(served, 2)
    finally:
        served.send_signal(signal.SIGTERM)
        out, _ = served.communicate(timeout=60)
    assert served.returncode == 0
    assert sorted(row["state"] for row in json.loads(out)["ended"]) == ["done", "done"]
    for folder in ("to", "again"):
        assert sorted(path.name for path in (tmp_path / folder).rglob("*.exr")) == sorted(FILES)
    (kept,) = shotdock("routines", "list", "--json").json["routines"]
    assert kept["last_result"].startswith("done: 2 downloaded")


def _ended(served: "subprocess.Popen[str]", count: int) -> list[str]:
    assert served.stderr is not None
    found: list[str] = []
    while len(found) < count:
        line = served.stderr.readline()
        assert line, "it ended by itself"
        if line.startswith("Task "):
            found.append(line)
    return found


def test_routines_are_listed_paused_resumed_and_removed(shotdock: Console, source: Path, tmp_path: Path) -> None:
    assert "There are none yet." in shotdock("routines", "list").out
    made = shotdock("get", source, tmp_path / "to", "--repeat", "6h", "--start-at", "+1h", "--task-name", "luts")
    assert "Routine 1: every 6 hours" in made.out
    assert shotdock("routines", "pause", "1", "--json").json["routines"][0]["paused"] is True
    assert shotdock("routines", "pause", "1").out == "Routine 1 is paused.\n"
    assert shotdock("routines", "resume", "1", "--json").json["routines"][0]["paused"] is False
    assert shotdock("routines", "resume", "1").out.startswith("Routine 1 is due ")
    assert "luts" in shotdock("routines", "list").out
    assert shotdock("routines", "remove", "7").status == 2
    assert shotdock("routines", "remove", "1", "--json").json["routines"] == []
    assert "There are none yet." in shotdock("routines", "list").out


def test_a_secret_is_not_kept_for_later(shotdock: Console, tmp_path: Path) -> None:
    words = ("get", "ftp://ann:hunter22@render.example/x", tmp_path / "to", "--json")
    for later in (("--repeat", "daily"), ("--start-at", "+2h")):
        said = shotdock(*words, *later)
        assert said.status == 2
        assert "hunter22" not in said.out + said.err
        assert said.json["errors"][0]["title"] == "A source with a secret in it cannot be kept."


def test_a_key_file_is_not_kept_for_later(shotdock: Console, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"")
    words = ("get", "sftp://render.example/x", tmp_path / "to", "--identity", tmp_path / "key")
    said = shotdock(*words, "--start-at", "+2h")
    assert (said.status, "connections add NAME URL --identity" in said.err) == (2, True)


def test_services_to_tell_are_refused_in_words(shotdock: Console) -> None:
    assert "There are none yet." in shotdock("notify", "list").out
    assert shotdock("notify", "add", "odd", "nonsense").status == 2
    assert shotdock("notify", "add", "odd").status == 2
    assert "no service called" in shotdock("notify", "test", "odd").err
    none = shotdock("notify", "add", "hook", "json://127.0.0.1:9/x")
    assert none.status != 0
    assert "no keyring" in none.err
    assert "SHOTDOCK_NOTIFY_HOOK" in none.err


def test_without_a_keyring_the_environment_holds_a_service_s_address(shotdock: Console) -> None:
    address = "json://127.0.0.1:9/s3cr3t-token-4711"
    added = shotdock("notify", "add", "hook", address, SHOTDOCK_NOTIFY_HOOK=address)
    assert (added.status, added.out) == (0, "hook is told from now on.\n"), added.err
    assert "4711" not in (shotdock.home / "settings.json").read_text("utf-8")
    removed = shotdock("notify", "remove", "hook", "--json")
    assert (removed.status, removed.json["services"]) == (0, []), removed.err


def test_what_a_service_is_told_of_is_set_for_each(shotdock: Console) -> None:
    shotdock.home.mkdir(parents=True, exist_ok=True)
    kept = {"notify_services": ["hook", "mail"], "notify_errors_only": True}
    (shotdock.home / "settings.json").write_text(json.dumps(kept), "utf-8")
    said = shotdock("notify", "set", "hook", "--everything", "--json")
    assert (said.status, said.json["services"], said.json["errors_only"]) == (0, ["hook", "mail"], ["mail"])
    assert shotdock("notify", "list").out.splitlines() == ["hook", "mail  (what failed only)"]
    assert shotdock("notify", "set", "nobody", "--everything").status != 0
    nowhere = shotdock("notify", "test", "hook", SHOTDOCK_NOTIFY_HOOK="json://127.0.0.1:9/s3cr3t-token-4711")
    assert nowhere.status == 1 and "The service hook was not told." in nowhere.err and "4711" not in nowhere.err


def test_a_receipt_is_exported(shotdock: Console, source: Path, tmp_path: Path) -> None:
    task = shotdock("get", source, tmp_path / "to", "--json").json["task"]
    for name in ("receipt.csv", "receipt.json"):
        said = shotdock("tasks", "show", task, "--export", tmp_path / name, "--json")
        assert (said.status, said.json["task"]["id"]) == (0, task)
    assert {row["result"] for row in json.loads((tmp_path / "receipt.json").read_text("utf-8"))["rows"]} == {
        "downloaded"
    }
    assert len((tmp_path / "receipt.csv").read_text("utf-8").splitlines()) == 1 + len(FILES)
    assert shotdock("tasks", "show", task, "--export", tmp_path / "receipt.pdf").status == 2


def test_tasks_are_found_again(shotdock: Console, source: Path, tmp_path: Path) -> None:
    for name in ("luts", "plates"):
        assert shotdock("get", source, tmp_path / name, "--task-name", name).status == 0

    def found(*wanted: str) -> list[str]:
        return [row["name"] for row in shotdock("tasks", "list", *wanted, "--json").json["tasks"]]

    assert found() == ["luts", "plates"]
    assert found("--text", "PLATE") == ["plates"]
    assert found("--state", "failed", "--state", "cancelled") == []
    assert found("--last", "1") == ["plates"]
    assert found("--since", "2999-01-01") == []
    assert "There are none." in shotdock("tasks", "list", "--text", "nothing").out
    lines = shotdock("tasks", "logs", "1", "--text", "FINISHED", "--json").json["lines"]
    assert [line["message"].partition(" ")[0] for line in lines] == ["Finished"]
