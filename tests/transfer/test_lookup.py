"""A host's addresses, asked for in a program of its own whose name server is ours: one question, however many wait."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.names import NameServer

ROOT = Path(__file__).parents[2]
SLOW, QUICK = "slow.test", "quick.test"
PATIENCE = 15.0
"""Seconds within which who does not wait for the slow name has ended; the system's resolver waits for twice that."""

PROGRAM = """
import sys, threading, time
from desktop.core.errors import ShotDockError
from desktop.transfer.lookup import addresses

speaking = threading.Lock()

def say(*words):
    with speaking:
        print(*words, flush=True)

def ask(who, name, seconds=60.0, stops=False):
    def stopped():
        say(who, "waits")
        return stops
    try:
        told = sorted({address[0] for _, address in addresses(name, 80, time.monotonic() + seconds, stopped)})
    except ShotDockError as error:
        told = [error.kind, error.title, error.cause]
    say(who, "was told", told)
"""
TOGETHER = """
askers = [threading.Thread(target=ask, args=(who, "slow.test")) for who in ("one", "two")]
for asker in askers:
    asker.start()
for asker in askers:
    asker.join()
ask("three", "slow.test")
"""


@pytest.fixture
def names() -> Iterator[NameServer]:
    with NameServer() as names:
        names.slow.add(SLOW)
        yield names


def program(names: NameServer, folder: Path, acts: str) -> list[str]:
    return names.wrapped([sys.executable, "-c", PROGRAM + acts], folder)


def test_who_asks_what_is_being_asked_waits_for_the_same_answer(names: NameServer, tmp_path: Path) -> None:
    """The system's resolver cannot be called off: every lane and every try would leave one more question behind."""
    command = program(names, tmp_path, f'ask("nobody", "{QUICK}")' + TOGETHER)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        waiting: set[str] = set()
        for line in process.stdout:
            who, _, does = line.strip().partition(" ")
            if does == "waits" and who in ("one", "two"):
                waiting.add(who)
            if waiting == {"one", "two"}:
                break
        once = names.asked.count(QUICK)
        names.wait_until_asked(SLOW, once)
        assert names.asked.count(SLOW) == once, "one question for two who wait"
        names.hurry()
        told = [line.strip() for line in process.stdout if "was told" in line]
    assert sorted(told) == [f"{who} was told ['127.0.0.1']" for who in ("one", "three", "two")]
    assert names.asked.count(SLOW) == 2 * once, "an answer is kept for those who waited for it, and for nobody later"


@pytest.mark.parametrize("acts", [f'ask("one", "{SLOW}", 0.3)', f'ask("one", "{SLOW}", stops=True)'])
def test_who_has_waited_long_enough_or_is_called_off_is_told_at_once(
    names: NameServer, tmp_path: Path, acts: str
) -> None:
    """And the program ends: the question that nobody answers holds up nothing."""
    command = program(names, tmp_path, acts)
    said = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=PATIENCE, check=True).stdout
    cause = "Nobody said in the time allowed which address the name has."
    assert said.splitlines()[-1] == f"one was told {['unreachable', f'{SLOW} cannot be found.', cause]}"
