"""Repositories of real shapes, and the images that each change of them affects: exactly those, by hand.

tests/data/cases/*.yaml are lists of cases: `files` by path, `links` by path, `images` (name -> the one provisioner of
packer/NAME.json), and `changes`: what is done to the committed repository -> the images, by name. A change is
`edit PATH`, `add PATH`, `delete PATH`, `move PATH PATH` and `link PATH TARGET`.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import TOML, Repo
from tests.functional.git_repo import commit, git
from tfgen.affected.find import find_affected
from tfgen.workspace import open_workspace

_CASES = Path(__file__).parents[1] / "data/cases"


def _cases() -> Iterator[Any]:
    for file in sorted(_CASES.glob("*.yaml")):
        for case in yaml.safe_load(file.read_text(encoding="utf-8")):
            yield pytest.param(case, id=case["case"])


def test_there_are_many() -> None:
    cases = [case.values[0] for case in _cases()]
    assert len(cases) >= 40
    assert sum(len(case["changes"]) for case in cases) >= 200


@pytest.mark.parametrize("case", list(_cases()))
def test_each_change_names_exactly_its_images(repo: Repo, case: dict[str, Any]) -> None:
    root = repo({"tfgen.toml": TOML, ".gitignore": ".tfgen/\n", **_templates(case), **case["files"]})
    for path, target in case.get("links", {}).items():
        _link(root, path, target)
    git(root, "init", "--quiet")
    commit(root)
    answers: dict[str, str] = {}
    for change in case["changes"]:
        _apply(root, change)
        found = find_affected(open_workspace(), base="HEAD", head=None)
        assert not found.everything
        answers[change] = " ".join(sorted(image.name for image in found.images))
        git(root, "reset", "--quiet", "--hard")
        git(root, "clean", "--quiet", "-d", "--force")
    assert answers == {change: " ".join(sorted(names.split())) for change, names in case["changes"].items()}


def _templates(case: dict[str, Any]) -> dict[str, str]:
    builder = {"type": "amazon-ebs", "region": "eu-west-1", "source_ami": "ami-0123456789abcdef0"}
    return {
        f"packer/{name}.json": json.dumps({"builders": [{**builder, "ami_name": name}], "provisioners": [settings]})
        for name, settings in case.get("images", {}).items()
    }


def _apply(root: Path, change: str) -> None:
    kind, _, rest = change.partition(" ")
    if kind == "move":
        before, after = rest.split(" ")
        (root / after).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(root / before, root / after)
    elif kind == "link":
        path, target = rest.split(" ")
        (root / path).unlink()
        _link(root, path, target)
    elif kind == "delete":
        (root / rest).unlink()
    else:
        file = root / rest
        assert file.is_file() == (kind == "edit"), change
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("ab") as stream:
            stream.write(b"\n" if rest.endswith(".json") else b"\n# edited\n")


def _link(root: Path, path: str, target: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).symlink_to(os.path.relpath(target, Path(path).parent))
