"""A structure comes back from the cache exactly as it was scanned."""

import sys
import time
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.errors import DatabaseDamaged
from desktop.core.media import Entry, EntryKind, Publication, Structure, Version
from desktop.store.database import Store
from desktop.store.structure_content import pack, unpack
from tests.store.samples import SHOT, structure


def test_a_structure_comes_back(store: Store) -> None:
    scanned = structure(shots=7, files=5)
    store.structures.save(scanned)
    assert store.structures.load("vega") == scanned
    assert store.structures.load("other") is None


def test_a_new_scan_takes_the_old_ones_place(store: Store) -> None:
    store.structures.save(structure(shots=9))
    store.structures.save(structure(shots=2, connection="other"))
    scanned = replace(structure(shots=1), scanned_at=1_800_000_000.0, root="/else")
    store.structures.save(scanned)
    assert store.structures.load("vega") == scanned
    assert store.structures.load("other") == structure(shots=2, connection="other")


def test_a_scan_of_too_long_ago_is_not_read(store: Store) -> None:
    kept = structure()
    store.structures.save(kept)
    assert store.structures.load("vega", since=kept.scanned_at) == kept
    assert store.structures.load("vega", since=kept.scanned_at + 1) is None


def test_an_empty_structure_is_not_no_structure(store: Store) -> None:
    empty = Structure("vega", "/", "default", 1.0, ())
    store.structures.save(empty)
    assert store.structures.load("vega") == empty


def test_removing_forgets_it(store: Store) -> None:
    store.structures.save(structure())
    store.structures.remove("vega")
    store.structures.remove("vega")
    assert store.structures.load("vega") is None
    assert store._access.value("SELECT COUNT(*) FROM publication") == 0


names = st.text(st.characters(exclude_characters="/"), min_size=1, max_size=8)
paths = st.lists(names, min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts)) | names
entries = st.builds(
    Entry,
    paths,
    st.sampled_from(EntryKind),
    st.none() | st.integers(0, 1 << 60),
    st.none() | st.floats(0, 4e9),
    st.sampled_from([1.0, 60.0, 1e-9]),
    st.none() | st.text(max_size=5),
)
versions = st.builds(Version, names, st.integers(0, 9999), st.lists(entries, max_size=6).map(tuple), st.booleans())


@given(st.lists(versions, max_size=4).map(tuple))
def test_packing_loses_nothing(content: tuple[Version, ...]) -> None:
    assert unpack(pack(content)) == content


@pytest.mark.skipif(sys.platform == "win32", reason="bytes as names")
def test_names_that_are_not_unicode_come_back(store: Store) -> None:
    name = b"/projects/caf\xe9.exr".decode("utf-8", "surrogateescape")
    version = Version("v001", 1, (Entry(name, size=1), Entry("plain"), Entry("/root")))
    scanned = Structure("vega", name, "default", 1.0, (Publication(SHOT, "anim", name, (version,)),))
    store.structures.save(scanned)
    assert store.structures.load("vega") == scanned


def test_another_formats_cache_is_worth_nothing(store: Store) -> None:
    store.structures.save(structure())
    store._access.many("UPDATE publication SET content = ?", [(zlib.compress(b"[99, null]"),)])
    assert store.structures.load("vega") is None


@pytest.mark.parametrize("junk", [b"junk", zlib.compress(b"junk"), zlib.compress(b"[1, [[]]]")])
def test_a_damaged_cache_is_told_and_heals_with_the_next_scan(store: Store, junk: bytes) -> None:
    store.structures.save(structure())
    store._access.many("UPDATE publication SET content = ? WHERE position = 0", [(junk,)])
    with pytest.raises(DatabaseDamaged, match="structure of vega"):
        store.structures.load("vega")
    store.structures.save(structure())
    assert store.structures.load("vega") == structure()


def test_100000_files(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    scanned = structure(shots=2500, files=20)
    began = time.perf_counter()
    store.structures.save(scanned)
    saved = time.perf_counter()
    loaded = store.structures.load("vega")
    read = time.perf_counter()
    assert loaded == scanned
    assert scanned.files == 100_000
    with capsys.disabled():
        print(f" [100,000 files: saved in {saved - began:.2f} s, loaded in {read - saved:.2f} s] ", end="")
