"""A repository with templates in its root, and one whose files look like Packer's although none is a template."""

from __future__ import annotations

import json

import pytest

from tests.conftest import JSON, TOML, Command, Repo
from tests.functional.git_repo import commit, git

CAPITALS = '{"Variables": {"x": ""}, "Builders": [{"type": "amazon-ebs"}], "Provisioners": []}\n'
BUILDSPEC = "version: 0.2\nphases:\n  build:\n    commands:\n      - packer build $PACKER_SCRIPT.json\n"
OLD = {"packer-wordpress.json": CAPITALS, "buildspec.yml": BUILDSPEC, "package.json": "{}", "tfgen.toml": TOML}
COMMANDS = (
    ("list",),
    ("list", "--format", "json"),
    ("sync",),
    ("sync", "--check"),
    ("lint",),
    ("graph",),
    ("plan",),
    ("affected", "--base", "HEAD~1"),
    ("affected", "--base", "HEAD~1", "--head", "HEAD"),
)


def test_templates_in_the_root(repo: Repo, cli: Command) -> None:
    root = repo(OLD)
    git(root, "init", "-q", "-b", "main")
    commit(root)
    assert [line.split()[:2] for line in cli("list").expect(0).out.splitlines()[1:]] == [
        ["wordpress", "packer-wordpress.json"]
    ]
    assert cli("sync").expect(0).out.split() == ["created", "terraform/pipelines/pipeline_wordpress.gen.tf"]
    assert "PACKER_SCRIPT" in (root / "terraform/pipelines/pipeline_wordpress.gen.tf").read_text(encoding="utf-8")
    cli("sync", "--check").expect(0)
    assert "packer-wordpress.json" in cli("lint").out
    commit(root)
    (root / "packer-wordpress.json").write_text(CAPITALS.replace('"x": ""', '"x": "y"'), encoding="utf-8")
    assert cli("affected", "--base", "HEAD", "--format", "names").expect(0).out.split() == ["wordpress"]


def test_templates_that_move_out_of_the_root(repo: Repo, cli: Command) -> None:
    root = repo(OLD)
    git(root, "init", "-q", "-b", "main")
    commit(root)
    (root / "packer").mkdir()
    (root / "packer-wordpress.json").rename(root / "packer/wordpress.json")
    commit(root)
    for head in ((), ("--head", "HEAD")):
        found = json.loads(cli("affected", "--base", "HEAD~1", *head, "--format", "json").expect(0).out)
        assert [image["template"] for image in found["images"]] == ["packer/wordpress.json"]


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"packer/web.json": JSON.encode("utf-16")}, "packer/web.json (UTF-16 text"),
        ({"packer/variables.pkr.hcl": 'variable "x" {\n}\n'}, "packer/variables.pkr.hcl (no build block)"),
        ({"packer/readme": "", "web.json": CAPITALS}, "there are templates in ."),
        ({"images/web.json": CAPITALS}, "there are templates in images"),
    ],
)
def test_nothing_found_is_not_well(repo: Repo, cli: Command, files: dict[str, str | bytes], says: str) -> None:
    """And nothing is deleted."""
    root = repo({"tfgen.toml": TOML, "packer/web.json": JSON})
    git(root, "init", "-q", "-b", "main")
    cli("sync").expect(0)
    commit(root)
    (root / "packer/web.json").unlink()
    (root / "packer").rmdir()
    repo(files)
    commit(root)
    for arguments in COMMANDS:
        done = cli(*arguments).expect(1)
        assert says in done.err, arguments
        assert done.err.count("error: ") == 1
    assert (root / "terraform/pipelines/pipeline_web.gen.tf").exists()


def test_an_empty_repository_is_as_it_was(repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": TOML, "packer/data.json": "{}"})
    assert "no Packer templates in packer" in cli("list").expect(0).err
    assert "no Packer templates in packer" in cli("sync").expect(0).err
    cli("lint").expect(0)
