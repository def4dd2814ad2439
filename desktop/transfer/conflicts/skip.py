"""Keep what is there."""

from desktop.transfer.ports import CONFLICTS, Decision, Facts, Verdict


@CONFLICTS.add("skip", "Skip", "A file that is already here stays as it is and is not fetched (recommended).")
def skip(existing: Facts, incoming: Facts) -> Verdict:
    """Skip always; say so if the sizes differ."""
    if existing.size is not None and incoming.size is not None and existing.size != incoming.size:
        return Verdict(
            Decision.SKIP,
            f"already here, though with {existing.size:,} bytes and not the server's {incoming.size:,}",
        )
    return Verdict(Decision.SKIP, "already here")
