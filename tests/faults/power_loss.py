"""What a power loss may leave of a real run: every state is built from the run's own system calls, and looked at.

strace records what the program asks of the disk. Up to any call, what a disk must have kept is what was synced: of a
file its bytes up to its last fsync, of a folder its names up to the folder's own. Whatever came later may be there or
not: all of it, none, the names without the bytes, the bytes without the names, the names up to any one of them, some
writes and not others, half a write. Each such state is laid out where the run was, and the real program goes on from
it.

    python -m tests.faults.power_loss --every 5
"""

import argparse
import hashlib
import random
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from desktop.core.task import FileResult, TaskState
from desktop.store.database import Store
from tests.cli.console import Console
from tests.transfer.scripted import content, tree

CALLS = "openat,pwrite64,write,ftruncate,fsync,fdatasync,link,linkat,rename,renameat,renameat2,unlink,mkdir"
NEW = {"b.exr": 3000, "c.exr": 5000}
OLD = content("an older c.exr", 700)
PAGE = 4096

Image = dict[str, bytes | None]
"""What is on the disk: path -> bytes, None for a folder."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call that changes the disk, or makes a change durable.

    began: how many calls had ended when it began. to: a second path. at: offset of a write, None for the end.
    """

    name: str
    path: str
    began: int
    to: str = ""
    data: bytes = b""
    at: int | None = None


@dataclass(slots=True)
class Inode:
    """A file. kept: bytes that were synced; pending: (when, offset or None for a new length, bytes) since then."""

    kept: bytes = b""
    pending: list[tuple[int, int, bytes | None]] = field(default_factory=list)

    def now(self) -> bytes:
        return _written(self.kept, [(at, data) for _, at, data in self.pending])


@dataclass(frozen=True, slots=True)
class State:
    """A disk after a power loss. came: bytes of parts that were written before. noted: those of them that had been
    written when the last journal that is durable, name and all, was begun. orderly: names survived in order.
    """

    label: str
    image: Image
    came: int
    noted: int
    orderly: bool


def _written(data: bytes, writes: list[tuple[int, bytes | None]]) -> bytes:
    image = bytearray(data)
    for at, more in writes:
        if more is None:
            image = image[:at].ljust(at, b"\0")
        else:
            image = image.ljust(at, b"\0")
            image[at : at + len(more)] = more
    return bytes(image)


