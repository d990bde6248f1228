"""The command's entry point: an answer without the app where none is needed, else the app."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Runs tfgen and exits."""
    # What the environment may add (TFGEN_*) is the app's to read.
    if sys.argv[1:] == ["sync", "--check"] and not any(name.startswith("TFGEN_") for name in os.environ):
        from tfgen.sync.fast_check import recall

        if message := recall():
            sys.stderr.write(f"{message}\n")
            sys.exit(0)
    gc.set_threshold(10_000)  # a start makes objects that stay: looking for garbage among them costs 10 ms
    from tfgen.main import main as run

    run()
