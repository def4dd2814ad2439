"""`python -m desktop` is the console script `shotdock`."""

from desktop.cli.main import run

if __name__ == "__main__":
    run()
