"""docs/faults.md says of each of the sixty cases how it stands, and names tests that are there."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
ROWS = [
    [cell.strip() for cell in line.split("|")[1:-1]]
    for line in (TESTS.parent / "docs" / "faults.md").read_text("utf-8").splitlines()
    if re.match(r"\| R\d", line)
]
RESULTS = ("holds", "holds in part", "not yet", "no such thing")


def functions(path: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)}


def test_all_sixty_are_there_in_order() -> None:
    assert [row[0] for row in ROWS] == [f"R{n:02}" for n in range(1, 61)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_case_names_tests_that_are_there(row: list[str]) -> None:
    _, what, result, ground, named, remark = row
    tests = re.findall(r"`([\w/]+\.py)::(test_\w+)`", named)
    assert what and result in RESULTS
    assert len(tests) == named.count("`") // 2
    for path, name in tests:
        assert name in functions(TESTS / path), f"{path} has no {name}"
    assert bool(tests and ground) == result.startswith("holds")
    assert bool(remark) == (result != "holds"), "what is not whole says what is missing, what is whole says nothing"


def test_the_count_above_the_table_is_right() -> None:
    text = (TESTS.parent / "docs" / "faults.md").read_text("utf-8")
    told = re.search(r"(\d+) hold,\s(\d+) hold in part", text)
    assert told is not None
    results = [row[2] for row in ROWS]
    assert [int(told[1]), int(told[2])] == [results.count("holds"), results.count("holds in part")]