class Disk:
    """A disk that keeps what it must, and remembers what it may lose."""

    def __init__(self, image: Image) -> None:
        self._inodes: list[Inode] = []
        self._kept: dict[str, int | None] = {}
        for path, data in image.items():
            self._kept[path] = None if data is None else self._new(data)
        self._now = dict(self._kept)
        self._names: list[tuple[int, str, str, str, int | None]] = []
        self.came = 0
        self._came_by: list[int] = []
        self._synced = self._named = self._noted = 0

    def _new(self, data: bytes = b"") -> int:
        self._inodes.append(Inode(data))
        return len(self._inodes) - 1

    def take(self, number: int, call: Call) -> None:
        """Carry a call out. number: how many ended before it."""
        path = call.path
        self._came_by.append(self.came)
        if path.endswith(".part") and call.name == "fdatasync":
            self._synced = self._came_by[call.began]
        elif call.name == "rename" and call.to.endswith(".journal"):
            self._named = self._synced
        elif call.name == "fsync" and path in self._now and self._now[path] is None:
            self._noted = self._named
        if call.name in ("fsync", "fdatasync"):
            self._sync(path, call.began)
        elif call.name in ("link", "rename", "unlink", "create", "mkdir"):
            inode = self._new() if call.name == "create" else self._now.get(path)
            op = (number, call.name, path, call.to, inode)
            self._names.append(op)
            _rename(self._now, op)
        elif (number_of := self._now.get(path)) is not None:
            inode_there = self._inodes[number_of]
            if call.name == "cut":
                inode_there.pending.append((number, call.at or 0, None))
            else:
                at = len(inode_there.now()) if call.at is None else call.at
                inode_there.pending.append((number, at, call.data))
                self.came += len(call.data) if path.endswith(".part") else 0

    def _sync(self, path: str, began: int) -> None:
        """Keep what had been written when the sync began."""
        number = self._now.get(path)
        if number is not None:
            inode = self._inodes[number]
            inode.kept = _written(inode.kept, [(at, data) for when, at, data in inode.pending if when < began])
            inode.pending = [write for write in inode.pending if write[0] >= began]
            return
        for op in [op for op in self._names if op[0] < began and path in _folders(op)]:
            _rename(self._kept, op)
            self._names.remove(op)

    def states(self, label: str, chance: random.Random) -> Iterator[State]:
        """Give what may be there after a power loss now."""
        lost = {n: inode.kept for n, inode in enumerate(self._inodes)}
        whole = {n: inode.now() for n, inode in enumerate(self._inodes)}
        torn = {n: self._torn(inode, chance) for n, inode in enumerate(self._inodes)}
        count = len(self._names)
        for kept in range(count + 1):
            names = self._after(self._names[:kept])
            yield self._state(f"{label}, {kept} of {count} names, no bytes", names, lost)
            if kept in (0, count):
                yield self._state(f"{label}, {kept} of {count} names, all bytes", names, whole)
                yield self._state(f"{label}, {kept} of {count} names, some bytes", names, torn)
        for missing in range(count - 1):
            names = self._after([op for n, op in enumerate(self._names) if n != missing])
            yield self._state(f"{label}, all names but {self._names[missing][1:4]}, some bytes", names, torn, False)

    def _after(self, ops: list[tuple[int, str, str, str, int | None]]) -> dict[str, int | None]:
        names = dict(self._kept)
        for op in ops:
            _rename(names, op)
        return names

    def _state(self, label: str, names: dict[str, int | None], data: dict[int, bytes], orderly: bool = True) -> State:
        folders = {path for path, inode in names.items() if inode is None}
        image: Image = {}
        for path, inode in names.items():
            if _parent(path) in folders or not _parent(path):
                image[path] = None if inode is None else data[inode]
        return State(label, image, self.came, self._noted, orderly)

    @staticmethod
    def _torn(inode: Inode, chance: random.Random) -> bytes:
        """Keep some pages of some writes."""
        writes: list[tuple[int, bytes | None]] = []
        for _, at, data in inode.pending:
            if data is None:
                writes += [(at, None)] * chance.randrange(2)
                continue
            cuts = [0, *range(PAGE - at % PAGE, len(data), PAGE), len(data)]
            pages = [(at + a, data[a:b]) for a, b in pairwise(cuts)]
            writes += chance.sample(pages, chance.randrange(len(pages) + 1))
        return _written(inode.kept, writes)


def _bytes(text: str) -> bytes:
    """Return what strace spelled with C's escapes."""
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _folders(op: tuple[int, str, str, str, int | None]) -> set[str]:
    return {_parent(path) for path in op[2:4] if path}


def _rename(names: dict[str, int | None], op: tuple[int, str, str, str, int | None]) -> None:
    """Change names as a call did; without what it was about it does nothing."""
    _, name, path, to, inode = op
    if name in ("create", "mkdir"):
        names[path] = inode
    elif names.get(path) != inode or path not in names:
        return
    elif name == "link":
        names[to] = inode
    else:
        del names[path]
        if name == "rename":
            names[to] = inode


