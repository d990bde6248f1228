"""A template whose file name is no UTF-8: `affected`, `graph` and `lint` name its image as any other, run after run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import TOML, Command, Repo
from tests.functional.git_repo import commit, git
from tfgen_generators.trees.stamps import WORTHWHILE

_ODD = "packer/caf\udce9.json"


def _template(name: str, **more: object) -> str:
    builder = {"type": "amazon-ebs", "region": "eu-west-1", "ami_name": f"{name}-{{{{timestamp}}}}", **more}
    return json.dumps({"builders": [builder]})


@pytest.fixture
def root(repo: Repo, cli: Command) -> Path:
    """More templates than a cache needs to be kept; the odd one starts from `base`, and both have changed."""
    names = [f"image{number}" for number in range(WORTHWHILE)]
    images = {f"packer/{name}.json": _template(name, source_ami="ami-0123456789abcdef0") for name in [*names, "base"]}
    root = repo({"tfgen.toml": TOML, ".gitignore": ".tfgen/\n", **images})
    searched = {"owners": ["self"], "most_recent": True, "filters": {"name": "base-*"}}
    (root / _ODD).write_text(_template("cafe", source_ami_filter=searched))
    git(root, "init", "--quiet")
    commit(root)
    for path in ("packer/base.json", _ODD):
        (root / path).write_text((root / path).read_text() + "\n")
    return root


@pytest.mark.usefixtures("root")
def test_each_command_takes_it_as_any_other(cli: Command) -> None:
    for _ in range(2):
        found = json.loads(cli("affected", "--base", "HEAD", "--format", "json").expect(0).out)
        base, odd = [image["name"] for image in found["images"]]
        assert (base, odd[:4]) == ("base", "caf-")
        drawn = json.loads(cli("graph", "--format", "json").expect(0).out)
        (drawing,) = [image for image in drawn["images"] if image["name"] == odd]
        assert [parent["image"] for parent in drawing["parents"]] == ["base"]
        checked = json.loads(cli("lint", "--format", "json").out)
        assert "hard-coded-region" in {one["rule"] for one in checked["findings"] if one["image"] == odd}
