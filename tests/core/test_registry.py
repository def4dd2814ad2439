"""A family's parts: found by name, listed in order, told apart."""

import pytest

from desktop.core.errors import UsageError
from desktop.core.registry import Registry


def test_parts_come_back_by_name_and_in_order() -> None:
    family: Registry[int] = Registry("number")
    family.add("one", "One", "the first")(1)
    loaded = []

    @family.lazy("two", "deux")
    def _two() -> int:
        loaded.append("two")
        return 2

    assert family.names() == ("one", "two", "deux")
    assert loaded == []
    assert (family["one"], family["deux"]) == (1, 2)
    assert loaded == ["two"]
    assert next(part.explanation for part in family) == "the first"


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    family: Registry[int] = Registry("number")
    family.add("one")(1)
    with pytest.raises(UsageError) as caught:
        family["three"]
    assert "three" in caught.value.title
    assert "one" in caught.value.cause


def test_a_name_is_registered_once() -> None:
    family: Registry[int] = Registry("number")
    family.add("one")(1)
    with pytest.raises(ValueError, match="twice"):
        family.add("one")(2)
