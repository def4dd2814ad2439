"""What to do when the target exists; one line each, the recommended one first."""

# ruff: isort: skip_file
from desktop.transfer.conflicts import skip  # noqa: F401  registers itself
from desktop.transfer.conflicts import compare  # noqa: F401  registers itself
from desktop.transfer.conflicts import overwrite  # noqa: F401  registers itself
from desktop.transfer.conflicts import keep_both  # noqa: F401  registers itself
