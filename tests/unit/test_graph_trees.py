"""Trees: the disk with its links, and another commit laid over it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import write_tree
from tfgen_generators.trees.disk import DiskTree
from tfgen_generators.trees.linked import files_below
from tfgen_generators.trees.overlay import Other, OverlayTree

BLOBS = {"new": b"new", "link": b"../shared"}


def link(root: Path, path: str, target: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).symlink_to(target)


def over(root: Path, **differing: str | None) -> OverlayTree:
    """A tree over `root`; values are entries and blobs (`file new`), paths have __ for /."""
    there = {
        path.replace("__", "/"): Other(entry="link" if "link" in value else "file", blob=value.split()[1])
        if value
        else None
        for path, value in differing.items()
    }
    return OverlayTree(DiskTree(root), there, BLOBS.__getitem__, str(root))


def test_a_link_is_followed_and_named(tmp_path: Path) -> None:
    write_tree(tmp_path, {"shared/web/tasks/main.yml": "[]"})
    link(tmp_path, "ansible/roles", "../shared")
    tree = DiskTree(tmp_path)
    assert tree.kind("ansible/roles/web/tasks/main.yml") == "file"
    assert tree.names("ansible/roles") == ("web",)
    assert tree.links("ansible/roles/web/tasks/main.yml") == ("ansible/roles", "shared/web/tasks/main.yml")
    assert tree.links("shared/web/tasks/main.yml") == ()
    assert tree.read("ansible/roles/web/tasks/main.yml") == b"[]"
    assert files_below(tree, ".") == ["ansible/roles/web/tasks/main.yml", "shared/web/tasks/main.yml"]


@pytest.mark.parametrize("target", ["../outside", "/etc", "ansible/../../outside", "x", "."])
def test_what_leads_out_or_round_is_not_there(tmp_path: Path, target: str) -> None:
    write_tree(tmp_path / "root", {"a": ""})
    write_tree(tmp_path / "outside", {"b": ""})
    link(tmp_path / "root", "x", target)
    tree = DiskTree(tmp_path / "root")
    assert tree.kind("x/b") is None
    assert tree.kind("x/hosts") is None
    assert tree.kind("../outside/b") is None
    if target != ".":
        assert tree.kind("x") is None
    assert files_below(tree, ".") == ["a"]


def test_an_absolute_link_into_the_repository(tmp_path: Path) -> None:
    write_tree(tmp_path, {"shared/a": "x"})
    link(tmp_path, "x", str(tmp_path / "shared"))
    assert DiskTree(tmp_path).read("x/a") == b"x"


def test_gits_and_our_own_folder_are_hidden(tmp_path: Path) -> None:
    write_tree(tmp_path, {".git/config": "", ".tfgen/x": "", "a": ""})
    assert DiskTree(tmp_path).names(".") == ("a",)


def test_what_is_no_file_is_not_there(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert DiskTree(tmp_path).kind("pipe") is None


def test_another_commit_has_more_and_less(tmp_path: Path) -> None:
    write_tree(tmp_path, {"a/b": "x", "a/c": "x", "d/e/f": "x", "g": "x"})
    tree = over(tmp_path, a__b=None, d__e__f=None, h__i__j="file new", g="file new")
    assert files_below(tree, ".") == ["a/c", "g", "h/i/j"]
    assert tree.kind("d") is None
    assert (tree.read("h/i/j"), tree.read("g"), tree.read("a/c")) == (b"new", b"new", b"x")
    assert tree.digest("g") != DiskTree(tmp_path).digest("g")
    with pytest.raises(FileNotFoundError):
        tree.read("a/b")


def test_another_commit_has_a_file_for_a_folder_and_a_folder_for_a_file(tmp_path: Path) -> None:
    write_tree(tmp_path, {"a/b": "x", "c": "x"})
    tree = over(tmp_path, a="file new", a__b=None, c=None, c__d="file new")
    assert files_below(tree, ".") == ["a", "c/d"]


def test_another_commit_has_a_link(tmp_path: Path) -> None:
    write_tree(tmp_path, {"shared/web/x": "x", "ansible/roles/web/y": "y"})
    tree = over(tmp_path, ansible__roles="link link", ansible__roles__web__y=None)
    assert files_below(tree, "ansible") == ["ansible/roles/web/x"]
    assert tree.links("ansible/roles/web/x") == ("ansible/roles", "shared/web/x")


def test_a_link_of_the_disk_that_another_commit_does_not_have(tmp_path: Path) -> None:
    write_tree(tmp_path, {"shared/x": "x"})
    link(tmp_path, "roles", "shared")
    assert over(tmp_path, roles=None).kind("roles/x") is None
    tree = over(tmp_path, roles=None, roles__y="file new")
    assert files_below(tree, "roles") == ["roles/y"]
