"""A slip never plans a destroy: what is still on disk keeps its generated file, and somebody is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import JSON, TOML, Command, Repo, read_tree

BASE = 'source "null" "base" {\n}\nbuild {\n  sources = ["source.null.base"]\n}\n'
WITH_VARIABLE = 'variable "%s_region" {\n  default = "x"\n}\nlocals {\n  %s = var.%s_region\n}\n'
VARIABLES = 'variable "region" {\n  default = "x"\n}\n'
WEB = 'source "null" "web" {\n  host = var.region\n}\nbuild {\n  sources = ["source.null.web"]\n}\n'


def generated(root: Path) -> dict[str, bytes]:
    return {name: data for name, data in read_tree(root).items() if name.endswith(".gen.tf")}


def kept(root: Path, cli: Command, before: dict[str, bytes], *says: str) -> None:
    result = cli("sync").expect(1)
    assert generated(root) == before
    for text in says:
        assert text in result.err
    assert cli("plan").expect(1).out == ""


def test_a_copy_that_still_names_the_old_source(repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": TOML, "packer/base.pkr.hcl": BASE})
    cli("sync").expect(0)
    before = generated(root)
    (root / "packer/blog.pkr.hcl").write_text(BASE.replace('"null" "base"', '"null" "blog"'))
    kept(root, cli, before, "source.null.base is not declared in this template")
    assert [line.split()[0] for line in cli("list").out.splitlines()] == ["NAME", "base", "blog"]


def test_a_reference_to_the_neighbours_variable(repo: Repo, cli: Command) -> None:
    both = {f"packer/{n}.pkr.hcl": WITH_VARIABLE % (n, n, n) + BASE.replace("base", n) for n in ("one", "two")}
    root = repo({"tfgen.toml": TOML, **both})
    cli("sync").expect(0)
    before = generated(root)
    assert len(before) == 2
    file = root / "packer/two.pkr.hcl"
    file.write_text(file.read_text().replace("var.two_region", "var.one_region"))
    kept(root, cli, before, "var.one_region is not declared in this template")
    assert [line.split()[0] for line in cli("list").out.splitlines()] == ["NAME", "one", "two"]


def test_a_typo_in_a_folder_template(repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": TOML, "packer/team/variables.pkr.hcl": VARIABLES, "packer/team/web.pkr.hcl": WEB})
    cli("sync").expect(0)
    before = generated(root)
    assert list(before) == ["terraform/pipelines/pipeline_team.gen.tf"]
    (root / "packer/team/web.pkr.hcl").write_text(WEB.replace("var.region", "var.regoin"))
    kept(
        root,
        cli,
        before,
        "packer/team/web.pkr.hcl:2: var.regoin is not declared in this template",
        "packer/team: still exists",
    )


def test_a_wrong_packer_dir(repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": TOML, "packer/web.json": JSON, "scripts/x.sh": "#!/bin/sh\n"})
    cli("sync").expect(0)
    before = generated(root)
    (root / "tfgen.toml").write_text(TOML + 'packer_dir = "scripts"\n')
    kept(root, cli, before, "scripts: no template found in 1 folder, but there are templates in packer")


def test_a_folder_that_became_a_symlink(repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": TOML, "packer/team/web.json": JSON})
    cli("sync").expect(0)
    before = generated(root)
    (root / "packer/team").rename(root.parent / "elsewhere")
    (root / "packer/team").symlink_to(root.parent / "elsewhere")
    kept(root, cli, before, "packer/team/web.json: still exists")


@pytest.mark.parametrize("start", ["<<<<<<< HEAD\n", "\ufeff"])
def test_a_conflict_in_a_generated_file_is_an_edit(repo: Repo, cli: Command, start: str) -> None:
    root = repo({"tfgen.toml": TOML, "packer/web.json": JSON})
    cli("sync").expect(0)
    file = root / "terraform/pipelines/pipeline_web.gen.tf"
    file.write_text(start + file.read_text())
    assert "was edited by hand" in cli("sync").expect(3).err


def test_a_folder_template_that_is_gone_takes_its_file_along(repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": TOML, "packer/team/variables.pkr.hcl": VARIABLES, "packer/team/web.pkr.hcl": WEB})
    cli("sync").expect(0)
    (root / "packer/team/variables.pkr.hcl").unlink()
    (root / "packer/team/web.pkr.hcl").unlink()
    (root / "packer/team/README.md").write_text("gone\n")
    assert cli("sync").expect(0).out == "deleted  terraform/pipelines/pipeline_team.gen.tf\n"


def test_a_pipeline_that_cannot_be_made_is_said_once(repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": TOML, "packer/web.json": JSON})
    cli("sync").expect(0)
    before = generated(root)
    (root / "tfgen.toml").write_text(TOML + '[names]\nproject_name = "{name} x"\n')
    result = cli("sync").expect(1)
    assert generated(root) == before
    assert [line for line in result.err.splitlines() if line.startswith("error: ")] == [
        (
            "error: packer/web.json: project_name would be 'web x', but AWS allows 2 to 100 letters, digits, - and _, "
            "beginning with a letter or digit; change [names] project_name in tfgen.toml, or the file's name"
        )
    ]
