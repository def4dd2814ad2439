"""Keep the old file under another name beside the new one."""

from desktop.transfer.ports import CONFLICTS, Decision, Facts, Verdict


@CONFLICTS.add(
    "keep_both",
    "Keep both",
    "A file that is already here is kept as NAME_backup_DATE_TIME, then the new one takes its place.",
)
def keep_both(existing: Facts, incoming: Facts) -> Verdict:
    """Keep both always."""
    return Verdict(Decision.KEEP_BOTH, "the old file was kept beside it")
