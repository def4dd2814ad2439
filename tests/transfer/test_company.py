"""Listing a tree over several connections: everything once, whatever becomes of the connections."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import pytest

from desktop.core.errors import ConnectionLost, NotAllowed, NotFound, ServerBusy, ShotDockError, Stopped, Unsupported
from desktop.core.media import Entry, EntryKind, Folder
from desktop.transfer.company import WORTH, Company
from desktop.transfer.ports import Features
from tests.transfer.scripted import ScriptedSource, Shelf

LISTERS = 4
WIDE = 5 * WORTH


class Tree:
    """Folders of a server, and the connections to it.

    on_list: called on the connection's thread with its number, from 0, and the folder, before that is listed.
    """

    def __init__(self, on_list: Callable[[int, str], None] = lambda number, path: None) -> None:
        self.folders = {"/": [f"/{i}" for i in range(WIDE)]}
        self.folders |= {f"/{i}": [f"/{i}/{j}" for j in range(WIDE)] for i in range(WIDE)}
        self.on_list = on_list
        self.opened = self.closed = 0
        self.listed: list[str] = []
        self.lock = threading.Lock()

    @property
    def all(self) -> list[str]:
        """Return every folder there is."""
        return sorted(["/", *(path for below in self.folders.values() for path in below)])

    def list(self, number: int, path: str) -> list[Entry]:
        self.on_list(number, path)
        with self.lock:
            self.listed.append(path)
        return [Entry(below, EntryKind.FOLDER) for below in self.folders.get(path, ())]

    def more(self) -> AbstractContextManager["Connection"]:
        with self.lock:
            self.opened += 1
            return self._helper(self.opened)

    @contextmanager
    def _helper(self, number: int) -> Iterator["Connection"]:
        try:
            yield Connection(self, number)
        finally:
            with self.lock:
                self.closed += 1


class Connection(ScriptedSource):
    """One of the connections to a tree."""

    def __init__(self, tree: Tree, number: int = 0) -> None:
        super().__init__(Shelf(features=Features(listers=LISTERS)))
        self._tree, self._number = tree, number

    def list(self, path: str) -> list[Entry]:
        return self._tree.list(self._number, path)


def everything(entry: Entry) -> bool:
    return True


def never() -> bool:
    return False


def walk(tree: Tree, enter: Callable[[Entry], bool] = everything) -> list[Folder]:
    return list(Company(Connection(tree), tree.more).walk("/", enter, never))


def test_every_folder_comes_once_and_only_the_walking_thread_decides() -> None:
    tree, threads = Tree(), set()

    def enter(entry: Entry) -> bool:
        threads.add(threading.current_thread())
        return True

    folders = walk(tree, enter)
    assert sorted(folder.path for folder in folders) == sorted(tree.listed) == tree.all
    assert threads == {threading.current_thread()}
    assert tree.opened == tree.closed == LISTERS - 1


def test_connections_work_side_by_side() -> None:
    """Two listings that wait for each other both come."""
    both = threading.Barrier(2)

    def on_list(number: int, path: str) -> None:
        if path in ("/3", "/7"):
            both.wait(20)

    tree = Tree(on_list)
    assert sorted(folder.path for folder in walk(tree)) == tree.all


def test_a_small_tree_is_not_worth_a_second_login() -> None:
    tree = Tree()
    tree.folders = {"/": ["/a", "/b"]}
    assert len(walk(tree)) == 3
    assert tree.opened == 0


def test_what_is_not_entered_is_not_listed() -> None:
    tree = Tree()
    walk(tree, lambda entry: not entry.path.startswith("/1"))
    assert not any(path.startswith("/1") for path in tree.listed)


def test_a_site_without_another_place_is_walked_over_one_connection() -> None:
    tree = Tree()
    folders = list(Company(Connection(tree), lambda: None).walk("/", everything, never))
    assert sorted(folder.path for folder in folders) == tree.all


@pytest.mark.parametrize("lost", [(0,), (1,), (0, 1), (1, 2, 3)], ids=str)
@pytest.mark.parametrize("error", [ConnectionLost("cut"), ServerBusy("421")], ids=type)
def test_folders_of_a_lost_connection_go_to_the_others(error: ShotDockError, lost: tuple[int, ...]) -> None:
    # Every connection has to have begun before one is lost: else none is left, or none was needed.
    begun = threading.Barrier(LISTERS)
    first = threading.local()

    def on_list(number: int, path: str) -> None:
        if path.count("/") == 1 or hasattr(first, "done"):
            return
        first.done = True
        begun.wait(20)
        if number in lost:
            raise error

    tree = Tree(on_list)
    assert sorted(folder.path for folder in walk(tree)) == tree.all
    assert tree.opened == tree.closed == LISTERS - 1


def test_a_helper_that_is_refused_is_not_replaced() -> None:
    tree, asked = Tree(), []

    @contextmanager
    def refused() -> Iterator[Connection]:
        raise ServerBusy("421 Too many connections")
        yield

    def more() -> AbstractContextManager[Connection]:
        asked.append(1)
        return refused()

    folders = list(Company(Connection(tree), more).walk("/", everything, never))
    assert sorted(folder.path for folder in folders) == tree.all
    assert len(asked) < LISTERS


def test_the_error_of_the_first_connection_raises_once_none_is_left() -> None:
    def on_list(number: int, path: str) -> None:
        if path.count("/") > 1:
            raise ConnectionLost(f"connection {number} broke")

    tree = Tree(on_list)
    with pytest.raises(ConnectionLost, match="connection 0 broke"):
        walk(tree)
    assert tree.opened == tree.closed


@pytest.mark.parametrize("error", [NotFound("gone"), NotAllowed("closed")], ids=type)
def test_a_closed_folder_is_an_empty_one_and_an_error_as_root(error: ShotDockError) -> None:
    closed = {"/3"}

    def on_list(number: int, path: str) -> None:
        if path in closed:
            raise error

    tree = Tree(on_list)
    folders = {folder.path: folder.entries for folder in walk(tree)}
    assert folders["/3"] == ()
    assert sorted(folders) == [path for path in tree.all if not path.startswith("/3/")]
    closed.add("/")
    with pytest.raises(type(error)):
        walk(tree)


def test_a_stopped_walk_ends_and_lets_every_connection_go() -> None:
    tree = Tree()
    seen: list[Folder] = []
    with pytest.raises(Stopped):
        for folder in Company(Connection(tree), tree.more).walk("/", everything, lambda: len(seen) > WIDE):
            seen.append(folder)
    assert tree.opened == tree.closed
    assert len(tree.listed) < len(tree.all)


def test_a_walk_that_is_left_lets_every_connection_go() -> None:
    tree = Tree()
    walking = Company(Connection(tree), tree.more).walk("/", everything, never)
    for _ in range(WIDE):
        next(walking)
    walking.close()  # type: ignore[attr-defined]  # it is a generator
    assert tree.opened == tree.closed


def test_a_walk_does_not_wait_for_a_connection_that_never_comes_about() -> None:
    closed = threading.Event()

    class Silent(Connection):
        def connect(self) -> None:
            assert closed.wait(20)
            raise ConnectionLost("closed here")

        def close(self) -> None:
            closed.set()

    tree = Tree()
    folders = list(Company(Connection(tree), lambda: nullcontext(Silent(tree))).walk("/", everything, never))
    assert sorted(folder.path for folder in folders) == tree.all


def test_a_walk_that_hangs_in_the_server_is_ended_by_hanging_up() -> None:
    """A cancel closes every connection: whoever listed raises, and the walk says that it was stopped."""
    severed = threading.Event()

    def on_list(number: int, path: str) -> None:
        if path != "/":
            assert severed.wait(20)
            raise ConnectionLost("closed here")

    tree = Tree(on_list)
    with pytest.raises(Stopped):
        for _ in Company(Connection(tree), tree.more).walk("/", everything, severed.is_set):
            threading.Timer(0, severed.set).start()


def test_a_tree_without_end_is_not_walked_for_ever() -> None:
    tree = Tree()
    tree.folders = {"/a" * depth or "/": ["/a" * (depth + 1)] for depth in range(200)}
    with pytest.raises(Unsupported):
        walk(tree)
