"""Reconstructions of the demo studio: results that run, fail, lack something, expire, or come as one ZIP."""

import io
import json
import struct
import zipfile
from pathlib import Path

import pytest

from desktop.demo.content import Size
from desktop.demo.jobs.jobs import Jobs
from desktop.demo.jobs.reconstructions import JOBS
from tests.demo.working import ask, detail

MODELS = ("nvdiffrec", "reconviagen")


def archive(jobs: Jobs, name: str) -> zipfile.ZipFile:
    answer = ask(jobs, f"/jobs/{name}/download")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/zip")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}.zip"'
    return zipfile.ZipFile(io.BytesIO(answer.content))


def score(jobs: Jobs, name: str) -> list[float]:
    with archive(jobs, name) as files:
        qualities = [json.loads(files.read(f"{model}/quality.json")) for model in MODELS]
    assert [quality["model"] for quality in qualities] == list(MODELS)
    return [quality["metrics"]["overall_score"] for quality in qualities]


def test_each_job_is_what_its_name_says(jobs: Jobs) -> None:
    found = {}
    for name in JOBS:
        said = ask(jobs, f"/jobs/{name}").json()
        assert set(said) == {"job_id", "state", "progress", "message", "expires_at"}
        assert said["job_id"] == name
        found[name] = (said["state"], said["progress"], said["expires_at"] is not None)
    assert found == {
        "rec-done": ("done", 100, True),
        "rec-running": ("running", 0, False),
        "rec-failed": ("failed", 40, False),
        "rec-incomplete": ("done", 100, True),
        "rec-expired": ("expired", 100, True),
        "rec-low-quality": ("done", 100, True),
    }


def test_a_result_holds_everything_under_its_right_name(jobs: Jobs) -> None:
    previews = {f"previews/{kind}_{view:02}.png" for kind in ("textured", "wireframe") for view in range(6)}
    each = {"mesh.obj", "mesh.ply", "mesh.glb", "texture.png", "quality.json"} | previews
    with archive(jobs, "rec-done") as files:
        assert files.testzip() is None
        expected = {f"{model}/{name}" for model in MODELS for name in each}
        assert set(files.namelist()) == expected | {"reconviagen/mesh.mtl"}
        shown = [files.read(name) for name in files.namelist() if name.endswith(".png")]
        assert all(picture.startswith(b"\x89PNG\r\n\x1a\n") for picture in shown)
        assert len({files.read(f"nvdiffrec/{name}") for name in previews}) == 12


def test_meshes_are_what_their_formats_say(jobs: Jobs) -> None:
    with archive(jobs, "rec-done") as files:
        glb, obj, ply = (files.read(f"nvdiffrec/mesh.{kind}") for kind in ("glb", "obj", "ply"))
        count = json.loads(files.read("nvdiffrec/quality.json"))["metrics"]["vertices"]
    assert struct.unpack_from("<4sII", glb) == (b"glTF", 2, len(glb))
    size, kind = struct.unpack_from("<I4s", glb, 12)
    facts = json.loads(glb[20 : 20 + size])
    length, binary = struct.unpack_from("<I4s", glb, 20 + size)
    assert (kind, binary, 28 + size + length) == (b"JSON", b"BIN\0", len(glb))
    assert facts["buffers"][0]["byteLength"] == length
    assert facts["accessors"][0]["count"] == count == obj.count(b"\nv ")
    assert f"element vertex {count}\n".encode() in ply


def test_it_comes_from_an_output_folder_and_is_the_same_every_time(jobs: Jobs, tmp_path: Path) -> None:
    folder = jobs.reconstructions.output("rec-done")
    assert (folder / "reconviagen" / "mesh.png").is_file()
    assert not (folder / "reconviagen" / "texture.png").exists()
    again = Jobs(tmp_path / "again", Size.SMALL)
    first, second = (ask(server, "/jobs/rec-done/download") for server in (jobs, again))
    again.stop()
    assert first.content == second.content
    assert first.headers["ETag"] == second.headers["ETag"]


def test_quality_differs(jobs: Jobs) -> None:
    assert min(score(jobs, "rec-done")) > 0.8
    assert max(score(jobs, "rec-low-quality")) < 0.4


def test_a_running_job_ends_and_its_result_expires(jobs: Jobs) -> None:
    status, said = detail(ask(jobs, "/jobs/rec-running/download"))
    assert (status, said["code"], said["state"], said["progress"]) == (409, "JOB_RUNNING", "running", 0)
    jobs.clock.advance(10)
    assert ask(jobs, "/jobs/rec-running").json()["progress"] == 50
    assert detail(ask(jobs, "/jobs/rec-running/download"))[1]["progress"] == 50
    jobs.clock.advance(10)
    assert ask(jobs, "/jobs/rec-running").json()["state"] == "done"
    assert ask(jobs, "/jobs/rec-running/download").status_code == 200
    jobs.clock.advance(3600)
    said = ask(jobs, "/jobs/rec-running").json()
    assert said["state"] == "expired"
    status, gone = detail(ask(jobs, "/jobs/rec-running/download"))
    assert (status, gone["code"], gone["expired_at"]) == (410, "JOB_EXPIRED", said["expires_at"])


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("rec-none", 404, "JOB_NOT_FOUND"),
        ("rec-running", 409, "JOB_RUNNING"),
        ("rec-expired", 410, "JOB_EXPIRED"),
        ("rec-failed", 500, "JOB_FAILED"),
        ("rec-incomplete", 500, "INCOMPLETE_RESULTS"),
    ],
)
def test_errors_have_a_body_unless_it_is_switched_off(jobs: Jobs, name: str, status: int, code: str) -> None:
    said = detail(ask(jobs, f"/jobs/{name}/download"))
    assert (said[0], said[1]["code"]) == (status, code)
    assert said[1]["message"]
    jobs.reconstructions.unstructured = True
    bare = ask(jobs, f"/jobs/{name}/download")
    assert (bare.status_code, bare.headers["Content-Type"]) == (status, "text/plain; charset=utf-8")
    assert code not in bare.text


def test_what_is_missing_is_named(jobs: Jobs) -> None:
    said = detail(ask(jobs, "/jobs/rec-incomplete/download"))[1]
    assert said["missing"] == ["nvdiffrec/mesh.glb or mesh.obj"]
    assert detail(ask(jobs, "/jobs/rec-none"))[0] == 404
