"""What of a plan is chosen, and what became of it: numbers of shots, items and files, no widgets."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

from desktop.core.plan import Action, ItemState, Plan, PlannedFile, PlannedItem
from desktop.core.task import FileResult, TaskFile
from desktop.ui.colours import Tone
from desktop.ui.formats import ACTION_FACES, ITEM_FACES, RESULT_FACES, Face

LEFT_OUT: Face = ("minus", "left out", Tone.FAINT)
_ORDER = [face[1] for face in (*RESULT_FACES.values(), *ACTION_FACES.values(), LEFT_OUT)]
"""The words of a summary in the order they are said, the same in every row."""


class PlanChoice:
    """The items of a plan grouped by shot, with a mark for each file that is wanted.

    Items are numbered in the order shown; a shot is a name and the range of its items' numbers.
    """

    def __init__(self, plan: Plan | None = None) -> None:
        self._plan = plan
        self.items: tuple[PlannedItem, ...] = _grouped(plan.items) if plan else ()
        self.shots: list[tuple[str, range]] = []
        self.shot_of: list[int] = []
        for number, item in enumerate(self.items):
            name = item.key.label if item.key else item.label
            if self.shots and self.shots[-1][0] == name:
                self.shots[-1] = (name, range(self.shots[-1][1].start, number + 1))
            else:
                self.shots.append((name, range(number, number + 1)))
            self.shot_of.append(len(self.shots) - 1)
        self._picked = [bytearray(file.action.transfers for file in item.files) for item in self.items]
        self._moving = [sum(picked) for picked in self._picked]
        self._results: list[dict[str, TaskFile]] = []
        self._counted: dict[tuple[int, int], Counter[Face]] = {}

    @property
    def is_receipt(self) -> bool:
        """True once results are known."""
        return bool(self._results)

    def plan(self) -> Plan | None:
        """Return the plan with what is not wanted left out; None if there is none.

        Files that would not move anyway (skipped, blocked) stay in it as long as their item does.
        """
        if self._plan is None:
            return None
        kept = []
        for number, item in enumerate(self.items):
            picked = self._picked[number]
            if self._moving[number] == sum(picked):
                kept.append(item)
            elif any(picked):
                pairs = zip(item.files, picked, strict=True)
                kept.append(replace(item, files=tuple(f for f, on in pairs if on or not f.action.transfers)))
        return replace(self._plan, items=tuple(kept))

    def take_results(self, files: Sequence[TaskFile]) -> None:
        """Note what became of the files."""
        self._counted.clear()
        found = {file.target: file for file in files}
        self._results = [
            {file.target: found[file.target] for file in item.files if file.target in found} for item in self.items
        ]

    def only(self, results: Collection[FileResult]) -> "PlanChoice":
        """Return the files that ended so, and the items they are of."""
        kept: list[PlannedItem] = []
        for number, item in enumerate(self.items):
            found = [file for file in item.files if (r := self.result(number, file)) and r.result in results]
            if found:
                kept.append(replace(item, files=tuple(found)))
        chosen = PlanChoice(replace(self._plan, items=tuple(kept)) if self._plan else None)
        chosen.take_results([file for known in self._results for file in known.values()])
        return chosen

    def lone(self, shot: int) -> bool:
        """Tell whether a row stands for one item that is of no shot: to name that below it once more says nothing."""
        items = self.shots[shot][1]
        return len(items) == 1 and self.items[items[0]].key is None

    # Wanting

    def want_item(self, item: int, on: bool) -> None:
        """Want or leave out every file of an item that can move."""
        self._counted.clear()
        self._picked[item] = bytearray(on and file.action.transfers for file in self.items[item].files)

    def want_file(self, item: int, file: int, on: bool) -> None:
        """Want or leave out one file."""
        self._counted.clear()
        self._picked[item][file] = on

    def is_wanted(self, item: int, file: int) -> bool:
        """Tell whether a file is wanted."""
        return bool(self._picked[item][file])

    def can_move(self, items: Sequence[int]) -> bool:
        """Tell whether anything of these items can move."""
        return any(self._moving[item] for item in items)

    def all_here(self) -> bool:
        """Tell whether every file is here already: none can move, none is blocked or missing."""
        return bool(self.items) and not any(self._moving[n] or self.is_bad(n) for n in range(len(self.items)))

    def wanted(self, items: Sequence[int]) -> tuple[int, int]:
        """Return (files wanted, files that can move) of these items."""
        return sum(sum(self._picked[item]) for item in items), sum(self._moving[item] for item in items)

    # Looking

    def result(self, item: int, file: PlannedFile) -> TaskFile | None:
        """Return what became of a file, if that is known."""
        return self._results[item].get(file.target) if self._results else None

    def face(self, item: int, file: int) -> Face:
        """Return how a file's action or result looks."""
        planned = self.items[item].files[file]
        result = self.result(item, planned)
        if result is not None:
            return RESULT_FACES[result.result]
        if planned.action.transfers and not self._picked[item][file]:
            return LEFT_OUT
        return ACTION_FACES[planned.action]

    def group_face(self, items: Sequence[int]) -> Face | None:
        """Return how a shot or an item looks: like those of its files that are said first; None if it has none."""
        if any(self.is_bad(item) for item in items):
            return ITEM_FACES[ItemState.FAILED if self._results else ItemState.PARTIAL]
        return min(self._faces(items), key=lambda face: _ORDER.index(face[1]), default=None)

    def _faces(self, items: Sequence[int]) -> Counter[Face]:
        """Count the files of neighbouring items by how they look; once, however often they are painted."""
        span = (items[0], len(items))
        if span not in self._counted:
            self._counted[span] = Counter(
                self.face(item, file) for item in items for file in range(len(self.items[item].files))
            )
        return self._counted[span]

    def summary(self, items: Sequence[int]) -> str:
        """Count the files of items by what happens to them."""
        counts = {face[1]: count for face, count in self._faces(items).items()}
        if not counts:
            return "not available" if any(self.items[n].state is ItemState.SKIPPED for n in items) else "nothing"
        return ", ".join(f"{counts[word]} {word}" for word in sorted(counts, key=_ORDER.index))

    def size(self, items: Sequence[int]) -> int | None:
        """Return the bytes of items, None if they have no files."""
        sizes = [file.size or 0 for item in items for file in self.items[item].files]
        return sum(sizes) if sizes else None

    def message(self, items: Sequence[int]) -> str:
        """Return the items' warnings, or why the first of their failed or blocked files is so."""
        words = "; ".join(self.items[item].message for item in items if self.items[item].message)
        return words or next((why for item in items if (why := self._failure(item))), "")

    def _failure(self, item: int) -> str:
        if not self._results:
            return next((file.reason for file in self.items[item].files if file.action is Action.BLOCKED), "")
        failed = (file for file in self._results[item].values() if file.result is FileResult.FAILED)
        return next((str((file.error or {}).get("title", "")) or file.reason for file in failed), "")

    def is_bad(self, item: int) -> bool:
        """Tell whether something of an item is blocked, failed or not available."""
        planned = self.items[item]
        if planned.state in (ItemState.SKIPPED, ItemState.FAILED) and planned.message:
            return True
        if self._results:
            return any(file.result is FileResult.FAILED for file in self._results[item].values())
        return any(file.action is Action.BLOCKED for file in planned.files)


def _grouped(items: Sequence[PlannedItem]) -> tuple[PlannedItem, ...]:
    """Return the items so that those of one shot are neighbours, shots in order of first appearance."""
    groups: dict[str, list[PlannedItem]] = {}
    for item in items:
        groups.setdefault(item.key.label if item.key else item.label, []).append(item)
    return tuple(item for group in groups.values() for item in group)
