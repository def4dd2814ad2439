"""Start ShotDock."""

from desktop.cli.main import run

if __name__ == "__main__":
    run()
