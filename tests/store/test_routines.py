"""Routines come back as they were saved; a run is made by one process."""

from dataclasses import replace

import pytest

from desktop.core.errors import NotFound
from desktop.core.plan import Filters
from desktop.core.routine import Routine
from desktop.core.schedule import Repeat
from desktop.store.database import Store
from desktop.store.owner import this_process
from tests.databases.make import routine
from tests.store.samples import plan


def test_a_routine_comes_back_as_it_was(store: Store) -> None:
    kept = store.routines.add(routine())
    assert kept == replace(routine(), id=kept.id)
    plain = store.routines.add(Routine(0, "Plain", plan().request, Repeat(hours=6), 5.0))
    assert store.routines.all() == (kept, plain)
    changed = replace(plain, paused=True, missed=2, last_result="The server does not answer.", next_try=9.0)
    store.routines.save(changed)
    assert store.routines.get(plain.id) == changed
    first = store.routines.add(replace(plain, first=4.0))
    assert store.routines.get(first.id).first == 4.0


def test_chosen_rows_come_back(store: Store) -> None:
    wish = replace(routine().request, filters=Filters(rows=(("VEGA/SQ01/SH010", "anim"), ("VEGA/SQ01/SH020", "comp"))))
    kept = store.routines.add(replace(routine(), request=wish))
    assert store.routines.get(kept.id).request.filters == wish.filters


def test_a_run_is_made_once(store: Store) -> None:
    kept = store.routines.add(routine())
    claimed = store.routines.claim(kept, kept.due + 86_400)
    assert claimed is not None
    assert (claimed.owner, claimed.due, claimed.next_try) == (this_process(), kept.due + 86_400, None)
    assert store.routines.claim(kept, kept.due + 86_400) is None, "someone else has made this run"
    assert store.routines.claim(claimed, 9e9) is None, "its owner is still at it"
    assert store.routines.claim(claimed, 9e9, alive=lambda _owner: False) is not None


def test_a_paused_one_is_left_alone(store: Store) -> None:
    kept = store.routines.add(replace(routine(), paused=True))
    assert store.routines.claim(kept, 9e9) is None


def test_a_deleted_one_is_gone(store: Store) -> None:
    kept = store.routines.add(routine())
    store.routines.remove(kept.id)
    store.routines.save(kept)
    assert store.routines.all() == ()
    with pytest.raises(NotFound, match="no routine"):
        store.routines.get(kept.id)
    with pytest.raises(NotFound):
        store.routines.remove(kept.id)
