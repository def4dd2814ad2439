"""Pieces tabs, docks and dialogs are made of."""
