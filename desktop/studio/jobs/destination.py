"""Where a job's artifacts go below a folder, by a template such as `{project}/{shot}/results/{job}`."""

from collections.abc import Mapping
from pathlib import Path

from desktop.core.templates import template_parts
from desktop.transfer.names import local_name


def place_of_job(root: Path, template: str, values: Mapping[str, str]) -> Path:
    """Return the folder. values: by the template's fields; a component that gets nothing from its fields is left out.

    Every component is made safe: no value leads out of the root. Raises HostileName, NameTooLong.
    """
    folder = root
    for parts in template_parts(template):
        filled = [values.get(field, "").strip() for _, field in parts if field]
        if filled and not any(filled):
            continue
        text = "".join(literal + (values.get(field, "").strip() if field else "") for literal, field in parts)
        # A slash in a project's name would be a folder of its own; what else is odd the gate maps or refuses.
        folder /= local_name(text.replace("/", "_").replace("\\", "_").strip())
    return folder
