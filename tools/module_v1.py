"""Make the module codepipeline_v1 from codepipeline: the same files without what AWS provider 3.39 does not know.

It makes the files of the module shared that are codepipeline's, too (`module_shared.py`).

    python tools/module_v1.py [--check] [FOLDER]

FOLDER holds the modules (default: terraform/modules beside this folder). Only the README is written by hand; its
tables are module_docs.py's. `--check` writes nothing; exit 1: a copy is stale, missing, a link, or one too many.
"""

from __future__ import annotations

import re
import sys
from itertools import zip_longest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import module_shared

SOURCE, TARGET = "codepipeline", "codepipeline_v1"
MODULES = Path(__file__).resolve().parents[1] / "terraform" / "modules"
#: Files of what only newer providers have: a V2 pipeline's inputs and their tests, the split resources of a bucket.
LEFT_OUT = ("README.md", "encryption.tf", "tests/v2.tftest.hcl", "variables_v2.tf")
VERSIONS = ('">= 5.70, < 7"', '">= 3.39, < 6"')
_HEADER = "# Made from {source} by tools/module_v1.py: change that file, then run: python tools/module_v1.py\n\n"
_TRIGGER = re.compile(r'(?:^  #.*\n)*^  dynamic "trigger" \{\n(?:.*\n)*?^  \}\n\n', re.MULTILINE)
_PRECONDITION = re.compile(r"(?:^    #.*\n)*^    precondition \{\n(?:.*\n)*?^    \}\n\n?", re.MULTILINE)


def made(modules: Path) -> dict[str, str]:
    """Path below the target -> text, of each file that is made. Raises ValueError where something newer is left."""
    source = modules / SOURCE
    names = re.findall(r'^variable "(\w+)"', (source / "variables_v2.tf").read_text(encoding="utf-8"), re.MULTILINE)
    found = {}
    for file in sorted(each for each in source.rglob("*") if each.is_file()):
        name = file.relative_to(source).as_posix()
        if name not in LEFT_OUT and ".terraform" not in file.relative_to(source).parts[:-1] and _is_ours(file):
            header = _HEADER.format(source=f"{modules.name}/{SOURCE}/{name}")
            found[name] = header + downlevel(name, file.read_text(encoding="utf-8"), names)
    return found


def downlevel(name: str, text: str, variables: list[str]) -> str:
    """The text of a file without what only a V2 pipeline has; `variables` are the inputs that are left out."""
    named = "|".join(variables)
    text = text.replace(*VERSIONS)
    if name == "pipeline.tf":
        text, count = _TRIGGER.subn("", text)
        if count != 1:
            raise ValueError(f"{SOURCE}/{name}: {count} blocks 'dynamic \"trigger\"', not one")
        text = _PRECONDITION.sub(lambda found: "" if re.search(rf"var\.({named})\b", found[0]) else found[0], text)
    text = re.sub(rf"(?:^ +#.*\n)*^ +({named}) += .*[^\[{{(]\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"\n\n\n+", "\n\n", text)
    for number, line in enumerate(text.splitlines(), 1):
        if left := re.search(rf"\b({named}|trigger) *[={{]|var\.({named})\b|>= 5\.", line):
            raise ValueError(f"{SOURCE}/{name}: its copy would still have {left[0]!r} in line {number}")
    return text


def _is_ours(file: Path) -> bool:
    """Not what Terraform or the emulator leaves in a folder where they ran."""
    return (
        file.name.endswith((".tf", ".hcl", ".yml", ".tf.json", ".tofu", ".tofu.json", ".tfvars", ".auto.tfvars.json"))
        and not file.name.endswith("_override.tf")
        and file.name != ".terraform.lock.hcl"
    )


def faults(modules: Path) -> list[str]:
    """What is wrong in the target, one line each."""
    target, wanted = modules / TARGET, made(modules)
    there = {
        file.relative_to(target).as_posix()
        for file in target.rglob("*")
        if file.is_file() and ".terraform" not in file.parts and _is_ours(file)
    }
    found = [f"{target / name}: is not made of {SOURCE}; remove it" for name in sorted(there - wanted.keys())]
    return [*found, *_stale(target, wanted), *_stale(modules / module_shared.TARGET, module_shared.made(modules))]


def _stale(target: Path, wanted: dict[str, str]) -> list[str]:
    found = []
    for name, text in wanted.items():
        file = target / name
        if file.is_symlink() or file.parent.is_symlink() or not file.is_file():
            found.append(f"{file}: is no file of its own; run: python tools/module_v1.py")
        elif (now := file.read_bytes().decode("utf-8", "replace")) != text:  # line ends count
            found.append(f"{file}:{_differs(now, text)}: is stale; run: python tools/module_v1.py")
    return found


def _differs(now: str, then: str) -> int:
    """The first line that differs."""
    lines = zip_longest(now.splitlines(keepends=True), then.splitlines(keepends=True))
    return next(number for number, (one, other) in enumerate(lines, 1) if one != other)


def write(modules: Path) -> None:
    both = {TARGET: made(modules), module_shared.TARGET: module_shared.made(modules)}
    for target, name, text in ((target, name, text) for target, files in both.items() for name, text in files.items()):
        file = modules / target / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.is_symlink():
            file.unlink()
        file.write_text(text, encoding="utf-8")


def main(arguments: list[str]) -> int:
    (modules,) = [Path(each) for each in arguments if each != "--check"] or [MODULES]
    try:
        if "--check" not in arguments:
            write(modules)
        found = faults(modules)
    except ValueError as error:
        found = [f"{modules}/{error}; teach tools/module_v1.py to take it away"]
    sys.stderr.writelines(f"{each}\n" for each in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
