"""What strace saw of a program, call by call, so that another run can be killed before each of them."""

import re
from pathlib import Path


def calls_of(log: Path) -> list[tuple[str, int]]:
    """Return the calls in the log of `strace -f -o` in their order, each with what `when=` has to be to hit it.

    strace counts every name in each thread anew, and the first thread to come so far is hit: a later one's call of
    the same number cannot be, and is left out.
    """
    seen: dict[tuple[str, str], int] = {}
    calls: dict[tuple[str, int], None] = {}
    for thread, name in re.findall(r"^(\d+) +(\w+)\(", log.read_text(errors="replace"), re.MULTILINE):
        seen[thread, name] = count = seen.get((thread, name), 0) + 1
        calls.setdefault((name, count))
    return list(calls)
