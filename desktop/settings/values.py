"""Every setting there is: its default, what it accepts, and where its value came from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from desktop.core.errors import UsageError
from desktop.core.plan import Options, Order, VersionStrategy
from desktop.core.templates import result_template
from desktop.core.timetable import Rule
from desktop.settings.checks import (
    Thresholds,
    folders,
    moment,
    name,
    names,
    names_or_none,
    one_of,
    plain,
    rate,
    rules,
    switch,
    text,
    thresholds,
    value_of,
    whole,
)

THEMES = ("system", "light", "dark")
CHANGED = "changed here"
"""What `origin` says of a value that came from no file: it was changed since the start."""
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True, slots=True)
class Layer:
    """One origin of values: its name in words, the values it gives, and whether the user may write there."""

    name: str
    values: Mapping[str, object]
    own: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting. Making one (also by `dataclasses.replace`) raises UsageError, naming the key, for a bad value.

    parallel: lanes per site, or None for what its protocol profits from. segments: pieces a large file is cut
    into, or None. tasks_at_once: tasks that run side by side on one server; those on other servers are not held up by
    them. limit_rate: bytes/s over all tasks, or None. limit_rules: when other limits hold, the first that fits first.
    limits_off_until: the moment up to which none holds. retry_hours: for how long a task whose server is away is tried
    again, 0 for not at all.
    notify: tell on the desktop. notify_services: names of the services (mail, Slack, ...) that are told too; their
    addresses are secrets and in the keyring. notify_errors_only: tell of failures alone on the desktop.
    notify_errors_services: the services told of failures alone, see `errors_only`. history_days: for how long ended
    tasks are remembered, 0 for ever.
    destination: what a new task begins with, or "". results_folder: where a job's results go below it, see
    `core.templates`. quality: (name of a number in quality.json, last green, last amber) each; results with a worse
    one are not unpacked by themselves. layers, locked: where values came from and which are the
    studio's to decide; see `origin`.
    """

    parallel: int | None = None
    segments: int | None = None
    tasks_at_once: int = 2
    limit_rate: int | None = None
    limit_rules: tuple[Rule, ...] = ()
    limits_off_until: float = 0.0
    retry_hours: int = 12
    verify: bool = False
    conflict: str = "skip"
    version_strategy: VersionStrategy = VersionStrategy.LATEST
    order: Order = Order.LISTED
    layout: str = "default"
    layout_folders: tuple[Path, ...] = ()
    destination: str = ""
    results_folder: str = "{project}/{shot}/results/{job}"
    quality: Thresholds = (("overall_score", 0.7, 0.5), ("psnr", 24, 20), ("ssim", 0.85, 0.7), ("lpips", 0.2, 0.4))
    theme: str = "dark"
    notify: bool = True
    notify_services: tuple[str, ...] = ()
    notify_errors_only: bool = False
    notify_errors_services: tuple[str, ...] | None = None
    history_days: int = 0
    log_level: str = "INFO"
    layers: tuple[Layer, ...] = field(default=(), repr=False, compare=False)
    locked: frozenset[str] = field(default=frozenset(), repr=False, compare=False)

    def __post_init__(self) -> None:
        for key, check in CHECKS.items():
            object.__setattr__(self, key, check(key, getattr(self, key)))
        for key in self.locked:
            if getattr(self, key) != self._given(key)[1]:
                raise UsageError(
                    title=f"The setting {key} is fixed by the studio.",
                    cause=f"{self._given(key)[0]} sets it to {plain(self._given(key)[1])!r} and locks it.",
                    suggestion="Ask whoever keeps that file.",
                )

    @property
    def options(self) -> Options:
        """Return how a new task is to run, unless somebody says otherwise."""
        return Options(segments=self.segments, verify=self.verify, order=self.order)

    def errors_only(self, service: str) -> bool:
        """Tell whether a service is told of failures alone.

        notify_errors_only was once one switch for the desktop and every service: it still is until somebody chooses for
        the services (notify_errors_services is None), and where the studio has locked it.
        """
        chosen = self.notify_errors_services
        if chosen is None or "notify_errors_only" in self.locked:
            return self.notify_errors_only
        return service in chosen

    def origin(self, key: str) -> str:
        """Return in words where the value of `key` came from, e.g. `environment SHOTDOCK_PARALLEL`."""
        name, value = self._given(key)
        return name if getattr(self, key) == value else CHANGED

    def _given(self, key: str) -> tuple[str, object]:
        """Return the layer that decides the key, and its value."""
        for layer in reversed(self.layers):
            if key in layer.values:
                return layer.name, layer.values[key]
        return "default", DEFAULTS[key]


CHECKS: dict[str, Callable[[str, object], object]] = {
    "parallel": whole(1, 64, optional=True),
    "segments": whole(1, 64, optional=True),
    "tasks_at_once": whole(1, 16),
    "limit_rate": rate,
    "limit_rules": rules,
    "limits_off_until": moment,
    "retry_hours": whole(0, 168),
    "verify": switch,
    "conflict": name,
    "version_strategy": value_of(VersionStrategy),
    "order": value_of(Order),
    "layout": name,
    "layout_folders": folders,
    "destination": text,
    "results_folder": result_template,
    "quality": thresholds,
    "theme": one_of(*THEMES),
    "notify": switch,
    "notify_services": names,
    "notify_errors_only": switch,
    "notify_errors_services": names_or_none,
    "history_days": whole(0, 36500),
    "log_level": one_of(*LOG_LEVELS),
}
"""What each setting accepts; a check returns the value in the form Settings keeps."""
DEFAULTS = {f.name: f.default for f in fields(Settings) if f.name in CHECKS}