class Recorded:
    """A run that brings a large file, a small one, and one in the place of an older one, with its calls."""

    def __init__(self, root: Path, size: int, rate: int = 1_500_000) -> None:
        """Make the run. size: of the large file. rate: bytes a second."""
        self.root, self.home, self.to, self.served = root, root / "home", root / "to", root / "served" / "shot"
        self.served.mkdir(parents=True)
        self.data = {f"shot/{name}": content(name, size) for name, size in {"a.exr": size, **NEW}.items()}
        for name, data in self.data.items():
            (self.served.parent / name).write_bytes(data)
        self.shotdock = Console(self.home)
        assert self.shotdock("tasks", "list").status == 0
        (self.to / "shot").mkdir(parents=True)
        (self.to / "shot" / "c.exr").write_bytes(OLD)
        self.before = self._image()
        self.get = ("get", self.served, self.to, "--conflict", "compare", "--json")
        log = root / "strace"
        command = ["strace", "-f", "-y", "-s", "70000", "-o", str(log), "-e", f"trace={CALLS}"]
        subprocess.run(
            [*command, *Console.command((*self.get, "--limit-rate", str(rate)))],
            env=self.shotdock.environment, check=True, capture_output=True, timeout=300, cwd=Path.cwd(),
        )  # fmt: skip
        self.calls = list(self._calls(log.read_text("latin-1").splitlines()))

    def _image(self) -> Image:
        paths = [*self.home.rglob("*"), *self.to.rglob("*")]
        image: Image = {str(path): path.read_bytes() if path.is_file() else None for path in paths}
        return {str(self.root): None, str(self.home): None, str(self.to): None, **image}

    def _calls(self, lines: list[str]) -> Iterator[Call]:
        """Read strace's log: calls in the order in which they ended, those that failed left out."""
        began: dict[str, tuple[str, int]] = {}
        known = set(self.before)
        count = 0
        for line in lines:
            thread, _, rest = line.partition(" ")
            rest = rest.strip()
            if rest.endswith("<unfinished ...>"):
                began[thread] = (rest.removesuffix("<unfinished ...>"), count)
                continue
            start, when = "", count
            if rest.startswith("<..."):
                start, when = began.pop(thread)
                rest = start + rest.partition("resumed>")[2]
            found = re.fullmatch(r"(\w+)\((.*)\) += (\d+)(?:<.*>)?", rest)
            if found is None or str(self.root) not in rest:
                continue
            for call in self._call(found[1], found[2], when, known):
                yield call
                count += 1

    def _call(self, name: str, words: str, began: int, known: set[str]) -> Iterator[Call]:
        texts = [_bytes(text) for text in re.findall(r'"((?:[^"\\]|\\.)*)"', words)]
        paths = [text.decode("utf-8", "surrogateescape") for text in texts]
        open_file = re.match(r"\d+<([^>]*)>", words)
        place = open_file[1] if open_file else paths[0]
        if not place.startswith(str(self.root)) or place.startswith(str(self.home / "logs")):
            return
        if name == "openat":
            # Made in a folder that is held, a file is named by its own name alone.
            path = f"{place}/{paths[-1]}" if open_file else paths[-1]
            if "O_CREAT" in words and path not in known:
                known.add(path)
                yield Call("create", path, began)
            if "O_TRUNC" in words:
                yield Call("cut", path, began, at=0)
        elif name in ("pwrite64", "write"):
            at = int(words.rpartition(", ")[2]) if name == "pwrite64" else None
            yield Call("write", place, began, data=self._written(place, texts[0], words, at), at=at)
        elif name == "ftruncate":
            yield Call("cut", place, began, at=int(words.rpartition(", ")[2]))
        elif name in ("fsync", "fdatasync"):
            yield Call(name, place, began)
        else:
            kind = name.removesuffix("2").removesuffix("at")
            known.add(paths[-1])
            known.difference_update(paths[:1] if kind in ("rename", "unlink") else ())
            yield Call(kind, paths[0], began, to=paths[1] if len(paths) > 1 else "")

    def _written(self, place: str, text: bytes, words: str, at: int | None) -> bytes:
        """Return all that was written; strace shows no more than the beginning of a long write, which is a part's."""
        if '"...' not in words:
            return text
        assert at is not None and place.endswith(".part"), f"too long for the log: {words[:200]}"
        length = int(words.rsplit(", ", 2)[1])
        data = self.data["shot/a.exr"][at : at + length]
        assert data.startswith(text) and len(data) == length
        return data

    def states(self, every: int = 1) -> Iterator[State]:
        """Give what may be there after a power loss at every so-manieth call, each state once."""
        disk, chance = Disk(self.before), random.Random(1)
        seen: set[bytes] = set()
        for number, call in enumerate(self.calls):
            disk.take(number, call)
            # Names are few and all of them matter.
            if number % every and call.name not in ("link", "rename", "unlink"):
                continue
            for state in disk.states(self._label(number, call), chance):
                look = hashlib.sha256()
                for path, data in sorted(state.image.items()):
                    look.update(path.encode() + b"\0" + (b"" if data is None else hashlib.sha256(data).digest()))
                if look.digest() not in seen:
                    seen.add(look.digest())
                    yield state

    def some_states(self, count: int, seed: int) -> Iterator[State]:
        """Give one state each of so many calls."""
        disk, chance = Disk(self.before), random.Random(seed)
        chosen = set(chance.sample(range(len(self.calls)), count))
        for number, call in enumerate(self.calls):
            disk.take(number, call)
            if number in chosen:
                yield chance.choice(list(disk.states(self._label(number, call), chance)))

    @staticmethod
    def _label(number: int, call: Call) -> str:
        return f"after call {number}, {call.name} {Path(call.path).name}"

    def check(self, state: State) -> float:
        """Lay the state out, look at it, have the program go on; return the share of bytes fetched twice."""
        for folder in (self.home, self.to):
            shutil.rmtree(folder, ignore_errors=True)
        for path, data in sorted(state.image.items()):
            if data is None:
                Path(path).mkdir(exist_ok=True, mode=0o700)
            else:
                Path(path).write_bytes(data)
        here = tree(self.to)
        for name, data in self.data.items():
            assert here.get(name) in (None, data, *([OLD] if name == "shot/c.exr" else [])), (
                f"{state.label}: half {name}"
            )
        assert "shot/c.exr" in here, f"{state.label}: neither the old file nor the new one"
        with Store.open(self.home / "shotdock.db") as store:
            store.check()
            for task in store.tasks.all():
                for file in store.tasks.files(task.id):
                    if file.result in (FileResult.DOWNLOADED, FileResult.OVERWRITTEN):
                        assert here.get(file.target) == self.data[file.target], f"{state.label}: recorded, not there"
                assert task.state is not TaskState.DONE or set(here) == set(self.data), f"{state.label}: done too early"
        said = self.shotdock(*self.get)
        assert said.status == 0, f"{state.label}: {said.out}{said.err}"
        # A part may stay as the second name of a whole file, until that file is fetched again.
        left = {name: data for name, data in tree(self.to).items() if ".part" not in name}
        assert left == self.data, f"{state.label}: {sorted(left)}"
        size = sum(map(len, self.data.values()))
        return max(0, state.came + int(said.json["bytes"]["transferred"]) - size) / size


def main() -> None:
    """Look at the states of one run and say what was seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1, help="of the calls; those that change names are all taken")
    parser.add_argument("--size", type=int, default=24_000_000, help="bytes of the large file; it comes at 1.5 MB/s")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        recorded = Recorded(Path(name) / "run", chosen.size)
        print(f"{len(recorded.calls)} calls", flush=True)
        worst, count = {True: 0.0, False: 0.0}, 0
        for count, state in enumerate(recorded.states(chosen.every), 1):  # noqa: B007  its last value is told
            again = recorded.check(state)
            worst[state.orderly] = max(worst[state.orderly], again)
            print(f"{100 * again:6.2f} %  {state.label}", flush=True)
    print(f"{count} states; every file whole, old or new. At most {100 * worst[True]:.2f} % came twice,")
    print(f"{100 * worst[False]:.2f} % where names survived out of order.")


if __name__ == "__main__":
    main()
