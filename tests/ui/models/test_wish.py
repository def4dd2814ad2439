from pathlib import Path

from desktop.core.media import ShotState
from desktop.core.plan import VersionStrategy
from desktop.ui.models.wish import Amount, Wish, amount, request, task_name, trimmed, wanted
from tests.ui.made import compared, structure

NEW = compared("SH010", state=ShotState.NEW, versions=(1, 2))
HERE = compared("SH020", state=ShotState.UP_TO_DATE, versions=(1,))
UPLOADING = compared("SH030", state=ShotState.STILL_UPLOADING, versions=())
SHOWN = (NEW, HERE, UPLOADING)


def test_without_a_selection_the_latest_means_what_is_worth_fetching() -> None:
    assert wanted((), SHOWN, VersionStrategy.LATEST) == (NEW,)
    assert wanted((), SHOWN, VersionStrategy.ALL) == SHOWN


def test_a_selection_is_taken_at_its_word() -> None:
    assert wanted((HERE,), SHOWN, VersionStrategy.LATEST) == (HERE,)


def test_amounts_follow_the_version_strategy() -> None:
    rows = (NEW, HERE)
    assert amount(Wish(rows), {}) == Amount(2, 4, 400)
    assert amount(Wish(rows, VersionStrategy.ALL), {}) == Amount(3, 6, 600)
    assert amount(Wish(rows, VersionStrategy.SPECIFIC, "v2"), {}) == Amount(1, 2, 200)
    assert amount(Wish(rows, VersionStrategy.SPECIFIC, ""), {}) == Amount()
    custom = {(NEW.key.label, "anim"): "v001", (HERE.key.label, "anim"): ""}
    assert amount(Wish(rows, VersionStrategy.CUSTOM), custom) == Amount(1, 2, 200)


def test_a_trimmed_structure_holds_the_selection_and_nothing_else() -> None:
    whole = structure(NEW, HERE, UPLOADING)
    assert [p.key.shot for p in trimmed(whole, (HERE,)).publications] == ["SH020"]


def test_a_request_carries_only_what_its_strategy_needs() -> None:
    custom = {(NEW.key.label, "anim"): "v001"}
    latest = request(Wish((NEW,), specific="v005"), "studio", Path("/d"), custom, "name")
    assert (latest.specific_version, latest.custom) == (None, {})
    chosen = request(Wish((NEW,), VersionStrategy.CUSTOM), "studio", Path("/d"), custom, "name")
    assert chosen.custom == custom
    specific = request(Wish((NEW,), VersionStrategy.SPECIFIC, "v005", "compare"), "studio", Path("/d"), custom, "n")
    assert (specific.specific_version, specific.conflict) == ("v005", "compare")


def test_a_task_is_named_after_what_it_brings() -> None:
    assert task_name(Wish((NEW, HERE)), "studio") == "SH010, SH020 latest anim"
    many = tuple(compared(f"SH{n:03d}") for n in range(5))
    assert task_name(Wish(many, VersionStrategy.SPECIFIC, "v005"), "studio") == "VEGA (5 shots) v005 anim"
