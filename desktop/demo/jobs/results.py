"""A reconstruction's output folder as the ZIP that its server gives."""

from pathlib import Path

from desktop.core.errors import IncompleteResultsError
from desktop.demo.web import Body
from desktop.studio.jobs.packager import ResultZip


def packed(folder: Path) -> Body | list[str]:
    """Return the results of an output folder, or what is missing of them."""
    try:
        return ResultZip(folder)
    except IncompleteResultsError as error:
        return list(error.missing)
