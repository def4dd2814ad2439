"""Whether the window could play a video here: a real one is played, as far as its first frame."""

import tempfile
from pathlib import Path

from desktop.core.errors import ShotDockError

PATIENCE_MS = 10_000


def player_fault() -> str:
    """Return why no frame of a small H.264 video comes out, or ""; no display is needed.

    The demo studio makes the video, so that there is nothing to ship for this.
    """
    try:
        from PySide6.QtCore import QTimer
        from PySide6.QtGui import QGuiApplication

        from desktop.ui.players import PLAYERS
    except ImportError as error:
        return str(error)
    from desktop.demo.mp4 import write_mp4
    from desktop.demo.video import Film

    app = QGuiApplication(["shotdock", "-platform", "offscreen"])
    answers: list[str] = []
    with tempfile.TemporaryDirectory(prefix="shotdock-") as folder:
        path = Path(folder) / "film.mp4"
        with path.open("wb") as file:
            write_mp4(Film(64, 64, 12, (0.2, 0.4, 0.7)), file)
        try:
            playback = PLAYERS["qt"]()
        except ShotDockError as error:
            return error.cause
        playback.pictured.connect(lambda _still: answers.append(""))
        playback.failed.connect(lambda error: answers.append(error.title))
        for answered in (playback.pictured, playback.failed):
            answered.connect(app.quit)
        playback.open(path)
        QTimer.singleShot(PATIENCE_MS, app.quit)
        app.exec()
        playback.close()
    return answers[0] if answers else f"No frame came within {PATIENCE_MS // 1000} s."
