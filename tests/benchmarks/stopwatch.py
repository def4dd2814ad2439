"""Run one command and write what it cost: seconds, peak KiB, processor seconds, exit status.

    python -I -S stopwatch.py ANSWER COMMAND...

A process of its own, and a small one: Linux counts the memory of whoever starts a program as that program's peak.
The peak is the largest single process, the command's children included once they have ended.
"""

import os
import sys
import time


def main(answer: str, command: list[str]) -> None:
    """Run the command to its end and write the five figures into the file `answer`."""
    began = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - began
    code = os.waitstatus_to_exitcode(status)
    with open(answer, "w") as file:  # noqa: PTH123  pathlib alone would double this process
        file.write(f"{seconds} {usage.ru_maxrss} {usage.ru_utime} {usage.ru_stime} {code}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
