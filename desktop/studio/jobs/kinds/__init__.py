"""The kinds of jobs; a new one is a file here and a name in this line."""

from desktop.studio.jobs.kinds import reconstruction, scene_session, table_export

__all__ = ["reconstruction", "scene_session", "table_export"]
