"""The kinds of jobs, in the order people see them; one line each."""

# ruff: isort: skip_file
from desktop.studio.jobs.kinds import scene_session  # noqa: F401  registers itself
from desktop.studio.jobs.kinds import table_export  # noqa: F401  registers itself
from desktop.studio.jobs.kinds import reconstruction  # noqa: F401  registers itself
