"""A file is compared with what came, by hash where there is one; a folder is known by any of its names."""

import hashlib
import os
from pathlib import Path

import pytest

from desktop.core.errors import NotFound
from desktop.core.verify import Noted, Verdict
from desktop.store.receipts import Spot
from desktop.studio.verify import check, spots

DATA = b"pixels" * 1000
TIME = 1_700_000_000.0
HASH = hashlib.sha256(DATA).hexdigest()
V = Verdict


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.exr"
    path.write_bytes(DATA)
    os.utime(path, (TIME, TIME))
    return path


def look(
    file: Path, sha256: str = "", mtime: float | None = TIME, size: int | None = len(DATA), precision: float = 1.0
) -> tuple[Verdict, str, int]:
    """Check one file; return what was found, in words too, and how many bytes were read."""
    read: list[int] = []
    [found] = check(file.parent, [Noted(file.name, size, mtime, precision, sha256, 1)], read.append)
    return found.verdict, found.cause, sum(read)


@pytest.mark.parametrize("sha256", ["", HASH])
def test_what_nobody_touched_is_whole(file: Path, sha256: str) -> None:
    assert look(file, sha256) == (V.WHOLE, "", len(DATA) if sha256 else 0)
    assert look(file, sha256, mtime=None)[0] is V.WHOLE
    assert look(file, sha256, size=None)[0] is V.WHOLE


def test_a_hash_proves_the_content_whatever_the_date(file: Path) -> None:
    os.utime(file, (TIME + 60, TIME + 60))
    assert look(file, HASH)[0] is V.WHOLE
    verdict, cause, read = look(file)
    assert (verdict, read) == (V.CHANGED, 0)
    assert cause.startswith("its date is 2023-11-1") and ", it came with 2023-11-1" in cause


@pytest.mark.parametrize(
    ("off", "precision", "verdict"), [(1.9, 0.0, V.WHOLE), (2.1, 0.0, V.CHANGED), (50, 60, V.WHOLE)]
)
def test_dates_may_differ_by_what_clocks_can_tell(file: Path, off: float, precision: float, verdict: Verdict) -> None:
    os.utime(file, (TIME - off, TIME - off))
    assert look(file, precision=precision)[0] is verdict


def test_other_bytes_are_damage_if_the_date_is_the_same_and_a_change_if_not(file: Path) -> None:
    wrong = DATA[:-1] + b"!"
    file.write_bytes(wrong)
    hashes = f"its SHA-256 is {hashlib.sha256(wrong).hexdigest()}, {HASH} came"
    verdict, cause, _ = look(file, HASH)
    assert verdict is V.CHANGED and cause.endswith(f"; {hashes}")
    os.utime(file, (TIME, TIME))
    assert look(file, HASH) == (V.DAMAGED, hashes, len(DATA))
    assert look(file)[0] is V.WHOLE, "size and date are all there is to compare"


def test_another_size_is_told_without_reading(file: Path) -> None:
    assert look(file, HASH, size=7) == (V.OTHER_SIZE, "6,000 bytes are there, 7 came", 0)


def test_a_name_that_bears_no_file_is_missing(file: Path, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    os.mkfifo(tmp_path / "pipe")
    causes = {name: look(tmp_path / name, HASH)[:2] for name in ("gone", "nowhere", "folder", "pipe")}
    assert {verdict for verdict, _ in causes.values()} == {V.MISSING}
    assert causes["gone"][1] == causes["nowhere"][1] == "nothing has its name any more"
    assert (causes["folder"][1], causes["pipe"][1]) == ("a folder has its name", "a device has its name")
    (tmp_path / "link").symlink_to(file)
    assert look(tmp_path / "link", HASH)[0] is V.WHOLE


def test_what_cannot_be_looked_at_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert look(tmp_path / "loop")[:2] == (V.UNREADABLE, "Too many levels of symbolic links")


def test_a_folder_that_vanishes_is_not_a_folder_of_missing_files(tmp_path: Path) -> None:
    folder = tmp_path / "share"
    folder.mkdir()
    looking = check(folder, [Noted(name, 1, None, 1.0, "", 1) for name in "ab"], lambda _count: None)
    assert next(looking).verdict is V.MISSING
    folder.rename(tmp_path / "unmounted")
    with pytest.raises(NotFound, match="removed or unmounted while it was checked"):
        next(looking)


@pytest.mark.parametrize("date", [1e12, -1e12])
def test_a_date_no_calendar_has_is_told(file: Path, date: float) -> None:
    assert f"it came with {date:.0f} s from 1970 on" in look(file, mtime=date)[1]


def test_destinations_that_are_the_folder_or_lie_below_or_above_it(tmp_path: Path) -> None:
    folder = tmp_path / "work" / "VEGA"
    near = {"work/VEGA": Spot("", "", ""), "work/VEGA/SH/v1": Spot("", "SH/v1/", ""), "work": Spot("", "", "VEGA/")}
    far = ("work/VEGA2", "work/VEG", "work/vega/SH", "elsewhere/VEGA")
    found = [*spots(folder, [str(tmp_path / name) for name in (*near, *far)])]
    assert found == [spot._replace(destination=str(tmp_path / name)) for name, spot in near.items()]
    assert [spot.under for spot in spots(folder, ["/"])] == [f"{folder.as_posix()[1:]}/"]
    assert [spot.lead for spot in spots(Path("/"), [str(folder)])] == [f"{folder.as_posix()[1:]}/"]


def test_a_folder_is_known_by_any_of_its_names(tmp_path: Path) -> None:
    (tmp_path / "disk" / "VEGA" / "SH").mkdir(parents=True)
    (tmp_path / "mnt").symlink_to("disk")
    (tmp_path / "disk" / "now").symlink_to("VEGA")
    disk, mnt = tmp_path / "disk", tmp_path / "mnt"
    assert [*spots(disk / "VEGA", [str(mnt / "now")])] == [Spot(str(mnt / "now"))]
    assert [*spots(mnt / "VEGA", [str(disk / "VEGA" / "SH")])] == [Spot(str(disk / "VEGA" / "SH"), lead="SH/")]
    # What was brought below one of its names is here as well as what was brought below the other.
    assert {spot.under for spot in spots(disk / "now", [str(disk)])} == {"VEGA/", "now/"}
