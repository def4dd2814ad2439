"""How the end of files and tasks is told."""

from desktop.core.task import FileResult
from desktop.store.tasks import FileOutcome
from desktop.work.ends import error_lines


def failed(number: int, kind: str, path: str, title: str) -> FileOutcome:
    error: dict[str, object] = {"kind": kind, "path": path, "title": title, "cause": "So it is."}
    return FileOutcome(number, FileResult.FAILED, error=error)


def test_a_full_disk_is_told_once_however_many_files_it_stops() -> None:
    told: set[str] = set()
    full = [failed(n, "disk-full", f"{n}.exr", f"There is no room left for {n}.exr.") for n in range(3)]
    assert error_lines(full, told) == ["0.exr: There is no room left for 0.exr. So it is."]
    gone = failed(9, "not-found", "9.exr", "9.exr is not there.")
    assert error_lines([*full, gone], told) == ["9.exr: 9.exr is not there. So it is."]


def test_what_stops_many_files_alike_is_told_with_their_number() -> None:
    away = [failed(n, "unreachable", "host", "The server is away.") for n in range(3)]
    assert error_lines(away, set()) == ["3 files: host: The server is away. So it is."]
