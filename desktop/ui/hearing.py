"""Answers that come late: whoever asked may be closed and gone by then."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject
from shiboken6 import isValid


def while_there(asker: QObject, hear: Callable[..., Any]) -> Callable[..., None]:
    """Return a callable for an answer, which is heard only as long as who asked for it is there."""

    def answer(*given: object) -> None:
        if isValid(asker):
            hear(*given)

    return answer
