"""Every file has its place, and nobody else may read it."""

import os
import stat
import sys
from pathlib import Path

import platformdirs
import pytest

from desktop.core.errors import UsageError
from desktop.places import Places, private_folder, write_private

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")


def test_one_home_holds_everything(tmp_path: Path) -> None:
    places = Places.find({"SHOTDOCK_HOME": str(tmp_path), "SHOTDOCK_SITE": "/studio/site.toml"})
    assert places.site == Path("/studio/site.toml").absolute()
    assert places.database == tmp_path / "shotdock.db"
    assert places.settings == tmp_path / "settings.json"
    assert places.known_hosts == tmp_path / "known_hosts"
    assert places.certificates == tmp_path / "certificates"
    assert places.layouts == tmp_path / "layouts"
    assert places.logs == tmp_path / "logs"
    assert places.cache == tmp_path / "cache"


def test_without_a_home_the_platform_decides() -> None:
    places = Places.find({"SHOTDOCK_HOME": ""})
    assert places == Places()
    assert places.database.parent == platformdirs.user_data_path("shotdock", appauthor=False)
    assert places.settings.parent == platformdirs.user_config_path("shotdock", appauthor=False)
    assert places.logs == platformdirs.user_log_path("shotdock", appauthor=False)


def test_the_environment_is_asked_when_nothing_else_is_given(shotdock_home: Path) -> None:
    assert Places.find().home == shotdock_home
    assert not shotdock_home.exists(), "asking creates nothing"


def test_a_home_may_begin_with_a_tilde() -> None:
    assert Places.find({"SHOTDOCK_HOME": "~/dock"}).home == Path.home() / "dock"


@posix
def test_folders_are_made_for_their_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        made = private_folder(tmp_path / "a" / "b" / "c")
    finally:
        os.umask(before)
    for folder in (made, made.parent, made.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    tmp_path.chmod(0o755)
    private_folder(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755, "a shared folder stays shared"


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    with pytest.raises(OSError):
        private_folder(tmp_path / "a")
    with pytest.raises(OSError):
        private_folder(tmp_path / "a" / "b")


@posix
def test_files_are_written_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    write_private(path, "ä\n")
    assert path.read_bytes() == b"\xc3\xa4\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_private(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_private(path, "new \udc80")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="every user of Windows has a home")
def test_who_has_no_home_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container may run under a number that nobody has."""
    import pwd

    def unknown(_uid: int) -> None:
        raise KeyError

    for variable in ("HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    with pytest.raises(UsageError, match="SHOTDOCK_HOME"):
        Places().database  # noqa: B018  asking is what raises
