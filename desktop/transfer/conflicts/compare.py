"""Fetch only what changed."""

from desktop.transfer.ports import CONFLICTS, Decision, Facts, Verdict

TOLERANCE = 2.0
"""Seconds; FAT and exFAT keep times to two seconds, and some servers to one."""


@CONFLICTS.add("compare", "Compare", "Fetched only if the size differs or the server's file is newer.")
def compare(existing: Facts, incoming: Facts) -> Verdict:
    """Replace if the sizes differ or the incoming file is newer beyond what both clocks can tell.

    Where the server tells neither, the file here stays: nothing shows that it changed.
    """
    known = existing.size is not None and incoming.size is not None
    if known and existing.size != incoming.size:
        return Verdict(Decision.REPLACE, f"the size differs: {existing.size:,} bytes here, {incoming.size:,} there")
    if existing.mtime is not None and incoming.mtime is not None:
        newer = incoming.mtime - existing.mtime
        if newer > max(existing.precision, incoming.precision, TOLERANCE):
            return Verdict(Decision.REPLACE, f"the server's file is newer by {_span(newer)}")
        return Verdict(Decision.SKIP, "same size, and not newer there" if known else "not newer there")
    if known:
        return Verdict(Decision.SKIP, "same size, and the server tells no time")
    return Verdict(Decision.SKIP, "already here, and the server tells neither size nor time to compare")


def _span(seconds: float) -> str:
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {unit}"
    return f"{seconds:.0f} seconds"
