"""Time: the queue, pool workers and everything that happens off the window's thread. QtCore only."""
