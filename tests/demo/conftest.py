"""The demo studio's parts, each by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.demo.content import Size
from desktop.demo.gallery.gallery import Gallery
from desktop.demo.jobs.jobs import Jobs


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    opened = Gallery(tmp_path / "gallery", Size.SMALL)
    yield opened
    opened.stop()


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    """Give jobs whose clock stands still."""
    opened = Jobs(tmp_path / "jobs", Size.SMALL)
    opened.clock.speed = 0
    yield opened
    opened.stop()
