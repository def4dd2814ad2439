"""R58: the frozen build is a folder, made by a PyInstaller without the holes of those that unpack themselves."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def calls(name: str) -> list[ast.Call]:
    tree = ast.parse((ROOT / "packaging/shotdock.spec").read_text("utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [node for node in found if isinstance(node.func, ast.Name) and node.func.id == name]


def test_r58_the_build_is_a_folder_and_unpacks_itself_nowhere() -> None:
    """A program in one file unpacks itself into a shared temporary folder (CVE-2019-16784, CVE-2023-49797)."""
    (program,) = calls("EXE")
    options = {keyword.arg: ast.unparse(keyword.value) for keyword in program.keywords}
    assert options["exclude_binaries"] == "True"
    assert not {"runtime_tmpdir", "uac_admin"} & set(options)
    inside = {ast.unparse(argument) for argument in program.args}
    assert not inside & {"analysis.binaries", "analysis.datas", "analysis.zipfiles"}
    (folder,) = calls("COLLECT")
    beside = {ast.unparse(argument) for argument in folder.args}
    assert {"program", "analysis.binaries", "analysis.datas"} <= beside


def test_r58_the_builder_is_one_that_looks_into_its_own_folder_only() -> None:
    """Before version 6 it took modules from a folder beside the program (CVE-2025-59042)."""
    locked = re.search(r"(?m)^pyinstaller==(\d+)\.", (ROOT / "requirements.lock").read_text("utf-8"))
    assert locked is not None and int(locked[1]) >= 6
