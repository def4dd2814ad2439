"""Shots: layouts, scans, versions, sequences, comparison and planning."""
