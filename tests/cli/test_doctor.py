"""`doctor` says what works, and the window's advice names the packages that are really needed."""

import subprocess
import sys
from pathlib import Path

import pytest

from desktop.cli import gui
from desktop.core.errors import UsageError
from tests.cli.console import ROOT, Console, Said


def test_doctor_checks_everything_and_says_it_in_both_tongues(shotdock: Console) -> None:
    said = shotdock("doctor")
    assert said.status == 0
    checks = shotdock("doctor", "--json").json["checks"]
    for name in (
        "Python",
        "PySide6",
        "Window libraries",
        "Player",
        "Keyring",
        "Home folder",
        "Database",
        "SQLite",
        "TLS",
    ):
        assert name in said.out
        assert any(check["name"] == name for check in checks)


def test_doctor_plays_a_video(shotdock: Console) -> None:
    found = {check["name"]: check for check in shotdock("doctor", "--json").json["checks"]}
    assert found["Player"]["ok"], found["Player"]["found"]


def test_doctor_tells_of_a_broken_database_and_settings(shotdock: Console) -> None:
    shotdock.home.mkdir()
    (shotdock.home / "shotdock.db").write_bytes(b"nonsense" * 5000)
    (shotdock.home / "settings.json").write_text("{")
    said = shotdock("doctor", "--json")
    assert said.status == 2
    broken = {check["name"] for check in said.json["checks"] if not check["ok"] and check["needed"]}
    assert {"Database", "Settings"} <= broken


HOMELESS = "import pwd\ndef unknown(_uid): raise KeyError\npwd.getpwuid = unknown\n"
RUN = "from desktop.cli import main\nmain.run()"


def without_a_home(shotdock: Console, program: str, *arguments: str, stdin: str = "", at: str = "") -> Said:
    """Run a command as a container does under a number that nobody has. at: its SHOTDOCK_HOME."""
    named = ("HOME", "SHOTDOCK_HOME", "PYTHON_KEYRING_BACKEND")
    kept = {name: value for name, value in shotdock.environment.items() if name not in named and name[:4] != "XDG_"}
    done = subprocess.run(
        [sys.executable, "-c", HOMELESS + program, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=kept | ({"SHOTDOCK_HOME": at} if at else {}),
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


@pytest.mark.skipif(sys.platform == "win32", reason="every user of Windows has a home")
def test_who_has_no_home_works_in_a_folder_of_their_own(shotdock: Console) -> None:
    home = str(shotdock.home)
    said = without_a_home(shotdock, RUN, "doctor", "--json", at=home)
    assert said.status == 0
    assert [check["ok"] for check in said.json["checks"] if check["name"] == "Keyring"] == [False]
    words = ("connections", "add", "X", "sftp://ann@127.0.0.1:1/", "--password-stdin", "--json")
    added = without_a_home(shotdock, RUN, *words, stdin="secret\n", at=home)
    assert (added.status, len(added.json["warnings"])) == (0, 1)
    assert without_a_home(shotdock, RUN, "scan", "X", "--json", at=home).status == 3


@pytest.mark.skipif(sys.platform == "win32", reason="every user of Windows has a home")
@pytest.mark.parametrize("command", ["doctor", "tasks list", "layouts list"])
def test_who_has_no_place_at_all_is_told_of_the_variable(shotdock: Console, command: str) -> None:
    said = without_a_home(shotdock, RUN, *command.split(), "--json")
    assert (said.status, said.json["errors"][0]["kind"]) == (2, "usage")
    assert "SHOTDOCK_HOME" in said.json["errors"][0]["suggestion"]


@pytest.mark.skipif(sys.platform == "win32", reason="every user of Windows has a home")
def test_a_fault_is_told_where_no_log_can_be(shotdock: Console) -> None:
    broken = (
        "from desktop.cli import main\n@main.shotdock.lazy('layouts', '')\ndef load(): raise AttributeError\n" + RUN
    )
    fault = without_a_home(shotdock, broken, "layouts", "list", "--json")
    assert (fault.status, fault.json["status"], "Traceback" in fault.err) == (1, "failed", False)


def test_the_advice_names_the_packages_of_the_packaging() -> None:
    listed = (ROOT / "packaging" / "debian-packages.txt").read_text().split()
    assert set(gui.DEBIAN_PACKAGES) == {name for name in listed if not name.startswith("python3")}


def test_the_window_without_a_display_is_a_clear_message(shotdock: Console) -> None:
    nothing = {"QT_QPA_PLATFORM": "", "DISPLAY": "", "WAYLAND_DISPLAY": ""}
    for command in ((), ("open",), ("demo",)):
        said = shotdock(*command, **nothing)
        assert said.status == 2
        assert "display" in said.err
    assert "--headless" in shotdock("demo", **nothing).err


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere Qt brings its libraries")
def test_a_missing_qt_library_names_the_apt_line(shotdock: Console, tmp_path: Path) -> None:
    # A stand-in for PySide6 that fails as the real one does where libEGL is missing.
    fault = "libEGL.so.1: cannot open shared object file: No such file or directory"
    script = (
        "import sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == 'PySide6.QtWidgets': raise ImportError({fault!r})\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from desktop.cli.main import run\n"
        "run()\n"
    )
    said = shotdock.script(script, "open", QT_QPA_PLATFORM="offscreen")
    assert said.status == 2
    assert gui.APT in said.err
    assert "libEGL.so.1" in said.err


def test_a_display_or_a_chosen_platform_is_enough() -> None:
    gui.check_display({"QT_QPA_PLATFORM": "offscreen"})
    gui.check_display({"WAYLAND_DISPLAY": "wayland-0"})
    if sys.platform == "linux":
        with pytest.raises(UsageError):
            gui.check_display({})
