"""One repository and one change, judged by the oracle and by tfgen."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Protocol

import msgspec

from tests.property.changes import Change, make_change
from tests.property.generate import make
from tests.property.oracle import Ansible, Evidence, Oracle, may_differ
from tests.property.packer_trace import Packer
from tests.property.repository import Image, Repository, write_all, write_one

#: Where making and removing many small files costs least; None: where temporary files are.
_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK | os.X_OK) else None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """`named` are the images that tfgen names, `missed` those that it should; `needed` is only known when asked for."""

    seed: int
    change: Change
    features: frozenset[str]
    images: int
    named: frozenset[str]
    missed: frozenset[str]
    needed: frozenset[str] = frozenset()
    failed: int = 0

    def report(self) -> str:
        """What there is to say of a miss, and how to see it again."""
        changed = ", ".join(f"{'-' if content is None else '+'}{path}" for path, content in self.change.files.items())
        return (
            f"seed {self.seed}: missed {sorted(self.missed)}, named {sorted(self.named)}, changed {changed}\n"
            f"again: python -m tests.property.run --seed {self.seed} --keep FOLDER"
        )


class Asked(Protocol):
    """Which images tfgen names, for the repository in this folder whose work tree has uncommitted changes."""

    def __call__(self, root: Path) -> frozenset[str]: ...


def ask_in_process(root: Path) -> frozenset[str]:
    """`find_affected`, in this process."""
    from tfgen.affected.find import find_affected
    from tfgen.workspace import open_workspace

    before = Path.cwd()
    os.chdir(root)
    try:
        return frozenset(image.name for image in find_affected(open_workspace(), base="HEAD", head=None).images)
    finally:
        os.chdir(before)


class Judge:
    """Checks seeds, one after the other; what was learned of Packer stays.

    An image that tfgen names cannot be missed: whether it had to be named is only found out when `exact` is wanted.
    """

    def __init__(self, ansible: Ansible, packer: Packer, asked: Asked = ask_in_process, *, exact: bool = False) -> None:
        self.oracle, self.packer, self.asked, self.exact = Oracle(ansible, packer), packer, asked, exact

    def check(self, seed: int, folder: Path) -> Outcome:
        """Makes the repository in `folder`/ami-builder (new), changes it, and asks both."""
        repository = make(seed)
        base, head = folder.resolve() / "base", folder.resolve() / "ami-builder"
        head.mkdir(parents=True)
        write_all(head, repository.files)
        _commit(head)
        for image in repository.images:
            self.packer.prove(head, image)
        concerned = Random(f"image {seed}").choice(repository.images)
        before = {concerned.name: self.oracle.evidence(head, concerned)}
        change = make_change(seed, repository, before[concerned.name])
        for path, content in sorted(change.files.items(), key=lambda item: item[1] is not None):
            write_one(head, path, content)
        named = self.asked(head)
        needed = set()
        for image in repository.images:
            if image.name in named and not self.exact:
                continue
            if image.name not in before:
                if not base.exists():
                    base.mkdir()
                    write_all(base, repository.files)
                before[image.name] = self.oracle.evidence(base, image)
            if image.name in change.by_key or self._differs(head, image, repository, before[image.name], change):
                needed.add(image.name)
        return Outcome(
            seed=seed,
            change=change,
            features=frozenset(repository.features),
            images=len(repository.images),
            named=named,
            missed=frozenset(needed - named),
            needed=frozenset(needed),
            failed=sum(1 for one in before.values() if one.failed),
        )

    def _differs(self, head: Path, image: Image, repository: Repository, before: Evidence, change: Change) -> bool:
        """Whether other files are opened after the change, or such with other content."""
        if any(
            path in before.opened and content != repository.files.get(path) for path, content in change.files.items()
        ):
            return True
        gone = {path for path, content in change.files.items() if content is None}
        old = set(repository.files)
        if not may_differ(before, old, (old | set(change.files)) - gone, change.files):
            return False
        return self.oracle.evidence(head, image).opened != before.opened


@contextlib.contextmanager
def judging(limit: int = 10**9, *, exact: bool = False) -> Iterator[Judge]:
    """A judge with its programs. `limit` is how many templates Packer is run for at most."""
    packer = Packer(limit)
    with Ansible() as ansible:
        yield Judge(ansible, packer, exact=exact)


def check_many(seeds: range, judge: Judge) -> Iterator[Outcome]:
    """Each seed in a folder of its own, which is removed."""
    for seed in seeds:
        with tempfile.TemporaryDirectory(prefix="tfgen-seed-", dir=_MEMORY) as name:
            yield judge.check(seed, Path(name))


def _commit(root: Path) -> None:
    """A repository with all files in its one commit."""
    git = root / ".git"
    for name in ("objects", "refs/heads"):
        (git / name).mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "config").write_text(
        "[user]\n\tname = x\n\temail = x@example.com\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n"
    )
    for arguments in (["add", "--all"], ["commit", "--quiet", "--message", "base"]):
        subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)
