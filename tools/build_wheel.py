"""Build the wheel of the commit that is checked out: `python tools/build_wheel.py FOLDER`; prints its SHA-256.

The same commit gives the same bytes, whenever and wherever: only what is committed is built, every time in it is the
commit's, and hatchling, which is pinned in constraints.txt, sorts the files and sets their permissions. Another Python
may compress otherwise.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def build(clone: Path, folder: Path) -> Path:
    """Puts the wheel of `clone`'s HEAD into `folder`. Raises CalledProcessError (git), SystemExit (hatchling)."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        source, made = Path(temporary, "source"), Path(temporary, "made")
        with tarfile.open(fileobj=io.BytesIO(_git(clone, "archive", "--format=tar", "HEAD"))) as files:
            files.extraction_filter = getattr(tarfile, "data_filter", None)  # there is none before Python 3.11.4
            files.extractall(source)  # noqa: S202 - what git has made of a commit
        env = {**os.environ, "SOURCE_DATE_EPOCH": _git(clone, "log", "-1", "--format=%ct").decode().strip()}
        argv = [sys.executable, "-I", "-m", "hatchling", "build", "--target", "wheel", "--directory", str(made)]
        done = subprocess.run(argv, cwd=source, env=env, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"hatchling: {done.stderr}")
        (wheel,) = made.iterdir()
        return Path(shutil.copy(wheel, folder / wheel.name))


def _git(clone: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=clone, check=True, stdout=subprocess.PIPE).stdout


def main() -> int:
    """Builds into the folder that is given; what is not committed is said."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "dist")
    if _git(ROOT, "status", "--porcelain"):
        sys.stderr.write("what is not committed is not in the wheel\n")
    wheel = build(ROOT, folder)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    sys.stdout.write(f"{digest}  {wheel}\n")
    sys.stderr.write(f"to install it: pip install 'tfgen-ami[embedded] @ {wheel.resolve().as_uri()}#sha256={digest}'\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
