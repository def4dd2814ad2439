"""Many log lines as columns: a million of them cost about 150 MB and give the garbage collector nothing to do."""

from array import array
from sys import intern

from desktop.core.task import LogLine

_NO_TASK = -1


class LogLines:
    """Lines by number, from 0 on; new ones come at the end, old ones go at the beginning or are written over."""

    def __init__(self) -> None:
        self._times = array("d")
        self._tasks = array("q")
        self.levels: list[str] = []
        self.messages: list[str] = []
        self.items: list[str] = []

    def __len__(self) -> int:
        return len(self.messages)

    def __getitem__(self, number: int) -> LogLine:
        return LogLine(
            self._times[number], self.levels[number], self.messages[number], self.task(number), self.items[number]
        )

    def __setitem__(self, number: int, line: LogLine) -> None:
        self._times[number] = line.time
        self._tasks[number] = _NO_TASK if line.task_id is None else line.task_id
        self.levels[number] = intern(line.level)
        self.messages[number] = line.message
        self.items[number] = intern(line.item)

    def task(self, number: int) -> int | None:
        """Return the number of the task a line belongs to."""
        task = self._tasks[number]
        return None if task == _NO_TASK else task

    def append(self, line: LogLine) -> None:
        """Add a line at the end."""
        self._times.append(line.time)
        self._tasks.append(_NO_TASK if line.task_id is None else line.task_id)
        self.levels.append(intern(line.level))
        self.messages.append(line.message)
        self.items.append(intern(line.item))

    def drop(self, count: int) -> None:
        """Forget the oldest lines."""
        for column in (self._times, self._tasks, self.levels, self.messages, self.items):
            del column[:count]
