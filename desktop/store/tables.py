"""The tables as today's code sees them; how they came to be is told by the migrations alone.

Times are seconds since the epoch, sizes are bytes. Enumerations are kept by value, and CHECK constraints
(see the migrations) repeat them. Models are bound to no database: `Access` runs their queries on its own.
"""

from peewee import (
    AutoField,
    BlobField,
    BooleanField,
    CompositeKey,
    FloatField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)

from desktop.store.access import stored


class NameField(TextField):
    """A text that may hold names which are not Unicode: `access.stored` says how they are kept."""

    def db_value(self, value: str | None) -> str | bytes | None:
        """Return the text as the database keeps it."""
        return None if value is None else stored(value)


def _table_name(model: type[Model]) -> str:
    return model.__name__.removesuffix("Row").lower()


class Row(Model):
    """A table, called as its class without "Row"."""

    class Meta:
        """What all tables share."""

        table_function = _table_name


class ConnectionRow(Row):
    """A saved server. Passwords and passphrases are in the system's keyring, never here."""

    name = TextField(primary_key=True)
    protocol = TextField()
    host = TextField()
    port = IntegerField(null=True)
    user = TextField(null=True)
    root = NameField()
    layout = TextField()
    identity = NameField(null=True)
    """Path of a private key file."""
    max_connections = IntegerField(null=True)
    """Most lanes to open, or NULL for the protocol's own default."""


class StructureRow(Row):
    """The last scan of a connection. The connection may be the site file's, so nothing refers to its table."""

    connection = TextField(primary_key=True)
    root = NameField()
    layout = TextField()
    scanned_at = FloatField()


class PublicationRow(Row):
    """What one department has published of one shot, in the order of the scan."""

    connection = ForeignKeyField(StructureRow, column_name="connection", on_delete="CASCADE")
    position = IntegerField()
    project = NameField()
    episode = NameField()
    sequence = NameField()
    shot = NameField()
    department = NameField()
    path = NameField()
    """The shot's folder on the server."""
    content = BlobField()
    """Versions and files, compressed: see `structure_content`."""

    class Meta:
        """What names a row."""

        primary_key = CompositeKey("connection", "position")


class TaskRow(Row):
    """A plan being carried out. The counters are kept up to date file by file, never counted anew."""

    id = AutoField()
    token = TextField(unique=True)
    """Eight characters, unique among machines: part files bear it."""
    name = NameField()
    connection = TextField()
    destination = NameField()
    version_strategy = TextField()
    specific_version = TextField(null=True)
    conflict_strategy = TextField()
    parallel = IntegerField(null=True)
    segments = IntegerField(null=True)
    limit_rate = IntegerField(null=True)
    """Bytes/s for this task, or NULL."""
    verify = BooleanField()
    state = TextField()
    created = FloatField()
    started = FloatField(null=True)
    finished = FloatField(null=True)
    touched = FloatField()
    """Last sign of life of the owner."""
    owner = TextField()
    """The process that answers for the task while it waits or runs (see `owner`), else ""."""
    error = NameField()
    """The first failure in words, or ""."""
    file_count = IntegerField()
    files_downloaded = IntegerField()
    """Every file that arrived whole; resumed, overwritten and kept-both ones count here and in their own column."""
    files_resumed = IntegerField()
    files_skipped = IntegerField()
    files_overwritten = IntegerField()
    files_kept_both = IntegerField()
    files_failed = IntegerField()
    planned_size = IntegerField()
    """Bytes the plan means to bring, those on disk from an earlier run included."""
    downloaded_size = IntegerField()
    """Bytes that crossed the network."""
    reused_size = IntegerField()
    """Bytes found on disk from an earlier run."""
    priority = IntegerField()
    position = FloatField()
    """Of two tasks of one priority, the lower goes first."""
    not_before = FloatField(null=True)
    hours = TextField()
    """The hours in which it may run, as `core.hours` spells them, or "" for any."""
    afterwards = TextField()
    waits_for = NameField()
    """Why it was put off, in words, or ""."""
    attempts = IntegerField()
    """How often it was put off since first_failed."""
    first_failed = FloatField(null=True)
    routine = IntegerField(column_name="routine_id", null=True)
    """The routine that made it, which may have been deleted since."""


