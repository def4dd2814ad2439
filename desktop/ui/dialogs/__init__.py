"""Windows that ask or teach."""
