"""The README's commands are the ones the checks run, and the package list is what apt can read."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def marked_command(marker: str) -> str:
    """Return the README's one-line command under `<!-- marker -->`."""
    found = re.search(rf"<!-- {marker} -->\n```sh\n(.+)\n```\n", (ROOT / "README.md").read_text("utf-8"))
    assert found is not None, f"the README has no command marked {marker}"
    return found[1]


def test_the_tests_command_is_one_line_that_ends_with_the_tests() -> None:
    """`.ci/run` splits it there: everything before the last step makes the environment."""
    *steps, last = marked_command("test").split(" && ")
    assert last.startswith(".venv/bin/python -m pytest")
    assert any("-c requirements.lock -e '.[dev]'" in step for step in steps)
    assert "<!-- test -->" in (ROOT / ".ci/run").read_text("utf-8")


def test_both_commands_make_the_same_environment_but_for_the_extras() -> None:
    test, run = (marked_command(marker).split(" && ") for marker in ("test", "run"))
    assert [step.replace("'.[dev]'", ".") for step in test[:-1]] == run[:-1]


@pytest.mark.skipif(os.name == "nt", reason="bash")
def test_the_checks_are_a_program_bash_can_read() -> None:
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_the_package_list_is_one_name_a_line() -> None:
    names = (ROOT / "packaging/debian-packages.txt").read_text("utf-8").splitlines()
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", name) for name in names)
    assert len(names) == len(set(names))
