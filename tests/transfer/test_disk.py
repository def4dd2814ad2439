"""A full disk in words: each file by its own name, and all of them one cause."""

import errno
from pathlib import Path

import pytest

from desktop.core.causes import causes
from desktop.core.errors import DiskFull
from desktop.core.plan import Action
from desktop.core.task import FileResult, TaskFile
from desktop.transfer.disk import disk, refuse_if_full

MORE_THAN_ANY = 1 << 60


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
