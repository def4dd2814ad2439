"""The benchmarks themselves run: one row of each kind, at a thousandth of its size, with the peers there are."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.arena import ROOT, US, Wrong, arrived
from tests.benchmarks.growth import STUDIES
from tests.benchmarks.result import Line, Target, judge
from tests.benchmarks.rows import RACES
from tests.servers.process import program

linux = pytest.mark.skipif(sys.platform != "linux", reason="the bench is Linux only")


@linux
@pytest.mark.parametrize("row", ["P2-sftp", "P5-ftp", "P3-http", "P6-sftp", "P10-ftp", "P7-task", "P11-http"])
def test_a_row_runs_and_is_kept(row: str, tmp_path: Path) -> None:
    for server, package in (("sshd", "openssh-server"), ("vsftpd", "vsftpd"), ("nginx", "nginx-light")):
        program(server, package)
    figures, page = tmp_path / "figures.json", tmp_path / "page.md"
    options = ["--scale", "0.001", "--rounds", "1", "--json", str(figures), "--markdown", str(page)]
    subprocess.run([sys.executable, "-m", "tests.benchmarks", row, *options], cwd=ROOT, check=True)
    (kept,) = json.loads(figures.read_text())["rows"]
    assert kept["row"] == row
    assert all(line["seconds"] > 0 for line in kept["lines"] if not line["trouble"])
    assert not kept["lines"][0]["trouble"]
    assert f"### {row}:" in page.read_text("utf-8")


def test_rows_have_names_of_their_own() -> None:
    names = [row.name for row in (*RACES, *STUDIES)]
    assert len(set(names)) == len(names)


def test_ratios_are_judged_by_the_fastest_peer_there_is() -> None:
    lines = [Line(US, 1.0), Line("a", 2.0, ratio=2.0), Line("b", 3.0, ratio=3.0), Line("c", trouble="not installed")]
    (both,) = judge(lines, [Target(("a", "b"), 2.5)], 1)
    assert (both.measured, both.reached) == ("2.00 x", False)
    (missing,) = judge(lines, [Target(("c",), 1.0)], 1)
    assert (missing.measured, missing.reached) == ("not measured", None)
    (small,) = judge(lines, [Target(("b",), 2.5)], 0.1)
    assert small.reached is None
    with pytest.raises(KeyError):
        judge(lines, [Target(("nobody",), 1.0)], 1)


@pytest.mark.parametrize(
    ("change", "words"), [("other", "other bytes"), ("short", "other bytes"), ("gone", "missing"), ("more", "too many")]
)
def test_wrong_arrivals_are_told(change: str, words: str, tmp_path: Path) -> None:
    for folder in ("served", "arrived"):
        (tmp_path / folder / "tree" / "deep").mkdir(parents=True)
        (tmp_path / folder / "tree" / "deep" / "file").write_bytes(b"1234")
    check = arrived(tmp_path / "served" / "tree")
    check(tmp_path / "arrived", Path())
    file = tmp_path / "arrived" / "tree" / "deep" / "file"
    if change == "gone":
        file.unlink()
    elif change == "more":
        file.with_name("file.part").write_bytes(b"")
    else:
        file.write_bytes(b"1235" if change == "other" else b"123")
    with pytest.raises(Wrong, match=words):
        check(tmp_path / "arrived", Path())
