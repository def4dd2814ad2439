"""What a person or a studio has chosen: defaults, then the site file, the user's file, the environment.

The user's file is JSON and written by ShotDock; the site file is TOML, written by the studio and only read:

    layouts = ["layouts"]              # folders of layout files, relative to this file
    locked = ["conflict"]              # settings nobody may change

    [settings]
    conflict = "compare"
    limit_rate = "200M"

    [connections.VEGA]
    url = "sftp://render.example/projects"
    layout = "default"                 # also: identity, max_connections
"""

from desktop.settings.files import load, save
from desktop.settings.site import site_connections
from desktop.settings.values import CHANGED, LOG_LEVELS, THEMES, Layer, Settings

__all__ = ["CHANGED", "LOG_LEVELS", "THEMES", "Layer", "Settings", "load", "save", "site_connections"]
