"""What a plan destroys for no other reason than that the branch lacks commits of its base."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tfgen.git.differences import differences_between
from tfgen.git.merge_base import Base, find_base, find_tip
from tfgen.git.repository import NoAnswerError, run_git, top_of
from tfgen.plan.compared.changed_images import find_changed
from tfgen.untrusted.base_tree import BaseTree, inside
from tfgen_generators.errors import TfgenError
from tfgen_generators.generated.ownership import file_name, same
from tfgen_generators.trees.files import read_text

if TYPE_CHECKING:
    from tfgen.workspace import Workspace


class Behind(msgspec.Struct, frozen=True, kw_only=True):
    """The branch lacks `commits` of `base`, and what becomes of `images` comes from those."""

    base: str
    commits: int
    images: frozenset[str]

    def advice(self, quoted: Callable[[str], str] = str) -> str:
        """What to do about it; `quoted` is how names are written."""
        base, commits = quoted(self.base), "1 commit" if self.commits == 1 else f"{self.commits} commits"
        return f"the branch lacks {commits} of {base}: merge or rebase {base} first, then plan again"

    def explains(self, images: Collection[str]) -> bool:
        """Whether all of `images` are of its."""
        return self.images.issuperset(images)


def find_behind(workspace: Workspace, images: Collection[str], base: str | None = None) -> Behind | None:
    """Of `images`, those that only differ since the base has gone on; None where that is not sure of any."""
    if not images:
        return None
    try:
        left = find_base(workspace.root, base)
        tip = find_tip(workspace.root, base)
        commits = _count(workspace.root, tip)
        found = _from_base(workspace, left, tip, images) if commits else frozenset()
    except (TfgenError, NoAnswerError):
        return None  # without git, or without a base, there is nothing to say
    return Behind(base=left.name, commits=commits, images=found) if found else None


def _count(root: Path, tip: str) -> int:
    """How many commits of the base the branch lacks."""
    return int(os.fsdecode(run_git(root, "rev-list", "--count", tip, "^HEAD")))


def _from_base(workspace: Workspace, left: Base, tip: str, images: Collection[str]) -> frozenset[str]:
    top = top_of(workspace.root)
    root = inside(top, workspace.terraform_dir)
    if root is None:
        return frozenset()
    paths = {f"{root}/{file_name(image)}": image for image in images}
    then, now = (
        {path: data.decode("utf-8", "replace") for path, data in BaseTree(top, commit).read(paths).items()}
        for commit in (left.commit, tip)
    )
    found = set()
    for path, image in paths.items():
        before = then.get(path, "")
        if _is_same(before, _text(top / path)) and not _is_same(before, now.get(path, "")):
            found.add(image)
    others = {image for path, image in paths.items() if path in now} - found
    return frozenset(found | _by_shared_files(workspace, left, tip, others))


def _by_shared_files(workspace: Workspace, left: Base, tip: str, images: set[str]) -> set[str]:
    """Images that the branch does not touch, where the base has changed the module, or other Terraform of all."""
    if not images:
        return set()
    changed = find_changed(workspace, left)
    if changed.whole or not _differs_there(workspace, left, tip):
        return set()
    return images - set(changed.targets)


def _differs_there(workspace: Workspace, left: Base, tip: str) -> bool:
    """Whether the base has since changed hand-written Terraform."""
    endings = (".tf", ".tf.json", ".tofu", ".tfvars")
    there = differences_between(top_of(workspace.root), left.commit, tip)
    return any(path.endswith(endings) and not path.endswith(".gen.tf") for path in there)


def _is_same(one: str, other: str) -> bool:
    return one == other or bool(one and other and same(one, other))


def _text(file: Path) -> str:
    try:
        return read_text(file)
    except OSError:
        return ""
