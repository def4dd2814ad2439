"""A bounded folder of files: what is used stays."""

import os
from pathlib import Path

from desktop.work.disk_cache import DiskCache


def age(cache: DiskCache, key: str, seconds: float) -> None:
    path = cache.path(key)
    then = path.stat().st_mtime - seconds
    os.utime(path, (then, then))


def test_put_and_get(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path / "pictures", 1000)
    assert cache.get("a") is None
    cache.put("a", b"one")
    cache.put("a", b"two")
    assert cache.get("a") == b"two"
    assert DiskCache(tmp_path / "pictures", 1000).get("a") == b"two"
    assert len(list((tmp_path / "pictures").iterdir())) == 1


def test_the_least_recently_used_go(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, 1000)
    for number, key in enumerate("abcd"):
        cache.put(key, bytes(240))
        age(cache, key, 100 - number)
    assert cache.get("a") is not None  # and is the newest now
    cache.put("e", bytes(240))
    assert [key for key in "abcde" if cache.path(key).exists()] == ["a", "d", "e"]


def test_what_lay_there_before_counts(tmp_path: Path) -> None:
    before = DiskCache(tmp_path, 10_000)
    for key in "abc":
        before.put(key, bytes(400))
        age(before, key, 100)
    DiskCache(tmp_path, 1000).put("d", bytes(400))
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 1000
    assert before.path("d").exists()


def test_the_newest_stays_however_large(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, 100)
    cache.put("a", bytes(5000))
    assert cache.get("a") == bytes(5000)


def test_a_folder_that_takes_nothing_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "pictures").write_text("a file")
    cache = DiskCache(tmp_path / "pictures", 100)
    cache.put("a", b"one")
    assert cache.get("a") is None
