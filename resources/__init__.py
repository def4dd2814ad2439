"""Data that ships with ShotDock: icons, style, layouts. No code."""
