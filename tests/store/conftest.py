"""A database of the test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.store.database import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "shotdock.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path) as opened:
        yield opened
