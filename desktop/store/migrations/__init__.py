"""Every schema the database ever had, as numbered steps; the highest number is today's.

A step is a module with `up(db)`, db being a peewee SqliteDatabase inside a transaction. It says everything
in SQL or in models of its own and never imports today's tables: it has to do the same in ten years. Steps
are real imports, so that a packaged ShotDock has them. A step that has shipped is never edited; a new one is
a new module, one more line here, and a fixture from `tests/databases/make.py`.
"""

from collections.abc import Callable
from typing import Any

from desktop.store.migrations import m0001_first, m0002_jobs, m0003_life, m0004_hashes

Step = Callable[[Any], None]

MIGRATIONS: tuple[Step, ...] = (m0001_first.up, m0002_jobs.up, m0003_life.up, m0004_hashes.up)
"""The step at index n leads from schema n to schema n + 1."""
