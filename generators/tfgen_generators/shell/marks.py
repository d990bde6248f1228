"""Marks in texts that stand for paths, which no path has."""

from __future__ import annotations

#: A piece of a text that only a run knows.
UNKNOWN = "\1"
#: How a path begins that is seen from the repository's root, whatever the working directory is.
ANCHOR = "\0/"
#: How a path begins that is seen from the working directory, also where others are not (`path.cwd` in `file()`).
WORKING = "\5"
