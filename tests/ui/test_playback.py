"""QtMultimedia as it is installed here: frames come out, nothing is said on the terminal, nobody waits."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.core.errors import NotTheFile, ShotDockError, Unsupported
from desktop.ui.playback import Facts, Playback, Still
from desktop.ui.players import PLAYERS
from tests.ui.films import FRAMES, shown_frame, write_cut, write_film, write_silent_codec, write_unknown_codec

ROOT = Path(__file__).parents[2]
WAIT = 20_000


class Watched:
    """A playback and what it told."""

    def __init__(self, path: Path, loop: bool = False) -> None:
        self.playback: Playback = PLAYERS["qt"]()
        self.facts: list[Facts] = []
        self.stills: list[Still] = []
        self.errors: list[ShotDockError] = []
        self.ends = 0
        self.playback.opened.connect(self.facts.append)
        self.playback.pictured.connect(self.stills.append)
        self.playback.failed.connect(self.errors.append)
        self.playback.ended.connect(self._ended)
        self.playback.set_loop(loop)
        self.playback.open(path)

    def _ended(self) -> None:
        self.ends += 1


def test_every_frame_of_a_film_comes_once_and_in_order(tmp_path: Path, qtbot: QtBot) -> None:
    seen = Watched(write_film(tmp_path / "film.mp4"))
    qtbot.waitUntil(lambda: seen.ends == 1, timeout=WAIT)
    assert [shown_frame(still.draw()) for still in seen.stills] == list(range(FRAMES))
    assert seen.facts[0].timeline.rate == 24.0
    assert seen.facts[0].timeline.last == FRAMES - 1
    assert seen.facts[0].codec == "H264"
    assert not seen.errors
    seen.playback.close()


def test_seeks_that_come_faster_than_frames_end_at_the_last_one(tmp_path: Path, qtbot: QtBot) -> None:
    seen = Watched(write_film(tmp_path / "film.mp4"))
    qtbot.waitUntil(lambda: bool(seen.stills), timeout=WAIT)
    seen.playback.pause()
    for number in (*range(40), 17):
        seen.playback.seek((number + 0.5) / 24)
    qtbot.waitUntil(lambda: shown_frame(seen.stills[-1].draw()) == 17, timeout=WAIT)
    seen.playback.close()


def test_after_its_end_a_film_can_be_sought_in_and_played_again(tmp_path: Path, qtbot: QtBot) -> None:
    seen = Watched(write_film(tmp_path / "film.mp4"))
    qtbot.waitUntil(lambda: seen.ends == 1, timeout=WAIT)
    seen.playback.seek(30.5 / 24)
    qtbot.waitUntil(lambda: shown_frame(seen.stills[-1].draw()) == 30, timeout=WAIT)
    seen.playback.play()
    qtbot.waitUntil(lambda: seen.ends == 2, timeout=WAIT)
    seen.stills.clear()
    seen.playback.play()
    qtbot.waitUntil(lambda: seen.ends == 3, timeout=WAIT)
    assert shown_frame(seen.stills[0].draw()) == 0
    seen.playback.close()


def test_a_loop_asked_for_when_the_whole_file_is_read_already_begins_again(tmp_path: Path, qtbot: QtBot) -> None:
    seen = Watched(write_film(tmp_path / "film.mp4"))
    qtbot.waitUntil(lambda: bool(seen.stills) and shown_frame(seen.stills[-1].draw()) > FRAMES // 2, timeout=WAIT)
    states: list[bool] = []
    seen.playback.played.connect(states.append)
    seen.playback.set_loop(True)
    seen.stills.clear()
    qtbot.waitUntil(lambda: len(seen.stills) > FRAMES, timeout=WAIT)
    assert not seen.ends
    assert False not in states
    seen.playback.set_loop(False)
    qtbot.waitUntil(lambda: seen.ends == 1, timeout=WAIT)
    seen.playback.close()


@pytest.mark.parametrize("loop", [False, True], ids=["at its end", "in a loop"])
def test_a_codec_that_yields_no_frame_and_no_error_is_noticed(tmp_path: Path, qtbot: QtBot, loop: bool) -> None:
    seen = Watched(write_silent_codec(tmp_path / "av1.mp4"), loop)
    qtbot.waitUntil(lambda: bool(seen.errors), timeout=WAIT)
    assert isinstance(seen.errors[0], Unsupported)
    assert "AV1" in seen.errors[0].title
    assert len(seen.errors) == 1
    seen.playback.close()


def test_an_unknown_codec_is_told(tmp_path: Path, qtbot: QtBot) -> None:
    seen = Watched(write_unknown_codec(tmp_path / "odd.mp4"))
    qtbot.waitUntil(lambda: bool(seen.errors), timeout=WAIT)
    assert isinstance(seen.errors[0], Unsupported)
    seen.playback.close()


def test_no_video_and_no_file_are_told(tmp_path: Path, qtbot: QtBot) -> None:
    noise = tmp_path / "noise.mp4"
    noise.write_bytes(bytes(range(256)) * 100)
    empty = tmp_path / "empty.mp4"
    empty.touch()
    for path in (noise, empty, tmp_path / "missing.mp4"):
        seen = Watched(path)
        qtbot.waitUntil(lambda seen=seen: bool(seen.errors), timeout=WAIT)  # type: ignore[misc]  # a default
        assert isinstance(seen.errors[0], NotTheFile)
        assert seen.errors[0].path == str(path)
        seen.playback.close()


def test_a_film_cut_short_plays_what_is_there(tmp_path: Path, qtbot: QtBot) -> None:
    seen = Watched(write_cut(tmp_path / "cut.mp4"))
    qtbot.waitUntil(lambda: seen.ends == 1, timeout=WAIT)
    assert 0 < len(seen.stills) < FRAMES - 3
    assert not seen.errors
    seen.playback.close()


@pytest.mark.skipif(os.name == "nt", reason="a pipe with a name stands for a folder on a network that hangs")
def test_a_file_that_takes_its_time_to_open_makes_nobody_wait(tmp_path: Path, qtbot: QtBot) -> None:
    pipe = tmp_path / "slow.mp4"
    os.mkfifo(pipe)
    seen = Watched(pipe)
    seen.playback.close()  # would not come back before somebody writes into the pipe
    gone: list[bool] = []
    seen.playback.destroyed.connect(lambda: gone.append(True))
    other = Watched(write_film(tmp_path / "film.mp4"))
    qtbot.waitUntil(lambda: len(other.stills) > 3, timeout=WAIT)
    other.playback.close()
    assert not gone
    os.close(os.open(pipe, os.O_WRONLY))
    qtbot.waitUntil(lambda: bool(gone), timeout=WAIT)
    assert not seen.errors


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        check=False,
    )


PLAY = """
import sys
from pathlib import Path
from PySide6.QtGui import QGuiApplication
from desktop.core.errors import ShotDockError
from desktop.ui.players import PLAYERS
app = QGuiApplication([])
if sys.argv[1] == "no plugins":
    app.setLibraryPaths([])
try:
    playback = PLAYERS["qt"]()
except ShotDockError as error:
    print(error)
    raise SystemExit
playback.pictured.connect(lambda still: still.draw())
playback.ended.connect(app.quit)
playback.failed.connect(lambda error: app.exit(3))
playback.open(Path(sys.argv[1]))
raise SystemExit(app.exec())
"""


def test_nothing_is_said_on_the_terminal(tmp_path: Path) -> None:
    for write, status in ((write_film, 0), (write_cut, 0), (write_silent_codec, 3), (write_unknown_codec, 3)):
        done = run(PLAY, str(write(tmp_path / "film.mp4")))
        assert (done.returncode, done.stderr, done.stdout) == (status, "", "")


def test_a_machine_without_a_backend_says_so() -> None:
    done = run(PLAY, "no plugins")
    assert "cannot play videos on this machine" in done.stdout


def test_the_window_does_not_pay_for_multimedia_before_a_video_is_shown() -> None:
    done = run(
        "import sys, desktop.app, desktop.ui.dialogs.player\n"
        "print([name for name in sys.modules if name.startswith('PySide6.QtMultimedia')])"
    )
    assert done.stdout.strip() == "[]", done.stderr
