"""The limit of open files is raised, within what the system allows, and never lowered."""

import subprocess
import sys

import pytest

LIMITS = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
from desktop.work.descriptors import make_room
make_room()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
@pytest.mark.parametrize(
    ("soft", "hard", "after"), [(64, 512, "512 512"), (256, 20_000, "8192 20000"), (9000, 20_000, "9000 20000")]
)
def test_the_limit_is_raised_and_never_lowered(soft: int, hard: int, after: str) -> None:
    program = LIMITS.format(soft=soft, hard=hard)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == after
