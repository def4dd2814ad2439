"""Use the whole program for an hour and see whether it holds more at the end than near the beginning.

    python -m tests.faults.soak                  # sixty minutes, about half a processor
    python -m tests.faults.soak --minutes 5 --load 0.9

The window runs offscreen on a database of its own, command lines beside it on the same one; OpenSSH, vsftpd and nginx
have room for few connections and are restarted every minute while they carry something. Tasks are planned, run, paused,
cancelled, resumed, repeated and forgotten, and every file is compared byte for byte. Once a minute what the process
holds is written down. It ends with 1 if anything rose: see `holdings.RULES`.
"""

import argparse
import faulthandler
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from desktop.core.errors import ShotDockError
from tests.faults.holdings import HEAD, Sample, look, row, verdict
from tests.faults.soak_studio import Studio
from tests.faults.soak_window import Hung, Life, live

LARGE = 16_000_000
SMALL = 40
LONGEST_REST = 15.0
LAST_WORDS = 200
"""Lines of each log that are shown when something hangs."""


def spent() -> float:
    """Return the processor time of this process and of those it started and has seen ended, seconds."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def size(folder: Path, pattern: str) -> int:
    """Return the bytes of the files in a folder."""
    return sum(path.stat().st_size for path in folder.glob(pattern))


def last_words(folder: Path, studio: Studio) -> None:
    """Print where every thread is, who is connected to the servers, and the ends of all logs."""
    faulthandler.dump_traceback(all_threads=True)
    ports = [str(server.port) for server in studio.servers]
    said = subprocess.run(["ss", "-tnpo"], capture_output=True, text=True).stdout.splitlines()
    print(f"ssh, ftp, http: {ports}", *(line for line in said if any(f":{port} " in line for port in ports)), sep="\n")
    for log in [*folder.glob("home/**/*.log"), *folder.glob("*/*.log")]:
        print(log.name, *log.read_text(errors="replace").splitlines()[-LAST_WORDS:], sep="\n")


def take(life: Life, began: float) -> Sample:
    """Look at the process and at what it has on disk."""
    home = life.places.database.parent
    seconds = time.monotonic() - began
    return look(seconds, life.widgets(), size(home, "shotdock.db*"), size(life.places.logs, "*.log*"))


def soak(folder: Path, minutes: float, load: float, every: float) -> tuple[list[Sample], Life, Studio]:
    """Run wave after wave, restart the servers and look every so many seconds; return what was seen."""
    samples: list[Sample] = []
    with Studio(folder, SMALL, LARGE).open() as studio:
        life = Life(studio, folder / "home", folder / "to")
        print(HEAD, flush=True)
        began = time.monotonic()
        due = began + every
        while time.monotonic() - began < minutes * 60:
            wave, work = time.monotonic(), spent()
            restart = wave >= due
            try:
                life.wave(restart)
            except (Hung, ShotDockError):
                last_words(folder, studio)
                raise
            if restart:
                due += every
                live(1.0)
                samples.append(take(life, began))
                print(row(samples[-1]), flush=True)
            live(min(LONGEST_REST, (spent() - work) / load - (time.monotonic() - wave)))
        life.close()
        print(studio.refusals())
    return samples, life, studio


def main() -> int:
    """Run it, say what was seen and whether it stayed flat."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--load", type=float, default=0.5, help="share of one processor it may take on average")
    parser.add_argument("--every", type=float, default=60, help="seconds between two restarts and looks")
    chosen = parser.parse_args()
    # The person's own keyring and display are not for this.
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(prefix="shotdock-soak-") as name:
        samples, life, studio = soak(Path(name), chosen.minutes, chosen.load, chosen.every)
    flat, lines = verdict(samples)
    print(f"{life.waves} waves, {studio.restarts} restarts of three servers, {life.tasks:,} tasks")
    print(f"{life.files:,} files, {life.compared:,} bytes compared, all right")
    for what, count in life.troubles.most_common():
        print(f"  {count:6,} x {what}")
    print("\n".join(lines))
    print("flat" if flat else "NOT FLAT")
    return 0 if flat else 1


if __name__ == "__main__":
    sys.exit(main())
