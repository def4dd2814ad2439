"""Addresses: what a URL says, and what it never says again."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.connection import Address, parse_connection, parse_location
from desktop.core.errors import UsageError


@pytest.mark.parametrize(
    ("text", "origin", "path", "password"),
    [
        ("sftp://ann:pa%40ss@host:2222/shows", "sftp://ann@host:2222", "/shows", "pa@ss"),
        ("sftp://host", "sftp://host", "/", None),
        ("ftp://host/a%20b/x%23y", "ftp://host", "/a b/x#y", None),
        ("ftp://host/take#2?.exr", "ftp://host", "/take#2?.exr", None),
        ("ftps://host:2121/", "ftps://host:2121", "/", None),
        ("sftp://[::1]:22/x", "sftp://[::1]", "/x", None),
        ("https://h/v.mp4?sig=1", "https://h", "/v.mp4", None),
        ("file:///shows/VEGA", "file://", "/shows/VEGA", None),
    ],
)
def test_a_url_is_read(text: str, origin: str, path: str, password: str | None) -> None:
    location = parse_location(text)
    assert (location.address.origin, location.path, location.password) == (origin, path, password)


def test_a_query_is_kept_apart_and_only_on_the_web() -> None:
    assert parse_location("https://h/v?X-Amz-Signature=abc").query == "X-Amz-Signature=abc"
    assert parse_location("sftp://h/v?x").query == ""


@pytest.mark.parametrize("text", ["gopher://host/x", "sftp:///x", "sftp://host:port/x", "sftp://host:99999/x"])
def test_a_bad_url_is_refused_in_words(text: str) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        parse_location(text)


@given(st.text(min_size=6).filter(str.strip))
def test_a_password_never_shows(secret: str) -> None:
    location = parse_location(f"sftp://ann:{quote(secret, safe='')}@studio.example/x")
    assert location.password == secret
    if secret not in "Location(sftp://ann@studio.example/x)":
        assert secret not in repr(location)


def test_a_bad_url_with_a_password_does_not_repeat_it() -> None:
    with pytest.raises(UsageError) as caught:
        parse_location("sftp://ann:hunter2@host:port/x")
    assert "hunter2" not in str(caught.value) + caught.value.path


@pytest.mark.parametrize(
    "text",
    [
        "ftp://ann:hunter2/x@host/y",
        "sftp://ann:hunter2@ho\u2100st/",
        "https://ann:hunter2?@host/",
        "sftp://[ann:hunter2@h/",
    ],
)
def test_no_password_shows_whatever_makes_the_url_bad(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_location(text)
    assert "hunter2" not in "".join(map(str, caught.value.as_dict().values()))


@pytest.mark.parametrize(
    "host",
    [
        "*,x.evil.example",
        "*.evil.example",
        "ho st",
        "-oProxyCommand=x",
        "a|b",
        "a%0ab",
        "h\u202eost",
        "!a",
        "[::1%2,*]",
    ],
)
def test_what_is_no_host_is_refused(host: str) -> None:
    """A line of known_hosts with `*,x.evil.example` in it would vouch for every server there is."""
    with pytest.raises(UsageError, match="cannot be read"):
        parse_location(f"sftp://{host}/x")


@pytest.mark.parametrize(
    "host",
    [
        "render_01.studio.example",
        "10.0.0.1",
        "[::1]",
        "[fe80::1%25eth0]",
        "[::ffff:10.0.0.1]",
        "k\u00e4se.example",
        "h.",
    ],
)
def test_every_host_is_taken(host: str) -> None:
    assert parse_location(f"sftp://{host}:2222/x").address.host == host.strip("[]")


def test_a_connection_knows_its_root_and_its_url_without_the_password() -> None:
    connection, password = parse_connection("VEGA", "sftp://ann:secret@host/shows/")
    assert (connection.root, password) == ("/shows", "secret")
    assert connection.url == "sftp://ann@host/shows"
    assert connection.address == Address("sftp", "host", 22, "ann")
