"""A command pays only for what it uses."""

import json
import subprocess
import sys

import pytest

from tests.cli.console import ROOT, Console

DEAR = ("PySide6.QtGui", "PySide6.QtWidgets", "paramiko", "requests", "urllib3", "ftputil", "ftplib", "keyring")


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (("--help",), (*DEAR, "PySide6.QtCore", "peewee")),
        (("layouts", "list"), (*DEAR, "PySide6.QtCore", "peewee")),
        (("tasks", "list"), DEAR),
        (("connections", "list"), DEAR),
    ],
)
def test_what_a_command_does_not_import(
    shotdock: Console, arguments: tuple[str, ...], unwanted: tuple[str, ...]
) -> None:
    script = (
        "import atexit, json, sys; from desktop.cli.main import main; code = main(sys.argv[1:]);"
        "print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=shotdock.environment,
        check=True,
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code == 0
    assert not [name for name in unwanted if name in modules]
