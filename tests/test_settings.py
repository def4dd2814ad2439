"""Settings come in layers, are checked by name, and each can tell where it came from."""

import json
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.core.connection import Address, Connection
from desktop.core.errors import TargetUnwritable, UsageError
from desktop.core.plan import VersionStrategy
from desktop.core.timetable import parse_rule
from desktop.places import Places
from desktop.settings import Settings, load, save, site_connections


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "home", tmp_path / "studio" / "site.toml")


def write(places: Places, site: str = "", user: str = "{}") -> Places:
    assert places.site
    for path, text in ((places.site, site), (places.settings, user)):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    return places


def test_the_defaults(tmp_path: Path) -> None:
    settings = load(Places(tmp_path / "nowhere"), {})
    assert settings == Settings()
    assert (settings.tasks_at_once, settings.conflict, settings.theme) == (2, "skip", "dark")
    assert settings.version_strategy is VersionStrategy.LATEST
    assert settings.origin("theme") == "default"
    assert not (tmp_path / "nowhere").exists()


def test_each_layer_covers_the_one_below(places: Places) -> None:
    site = '[settings]\nparallel = 2\nlimit_rate = "200M"\nconflict = "compare"\nlayout = "studio"'
    write(places, site, '{"parallel": 4, "limit_rate": 800000, "theme": "dark"}')
    settings = load(places, {"SHOTDOCK_PARALLEL": "8", "SHOTDOCK_LOG_LEVEL": "debug", "SHOTDOCK_THEME": ""})
    assert settings.parallel == 8
    assert settings.limit_rate == 800_000
    assert settings.conflict == "compare"
    assert settings.theme == "dark"
    assert settings.log_level == "DEBUG"
    assert [settings.origin(key) for key in ("parallel", "limit_rate", "conflict", "tasks_at_once")] == [
        "environment SHOTDOCK_PARALLEL",
        f"settings file {places.settings}",
        f"site file {places.site}",
        "default",
    ]
    assert replace(settings, theme="light").origin("theme") == "changed here"


def test_what_was_saved_is_read_again(places: Places) -> None:
    write(places)
    changed = replace(
        load(places, {}),
        parallel=3,
        limit_rate=None,
        version_strategy=VersionStrategy.ALL,
        layout_folders=(Path("/studio/layouts"),),
        destination="/mnt/wörk",
        notify=False,
        limit_rules=(parse_rule("mon-fri 09:00-18:00 250M office hours"), parse_rule("12:00-13:00 off")),
        limits_off_until=1_800_000_000.5,
        notify_services=("mail", "slack"),
        history_days=90,
    )
    save(changed, places)
    again = load(places, {})
    assert again == changed
    assert again.origin("destination") == f"settings file {places.settings}"
    if sys.platform != "win32":
        assert stat.S_IMODE(places.settings.stat().st_mode) == 0o600


def test_saving_leaves_to_others_what_others_decided(places: Places) -> None:
    write(places, '[settings]\nconflict = "compare"', '{"parallel": 4}')
    settings = load(places, {"SHOTDOCK_PARALLEL": "8", "SHOTDOCK_THEME": "dark"})
    save(replace(settings, tasks_at_once=5), places)
    assert json.loads(places.settings.read_text("utf-8")) == {"parallel": 4, "tasks_at_once": 5}


def test_a_value_set_back_to_the_default_stays_chosen(places: Places) -> None:
    write(places, "[settings]\nparallel = 2", '{"theme": "dark"}')
    save(replace(load(places, {}), parallel=None, theme="system"), places)
    again = load(places, {})
    assert (again.parallel, again.theme) == (None, "system")


def test_who_hears_of_failures_alone_was_once_one_switch(places: Places) -> None:
    old = load(write(places, user='{"notify_services": ["a", "b"], "notify_errors_only": true}'), {})
    assert old.errors_only("a") and old.errors_only("b")
    save(replace(old, notify_errors_services=("b",), notify_errors_only=False), places)
    fresh = load(places, {})
    assert (fresh.errors_only("a"), fresh.errors_only("b"), fresh.notify_errors_only) == (False, True, False)
    site = 'locked = ["notify_errors_only"]\n[settings]\nnotify_errors_only = true'
    locked = load(write(places, site, '{"notify_errors_services": ["b"]}'), {})
    assert locked.errors_only("a"), "what the studio has locked for all holds for all"


