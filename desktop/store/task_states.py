"""What an item's state is, given how its files stand."""

from desktop.core.plan import ItemState
from desktop.core.task import Counts


def item_state(files: Counts, running: bool) -> ItemState:
    """Return the state of an item that is to be fetched. running: whether its task runs now.

    An unfinished item of a task at rest is PARTIAL if some of it is there, else PLANNED again.
    """
    here = files.downloaded + files.skipped
    if here + files.failed < files.planned:
        if running:
            return ItemState.RUNNING
        return ItemState.PARTIAL if here else ItemState.PLANNED
    if files.failed:
        return ItemState.PARTIAL if here else ItemState.FAILED
    return ItemState.DONE if files.downloaded else ItemState.UP_TO_DATE
