"""Take pictures of the player in every state worth a look.

    python tests/screenshots/player.py [FOLDER] [--theme dark|light]

It plays a film of the demo studio. Set QT_QPA_PLATFORM=offscreen where there is no screen, and QT_SCALE_FACTOR=2 for
the double size.
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from PySide6.QtCore import QLocale, QPoint, QSettings
from PySide6.QtTest import QTest

from desktop.app import application
from desktop.core.errors import NotFound
from desktop.core.gallery import Video
from desktop.demo.video import Film
from desktop.ui.dialogs.player import PlayerDialog
from desktop.ui.formats import Formats
from desktop.ui.theme import Theme
from tests.screenshots.make import HEIGHT, WIDTH, wait
from tests.ui.films import Shelf, write_cut, write_film, write_silent_codec

NAMES = ("VEGA_SH010_comp_v012.mp4", "VEGA_SH020_comp_v003.mp4", "VEGA_trailer_cut_final_FINAL_v007_grade_b.mp4")


class Pictures:
    """The player on a shelf of films, and the pictures of it."""

    def __init__(self, folder: Path, theme_name: str, home: Path) -> None:
        self.folder, self.theme_name, self.home = folder, theme_name, home
        QLocale.setDefault(QLocale("en_US"))
        self.theme = Theme(application())
        self.theme.use(theme_name)
        self.shelf = Shelf(home)
        for name, size in zip(NAMES, ((1920, 1080), (1920, 800), (1080, 1080)), strict=True):
            write_film(home / name, Film(*size, 120, (0.30, 0.42, 0.62), rate=24, key_every=60))
        write_silent_codec(home / "av1.mp4")
        write_cut(home / "cut.mp4")

    def open(self, *names: str, index: int = 0) -> PlayerDialog:
        """Open the player at the size all pictures have."""
        videos = tuple(Video(name, name.removesuffix(".mp4"), name) for name in names)
        memory = QSettings(str(self.home / "window.ini"), QSettings.Format.IniFormat)
        dialog = PlayerDialog(self.theme, Formats(), videos, index, self.shelf, memory, None)
        dialog.show()
        dialog.resize(WIDTH, HEIGHT)
        return dialog

    def take(self, name: str, dialog: PlayerDialog, close: bool = True) -> None:
        """Save a picture."""
        wait(seconds=0.2)
        picture = dialog.grab()
        picture.save(str(self.folder / f"player-{name}-{self.theme_name}-{picture.width()}.png"))
        print(name, picture.size().toTuple())
        if close:
            dialog.close()

    def run(self) -> None:
        """Go through the states."""
        dialog = self.open(*NAMES)
        wait(lambda: dialog.reel.number > 20)
        self.take("playing", dialog, close=False)
        wait(lambda: not dialog.bar.isVisible())
        self.take("faded", dialog, close=False)
        dialog.reel.pause()
        dialog.reel.go(60)
        self.paused(dialog)
        for index, name in ((1, "wide"), (2, "square")):
            other = self.open(*NAMES, index=index)
            wait(lambda other=other: other.reel.number > 5)  # type: ignore[misc]  # a default
            other.reel.pause()
            self.take(name, other)
        self.messages()

    def paused(self, dialog: PlayerDialog) -> None:
        """Show the held frame, in the window, with the pointer on the slider, on a small and on the whole screen."""
        wait(lambda: dialog.reel.number == 60)
        self.take("paused", dialog, close=False)
        dialog.resize(720, 480)
        self.take("small", dialog, close=False)
        dialog.toggle_full_screen()
        wait(dialog.isFullScreen)
        QTest.mouseMove(dialog.bar.seek, QPoint(200, 8))
        self.take("full-screen", dialog)

    def messages(self) -> None:
        """Show what is not a picture."""
        dialog = self.open("VEGA_SH030_previs_of_the_long_corridor_with_the_second_camera_v001.mp4")
        self.take("asked", dialog, close=False)
        self.shelf.asked[-1].progress(65_000_000, 151_000_000)
        self.take("fetching", dialog, close=False)
        self.shelf.asked[-1].failed(
            NotFound(
                "The gallery has no file for this video.",
                "It answered 404 to both of its addresses.",
                "Ask who made the video to upload it again; then try again.",
            )
        )
        self.take("not-fetched", dialog)
        dialog = self.open("av1.mp4")
        wait(dialog.notice.isVisible)
        self.take("codec", dialog)
        dialog = self.open("cut.mp4")
        wait(lambda: "cut short" in dialog.reel.line)
        self.take("cut", dialog)
        sys.modules["desktop.ui.players.qt"] = None  # type: ignore[assignment]  # "cannot be found"
        self.take("no-backend", self.open(*NAMES))


def main() -> int:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).with_name("shots"))
    parser.add_argument("--theme", default="dark")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="player-") as home:
        Pictures(asked.folder, asked.theme, Path(home)).run()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
