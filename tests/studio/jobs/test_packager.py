"""The result packager: what goes in, the same bytes always, nothing half written."""

import hashlib
import io
import os
import shutil
import subprocess
import threading
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.errors import (
    IncompleteResultsError,
    NotAllowed,
    NotFound,
    StillUploading,
    Stopped,
    TargetUnwritable,
    UsageError,
)
from desktop.studio.jobs.archive import validate_result_zip
from desktop.studio.jobs.packager import ResultZip, create_result_zip, result_zip_size, validate_job_outputs
from desktop.studio.jobs.results import objection, results_in_archive, results_in_folder
from tests.studio.jobs.outputs import IN_ZIP, MODELS, full_disk, make_output


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return make_output(tmp_path / "output")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def whole(folder: Path) -> bytes:
    return b"".join(ResultZip(folder).chunks())


def test_the_zip_holds_what_the_contract_lists_and_nothing_else(output: Path, tmp_path: Path) -> None:
    target = tmp_path / "results.zip"
    create_result_zip(output, target)
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == IN_ZIP
        assert archive.read("nvdiffrec/texture.png") == (output / "nvdiffrec" / "mesh.png").read_bytes()
        assert archive.read("reconviagen/mesh.obj") == (output / "reconviagen" / "mesh.obj").read_bytes()
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {(info.create_system, info.external_attr, info.extra) for info in archive.infolist()} == {(0, 0, b"")}


@pytest.mark.skipif(shutil.which("unzip") is None, reason="needs Info-ZIP")
def test_another_unzipper_agrees(output: Path, tmp_path: Path) -> None:
    target = tmp_path / "results.zip"
    create_result_zip(output, target)
    subprocess.run(["unzip", "-tqq", target], check=True)
    subprocess.run(["unzip", "-qq", target, "-d", tmp_path / "there"], check=True)
    assert (tmp_path / "there/nvdiffrec/previews/wireframe_05.png").stat().st_mode & 0o444 == 0o444


def test_the_same_files_give_the_same_bytes(output: Path, tmp_path: Path) -> None:
    copied = tmp_path / "copied"
    shutil.copytree(output, copied)
    for path in copied.rglob("*"):
        os.utime(path, (0, 0))
        path.chmod(0o700)
    assert hashlib.sha256(whole(copied)).digest() == hashlib.sha256(whole(output)).digest()


def test_the_size_is_known_without_reading(output: Path) -> None:
    def pulse() -> None:
        raise AssertionError("a file was read")

    assert ResultZip(output, pulse=pulse).size == result_zip_size(output) == len(whole(output))


@pytest.mark.slow
def test_files_and_offsets_beyond_four_gigabytes(output: Path, tmp_path: Path) -> None:
    """The ZIP is made sparse, as the mesh is: all but the zeros is written where it belongs."""
    size = (4 << 30) + 12345
    with (output / "nvdiffrec" / "mesh.ply").open("wb") as stream:
        stream.write(b"ply")
        stream.seek(size - 1)
        stream.write(b"$")
    results = ResultZip(output)
    target = tmp_path / "large.zip"
    with target.open("wb") as stream:
        for start, stop in ((0, 20_000), (size - 1000, None)):
            stream.seek(start)
            stream.writelines(results.chunks(start, stop))
    assert target.stat().st_size == results.size == result_zip_size(output)
    with zipfile.ZipFile(target) as archive:
        assert archive.namelist() == IN_ZIP
        mesh, after = archive.getinfo("nvdiffrec/mesh.ply"), archive.getinfo("nvdiffrec/previews/textured_00.png")
        assert (mesh.file_size, mesh.compress_size) == (size, size)
        assert after.header_offset > size
        with archive.open(mesh) as stream:
            assert stream.read(3) == b"ply"
        for info in archive.infolist():
            if info is not mesh:
                archive.read(info)
    with target.open("rb") as stream:
        stream.seek(after.header_offset - 1)
        assert stream.read(5) == b"$PK\x03\x04"
    subprocess.run(["unzip", "-tqq", target, "*/quality.json", "reconviagen/*"], check=True)


def test_memory_does_not_grow_with_the_files(output: Path, tmp_path: Path) -> None:
    os.truncate(output / "nvdiffrec" / "mesh.ply", 256 << 20)

    class Hole:
        def write(self, data: bytes, /) -> None:
            pass

    tracemalloc.start()
    try:
        create_result_zip(output, Hole())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20


def test_any_range_is_cut_from_the_same_bytes(tmp_path: Path) -> None:
    output = make_output(tmp_path, ("nvdiffrec",))
    results = ResultZip(output, ("nvdiffrec",))
    data = b"".join(results.chunks())

    @given(st.integers(0, len(data) + 9), st.none() | st.integers(0, len(data) + 9))
    def check(start: int, stop: int | None) -> None:
        for one in (results, ResultZip(output, ("nvdiffrec",))):
            assert b"".join(one.chunks(start, stop)) == data[start:stop]

    check()


