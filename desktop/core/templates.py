"""Folder templates such as `{project}/{shot}/results/{job}`: words in braces are filled in later."""

import re

from desktop.core.errors import UsageError

RESULT_FIELDS = ("project", "shot", "kind", "job")
"""What a template of result folders may be filled with."""

Parts = tuple[tuple[str, str], ...]
"""One folder of a template: (text, field behind it or "") pairs."""

_PART = re.compile(r"([^{}]*)(?:\{(\w+)\})?")


def template_parts(template: str) -> tuple[Parts, ...]:
    """Return a template's folders, the outermost first; raise UsageError for one that cannot be read.

    A folder that would lead out, such as "..", is refused here; what the fields bring is judged when they are known.
    """
    return tuple(_parts(folder, template) for folder in template.strip("/").split("/") if folder)


def result_template(key: str, value: object) -> str:
    """Return the setting's value if it is a template; raise UsageError otherwise."""
    if not isinstance(value, str):
        raise _bad(key, value, "It is not text.")
    if value.startswith(("/", "~")) or "\\" in value or re.match(r"[A-Za-z]:", value):
        raise _bad(key, value, "It starts below the destination, with / between folders.")
    template_parts(value)
    return value


def _parts(folder: str, template: str) -> Parts:
    parts = tuple((match[1], match[2] or "") for match in _PART.finditer(folder) if match[0])
    if "".join(text + (f"{{{field}}}" if field else "") for text, field in parts) != folder:
        raise _bad("results_folder", template, "A brace stands alone in it.")
    for _, field in parts:
        if field and field not in RESULT_FIELDS:
            raise _bad("results_folder", template, f"Nothing is called {field} here.")
    if folder.strip() in (".", ".."):
        raise _bad("results_folder", template, "It would lead out of the destination.")
    return parts


def _bad(key: str, value: object, cause: str) -> UsageError:
    return UsageError(
        title=f"The setting {key} cannot be {value!r}.",
        cause=f"{cause} Known: {', '.join(f'{{{field}}}' for field in RESULT_FIELDS)}.",
        suggestion="Write folders such as {project}/{shot}/results/{job}.",
    )
