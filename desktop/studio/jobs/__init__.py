"""Jobs: long-running work on a server, and what it leaves."""
