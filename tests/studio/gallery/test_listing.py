"""A gallery's list, however odd: nothing crashes, nothing usable is lost."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.gallery import Video
from desktop.core.media import LARGEST_FILE
from desktop.studio.gallery.listing import Listing, read_listing

URL = "https://studio.example/base/api/downloads"
WHOLE = {
    "id": 42,
    "project_name": "Moon Base 7",
    "created": "2026-05-01T12:00:00Z",
    "size": 1000,
    "duration": 12.5,
    "thumbnail": "https://cdn.example/t/42.jpg?sig=abc",
    "file_url": "https://cdn.example/v/42.mp4?sig=def",
}


def listing(*items: Any) -> Listing:
    found = read_listing(list(items), URL)
    assert found is not None
    return found


def video(**changes: Any) -> Video:
    (found,) = listing(WHOLE | changes).videos
    return found


def test_a_whole_entry() -> None:
    found = listing(WHOLE)
    assert found.videos == (
        Video(
            id="42",
            project_name="Moon Base 7",
            file_name="Moon_Base_7_final.mp4",
            created=1777636800.0,
            bytes=1000,
            seconds=12.5,
            thumbnail="https://cdn.example/t/42.jpg",
            available=True,
        ),
    )
    assert found.links == {"42": WHOLE["file_url"]}
    assert found.thumbnails == {"42": WHOLE["thumbnail"]}
    assert "sig" not in repr(found)


def test_no_login_within_a_picture_s_address_is_shown() -> None:
    found = listing(WHOLE | {"thumbnail": "https://ann:secret@cdn.example/t/42.jpg?sig=abc"})
    assert found.videos[0].thumbnail == "https://cdn.example/t/42.jpg"


def test_an_id_is_all_that_is_needed() -> None:
    assert listing({"id": "a"}).videos == (Video("a", "", "video.mp4", available=False),)


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        (7, "7"),
        (7.0, "7"),
        (" x ", "x"),
        ("a/b", "a/b"),
        (None, None),
        ("", None),
        (True, None),
        ("..", None),
        ({"n": 1}, None),
        ([1], None),
        (1.5, None),
        ("a\nb", None),
        ("x" * 201, None),
    ],
)
def test_ids(told: object, meant: str | None) -> None:
    found = listing(WHOLE | {"id": told})
    assert [one.id for one in found.videos] == ([] if meant is None else [meant])
    assert bool(found.remarks) is (meant is None)


def test_what_is_left_out_is_told() -> None:
    found = listing({"id": 1}, {"id": "1"}, {}, "x", None, {"id": 2})
    assert [one.id for one in found.videos] == ["1", "2"]
    assert found.remarks == (
        "3 entries of the gallery's list left out: without a usable id.",
        "1 entry of the gallery's list left out: its id was there before.",
    )


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("2026-05-01T12:00:00Z", 1777636800.0),
        ("2026-05-01T12:00:00", 1777636800.0),
        ("2026-05-01T14:00:00+02:00", 1777636800.0),
        ("2026-05-01 12:00:00.500", 1777636800.5),
        ("2026-05-01", 1777593600.0),
        (1777636800, 1777636800.0),
        ("1777636800", 1777636800.0),
        (1777636800000, 1777636800.0),
        (1e300, None),
        ("yesterday", None),
        ("0001-01-01T00:00:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-12:00", None),
        (-62135596800, None),
        (None, None),
        (True, None),
        ([], None),
    ],
)
def test_times(told: object, meant: float | None) -> None:
    assert video(created=told).created == meant


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        (5, 5),
        ("5", 5),
        (5.9, 5),
        (0, None),
        (0.5, None),
        (-1, None),
        ("big", None),
        (None, None),
        (LARGEST_FILE, LARGEST_FILE),
        (LARGEST_FILE + 1, None),
        (95 * 10**16, None),
        (1e40, None),
        (True, None),
    ],
)
def test_sizes(told: object, meant: int | None) -> None:
    assert video(size=told).bytes == meant


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        (5, 5.0),
        ("5.5", 5.5),
        ("1:02", 62.0),
        ("1:00:02.5", 3602.5),
        (0, None),
        ("nan", None),
        ("inf", None),
        ({}, None),
        ("9" * 400 + ":00:00", None),
        ("9" * 5000 + ":00:00", None),
        (1e300, None),
    ],
)
def test_durations(told: object, meant: float | None) -> None:
    assert video(duration=told).seconds == meant


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("/media/42.mp4", "https://studio.example/media/42.mp4"),
        ("//cdn.example/42.mp4", "https://cdn.example/42.mp4"),
        ("https://cdn.example/é b.mp4?s=%2F#x", "https://cdn.example/%C3%A9%20b.mp4?s=%2F"),
        ("https://cdn.example/42;?s=a;b=+%2B|", "https://cdn.example/42;?s=a;b=+%2B%7C"),
        ("https://cdn.example/a/../42.mp4?s=1", "https://cdn.example/a/../42.mp4?s=1"),
        ("https://ann:secret@cdn.example:444/42.mp4?s=1", "https://cdn.example:444/42.mp4?s=1"),
        ("https://bücher.example/42.mp4", "https://xn--bcher-kva.example/42.mp4"),
        ("file:///etc/passwd", None),
        ("javascript:alert(1)", None),
        ("https://[", None),
        ("https://h:99999/x", None),
        ("", None),
        (7, None),
        (None, None),
    ],
)
def test_links(told: object, meant: str | None) -> None:
    found = listing(WHOLE | {"file_url": told})
    assert found.links.get("42") == meant
    assert found.videos[0].available is (meant is not None)


@pytest.mark.parametrize("name", ["downloads", "videos", "items", "results", "data"])
def test_a_list_may_be_wrapped(name: str) -> None:
    found = read_listing({"count": 1, name: [WHOLE]}, URL)
    assert found is not None
    assert len(found.videos) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"total": 250},
        {"count": 250},
        {"next": "https://studio.example/base/api/downloads?page=2"},
        {"has_more": True},
        {"page": 1, "pages": 3},
    ],
)
def test_a_page_of_a_longer_list_is_told_as_such(more: dict[str, Any]) -> None:
    found = read_listing({"items": [WHOLE], **more}, URL)
    assert found is not None
    (remark,) = found.remarks
    assert "only a part" in remark


@pytest.mark.parametrize("more", [{"total": 1}, {"next": None}, {"has_more": False}, {"pages": 1}, {"count": "odd"}])
def test_a_wrapped_list_that_is_whole(more: dict[str, Any]) -> None:
    found = read_listing({"items": [WHOLE], **more}, URL)
    assert found is not None
    assert found.remarks == ()


@pytest.mark.parametrize("data", [None, 1, "x", {}, {"videos": {}}, {"detail": "no"}])
def test_what_is_no_list(data: object) -> None:
    assert read_listing(data, URL) is None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(WHOLE, ANYTHING)) | ANYTHING, max_size=4))
def test_nothing_crashes_it(data: list[Any]) -> None:
    found = read_listing(data, URL)
    assert found is not None
    for one in found.videos:
        assert one.id
        assert one.file_name.endswith(".mp4")
        assert one.bytes is None or one.bytes > 0
