"""What other ShotDocks write into the one database: wishes about our tasks, news of theirs, what they deleted."""

from collections.abc import Callable, Iterable, Iterator

from desktop.core.errors import ShotDockError
from desktop.core.task import Task
from desktop.core.wish import Wish
from desktop.store.database import Store
from desktop.store.owner import alive, this_process

Obey = Callable[[int, str, Wish | None], None]
"""Does a wish: the task's id, who asks in words, what for."""


class Others:
    """The other processes, as the database knows them. Lives on the desk's thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stamp = 0
        self._newest = 0.0
        # Tasks that were told of: who deletes one leaves no other trace.
        self._told: set[int] = set()

    def begin(self, now: float) -> None:
        """Take whatever was written up to now as known. now: seconds since the epoch."""
        _, self._newest = self._store.tasks.news(now)

    def told(self, ids: Iterable[int]) -> None:
        """Note that these tasks were told of: `news` says when one of them is gone."""
        self._told.update(ids)

    def gone(self, ids: Iterable[int]) -> None:
        """Note that these tasks were told to be gone."""
        self._told.difference_update(ids)

    def wrote(self) -> int | None:
        """Return a stamp if anybody has written since the last one that was `heard`, else None."""
        # A write by anybody, of results for instance, moves the stamp; to look at it costs next to nothing.
        stamp = self._store.stamp()
        return None if stamp == self._stamp else stamp

    def heard(self, stamp: int) -> None:
        """Note that everything up to this stamp was taken in."""
        self._stamp = stamp

    def serve(self, obey: Obey) -> None:
        """Have obeyed what others wish of our tasks; who asks hears why something cannot be done."""
        for number, task_id, by, wish in self._store.wishes.mine():
            try:
                obey(task_id, by, wish)
            except ShotDockError as error:
                # Where the database is to blame this fails as well: the wish is heard again at the next look.
                self._store.wishes.refuse(number, error)
            else:
                self._store.wishes.done(number)

    def news(self) -> tuple[tuple[Task, ...], tuple[int, ...]]:
        """Return the tasks of others that moved since the last time, and the numbers of those that are gone."""
        tasks, self._newest = self._store.tasks.news(self._newest)
        self.told(task.id for task in tasks)
        there = self._store.tasks.ids()
        lost = self._told - there
        self._told = set(there)
        return tasks, tuple(sorted(lost))

    def ours(self, ids: Iterable[int], wish: Wish) -> Iterator[int]:
        """Yield those of these tasks that no other living process answers for; of the others, ask their owners."""
        for task_id in ids:
            task = self._store.tasks.get(task_id)
            if task.owner not in ("", this_process()) and alive(task.owner):
                self._store.wishes.leave(task, wish)
            else:
                yield task_id
