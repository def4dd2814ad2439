"""Put the server's file in the place of what is there."""

from desktop.transfer.ports import CONFLICTS, Decision, Facts, Verdict


@CONFLICTS.add("overwrite", "Overwrite", "A file that is already here is replaced once the new one is whole.")
def overwrite(existing: Facts, incoming: Facts) -> Verdict:
    """Replace always."""
    return Verdict(Decision.REPLACE, "replaced what was here")
