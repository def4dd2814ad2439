"""Round after round of a line that swallows everything in mid-file: what is held after the hundredth?

`python -m tests.faults.holes` takes a minute and a half a protocol; test_r19_round_after_round is its short form. What
this process holds is looked at each time a connection is opened anew, when the one before is to be gone.
"""

import argparse
import gc
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from desktop.core.task import FileResult
from desktop.transfer.jobs import JobDone
from desktop.transfer.ports import Source
from desktop.transfer.retry import Patience
from tests.faults.engine import opener, run_for
from tests.faults.holdings import descriptors, ours, threads
from tests.faults.test_broken_lines import DATA, PROTOCOLS, SIZE, ground
from tests.servers.proxy import Cut, How
from tests.transfer.scripted import drive, tree

EACH = 150_000
"""Bytes that come through in a round; a hundred rounds are three quarters of the file."""
TIMEOUT = 0.5
UNDER_WAY = 4
"""So many more of something are no pile: a thread that writes, a connection that is on its way out."""
PATIENT = Patience(first=0.001, cap=0.01, outage=60.0)


@dataclass(frozen=True, slots=True)
class Held:
    """What this process holds. objects: of the program's own classes."""

    descriptors: int
    threads: int
    objects: Counter[str]


@dataclass(frozen=True, slots=True)
class Dug:
    """How it went. rounds: what was held when each connection was opened, the first one's included."""

    done: JobDone
    whole: bool
    lines: int
    before: Held
    after: Held
    rounds: list[Held]

    @property
    def piling(self) -> dict[str, int]:
        """What is held more of in the last round than in the second, by more than what happens to be under way."""
        early, late = self.rounds[1], self.rounds[-1]
        more = {kind: count for kind, count in (late.objects - early.objects).items() if count > UNDER_WAY}
        more["descriptors"] = late.descriptors - early.descriptors
        more["threads"] = late.threads - early.threads
        return {what: count for what, count in more.items() if count > UNDER_WAY}


def dig(protocol: str, folder: Path, rounds: int) -> Dug:
    """Bring a file over a line that swallows everything, without a word, so many times."""
    seen: list[Held] = []
    gc.collect()
    before = Held(descriptors(), threads(), ours())
    with ground(protocol, folder) as there:
        there.line.cuts += [Cut(n, EACH, How.HANG, there.data) for n in range(1, rounds + 1)]
        connect = opener(there.site(TIMEOUT))

        def connect_anew() -> Source:
            # The proxy keeps what it was told to hold, and both of its ends are this process's.
            gc.collect()  # an SSH connection goes in circles: paramiko's
            seen.append(Held(descriptors() - 2 * there.line.up, threads(), ours()))
            return connect()

        results = drive(run_for(folder / "to", [there.entry], patience=PATIENT), connect_anew)
        lines = there.lines
    gc.collect()
    after = Held(descriptors(), threads(), ours())
    whole = tree(folder / "to") == {there.entry.path.lstrip("/"): DATA}
    return Dug(results[0], whole, lines, before, after, seen)


def main() -> None:
    """Dig for every protocol and say what was held early and late."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100)
    rounds = parser.parse_args().rounds
    for protocol in PROTOCOLS:
        with tempfile.TemporaryDirectory(prefix="shotdock-holes-") as name:
            dug = dig(protocol, Path(name), rounds)
        well = dug.done.result is FileResult.DOWNLOADED and dug.whole
        again = dug.done.transferred / SIZE - 1
        print(f"{protocol}: {dug.lines} lines, {'whole' if well else 'WRONG'}, {again:.1%} fetched again")
        looks = {"before": dug.before, "second": dug.rounds[1], "last": dug.rounds[-1], "after": dug.after}
        for when, look in looks.items():
            print(f"  {when}: {look.descriptors} descriptors, {look.threads} threads, {look.objects.total()} objects")
        print(f"  piling up: {dug.piling or 'nothing'}")


if __name__ == "__main__":
    main()
