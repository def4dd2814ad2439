"""The pool runs what it is given, and gives it back: that is why it is there."""

import threading
import weakref
from functools import partial

from PySide6.QtCore import QCoreApplication

from desktop.work.pool import Pool

CALLS = 2000
"""So many that a binding which keeps a few of a hundred shows it."""


class Burden:
    """What a call holds."""

    def __init__(self, ran: list[int]) -> None:
        self.ran = ran

    def carry(self, number: int) -> None:
        self.ran.append(number)


def burdened(pool: Pool, ran: list[int], count: int) -> list[weakref.ref[Burden]]:
    """Start so many calls, each with a burden of its own, and return who may tell whether it is still there."""
    left = []
    for number in range(count):
        burden = Burden(ran)
        left.append(weakref.ref(burden))
        pool.start(partial(burden.carry, number))
    return left


def test_what_ran_is_let_go(qapp: QCoreApplication) -> None:
    pool, ran = Pool(4), list[int]()
    left = burdened(pool, ran, CALLS)
    pool.wait()
    assert sorted(ran) == list(range(CALLS))
    assert not any(burden() for burden in left)


def test_what_was_cleared_does_not_run_and_is_let_go_too(qapp: QCoreApplication) -> None:
    pool, ran = Pool(1), list[int]()
    begun, gate = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        assert gate.wait(20)
        ran.append(-1)

    pool.start(hold)
    assert begun.wait(20)
    left = burdened(pool, ran, 100)
    pool.clear()
    gate.set()
    pool.start(lambda: ran.append(-2))
    pool.wait()
    assert ran == [-1, -2]
    assert not any(burden() for burden in left)
