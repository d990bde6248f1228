"""Whether a repository on the disk still answers as it did."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import write_tree
from tfgen_generators.packer.discovery.gitignore import GitIgnore
from tfgen_generators.trees.recorded import Record, RecordedTree
from tfgen_generators.trees.store import Store

#: So long after a change that its folder's time is believed.
LATER = 10_000_000_000


def ask(tree: RecordedTree) -> None:
    """What a rule may ask."""
    tree.kind("a/one.txt")
    tree.kind("a/gone/below")
    tree.names("b")
    tree.kind("link/two.txt")
    tree.digest("a/one.txt")
    tree.read("b/two.txt")
    with pytest.raises(OSError, match="No such file"):
        tree.read("gone.txt")


def made(root: Path, *, later: int) -> Record:
    write_tree(root, {"a/one.txt": "1", "b/two.txt": "2", "c/three.txt": "3", "a/deep/x.txt": "x"})
    (root / "link").symlink_to("b")
    tree = RecordedTree(root, Store())
    ask(tree)
    record = tree.record(time.time_ns() + later)
    assert record is not None
    return record


def holds(root: Path, record: Record) -> bool:
    return RecordedTree(root, Store()).is_as(record)


def instead(root: Path, path: str, target: str) -> None:
    """A link where something else stands; a folder without a target."""
    (root / path).unlink()
    (root / path).symlink_to(target) if target else (root / path).mkdir()


EDITS: dict[str, Callable[[Path], object]] = {
    "another text": lambda root: (root / "b/two.txt").write_text("3"),
    "a file that was looked for": lambda root: write_tree(root, {"a/gone/below": ""}),
    "a file in a folder that was listed": lambda root: (root / "b/new.txt").touch(),
    "a file that is gone": lambda root: (root / "a/one.txt").unlink(),
    "a file in the root": lambda root: (root / "gone.txt").touch(),
    "another link": lambda root: instead(root, "link", "a"),
    "a folder for a link": lambda root: instead(root, "link", ""),
    "a link for a file": lambda root: instead(root, "b/two.txt", "../c/three.txt"),
    "another name": lambda root: (root / "b").rename(root / "d"),
}


@pytest.mark.parametrize("later", [0, LATER], ids=["listed again", "by its folders' times"])
@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_what_was_asked_is_another(tmp_path: Path, edit: Callable[[Path], object], later: int) -> None:
    record = made(tmp_path, later=later)
    assert holds(tmp_path, record)
    time.sleep(0.01)  # the kernel's clock has ticks
    edit(tmp_path)
    assert not holds(tmp_path, record)


@pytest.mark.parametrize("later", [0, LATER], ids=["listed again", "by its folders' times"])
def test_what_nobody_asked_for_is_another(tmp_path: Path, later: int) -> None:
    record = made(tmp_path, later=later)
    write_tree(tmp_path, {"c/three.txt": "4", "c/new.txt": "", "a/deep/new/x.txt": "", ".tfgen/cache/lint": "x"})
    (tmp_path / "b/two.txt").chmod(0o755)
    os.utime(tmp_path / "b/two.txt")
    assert holds(tmp_path, record)


def test_a_file_that_changes_during_the_look_is_not_kept(tmp_path: Path) -> None:
    write_tree(tmp_path, {"a.txt": "1"})
    tree = RecordedTree(tmp_path, Store())
    assert tree.read("a.txt") == b"1"
    write_tree(tmp_path, {"a.txt": "2"})
    assert tree.record(time.time_ns()) is None


def test_a_name_that_cannot_be_kept(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff.txt")
    (tmp_path / name).touch()
    tree = RecordedTree(tmp_path, Store())
    assert tree.read(name) == b""
    assert tree.record(time.time_ns()) is None


def test_ignore_files_that_were_asked(tmp_path: Path) -> None:
    write_tree(tmp_path, {".git/HEAD": "", ".gitignore": "x\n", "a/b/.gitignore": "y\n"})
    git = GitIgnore(tmp_path)
    git.ignores("a/b/c.txt")
    consulted = dict(git.consulted)
    assert GitIgnore(tmp_path).is_as(consulted)
    for path, text in ((".gitignore", "z\n"), ("a/.gitignore", "z\n"), (".git/info/exclude", "z\n")):
        write_tree(tmp_path, {path: text})
        assert not GitIgnore(tmp_path).is_as(consulted)
        (tmp_path / path).unlink()
        write_tree(tmp_path, {".gitignore": "x\n"})
    assert GitIgnore(tmp_path).is_as(consulted)
