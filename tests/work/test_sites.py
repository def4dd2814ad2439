"""How a site is reached, and which connection is used again for it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from desktop.core.connection import Connection, parse_connection, parse_location
from desktop.core.errors import NotFound
from desktop.places import Places
from desktop.transfer import sources  # noqa: F401  the protocols register themselves
from desktop.work.sites import Door, Sites

GUEST = "sftp://ann@guest.example"


def saved(url: str) -> Connection:
    return parse_connection("VEGA", url)[0]


@pytest.fixture
def sites() -> Sites:
    made = Sites(Places.find())
    made.know([saved("sftp://ann@one.example/shows")])
    made.welcome(parse_location(f"{GUEST}/a"), Door())
    return made


@pytest.mark.parametrize("name", ["VEGA", GUEST])
def test_a_parked_connection_is_used_once_by_who_next_asks(sites: Sites, name: str) -> None:
    source = sites.source(name)
    sites.park(name, source, sites.site(name))
    assert sites.source(name) is source
    assert sites.source(name) is not source


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("VEGA", lambda sites: sites.know([saved("sftp://ann@two.example/shows")])),
        ("VEGA", lambda sites: sites.know([saved("sftp://bob@one.example/shows")])),
        ("VEGA", lambda sites: sites.remember_password("VEGA", "another-secret")),
        (GUEST, lambda sites: sites.welcome(parse_location(f"{GUEST}/a"), Door(identity=Path("/key")))),
        (GUEST, lambda sites: sites.welcome(parse_location(f"{GUEST}/a"), Door(known_hosts=Path("/hosts")))),
    ],
    ids=["another server", "another user", "another password", "another key", "another list of servers"],
)
def test_a_parked_connection_is_not_used_once_its_site_is_reached_another_way(
    sites: Sites, name: str, change: Callable[[Sites], None]
) -> None:
    before = sites.site(name)
    source = sites.source(name)
    change(sites)
    # A plan that ends only now brings a connection that was opened before.
    sites.park(name, source, before)
    assert sites.source(name) is not source


def test_a_parked_connection_of_a_site_that_was_removed_is_not_used(sites: Sites) -> None:
    sites.park("VEGA", sites.source("VEGA"), sites.site("VEGA"))
    sites.know([])
    with pytest.raises(NotFound):
        sites.source("VEGA")