class Pipe:
    """Takes bytes, three at most at once, and can do nothing else."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes, /) -> int:
        self.data += data[:30_000]
        return min(len(data), 30_000)


def test_it_goes_to_what_cannot_seek_and_takes_little_at_once(output: Path) -> None:
    (output / "nvdiffrec" / "mesh.ply").write_bytes(os.urandom(100_000))
    pipe, told = Pipe(), []
    create_result_zip(output, pipe, progress=lambda done, size: told.append((done, size)))
    assert pipe.data == whole(output)
    assert told[-1] == (len(pipe.data), len(pipe.data))
    assert told == sorted(told)


def test_it_goes_through_a_real_pipe(output: Path) -> None:
    reading, writing = os.pipe()
    got = io.BytesIO()

    def read() -> None:
        with os.fdopen(reading, "rb") as stream:
            shutil.copyfileobj(stream, got)

    reader = threading.Thread(target=read)
    reader.start()
    with os.fdopen(writing, "wb", buffering=0) as stream:
        create_result_zip(output, stream)
    reader.join()
    assert zipfile.ZipFile(got).testzip() is None


MISSING = {model: f"{model}/mesh.glb or mesh.obj" for model in MODELS}
STATES: list[tuple[str, list[str], list[str]]] = [
    ("everything", [], []),
    ("one of the two meshes", ["nvdiffrec/mesh.obj", "reconviagen/mesh.glb"], []),
    ("nothing but a mesh", ["nvdiffrec/previews", "nvdiffrec/quality.json", "nvdiffrec/mesh.png"], []),
    ("no mesh", ["nvdiffrec/mesh.obj", "nvdiffrec/mesh.glb"], [MISSING["nvdiffrec"]]),
    ("no model", ["reconviagen"], [MISSING["reconviagen"]]),
    ("no models", ["reconviagen", "nvdiffrec"], [MISSING["reconviagen"], MISSING["nvdiffrec"]]),
]


@pytest.mark.parametrize(("gone", "missing"), [state[1:] for state in STATES], ids=[state[0] for state in STATES])
def test_what_counts_as_missing(output: Path, tmp_path: Path, gone: list[str], missing: list[str]) -> None:
    for name in gone:
        path = output / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert validate_job_outputs(output) == (not missing, missing)
    target = tmp_path / "results.zip"
    if missing:
        with pytest.raises(IncompleteResultsError) as caught:
            create_result_zip(output, target)
        assert caught.value.missing == tuple(missing)
        assert not target.exists()
    else:
        create_result_zip(output, target)
        assert zipfile.ZipFile(target).testzip() is None


def test_a_mesh_is_there_whatever_its_size_but_an_empty_one_is_none_to_work_with(output: Path, tmp_path: Path) -> None:
    target = tmp_path / "results.zip"
    (output / "nvdiffrec" / "mesh.obj").write_bytes(b"")
    create_result_zip(output, target)
    assert [model.complete for model in results_in_archive(target, {})] == [True, True]
    (output / "nvdiffrec" / "mesh.glb").write_bytes(b"")
    assert validate_job_outputs(output) == (True, [])
    create_result_zip(output, target)
    assert validate_result_zip(target) == (True, [])
    for models in (results_in_archive(target, {}), results_in_folder(output, {})):
        assert [model.complete for model in models] == [True, False]
        assert objection(models) == "nvdiffrec has no mesh, or an empty one"


def test_paths_may_be_texts(output: Path, tmp_path: Path) -> None:
    assert validate_job_outputs(str(output)) == (True, [])
    create_result_zip(str(output), str(tmp_path / "results.zip"))
    assert (tmp_path / "results.zip").read_bytes() == whole(output)


def test_a_folder_or_device_of_a_files_name_is_not_the_file(output: Path) -> None:
    for name in ("mesh.obj", "mesh.glb"):
        (output / "nvdiffrec" / name).unlink()
    (output / "nvdiffrec" / "mesh.obj").mkdir()
    os.mkfifo(output / "nvdiffrec" / "mesh.glb")
    assert validate_job_outputs(output) == (False, [MISSING["nvdiffrec"]])


def test_a_model_that_is_complete_can_be_packed_alone(output: Path) -> None:
    shutil.rmtree(output / "nvdiffrec")
    sink = io.BytesIO()
    create_result_zip(output, sink, models=("reconviagen",))
    assert zipfile.ZipFile(sink).namelist() == [name for name in IN_ZIP if name.startswith("reconviagen/")]


def test_what_was_unpacked_can_be_packed_again(output: Path, tmp_path: Path) -> None:
    first = whole(output)
    zipfile.ZipFile(io.BytesIO(first)).extractall(tmp_path / "again")
    assert whole(tmp_path / "again") == first


def test_optional_files_that_are_not_there_are_told(output: Path) -> None:
    for name in ("quality.json", "mesh.png", "mesh.mtl", "previews/textured_03.png"):
        (output / "nvdiffrec" / name).unlink()
    absent = ResultZip(output).absent
    assert absent == ("nvdiffrec/previews/textured_03.png", "nvdiffrec/quality.json", "nvdiffrec/texture.png")


def test_no_folder_and_one_that_may_not_be_read(output: Path) -> None:
    for folder in (output / "elsewhere", output / "nvdiffrec" / "mesh.obj"):
        with pytest.raises(NotFound):
            validate_job_outputs(folder)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_named(output: Path, tmp_path: Path) -> None:
    (output / "nvdiffrec" / "mesh.obj").chmod(0)
    with pytest.raises(NotAllowed, match=r"nvdiffrec/mesh\.obj cannot be read"):
        create_result_zip(output, tmp_path / "results.zip")
    (output / "nvdiffrec").chmod(0)
    with pytest.raises(NotAllowed, match="nvdiffrec"):
        validate_job_outputs(output)
    (output / "nvdiffrec").chmod(0o700)


def grow(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b"more")


def rewrite(path: Path) -> None:
    """Change bytes; size and time stay."""
    facts = path.stat()
    path.write_bytes(bytes(facts.st_size))
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))


CHANGES = [grow, rewrite, lambda path: os.truncate(path, 5), Path.unlink, lambda path: os.utime(path, (1, 1))]


@pytest.mark.parametrize("change", CHANGES, ids=["grows", "rewritten", "shrinks", "goes", "touched"])
@pytest.mark.parametrize("moment", ["before its header", "while it is read"])
def test_a_file_that_changes_meanwhile_is_noticed(output: Path, tmp_path: Path, change: Any, moment: str) -> None:
    mesh, target = output / "nvdiffrec" / "mesh.ply", tmp_path / "results.zip"
    mesh.write_bytes(os.urandom(3 << 20))
    target.write_bytes(b"the one before")
    start = ResultZip(output)._zip._starts[IN_ZIP.index("nvdiffrec/mesh.ply")]

    def meddle(done: int, _size: int) -> None:
        if done == start if moment == "before its header" else start < done < start + 1000:
            change(mesh)

    if (change, moment) == (rewrite, "before its header"):
        create_result_zip(output, target, progress=meddle)  # it is packed as it was when it came to be read
        assert zipfile.ZipFile(target).testzip() is None
        return
    with pytest.raises(StillUploading, match=r"nvdiffrec/mesh\.ply is still being written"):
        create_result_zip(output, target, progress=meddle)
    assert target.read_bytes() == b"the one before"
    assert names(tmp_path) == ["output", "results.zip"]


def test_cancelled_it_leaves_what_was_there(output: Path, tmp_path: Path) -> None:
    target = tmp_path / "results.zip"
    target.write_bytes(b"the one before")
    answers = iter([False] * 20)
    with pytest.raises(Stopped):
        create_result_zip(output, target, stopped=lambda: next(answers, True))
    assert names(tmp_path) == ["output", "results.zip"]
    assert target.read_bytes() == b"the one before"


def test_an_existing_zip_is_replaced_and_folders_are_made(output: Path, tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "results.zip"
    for _ in range(2):
        create_result_zip(output, target)
        assert target.read_bytes() == whole(output)
    assert names(target.parent) == ["results.zip"]


def test_a_disk_that_takes_no_more_leaves_the_zip_before(output: Path, tmp_path: Path) -> None:
    target = tmp_path / "results.zip"
    target.write_bytes(b"the one before")
    with full_disk(20_000), pytest.raises(TargetUnwritable, match="EFBIG"):
        create_result_zip(output, target)
    assert names(tmp_path) == ["output", "results.zip"]
    assert target.read_bytes() == b"the one before"


def test_it_never_takes_the_place_of_what_it_packs(output: Path) -> None:
    mesh = output / "nvdiffrec" / "mesh.obj"
    before = mesh.read_bytes()
    with pytest.raises(UsageError, match="take the place"):
        create_result_zip(output, mesh)
    assert mesh.read_bytes() == before


def test_the_tag_changes_with_the_files(output: Path) -> None:
    before = ResultZip(output).tag
    assert ResultZip(output).tag == before
    grow(output / "nvdiffrec" / "quality.json")
    assert ResultZip(output).tag != before
