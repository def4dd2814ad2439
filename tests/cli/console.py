"""The real command line in a process of its own, as scripts use it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0
PEAK = (
    "import re, sys; from pathlib import Path; from desktop.cli.main import main; code = main(sys.argv[1:]);"
    "print(code, re.search(r'VmHWM:\\s+(\\d+) kB', Path('/proc/self/status').read_text())[1])"
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a command left: exit status, standard output, standard error."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Return the one JSON object on standard output; fail if there is anything else."""
        lines = self.out.splitlines()
        assert len(lines) == 1, f"not one line of JSON:\n{self.out}\n{self.err}"
        answer = json.loads(lines[0])
        assert isinstance(answer, dict)
        return answer


class Console:
    """Runs `python -m desktop`; home: SHOTDOCK_HOME of its processes."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {**os.environ, "SHOTDOCK_HOME": str(home)}

    def __call__(self, *arguments: object, stdin: str = "", **variables: str) -> Said:
        """Run one command to its end. variables: more of the environment."""
        said = self.run(self.command(arguments), stdin, **variables)
        assert "Traceback" not in said.out + said.err, said.err
        return said

    def run(self, words: Sequence[str], stdin: str = "", **variables: str) -> Said:
        """Run any program to its end, in the environment of the commands."""
        done = subprocess.run(
            words,
            input=stdin,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**self.environment, **variables},
            timeout=PATIENCE,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def script(self, script: str, *arguments: object, stdin: str = "", **variables: str) -> Said:
        """Run a few lines of Python that run a command."""
        return self.run([sys.executable, "-c", script, *map(str, arguments)], stdin, **variables)

    def peak(self, *arguments: object, stdin: str = "", **variables: str) -> int:
        """Run a command, which has to succeed; return the most memory it held, in bytes. Linux only."""
        said = self.script(PEAK, *arguments, "--quiet", stdin=stdin, **variables)
        assert said.status == 0, said.err
        code, kibibytes = map(int, said.out.split())
        assert code == 0, said.err
        return kibibytes * 1024

    def start(self, *arguments: object, variables: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start one command and return its process."""
        return subprocess.Popen(
            self.command(arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**self.environment, **(variables or {})},
        )

    @staticmethod
    def command(arguments: tuple[object, ...]) -> list[str]:
        return [sys.executable, "-m", "desktop", *map(str, arguments)]
