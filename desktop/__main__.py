"""`python -m desktop` is the console script `shotdock`."""

import os
import signal


def _stop(_number: int, _frame: object) -> None:
    os._exit(130)


# Nothing is done yet: whoever interrupts the imports, which take a while on a busy machine, sees no traceback.
for _number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(_number, _stop)

from desktop.cli.main import run as run  # noqa: E402  what follows is interrupted in silence

if __name__ == "__main__":
    run()
