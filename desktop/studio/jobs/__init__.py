"""Long-running jobs: their kinds, and what is made of their results."""
