"""The demo studio's parts, each by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.demo.content import Size
from desktop.demo.gallery.gallery import Gallery


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    opened = Gallery(tmp_path / "gallery", Size.SMALL)
    yield opened
    opened.stop()
