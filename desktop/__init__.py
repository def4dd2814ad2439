"""ShotDock: bring shots, videos and results home, whole and in the right version."""

__version__ = "0.1.0"
