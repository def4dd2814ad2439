"""The local disk's calls and refusals: short writes, folders that cannot be synced, every system's errors in words."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop.core.causes import causes
from desktop.core.errors import DiskFull, FileInUse, NameTooLong, ShotDockError, TargetUnwritable
from desktop.core.plan import Action
from desktop.core.task import FileResult, TaskFile
from desktop.transfer.disk import disk, disk_error, has_room, refuse_if_full, sync_folder, write_at

MORE_THAN_ANY = 1 << 60


def windows(code: int) -> OSError:
    """Return an error as Windows raises it, but for its number it is one like any other."""
    error = OSError(errno.EACCES, "The process cannot access the file")
    error.winerror = code  # type: ignore[attr-defined,unused-ignore]  # Windows has it
    return error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(errno.ENOSPC, "No space left"), DiskFull),
        (OSError(errno.EDQUOT, "Quota exceeded"), DiskFull),
        (OSError(errno.EFBIG, "File too large"), TargetUnwritable),
        (OSError(errno.ENAMETOOLONG, "Name too long"), NameTooLong),
        (windows(206), NameTooLong),
        (windows(32), FileInUse),
        (windows(33), FileInUse),
        (windows(5), TargetUnwritable),
        (OSError(errno.EROFS, "Read-only file system"), TargetUnwritable),
        (OSError("no number"), TargetUnwritable),
    ],
)
def test_errors_of_the_disk_in_our_words(error: OSError, kind: type[ShotDockError]) -> None:
    words = disk_error(error, "/mnt/shots/a.exr")
    assert type(words) is kind
    assert "a.exr" in words.title
    assert words.path == "/mnt/shots/a.exr"
    assert (error.strerror or str(error)) in words.cause
    with pytest.raises(kind), disk("/mnt/shots/a.exr"):
        raise error


def refusal(code: int) -> DiskFull:
    full = DiskFull("There is no room left for a.", "No space left.", "Free some.", "/a")
    full.__cause__ = OSError(code, os.strerror(code))
    return full


def test_a_disk_that_has_room_again_is_tried_again(tmp_path: Path) -> None:
    """The folder need not be there yet."""
    later = str(tmp_path / "not" / "there" / "b"), 1000, refusal(errno.ENOSPC)
    assert has_room(*later) is True
    refuse_if_full(*later)


@pytest.mark.parametrize(("size", "code"), [(2**62, errno.ENOSPC), (1000, errno.EDQUOT)])
def test_no_room_for_this_one_or_none_that_can_be_looked_up(tmp_path: Path, size: int, code: int) -> None:
    with pytest.raises(DiskFull) as caught:
        refuse_if_full(str(tmp_path / "b"), size, refusal(code))
    assert caught.value.path == str(tmp_path / "b")
    assert isinstance(caught.value.__cause__, OSError)


def test_a_folder_that_cannot_be_looked_at_is_another_trouble_for_a_try_to_tell(tmp_path: Path) -> None:
    assert has_room(str(tmp_path / ("x" * 300) / "a"), MORE_THAN_ANY, refusal(errno.ENOSPC)) is True


def test_a_disk_that_takes_little_at_a_time_gets_it_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, offset: write(fd, data[:3], offset))
    fd = os.open(tmp_path / "a", os.O_RDWR | os.O_CREAT)
    write_at(fd, b"0123456789", 5)
    os.close(fd)
    assert (tmp_path / "a").read_bytes() == bytes(5) + b"0123456789"


def refusing(code: int) -> Callable[[int], None]:
    def fsync(_fd: int) -> None:
        raise OSError(code, os.strerror(code))

    return fsync


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EIO])
def test_a_folder_that_cannot_be_synced_is_fine_one_that_fails_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  names are all it takes
    monkeypatch.setattr(os, "fsync", refusing(code))
    failed = False
    try:
        sync_folder(str(tmp_path))
    except OSError as error:
        failed = error.errno == code
    assert failed == (code == errno.EIO)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208  names are all it takes


def test_what_is_refused_after_another_file_bears_its_own_name_and_has_the_same_cause(tmp_path: Path) -> None:
    with pytest.raises(DiskFull) as first, disk(tmp_path / "b.mov"):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(DiskFull) as second:
        refuse_if_full(str(tmp_path / "c.mov"), MORE_THAN_ANY, first.value)
    assert second.value.title == "There is no room left for c.mov."
    errors = {"b.mov": first.value.as_dict(), "c.mov": second.value.as_dict()}
    files = [
        TaskFile(number, 1, f"/{name}", name, 1, None, Action.DOWNLOAD, FileResult.FAILED, error=error)
        for number, (name, error) in enumerate(errors.items())
    ]
    (cause,) = causes(files)
    assert (cause.count, cause.error.title) == (2, "There is no room left for b.mov.")
