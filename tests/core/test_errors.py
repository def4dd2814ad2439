"""The tree of errors is the one that its file draws."""

import inspect
import re

from desktop.core import errors


def test_every_error_is_drawn_and_everything_drawn_is_an_error() -> None:
    drawn = re.findall(r"^ {4,}([A-Z]\w+)", errors.__doc__ or "", re.MULTILINE)
    made = {
        name
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, Exception) and kind.__module__ == errors.__name__
    }
    assert set(drawn) == made
    assert len(drawn) == len(made)
