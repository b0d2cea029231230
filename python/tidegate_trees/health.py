"""python -m tidegate_trees.health: exits with 0 if this machine's worker was alive in the last 20 seconds, else 1."""

import sys
import tempfile
import time
from pathlib import Path

EVERY_SECONDS = 5.0


def alive_file() -> Path:
    """Path of the file that the worker touches while it polls."""
    return Path(tempfile.gettempdir()) / "tidegate-trees-alive"


if __name__ == "__main__":
    try:
        age = time.time() - alive_file().stat().st_mtime
    except OSError:
        age = float("inf")
    sys.exit(0 if age < 4 * EVERY_SECONDS else 1)
