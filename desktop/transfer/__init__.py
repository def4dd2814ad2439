"""Bytes: from a server's socket to a whole, verified file on disk. No Qt, no SQL."""
