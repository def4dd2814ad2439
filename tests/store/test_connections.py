"""Connections are kept by name, without secrets."""

import dataclasses
from pathlib import Path

import pytest

from desktop.core.connection import Address, Connection, parse_connection
from desktop.core.errors import NotFound
from desktop.store.database import Store
from tests.store.samples import TOKEN, plan, structure

VEGA = Connection("vega", Address("sftp", "render.example", 2222, "ann"), "/projects/ünï", "studio", "/home/ann/key", 4)
PLAIN = Connection("archive", Address("file"), "/mnt/archive")


def test_connections_come_back_as_they_were(store: Store) -> None:
    store.connections.save(VEGA)
    store.connections.save(PLAIN)
    assert store.connections.all() == (PLAIN, VEGA)
    assert store.connections.get("vega") == VEGA


def test_saving_again_replaces(store: Store) -> None:
    store.connections.save(VEGA)
    changed = dataclasses.replace(VEGA, max_connections=None, identity=None)
    store.connections.save(changed)
    assert store.connections.all() == (changed,)


def test_an_unknown_connection_is_told_with_the_known_ones(store: Store) -> None:
    with pytest.raises(NotFound, match="None is saved yet"):
        store.connections.get("nowhere")
    store.connections.save(VEGA)
    with pytest.raises(NotFound, match="Saved: vega"):
        store.connections.get("nowhere")
    with pytest.raises(NotFound, match="nowhere"):
        store.connections.remove("nowhere")


def test_a_removed_connection_takes_its_structure_and_leaves_its_tasks(store: Store) -> None:
    store.connections.save(VEGA)
    store.structures.save(structure())
    task = store.tasks.create(plan(), TOKEN, "x", 1.0)
    store.connections.remove("vega")
    assert store.connections.all() == ()
    assert store.structures.load("vega") is None
    assert store.tasks.all() == (task,)


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"max_connections": 8}, True),
        ({"identity": None}, True),
        ({"root": "/other"}, False),
        ({"layout": "other"}, False),
        ({"address": Address("sftp", "elsewhere")}, False),
    ],
)
def test_a_structure_of_another_server_root_or_layout_is_forgotten(
    store: Store, change: dict[str, object], kept: bool
) -> None:
    store.connections.save(VEGA)
    store.structures.save(structure())
    store.connections.save(dataclasses.replace(VEGA, **change))  # type: ignore[arg-type]  # fields of Connection
    assert (store.structures.load("vega") is not None) is kept


def test_no_password_is_ever_kept(store: Store, path: Path) -> None:
    connection, password = parse_connection("vega", "sftp://ann:sentinel-secret@host/projects")
    assert password == "sentinel-secret"
    store.connections.save(connection)
    assert b"sentinel-secret" not in path.read_bytes()
