"""What the database may say to a change of a task that is nobody's mistake."""

from desktop.core.errors import DatabaseBusy, DatabaseDamaged, DiskFull, NotAllowed, NotFound, TargetUnwritable

REFUSED = (DiskFull, TargetUnwritable, DatabaseBusy, DatabaseDamaged)
"""Its disk takes nothing, another program holds it, or it cannot be read any more."""
LOST = (NotAllowed, NotFound)
"""Another process took the task over, or deleted it, while this one had it."""
