"""`doctor` says what works, and the window's advice names the packages that are really needed."""

import subprocess
import sys
from pathlib import Path

import pytest

from desktop.cli import gui
from desktop.core.errors import UsageError
from tests.cli.console import ROOT, Console


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
    done = subprocess.run(
        [sys.executable, "-c", script, "open"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**shotdock.environment, "QT_QPA_PLATFORM": "offscreen"},
        check=False,
    )
    assert done.returncode == 2
    assert gui.APT in done.stderr
    assert "libEGL.so.1" in done.stderr


def test_a_display_or_a_chosen_platform_is_enough() -> None:
    gui.check_display({"QT_QPA_PLATFORM": "offscreen"})
    gui.check_display({"WAYLAND_DISPLAY": "wayland-0"})
    if sys.platform == "linux":
        with pytest.raises(UsageError):
            gui.check_display({})
