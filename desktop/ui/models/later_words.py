"""What a schedule means, as a sentence a person checks before it is kept."""

from collections.abc import Callable
from datetime import datetime

from desktop.core.hours import EVERY_DAY, Hours, clock, days_in_words, same_day
from desktop.core.schedule import After, Schedule, first_run

_DAYS = {(0, 1, 2, 3, 4): "on weekdays", (5, 6): "at weekends", EVERY_DAY: ""}
_AFTER = {After.NOTHING: "", After.NOTIFY: " Then ShotDock tells you.", After.QUIT: " Then ShotDock closes."}
EVENING = 18


def sentence(schedule: Schedule, now: float, spell: Callable[[float, float], str] = clock) -> str:
    """Return a schedule, e.g. `Every day at 22:00, only 22:00 until 06:00 on weekdays; next: tonight 22:00`.

    spell: writes a moment to come, given now.
    """
    first = first_run(schedule, now)
    if schedule.repeat is not None:
        head = str(schedule.repeat).capitalize()
        head += f" at {spell(first, first)}" if schedule.repeat.days else ""
    elif schedule.window is not None:
        head = "Once"
    elif schedule.start_at is not None:
        return f"Starts {said(first, now, spell)}.{_AFTER[schedule.after]}"
    else:
        return f"Starts as soon as there is room.{_AFTER[schedule.after]}"
    hours = f", only {hours_said(schedule.window)}" if schedule.window is not None else ""
    return (
        f"{head}{hours}; {'next' if schedule.repeat else 'starts'}: {said(first, now, spell)}.{_AFTER[schedule.after]}"
    )


def hours_said(hours: Hours) -> str:
    """Return e.g. `22:00 until 06:00 on weekdays`."""
    opens, closes = str(hours).split()[0].split("-")
    return f"{opens} until {closes} {_DAYS.get(hours.days, days_in_words(hours.days))}".strip()


def said(when: float, now: float, spell: Callable[[float, float], str] = clock) -> str:
    """Return a moment as a person says it: `now`, `tonight 22:00`, `tomorrow 06:00`."""
    if when <= now:
        return "now"
    words = spell(when, now)
    if not same_day(when, now):
        return words
    return f"{'tonight' if datetime.fromtimestamp(when).hour >= EVENING else 'today'} {words}"
