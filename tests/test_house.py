"""The rules of the house that no linter knows."""

import ast
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = [*sorted((ROOT / "desktop").rglob("*.py")), ROOT / "main.py"]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
LONGEST = 400
UNCHECKED = re.compile(r"#\s*(type:\s*ignore|noqa|pragma:)")
REASONED = re.compile(
    r"# (type: ignore\[[\w, -]+\]  #|noqa: [A-Z]+\d+(, [A-Z]+\d+)*(  #)?|pragma: no \w+  #) +(?!#|noqa|type:|pragma:)\S"
)
HOMES = {
    "paramiko": r"desktop/(transfer/sources/sftp|demo/sftp)\w*\.py",
    "ftplib": r"desktop/transfer/sources/ftp\w*\.py",
    "ftputil": r"desktop/transfer/sources/ftp\w*\.py",
    "requests": r"desktop/studio/web\w*\.py",
    "urllib3": r"desktop/studio/web\w*\.py",
    "keyring": r"desktop/store/secrets\.py|desktop/cli/doctor\w*\.py",
    "pyftpdlib": r"desktop/demo/ftp\.py",
    "apprise": r"desktop/work/notify_apprise\.py",
}
"""Where each library may be imported; everywhere else the floor's own words are used."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(tree: ast.AST) -> Iterator[tuple[ast.stmt, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node, node.module


def comments(path: Path) -> Iterator[tuple[int, str]]:
    """Return (line number, comment) of every comment of a file that has something to say to a checker."""
    if not UNCHECKED.search(path.read_text("utf-8")):
        return
    with path.open("rb") as stream:
        for token in tokenize.tokenize(stream.readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


def without_reason(comment: str) -> bool:
    """Tell whether a comment keeps a checker from looking, and does not say why."""
    return bool(UNCHECKED.search(comment)) and not REASONED.search(comment)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_file_is_short_and_begins_with_its_caption(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= LONGEST
    assert ast.get_docstring(ast.parse(text)), "the first line of a file says what it is"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_every_library_stays_at_home(path: Path) -> None:
    strays = [
        module
        for _, module in imports(ast.parse(path.read_text("utf-8")))
        if (home := HOMES.get(module.split(".")[0])) and not re.fullmatch(home, name_of(path))
    ]
    assert not strays


@pytest.mark.parametrize("path", sorted((ROOT / "desktop/work").rglob("*.py")), ids=name_of)
def test_work_knows_qtcore_only(path: Path) -> None:
    modules = {module for _, module in imports(ast.parse(path.read_text("utf-8"))) if module.startswith("PySide6")}
    assert modules <= {"PySide6.QtCore"}


def test_one_place_catches_everything() -> None:
    broad = [
        name_of(path)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "Exception"))
    ]
    assert broad == ["desktop/work/background.py"]


@pytest.mark.parametrize(
    ("comment", "bare"),
    [
        ("# the mesh's noqa", False),
        ("# noqa", True),
        ("# noqa: F401", True),
        ("# noqa: F401  they register themselves", False),
        ("# noqa: PTH118, PTH123  # bytes", False),
        ("# type: ignore", True),
        ("# type: ignore  # whatever it is", True),
        ("# type: ignore[misc]", True),
        ("# type: ignore[misc]  #", True),
        ("# type: ignore[misc]  # noqa: E501", True),
        ("# type: ignore[misc]  # a default", False),
        ("# pragma: no cover", True),
        ("# pragma: no cover  # Windows", False),
    ],
)
def test_a_reason_is_told_from_none(comment: str, bare: bool) -> None:
    assert without_reason(comment) is bare


def test_what_a_checker_is_kept_from_says_why() -> None:
    bare = [
        f"{name_of(path)}:{line}: {comment}"
        for path in (*SOURCES, *TESTS)
        for line, comment in comments(path)
        if without_reason(comment)
    ]
    assert not bare


def test_what_is_skipped_says_why() -> None:
    silent = [
        f"{name_of(path)}:{node.lineno}"
        for path in TESTS
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("pytest.skip", "pytest.mark.skip", "pytest.mark.skipif", "pytest.mark.xfail")
        and not any(word.arg == "reason" for word in node.keywords)
        and not (ast.unparse(node.func) == "pytest.skip" and node.args)
    ]
    assert not silent


def test_imports_inside_functions_only_where_start_up_time_asks_for_them() -> None:
    """Registry loaders import the part in use; anything else imports at the top of its file."""
    loaders = r"transfer/sources/__init__|studio/(gallery|jobs)/__init__|ui/players/__init__"
    parts = rf"{loaders}|store/secrets|work/versions|work/notify_apprise|studio/shots/sequences|cli/\w+|demo/\w+"
    allowed = rf"desktop/({parts})\.py"
    late = {
        name_of(path)
        for path in SOURCES
        for function in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(True for _ in imports(function))
        and not re.fullmatch(allowed, name_of(path))
    }
    assert not late


@pytest.mark.parametrize("family", ["transfer/sources", "transfer/conflicts", "studio/jobs/kinds", "ui/tabs"])
def test_every_part_is_registered(family: str) -> None:
    """A part's file is named in its family's __init__; helpers of a part bear its name as a prefix."""
    folder = ROOT / "desktop" / family
    text = (folder / "__init__.py").read_text("utf-8")
    named = set(re.findall(r"\b(\w+)\b", text))
    for path in folder.glob("*.py"):
        stem = path.stem
        assert stem == "__init__" or stem in named or stem.split("_")[0] in named, f"{stem} is not registered"


def test_the_interpreter_trap_stays_pinned() -> None:
    """PySide6 6.12.0 aborts CPython before 3.12 after a few hundred emitted signals."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    assert "<6.12; python_version < '3.12'" in text
