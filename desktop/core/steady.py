"""Foreign words in a text of ours: what of them would steer whoever looks at it."""

import re

_STEERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What moves a terminal's cursor, or turns the direction of what follows."""


def on_one_line(text: str) -> str:
    """Return the text as words with blanks between; what cannot be printed is a blank."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def steady(text: str) -> str:
    """Return the text with what steers a terminal or turns its direction spelled out; tabs and lines stay."""
    return _STEERS.sub(lambda found: ascii(found[0])[1:-1], text)
