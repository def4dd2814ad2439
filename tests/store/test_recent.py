"""Recent destinations: the newest first, twelve of them."""

from pathlib import Path

from desktop.store.database import Store


def test_the_newest_comes_first_and_only_once(store: Store) -> None:
    for name in ("a", "b", "c", "a"):
        store.recent.remember(Path("/mnt") / name)
    assert store.recent.destinations() == (Path("/mnt/a"), Path("/mnt/c"), Path("/mnt/b"))


def test_twelve_are_kept(store: Store) -> None:
    for n in range(15):
        store.recent.remember(Path(f"/mnt/{n}"))
    assert store.recent.destinations() == tuple(Path(f"/mnt/{n}") for n in range(14, 2, -1))
    assert store._access.value("SELECT COUNT(*) FROM destination") == 12


def test_a_clock_set_back_changes_no_order(store: Store) -> None:
    store.recent.remember(Path("/mnt/a"))
    store._access.value("UPDATE destination SET used = used + 86400")
    store.recent.remember(Path("/mnt/b"))
    assert store.recent.destinations()[0] == Path("/mnt/b")
