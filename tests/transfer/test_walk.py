"""Walking a tree folder by folder: what may stay closed, what may not, and where it ends."""

import pytest

from desktop.core.errors import ConnectionLost, NotAllowed, NotFound, ShotDockError, Stopped, Unsupported
from desktop.core.media import Entry, EntryKind
from desktop.transfer.walk import DEEPEST, walk_folders

Tree = dict[str, list[str] | ShotDockError]


def walked(tree: Tree, most: int = 10_000) -> dict[str, list[str]]:
    """Walk until so many folders came; a name that ends in a slash is a folder."""
    found: dict[str, list[str]] = {}

    def listed(path: str) -> list[Entry]:
        names = tree.get(path, [])
        if isinstance(names, ShotDockError):
            raise names
        return [
            Entry(f"{path}/{name.rstrip('/')}", EntryKind.FOLDER if name.endswith("/") else EntryKind.FILE)
            for name in names
        ]

    def admitted(entry: Entry) -> bool:
        return entry.name != "closed to us"

    for folder in walk_folders(listed, "/r", admitted, lambda: len(found) >= most):
        found[folder.path] = [entry.name for entry in folder.entries]
    return found


def test_depth_first_in_order_and_only_where_it_is_admitted() -> None:
    tree: Tree = {"/r": ["b/", "f", "a/", "closed to us/"], "/r/b": ["c/"]}
    assert list(walked(tree)) == ["/r", "/r/b", "/r/b/c", "/r/a"]


@pytest.mark.parametrize("error", [NotAllowed("closed"), NotFound("gone")])
def test_a_folder_below_that_cannot_be_looked_into_counts_as_empty(error: ShotDockError) -> None:
    assert walked({"/r": ["a/", "b/"], "/r/a": error, "/r/b": ["f"]}) == {"/r": ["a", "b"], "/r/a": [], "/r/b": ["f"]}


@pytest.mark.parametrize(
    ("tree", "kind"),
    [
        ({"/r": NotAllowed("closed")}, NotAllowed),
        ({"/r": NotFound("gone")}, NotFound),
        ({"/r": ["a/"], "/r/a": ConnectionLost("cut")}, ConnectionLost),
    ],
)
def test_what_is_no_empty_folder_is_told(tree: Tree, kind: type[ShotDockError]) -> None:
    with pytest.raises(kind):
        walked(tree)


def test_a_tree_without_end_is_left_at_its_hundredth_floor() -> None:
    class Endless(dict[str, list[str] | ShotDockError]):
        def get(self, path: str, default: object = None) -> list[str]:
            return ["again/"]

    with pytest.raises(Unsupported, match="too deep") as caught:
        walked(Endless())
    assert caught.value.path.count("/again") == DEEPEST


def test_it_stops_when_asked() -> None:
    with pytest.raises(Stopped):
        walked({"/r": ["a/", "b/"]}, most=2)
