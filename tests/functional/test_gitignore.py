"""What git ignores is no template; git itself is the oracle."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.conftest import HCL2, JSON, Command, Repo
from tfgen_generators.packer.discovery.gitignore import GitIgnore

PATTERNS = [
    ("*.draft.json", ""),
    ("build/", "!build/\n"),
    ("/packer/out", ""),
    ("packer/**/tmp", ""),
    ("*.json\n!web.json", ""),
    ("# a comment\n\n  \npacker/team/*.json", "!api.json\n"),
    ("\\#odd.json\nspace\\ .json\nx[ab].json", ""),
    ("packer/*\n!packer/team/", ""),
    ("packer/build/**", "!build/a.json\n"),
    ("packer/**\n!packer/build/", "!build/*.json"),
    ("[", "*.json"),
]
FILES = [
    "packer/web.json",
    "packer/web.draft.json",
    "packer/build/a.json",
    "packer/out/b.json",
    "packer/a/b/tmp/c.json",
    "packer/team/api.json",
    "packer/team/web.json",
    "packer/#odd.json",
    "packer/xa.json",
    "packer/xc.json",
]


@pytest.mark.parametrize(("outer", "inner"), PATTERNS)
def test_as_git_does(repo: Repo, cli: Command, outer: str, inner: str) -> None:
    root = repo({**dict.fromkeys(FILES, JSON), ".gitignore": f"{outer}\n", "packer/.gitignore": inner})
    git(root, "init", "-q")
    ignored = {path for path in FILES if git(root, "check-ignore", "-q", "--no-index", path) == 0}
    listed = json.loads(cli("list", "--format", "json").expect(0).out)
    assert {template["path"] for template in listed["templates"]} == set(FILES) - ignored


def git(root: Path, *arguments: str) -> int:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False).returncode


def test_a_tracked_file_is_never_ignored(repo: Repo, cli: Command) -> None:
    root = repo({"packer/web.json": JSON, "packer/made/old.json": JSON, "packer/made/new.json": JSON})
    git(root, "init", "-q")
    git(root, "add", "packer/made/old.json")
    (root / ".gitignore").write_text("made/\n")
    result = cli("list", "--format", "json").expect(0)
    assert "packer/web.json" in result.out
    assert '"path": "packer/made/old.json"' in result.out
    assert '"path": "packer/made/new.json",\n      "reason": "ignored by git"' in result.out


def test_an_ignored_folder_is_said_once(repo: Repo, cli: Command) -> None:
    repo({"packer/a.pkr.hcl": HCL2, ".gitignore": "build\n", **{f"packer/build/{n}.json": JSON for n in range(5)}})
    result = cli("list").expect(0)
    assert "packer/build: folder ignored by git" in result.err
    assert "packer/build/0.json" not in result.out + result.err


def test_without_an_ignore_file_nothing_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "packer").mkdir()
    assert not GitIgnore(tmp_path).ignores("packer/web.json")


#: What patterns are made of: each sign of git's, and what looks like one.
TOKENS = (
    *("a", "b", "A", "1", "é", ".json", " ", "\t", "#", "!", "-", "\\", "\\ ", "]"),
    *("*", "?", "/", "**/", "/**", "/**/", "*/", "***"),
    *("[ab]", "[!a]", "[^b-]", "[]a]", "[a-b]", "[b-a]", "[--a]", "[!-.]", "[\\]a]", "[a-", "[!", "[a/b]"),
    *("[[:alpha:]]", "[[:upper:][:digit:]]", "[[:punct:]]", "[[:x:]]", "[[:]", "[[:a]"),
)
NAMES = ("a", "b", "ab", "a.b", "é", "[a]", "A1", "-", "!a", "#a", "a\\b", "a b", "a ", " ")
#: git before 2.52 takes two asterisks behind a letter for folders too, where no other wildcard stands before them.
_OLD_GIT = re.compile(r"[^/]\*\*+(/|$)")
PATTERN = st.lists(st.sampled_from(TOKENS), min_size=1, max_size=6).map("".join)
IGNORE = st.lists(PATTERN.filter(lambda text: not _OLD_GIT.search(text)), max_size=3)


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a file for each of many odd paths."""
    root = tmp_path_factory.mktemp("names")
    git(root, "init", "-q")
    for parts in (*itertools.product(NAMES, NAMES[:6]), *itertools.product(NAMES[:3], NAMES[:3], NAMES[:5])):
        folder = root.joinpath(*parts)
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("x.json", f"{parts[0]}.json"):
            (folder / name).touch()
    return root


@given(IGNORE, IGNORE, st.sampled_from(("", "\n", "\r\n")))
@example(["a/**"], ["/**"], "\n")
@example(["*a*a*a*a*a*a*a*a*a*a*ab", "a/**/a/**/b"], ["**/*a*b*/**/[!-.]*x*.json"], "")
@settings(max_examples=40, deadline=None)
def test_any_pattern_is_read_as_git_reads_it(names: Path, outer: list[str], inner: list[str], ending: str) -> None:
    (names / ".gitignore").write_text("\n".join(outer) + ending)
    (names / "a" / ".gitignore").write_text("\n".join(inner) + ending)
    found = {path.relative_to(names).as_posix(): path.is_dir() for path in names.rglob("*")}
    paths = [path for path in found if not path.startswith(".git/")]
    answer = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin", "-z", "--verbose", "--non-matching"],
        cwd=names,
        input="\0".join(paths).encode(),
        capture_output=True,
    ).stdout.decode()
    _, _, said, asked = (answer.split("\0")[start::4] for start in range(4))
    ignored = {path for pattern, path in zip(said, asked, strict=False) if pattern and not pattern.startswith("!")}
    assert len(asked) == len(paths)
    assert _ignored(names, {path: found[path] for path in sorted(paths)}) == ignored


def _ignored(root: Path, found: dict[str, bool]) -> set[str]:
    """What we ignore, asked for each folder before what it holds."""
    git_ignore, ignored = GitIgnore(root), set[str]()
    for path, folder in found.items():
        if path.rpartition("/")[0] in ignored or git_ignore.ignores(path, folder=folder):
            ignored.add(path)
    return ignored
