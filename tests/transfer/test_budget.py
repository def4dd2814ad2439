"""A host's connections: taken, refused, and tried again later."""

from hypothesis import given
from hypothesis import strategies as st

from desktop.core.errors import ServerBusy, TimedOut
from desktop.transfer.budget import GROWTH, HostBudget
from desktop.transfer.retry import LONGEST_WISH, Patience


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_no_more_places_than_the_limit() -> None:
    budget = HostBudget(2)
    assert [budget.take() for _ in range(3)] == [True, True, False]
    budget.give_back()
    assert budget.take()


def test_who_leaves_places_to_others_gets_none_of_the_last() -> None:
    budget = HostBudget(3)
    assert budget.take(2)
    assert not budget.take(2)
    assert budget.take(1)
    assert not budget.take(1)
    assert budget.take()
    assert budget.used == 3


def test_a_refusal_shrinks_below_what_is_in_use_and_time_heals_it() -> None:
    clock = Clock()
    budget = HostBudget(8, clock=clock)
    for _ in range(4):
        budget.take()
    budget.shrink()
    assert budget.limit == 3
    assert not budget.take()
    budget.grow()
    assert budget.limit == 3, "not at once"
    clock.now += GROWTH
    budget.grow()
    budget.grow()
    assert budget.limit == 4
    for _ in range(20):
        clock.now += GROWTH
        budget.grow()
    assert budget.limit == 8


@given(st.integers(1, 9), st.lists(st.sampled_from(["take", "give", "shrink", "grow", "wait"])))
def test_it_always_leaves_one_and_never_more_than_at_first(most: int, steps: list[str]) -> None:
    clock = Clock()
    budget = HostBudget(most, clock=clock)
    used = 0
    for step in steps:
        if step == "take":
            free = used < budget.limit
            assert budget.take() == free
            used += free
        elif step == "give" and used:
            budget.give_back()
            used -= 1
        elif step == "shrink":
            budget.shrink()
        elif step == "grow":
            budget.grow()
        else:
            clock.now += GROWTH
        assert 1 <= budget.limit <= most
        assert budget.used == used


@given(st.integers(1, 100), st.floats(0, 1, exclude_max=True))
def test_waits_grow_and_end(tries: int, chance: float) -> None:
    patience = Patience()
    wait = patience.pause(tries, vary=lambda: chance)
    assert 0.75 * patience.first <= wait <= 1.25 * patience.cap
    assert wait <= patience.pause(tries + 1, vary=lambda: chance)


def test_a_busy_server_is_given_the_time_it_asks_for_within_reason() -> None:
    patience = Patience()
    assert patience.pause(1, ServerBusy("busy", retry_after=30)) == 30
    assert patience.pause(1, ServerBusy("busy", retry_after=10 * 365 * 86400)) == LONGEST_WISH
    assert patience.pause(1, ServerBusy("busy", retry_after=-5)) < 1
    assert patience.pause(1, ServerBusy("busy")) < 1
    assert patience.pause(1, TimedOut("slow")) < 1


def test_a_host_is_left_alone_for_as_long_as_it_asks_within_reason() -> None:
    clock = Clock()
    budget = HostBudget(2, clock=clock)
    assert budget.resting <= 0
    budget.rest(30)
    budget.rest(5)
    assert budget.resting == 30, "the longest wish of them all"
    budget.rest(-5)
    clock.now += 30
    assert budget.resting <= 0
    budget.rest(10 * 365 * 86400)
    assert budget.resting == LONGEST_WISH
