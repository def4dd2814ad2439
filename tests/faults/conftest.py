"""What the fault cases get."""

from pathlib import Path

import pytest

from tests.cli.console import Console


@pytest.fixture
def shotdock(shotdock_home: Path) -> Console:
    """The command line with a home of its own."""
    return Console(shotdock_home)
