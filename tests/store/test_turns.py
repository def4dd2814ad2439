"""A task's turn is kept, and what waits for the clock is left to whoever runs ShotDock."""

from dataclasses import replace

from desktop.core.errors import NotAllowed, NotFound
from desktop.core.hours import parse_hours
from desktop.core.schedule import After, Priority, Turn
from desktop.core.task import TaskEvent, TaskState, advance
from desktop.store.database import Store
from desktop.store.owner import this_process
from tests.store.samples import plan

WHOLE = Turn(Priority.HIGH, 1.0, 2e9, parse_hours("22:00-06:00"), After.QUIT, "It does not answer.", 3, 1e9, 7)


def nobody(_owner: str) -> bool:
    return False


def test_a_turn_is_kept_whole(store: Store) -> None:
    task = store.tasks.create(plan(), "aaaaaaaa", "x", 1.0, WHOLE)
    assert store.tasks.get(task.id).turn == WHOLE
    store.tasks.save(replace(task, turn=Turn(position=9.0)))
    assert store.tasks.get(task.id).turn == Turn(position=9.0)


def test_tasks_line_up_and_can_be_arranged(store: Store) -> None:
    ids = [store.tasks.create(plan(), f"aaaaaaa{n}", "x", 1.0).id for n in range(3)]
    assert [store.tasks.get(n).turn.position for n in ids] == [1.0, 2.0, 3.0]
    store.tasks.arrange([(ids[0], 3.0), (ids[2], 1.0)])
    assert [store.tasks.get(n).turn.position for n in ids] == [3.0, 2.0, 1.0]
    assert store.tasks.last_position() == 3.0


def test_anybody_arranges_what_waits_and_nobody_what_runs(store: Store) -> None:
    first, second = (store.tasks.create(plan(), f"aaaaaaa{n}", "x", 1.0) for n in range(2))
    store.tasks.save(advance(first, TaskEvent.START, 2.0))
    with Store.open(store._access.path) as other:
        before = store.stamp()
        other.tasks.arrange([(first.id, 8.0), (second.id, 9.0)], [(n.id, Priority.LOW) for n in (first, second)])
    assert store.stamp() != before
    assert store.tasks.get(first.id).turn == first.turn
    assert (store.tasks.get(second.id).turn.position, store.tasks.get(second.id).turn.priority) == (9.0, Priority.LOW)
    before = store.stamp()
    store.tasks.arrange([(second.id, 1.0)])
    assert store.stamp() == before, "what we write ourselves is no news"


def test_what_waits_for_the_clock_is_not_interrupted(store: Store) -> None:
    at_once = store.tasks.create(plan(), "aaaaaaa1", "x", 1.0)
    clock = store.tasks.create(plan(), "aaaaaaa2", "x", 1.0, Turn(not_before=2e9))
    hours = store.tasks.create(plan(), "aaaaaaa3", "x", 1.0, Turn(window=parse_hours("22:00-06:00")))
    running = store.tasks.create(plan(), "aaaaaaa4", "x", 1.0, Turn(window=parse_hours("22:00-06:00")))
    store.tasks.save(advance(running, TaskEvent.START, 2.0))
    assert store.tasks.scheduled() == (), "this process lives, and answers for them"
    assert [task.id for task in store.tasks.scheduled(nobody)] == [clock.id, hours.id]
    assert [task.id for task in store.tasks.interrupted(nobody)] == [at_once.id, running.id]


def test_a_released_task_is_anybodys(store: Store) -> None:
    task = store.tasks.create(plan(), "aaaaaaa1", "x", 1.0, Turn(not_before=2e9))
    store.tasks.release(task.id)
    (found,) = store.tasks.scheduled()
    assert (found.owner, found.state) == ("", TaskState.WAITING)
    assert store.tasks.claim(task.id, this_process())
    assert store.tasks.scheduled() == ()


def test_what_is_to_be_deleted_is_nobody_elses_until_it_is_put_back(store: Store) -> None:
    waiting, theirs = (store.tasks.create(plan(), f"aaaaaaa{n}", "x", 1.0, Turn(not_before=2e9)) for n in range(2))
    paused = advance(waiting, TaskEvent.PAUSE, 2.0)
    store.tasks.save(paused)
    store._access.value(f"UPDATE task SET owner = 'farm:7:1', touched = 9e9 WHERE id = {theirs.id}")
    held, refused = store.tasks.withhold((paused.id, theirs.id, 99))
    assert [task.id for task in held] == [paused.id]
    assert [type(error) for error in refused] == [NotAllowed, NotFound]
    assert not store.tasks.claim(paused.id, "farm:8:1")
    store.tasks.save(held[0])
    assert store.tasks.get(paused.id) == paused
    store.tasks.withhold((paused.id,))
    assert paused.id not in [task.id for task in store.tasks.scheduled(nobody)], "no task that starts by itself"
    assert paused.id in [task.id for task in store.tasks.interrupted(nobody)]
