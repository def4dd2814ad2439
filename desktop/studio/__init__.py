"""Meaning: shots, gallery and jobs, told apart from how bytes move. No Qt, no SQL."""
