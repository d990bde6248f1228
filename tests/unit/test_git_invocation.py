"""Which protocols a fetch may speak, and which paths a branch has a say in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfgen.git.deepen import protocol_of
from tfgen.git.invocation.program import clean_path, passes_through


@pytest.mark.parametrize(
    ("url", "protocols"),
    [
        ("https://example.com/x.git", "https"),
        ("http://example.com/x.git", "http:https"),
        ("ssh://git@example.com/x.git", "ssh"),
        ("git+ssh://git@example.com/x.git", "ssh"),
        ("git@example.com:owner/x.git", "ssh"),
        ("[::1]:x", "ssh"),
        ("git://example.com/x.git", "git"),
        ("file:///srv/x.git", "file"),
        ("/srv/x.git", "file"),
        ("../x.git", "file"),
        ("./a:b", "file"),
        ("codecommit::eu-west-1://profile@images", "codecommit"),
        ("codecommit://images", "codecommit"),
        ("ext::sh -c true", ""),
        ("fd::17", ""),
        ("ext://x", ""),
    ],
)
def test_an_address_needs_one_protocol(url: str, protocols: str) -> None:
    assert protocol_of(url) == protocols


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Folders in and out of a repository, and links from one to the other."""
    tree = tmp_path / "tree"
    (tree / "bin").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    (tree / "leads-out").symlink_to(tmp_path / "out")
    (tmp_path / "leads-in").symlink_to("tree/bin")
    (tmp_path / "leads-through").symlink_to("tree/leads-out")
    (tmp_path / "leads-on").symlink_to("leads-through")
    (tmp_path / "out/sideways").symlink_to("../tree-like")
    (tmp_path / "loop").symlink_to("loop")
    return tree


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        *(("tree", True), ("tree/bin", True), ("tree/gone", True), ("tree/leads-out", True), ("leads-in", True)),
        *(("leads-through", True), ("leads-on", True), ("leads-on/git", True), ("loop", True), ("tree/../out", True)),
        *(("out", False), ("out/git", False), ("out/sideways/git", False), ("tree-like", False), ("gone/git", False)),
        *((".", False), ("out/../out", False), ("out/../tree/bin", True), ("./out//./git", False)),
    ],
)
def test_a_path_that_a_branch_has_a_say_in(tree: Path, path: str, expected: bool) -> None:
    assert passes_through(f"{tree.parent}/{path}", tree) is expected


def test_path_without_the_branch(tree: Path) -> None:
    entries = [str(tree / "bin"), "bin", "", ".", "/usr/bin", f"{tree.parent}/leads-through", str(tree.parent / "out")]
    assert clean_path(":".join(entries), tree) == f"/usr/bin:{tree.parent}/out"
    assert clean_path(":".join(entries[:4]), tree) == "/dev/null"
