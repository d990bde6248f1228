"""`tfgen status` says that an image is behind HEAD just where `tfgen affected --base` names it, by the same file."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests import depth
from tests.functional.git_repo import commit, git
from tests.property.changes import make_change
from tests.property.generate import make
from tests.property.oracle import Evidence
from tests.property.repository import Content, Repository, write_all, write_one
from tfgen.affected.find import find_affected
from tfgen.status.behind import verdicts
from tfgen.workspace import open_workspace
from tfgen_generators.errors import TfgenError
from tfgen_generators.settings.read import parse_settings

_SEEDS = 160
_TRIED = depth.amount(6, _SEEDS)
_CHANGES = 4


@depth.deep
def test_behind_is_what_affected_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = {"yes": 0, "no": 0}
    for seed in range(_TRIED):
        root = tmp_path / str(seed)
        root.mkdir()
        monkeypatch.chdir(root)
        commits, names = _history(root, seed)
        for number, base in enumerate(commits):
            asked = {name: commits[(number + at) % len(commits)] for at, name in enumerate(names)}
            found = verdicts(open_workspace(), asked)
            for name in (one for one in names if asked[one] == base):
                counts[_expected(found[name].behind.verdict, name, base, seed, found[name].behind.file)] += 1
    assert min(counts.values()) > _TRIED, counts


def _expected(verdict: str, name: str, base: str, seed: int, file: str) -> str:
    answer = find_affected(open_workspace(), base=base, head="HEAD")
    reasons = {one.name: one.reasons for one in answer.images}
    assert verdict == ("yes" if name in reasons else "no"), (seed, name, base)
    assert file == (reasons[name][0].path if reasons.get(name) else ""), (seed, name, base)
    return verdict


def _history(root: Path, seed: int) -> tuple[list[str], list[str]]:
    """A repository with several commits, one of which merges a branch: these, and the images of the last one."""
    repository, random = make(seed), Random(f"behind {seed}")
    write_all(root, repository.files)
    git(root, "init", "--quiet")
    commit(root)
    _change(root, repository, seed * 100)
    git(root, "checkout", "--quiet", "-b", "branch")
    _change(root, repository, seed * 100 + 1)
    git(root, "checkout", "--quiet", "main")
    (root / "beside.md").write_text("main\n")
    commit(root)
    git(root, "merge", "--quiet", "--no-ff", "--message", "merge", "branch")
    for number in range(2, _CHANGES):
        _change(root, repository, seed * 100 + number)
    if random.random() < 0.3:  # the verdict is about HEAD, whatever stands in the work tree
        (root / "uncommitted.md").write_text("x\n")
        with (root / random.choice(repository.images).members[0]).open("a") as file:
            file.write("\n")
    from tfgen.affected.many import Many

    head = git(root, "rev-parse", "HEAD").strip()
    return git(root, "rev-list", "HEAD").split(), sorted(Many(open_workspace(), head, {}).images)


def _change(root: Path, repository: Repository, seed: int) -> None:
    files = repository.files
    beside = {path.rpartition("/")[0] + "/main.yaml" for path in files if path.endswith("main.yml")}
    everything = Evidence(opened=dict.fromkeys(files, ""), seen=frozenset(beside), listed=frozenset())
    for path, content in make_change(seed, repository, everything).files.items():
        if content is None and any(path in image.members for image in repository.images):
            continue  # the repository keeps its images
        if path == "tfgen.toml" and not _is_valid(content):
            continue
        write_one(root, path, content)
        if content is None:
            files.pop(path, None)
        else:
            files[path] = content
    (root / "log.md").write_text(f"{seed}\n")
    commit(root, f"change {seed}")


def _is_valid(content: Content | None) -> bool:
    try:
        parse_settings(content.decode() if isinstance(content, bytes) else "nothing")
    except TfgenError:
        return False
    return True
