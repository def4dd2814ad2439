"""Paths as people write them: a home that nobody has stays as it is written."""

import os
import sys
from pathlib import Path

import pytest

from desktop.core.paths import at_home, exists, is_file, whole_path


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    assert at_home("~/shows") == whole_path("~/shows") == tmp_path / "shows"
    assert at_home("shows/~") == Path("shows/~")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows makes a home of any name")
def test_nobodys_home_stays_as_it_is_written() -> None:
    assert at_home("~nobody-of-this-name/x") == Path("~nobody-of-this-name/x")


@pytest.mark.skipif(sys.platform == "win32", reason="every user of Windows has a home")
def test_a_container_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    def unknown(_uid: int) -> None:
        raise KeyError

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert at_home("~/.ssh/known_hosts") == Path("~/.ssh/known_hosts")


def test_what_cannot_be_looked_at_is_nothing(tmp_path: Path) -> None:
    impossible = tmp_path / ("n" * 300)
    assert not exists(impossible)
    assert not is_file(impossible)
    assert exists(tmp_path)
    assert not is_file(tmp_path)
    assert is_file(Path(os.path.realpath(__file__)))
