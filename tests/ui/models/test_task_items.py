"""The items of a task in the inspector: what they say while their files are under way."""

from desktop.core.plan import ItemState
from desktop.core.task import Bytes, Counts, TaskItem
from desktop.ui.formats import Formats
from desktop.ui.models.columns import Role
from desktop.ui.models.task_items import FRACTION_ROLE, ITEM_ROLE, TaskItemModel
from desktop.ui.theme import Theme


def test_an_item_of_one_large_file_runs_before_that_has_come(theme: Theme, formats: Formats) -> None:
    model = TaskItemModel(theme, formats)
    files, size = Counts(1), Bytes(planned=4_000_000)
    model.fill(
        [
            TaskItem(number, 1, "studio", name, None, "", "", (), None, None, ItemState.PLANNED, "", files, size)
            for number, name in ((7, "Low Tide"), (8, "Glacier"))
        ]
    )
    model.advance({7: 3_000_000})
    assert [model.index(row).data(ITEM_ROLE).state for row in (0, 1)] == [ItemState.RUNNING, ItemState.PLANNED]
    assert model.index(0).data(FRACTION_ROLE) == 0.75
    said = model.index(0).data(Role.AccessibleTextRole)
    assert said == "Low Tide: running, 0 of 1 downloaded \N{MIDDLE DOT} 3.0 MB"
    model.advance({})
    assert model.index(0).data(ITEM_ROLE).state is ItemState.PLANNED
