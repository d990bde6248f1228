"""Check that pyproject.toml, `tfgen --version`, CHANGELOG.md and git's tags name one version; exit 1 if they do not.

The newest release in CHANGELOG.md is the version in pyproject.toml, which is what tfgen says. A tag is `v` and a
version that CHANGELOG.md has; a tag of the commit that is checked out is this version's, and nothing is unreleased
then.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parents[1]
_VERSION = r"(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)"
_RELEASE = re.compile(rf"## \[({_VERSION})\] - (\d{{4}}-\d\d-\d\d)")
_UNRELEASED = "## [Unreleased]"


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """A section of CHANGELOG.md."""

    line: int
    version: str
    day: str


def violations(root: Path, said: str) -> Iterator[str]:
    """What is wrong in the clone `root`, whose tfgen calls itself `said` (`tfgen 0.2.0`)."""
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    version = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    releases = list(_releases(text))
    yield from _wrong_sections(text, releases)
    if not releases or releases[0].version != version:
        newest = releases[0].version if releases else "none"
        yield f"CHANGELOG.md: its newest release is {newest}, but pyproject.toml has the version {version}"
    if said != f"tfgen {version}":
        yield f"tfgen --version: says {said!r}, but pyproject.toml has the version {version}; install it anew"
    yield from _wrong_tags(root, version, {release.version for release in releases}, has_unreleased(text))


def has_unreleased(text: str) -> bool:
    """Whether CHANGELOG.md has changes above its newest release."""
    return "\n- " in text.partition(_UNRELEASED)[2].partition("\n## ")[0]


def _releases(text: str) -> Iterator[Release]:
    for number, line in enumerate(text.splitlines(), 1):
        if found := _RELEASE.fullmatch(line):
            yield Release(line=number, version=found[1], day=found[2])


def _wrong_sections(text: str, releases: list[Release]) -> Iterator[str]:
    headings = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.startswith("## ")]
    for index, (number, line) in enumerate(headings):
        if not _RELEASE.fullmatch(line) and (index, line) != (0, _UNRELEASED):
            yield f"CHANGELOG.md:{number}: {line!r} is neither '## [X.Y.Z] - YYYY-MM-DD' nor the first '{_UNRELEASED}'"
    for release in releases:
        try:
            date.fromisoformat(release.day)
        except ValueError:
            yield f"CHANGELOG.md:{release.line}: {release.day} is no day"
    for newer, older in pairwise(releases):
        if _numbers(newer.version) <= _numbers(older.version) or newer.day < older.day:
            below = f"{newer.version} of {newer.day}"
            yield f"CHANGELOG.md:{older.line}: {older.version} of {older.day} stands below {below}"


def _wrong_tags(root: Path, version: str, released: set[str], unreleased: bool) -> Iterator[str]:
    for tag in _tags(root):
        if re.fullmatch(rf"v?{_VERSION}.*", tag) and tag.removeprefix("v") not in released:
            yield f"tag {tag}: CHANGELOG.md has no such release"
    for tag in _tags(root, "--points-at", "HEAD"):
        if re.fullmatch(rf"v?{_VERSION}.*", tag):
            if tag != f"v{version}":
                yield f"tag {tag}: this commit's version is {version}, so its tag is v{version}"
            if unreleased:
                yield f"tag {tag}: CHANGELOG.md has changes under [Unreleased]; they belong to a release"


def _tags(root: Path, *arguments: str) -> list[str]:
    return _output(["git", "tag", "--list", *arguments], root).split()


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _output(argv: list[str], root: Path) -> str:
    return subprocess.run(argv, cwd=root, check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> int:
    """Checks the clone that this file is part of, and the tfgen of this Python."""
    said = _output([sys.executable, "-I", "-m", "tfgen", "--version"], ROOT).partition("\n")[0]
    found = list(violations(ROOT, said))
    sys.stderr.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