def test_the_studio_may_lock_a_setting(places: Places) -> None:
    write(places, 'locked = ["conflict", "verify"]\n[settings]\nconflict = "compare"', '{"conflict": "overwrite"}')
    settings = load(places, {"SHOTDOCK_CONFLICT": "keep_both"})
    assert settings.conflict == "compare"
    assert settings.origin("conflict") == f"site file {places.site}"
    with pytest.raises(UsageError, match="conflict is fixed by the studio") as caught:
        replace(settings, conflict="overwrite")
    assert str(places.site) in caught.value.cause
    with pytest.raises(UsageError, match="verify is fixed"):
        replace(settings, verify=True)
    assert replace(settings, theme="dark").conflict == "compare"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("parallel", 0),
        ("parallel", True),
        ("parallel", "4"),
        ("segments", 65),
        ("tasks_at_once", None),
        ("limit_rate", "fast"),
        ("limit_rate", -1),
        ("limit_rate", 1.5),
        ("limit_rules", "09:00-18:00 250M"),
        ("limit_rules", ["09:00-18:00 fast"]),
        ("limit_rules", ["09:00-09:00 250M"]),
        ("limit_rules", [1]),
        ("limits_off_until", -1),
        ("limits_off_until", True),
        ("retry_hours", 200),
        ("notify_services", "mail"),
        ("notify_services", [""]),
        ("history_days", -1),
        ("verify", 1),
        ("conflict", ""),
        ("version_strategy", "newest"),
        ("order", "biggest-first"),
        ("layout_folders", "one"),
        ("layout_folders", [1]),
        ("destination", 7),
        ("results_folder", "../{job}"),
        ("results_folder", "{nobody}"),
        ("quality", "psnr"),
        ("quality", {"psnr": 20}),
        ("quality", {"psnr": [20]}),
        ("quality", [["psnr", 20, "low"]]),
        ("quality", [["", 20, 10]]),
        ("theme", "pink"),
        ("log_level", "LOUD"),
    ],
)
def test_a_bad_value_is_refused_by_name(places: Places, key: str, value: object) -> None:
    with pytest.raises(UsageError, match=f"setting {key} cannot be"):
        Settings(**{key: value})  # type: ignore[arg-type]  # bad on purpose
    write(places, user=json.dumps({key: value}))
    with pytest.raises(UsageError, match=f"setting {key} cannot be") as caught:
        load(places, {})
    assert f"settings file {places.settings}" in caught.value.cause


@pytest.mark.parametrize(
    ("site", "words"),
    [
        ("[settings]\nlimitrate = 1", "unknown setting: limitrate"),
        ("[settings]\ntheme = 1", "setting theme cannot be 1"),
        ("[settings\n", "site file cannot be used"),
        ("settings = 1", "at settings"),
        ("colour = 1", "at colour"),
        ('locked = "theme"', "at locked"),
        ('locked = ["colour"]', "locked: colour"),
        ("layouts = 1", "at layouts"),
    ],
)
def test_a_bad_site_file_is_refused_by_name(places: Places, site: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        load(write(places, site), {})


def test_a_missing_site_file_is_not_passed_over(places: Places) -> None:
    with pytest.raises(UsageError, match="SHOTDOCK_SITE"):
        load(places, {})
    with pytest.raises(UsageError, match="SHOTDOCK_SITE"):
        site_connections(places)


@pytest.mark.parametrize("user", ["{", "[]", '{"colour": 1}', "\ufffe"])
def test_a_bad_settings_file_is_refused_and_left(places: Places, user: str) -> None:
    write(places, user=user)
    with pytest.raises(UsageError, match="settings"):
        load(places, {})
    assert places.settings.read_text("utf-8") == user


def test_a_bad_variable_is_refused_by_name(places: Places) -> None:
    write(places)
    with pytest.raises(UsageError, match="SHOTDOCK_PARALLEL cannot be 'many'"):
        load(places, {"SHOTDOCK_PARALLEL": "many"})
    with pytest.raises(UsageError) as caught:
        load(places, {"SHOTDOCK_THEME": "pink"})
    assert "SHOTDOCK_THEME" in caught.value.cause


def test_layout_folders_are_relative_to_the_site_file(places: Places) -> None:
    assert places.site
    settings = load(write(places, 'layouts = ["layouts", "/abs"]'), {})
    assert settings.layout_folders == (places.site.parent / "layouts", Path("/abs"))
    assert settings.origin("layout_folders") == f"site file {places.site}"


def test_the_site_file_brings_connections(places: Places) -> None:
    site = (
        '[connections.VEGA]\nurl = "sftp://render.example:2222/projects"\nlayout = "studio"\n'
        'identity = "~/.ssh/id"\nmax_connections = 8\n[connections.archive]\nurl = "ftps://ann@old.example/"'
    )
    assert site_connections(write(places, site)) == (
        Connection("VEGA", Address("sftp", "render.example", 2222), "/projects", "studio", "~/.ssh/id", 8),
        Connection("archive", Address("ftps", "old.example", 990, "ann"), "/"),
    )
    assert site_connections(Places(places.home)) == ()


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("VEGA = 1", "connections.VEGA"),
        ("VEGA = {}", r"connections.VEGA.url. It is missing"),
        ('VEGA = {url = "gopher://x"}', "gopher"),
        ('VEGA = {url = "sftp://h/", port = 1}', "connections.VEGA.port"),
        ('VEGA = {url = "sftp://h/", max_connections = "8"}', "connections.VEGA.max_connections"),
        ('VEGA = {url = "sftp://ann:sentinel@h/"}', "carries a password"),
    ],
)
def test_a_bad_connection_is_refused_by_name(places: Places, entry: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        site_connections(write(places, f"[connections]\n{entry}"))
    assert "sentinel" not in str(caught.value)


def test_settings_that_cannot_be_saved_say_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TargetUnwritable, match="cannot be saved"):
        save(Settings(theme="dark"), Places(tmp_path / "file"))
