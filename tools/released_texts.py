"""Keeps the texts of a release for `tfgen init --update`: `python tools/released_texts.py VERSION=COMMIT ...`.

They are what a release's `tfgen init` (or a person who copied them) has put into other repositories: modules,
buildspec, CI recipes. All releases stand together in `cli/tfgen/init/updating/released.bin`, each text once,
compressed; a release that is there already is taken anew.
Run it at each release with the tag: `python tools/released_texts.py 0.3.0=v0.3.0`.
`--check` compares instead, by the tags that the clone has, and exits 1 where a release lacks or differs.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "cli"), str(ROOT / "generators")]

from tfgen.init.shipped import is_vendored  # noqa: E402
from tfgen.init.updating.released import FILE, Releases, packed, unpacked  # noqa: E402 of this clone

_MODULE = re.compile(r"terraform/modules/[^/]+/(.+)")
_RECIPE = re.compile(r"cli/tfgen/(recipes/\w+\.yml)")
_TAG = re.compile(r"v(\d+\.\d+\.\d+)")


def texts_at(commit: str) -> dict[str, str]:
    """Path -> text, of the files of a commit that go into other repositories; links are left out."""
    found: dict[str, str] = {}
    for line in _git("ls-tree", "-r", "-z", commit).split("\0"):
        about, _, path = line.partition("\t")
        if about.startswith("100") and (name := _name(path)):
            found[name] = _git("cat-file", "blob", about.split()[2])
    return found


def _name(path: str) -> str:
    """As `Releases` calls it; "" for all that stays here."""
    module, recipe = _MODULE.fullmatch(path), _RECIPE.fullmatch(path)
    if recipe:
        return recipe[1]
    return path if path == "buildspec.yml" or (module and is_vendored(module[1])) else ""


def main(arguments: list[str]) -> int:
    """Exit code 1 where `--check` finds a difference."""
    file = ROOT / "cli" / "tfgen" / "init" / "updating" / FILE
    before = unpacked(file.read_bytes()) if file.exists() else {}
    check = arguments == ["--check"]
    named = _tags() if check else dict(argument.split("=", 1) for argument in arguments)
    after: Releases = {**before, **{version: texts_at(commit) for version, commit in named.items()}}
    after = dict(sorted(after.items(), key=lambda item: [int(part) for part in item[0].split(".")]))
    if check:
        wrong = [version for version in after if after[version] != before.get(version)]
        sys.stderr.writelines(
            f"{FILE}: {version} differs from its tag; run: {__file__} {version}=v{version}\n" for version in wrong
        )
        return bool(wrong)
    data = packed(after)
    file.write_bytes(data)
    sys.stdout.write(f"{FILE}: {', '.join(after)}, {len(data)} bytes\n")
    return 0


def _tags() -> dict[str, str]:
    return {found[1]: tag for tag in _git("tag").split() if (found := _TAG.fullmatch(tag))}


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=True).stdout.decode()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