class ItemRow(Row):
    """One shot x department x version of a task, or one source of a plain transfer (project to shot are NULL)."""

    id = AutoField()
    task = ForeignKeyField(TaskRow, column_name="task_id", on_delete="CASCADE")
    site = TextField()
    """Where its files are: a connection's name or an origin such as `sftp://ann@host`."""
    label = NameField()
    project = NameField(null=True)
    episode = NameField(null=True)
    """"" where the layout has no such level."""
    sequence = NameField(null=True)
    shot = NameField(null=True)
    department = NameField()
    selected_version = TextField(null=True)
    available_versions = TextField()
    """JSON list of labels, lowest first."""
    latest_version = TextField(null=True)
    local_version = TextField(null=True)
    state = TextField()
    error_message = NameField()
    """What went wrong first, else the plan's warning, else ""."""
    warning = NameField()
    """The plan's own words, to which error_message returns when failed files are tried again."""
    file_count = IntegerField()
    files_downloaded = IntegerField()
    files_resumed = IntegerField()
    files_skipped = IntegerField()
    files_overwritten = IntegerField()
    files_kept_both = IntegerField()
    files_failed = IntegerField()
    planned_size = IntegerField()
    downloaded_size = IntegerField()
    reused_size = IntegerField()


class FileRow(Row):
    """One file of an item. Names that are not Unicode are kept as bytes."""

    id = AutoField()
    item = ForeignKeyField(ItemRow, column_name="item_id", on_delete="CASCADE")
    remote_path = NameField()
    local_path = NameField()
    """Below the task's destination, "/"-separated."""
    size = IntegerField(null=True)
    """As planned; of a file that arrived, as it came."""
    mtime = FloatField(null=True)
    precision = FloatField()
    """Seconds by which mtime may be off."""
    etag = TextField(null=True)
    action = TextField()
    result = TextField()
    resumed = BooleanField()
    transferred = IntegerField()
    """Bytes the last attempt moved over the network."""
    reused = IntegerField()
    """Bytes the last attempt found on disk."""
    reason = NameField()
    error = TextField(null=True)
    """JSON of the error, as CLI.md's `errors` rows spell it."""
    sha256 = TextField(null=True)
    """Of the file as it was read back from the disk before it got its name, or NULL if it was not."""
    arrived = FloatField(null=True)
    """When its arrival was recorded, or NULL."""


WISH = "WISH"
"""The level of a line that is no news but a wish: see `wishes`."""


class EventRow(Row):
    """One line of a task's log."""

    id = AutoField()
    task = ForeignKeyField(TaskRow, column_name="task_id", on_delete="CASCADE")
    time = FloatField()
    level = TextField()
    item = NameField()
    """The item's label, or ""."""
    message = NameField()


class DestinationRow(Row):
    """A folder used as a destination lately."""

    path = NameField(primary_key=True)
    used = FloatField()


class JobRow(Row):
    """A long-running job of a server. Links with a signature in them are not kept."""

    id = AutoField()
    server = TextField()
    """A connection's name, or the URL the API lies under without a password."""
    kind = TextField()
    """A registered kind's name; nothing checks it, so that a new kind needs no new schema."""
    remote_id = TextField()
    state = TextField()
    progress = FloatField(null=True)
    """0 to 100."""
    message = NameField()
    artifacts = TextField()
    """JSON list of what `core.job.Artifact` holds."""
    missing = TextField()
    """JSON list of what incomplete results lack."""
    expires = FloatField(null=True)
    added = FloatField()
    heard = FloatField(null=True)
    """When the server last answered."""
    parameters = TextField()
    """JSON of what it was started with here."""
    follow = NameField(null=True)
    """The folder its artifacts are fetched to by themselves, or NULL."""


class DownloadRow(Row):
    """An artifact of a job that was fetched. Its task may have been deleted since."""

    id = AutoField()
    job = ForeignKeyField(JobRow, column_name="job_id", on_delete="CASCADE")
    artifact = TextField()
    task = IntegerField()
    content = TextField()
    outcome = TextField()
    path = NameField()
    folder = NameField(null=True)
    """What it was unpacked to."""
    note = NameField()
    owner = TextField()
    """The process that checks and unpacks it (see `owner`), else ""."""


class RoutineRow(Row):
    """Something that is planned anew and brought again and again."""

    id = AutoField()
    name = NameField()
    wanted = TextField()
    """JSON of what is planned: see `routines`. Never a secret."""
    every = TextField()
    """How far its runs are apart, as `core.schedule` spells it."""
    hours = TextField()
    afterwards = TextField()
    priority = IntegerField()
    created = FloatField()
    due = FloatField()
    """The next run; those after it are counted from here."""
    next_try = FloatField(null=True)
    """When a run that could not be planned is tried again, or NULL."""
    attempts = IntegerField()
    missed = IntegerField()
    """Runs nobody made, and nobody has been offered yet."""
    paused = BooleanField()
    owner = TextField()
    """The process that plans it now, or ""."""
    last_run = FloatField(null=True)
    last_task = IntegerField(null=True)
    last_result = NameField()


TABLES: tuple[type[Model], ...] = (
    ConnectionRow,
    StructureRow,
    PublicationRow,
    TaskRow,
    ItemRow,
    FileRow,
    EventRow,
    DestinationRow,
    JobRow,
    DownloadRow,
    RoutineRow,
)
"""Every table, each after the ones it refers to."""
