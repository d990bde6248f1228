"""docs/paths.md, the names in shell texts: real bash runs the texts, and `walk` has each command in its folder."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import write_tree
from tests.e2e.tools import bare_environment, require_tool
from tests.paths_table import names_of
from tests.unit.test_shell_walk import TEXTS
from tfgen_generators.paths.commands.local_commands import LocalCommands
from tfgen_generators.paths.commands.model import LocalCommand
from tfgen_generators.paths.path_resolution import PathResolver
from tfgen_generators.shell.marks import ANCHOR, UNKNOWN
from tfgen_generators.trees.disk import DiskTree

#: Test -> text that runs a program `x`; each folder has files a.txt and b.txt.
NAMED = {
    "shell-relative": "x a.txt",
    "shell-cd": "cd a && x a.txt",
    "shell-subshell": "(cd a; x a.txt); x b.txt",
    "shell-pushd": "pushd a/b >/dev/null; x a.txt; popd >/dev/null; x b.txt",
    "shell-glob": "cd a; for f in *.txt; do x $f; done",
    "shell-braces": "x {a,b}.txt a/{a,b}.txt",
    "shell-script-folder": 'cd "$(dirname "$0")"; x a.txt',
    "shell-sourced": ". scripts/lib.sh; x a.txt",
    "shell-function": "f() { cd $1; x a.txt; }; f a/b",
    "shell-variable": "D=${D:-a}/b; x $D/a.txt ${D%/*}/b.txt",
    "shell-sh-c": "sh -c 'cd a && x a.txt'; x b.txt",
    "shell-redirection": "cd a; x <a.txt; cd b && x b.txt <a.txt",
    "shell-read-script": 'eval "$(cat a/one.sh)"; cd a; sh -c "$(cat one.sh)"',
    "shell-copied": "mkdir t; cp a/one.sh t/two.sh; cd b; sh ../t/two.sh",
    "shell-list": "y && cd a; x a.txt",
    "shell-make": "make -sC a first",
    "shell-case": "case $Y in z) cd a ;; *) cd a/b ;; esac; x a.txt",
}
#: Texts of `walk` that bash runs otherwise: the test does not hold in this tree, `cd` does not fail.
_OTHERWISE = ("[ -f a ] && [[ -d b ]] && x", "if ! cd a; then exit 1; fi; x", "cd a || { y; exit; }; x")
_PROGRAMS = ("x", "y", "z", "w", "a", "b")
#: A program of the tests says where and with which words it runs.
_PROGRAM = """\
#!/bin/sh
line="$PWD|${0##*/}|"
for word; do line="$line$word|"; done
printf '%s\\n' "$line" >>"$SEEN"
exit $FAILS
"""
_SUDO = '#!/bin/bash\nwhile [[ $1 == -* ]]; do shift 2; done\nexec "$@"\n'
_ALL = {**NAMED, **{f"walk-{number}": text for number, text in enumerate(TEXTS) if text not in _OTHERWISE}}


class Runs(NamedTuple):
    """What each text ran: folder and words, seen from the folder of its tree."""

    folder: Path
    seen: dict[str, set[tuple[str, ...]]]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """What each text ran: folder and words. All texts in one bash each, with programs that succeed, and that fail."""
    folder = tmp_path_factory.mktemp("shell").resolve()
    programs = write_tree(
        folder / "bin",
        {**dict.fromkeys(_PROGRAMS, _PROGRAM), "sudo": _SUDO, "git": "#!/bin/bash\necho ${CODEBUILD_SRC_DIR%/}\n"},
    )
    for path in programs.iterdir():
        path.chmod(0o755)
    tree = {f"{base}{name}.txt": "" for base in ("", "a/", "a/b/", "b/", "c/", "scripts/") for name in ("a", "b")}
    tree |= {"scripts/lib.sh": "cd a\n", "a/b/c/n": "", "a/c/n": "", "a/one.sh": "x one\n"}
    tree["a/Makefile"] = "first: second\n\t-x a.txt\nsecond:\n\t-cd b && x b.txt\nthird:\n\ty\n"
    for name, text in _ALL.items():
        root = write_tree(folder / name, {**tree, "scripts/run.sh": f"{text}\nwait\n"})
        for program in ("x", "scripts/x"):
            if not (root / program).is_dir():
                (root / program).write_text(_PROGRAM)
                (root / program).chmod(0o755)
    loop = (
        "for name in */; do for FAILS in 0 1; do export FAILS SEEN=$PWD/${name%/}.$FAILS CODEBUILD_SRC_DIR=$PWD/$name\n"
        '(cd "$name"; PATH=$BIN:$PATH timeout 5 bash scripts/run.sh); done; done'
    )
    environment = bare_environment(folder, {"BIN": str(programs)})
    subprocess.run(
        [require_tool("bash"), "-c", loop], cwd=folder, env=environment, capture_output=True, timeout=60, check=False
    )
    found: dict[str, set[tuple[str, ...]]] = {}
    for path in sorted(folder.glob("*.[01]")):
        lines = (line.split("|")[:-1] for line in path.read_text().splitlines())
        top = str(folder / path.stem)
        found.setdefault(path.stem, set()).update(
            (
                line[0].removeprefix(top).replace(str(folder), "~").lstrip("/") or ".",
                *(word.replace(f"{top}/", ANCHOR) for word in line[1:]),
            )
            for line in lines
            if line[1] in _PROGRAMS
        )
    return Runs(folder, found)


def _expected(root: Path) -> list[LocalCommand]:
    """What tfgen says, for the tree in which the text was run."""
    found = LocalCommands(PathResolver(DiskTree(root))).of_script("scripts/run.sh", ["."])
    return [one for one in found if one.program in _PROGRAMS]


def _is(command: LocalCommand, seen: tuple[str, ...]) -> bool:
    """Whether a command may be what was seen."""
    folders = [folder.removeprefix(ANCHOR) or "." for folder in command.folders]
    if not any(UNKNOWN in folder or folder in (seen[0], f"/{seen[0]}") for folder in folders):
        return False
    wanted = " ".join((command.program, *command.words[1:])).replace(f"{ANCHOR}/", ANCHOR)
    pattern = re.escape(wanted).replace(UNKNOWN, ".*").replace(r"\*", "[^/ ]*")
    return re.fullmatch(pattern, " ".join(seen[1:])) is not None


@pytest.mark.parametrize("name", _ALL)
def test_text(name: str, ran: Runs) -> None:
    """What bash runs is there, and nothing is there that bash runs in neither way."""
    wanted, seen = _expected(ran.folder / name), ran.seen.get(name, set())
    assert [one for one in seen if not any(_is(command, one) for command in wanted)] == [], wanted
    assert [command for command in wanted if not any(_is(command, one) for one in seen)] == [], seen


def test_each_row_of_the_document_has_a_test() -> None:
    assert names_of("Shell") == set(NAMED)
