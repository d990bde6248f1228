"""One template, four files of values: four images in every command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import JSON, TOML, Command, Repo
from tests.functional.git_repo import commit, git
from tests.prepared import prepared

VERSIONS = ("1.27", "1.28", "1.29", "1.30")
IMAGES = ["eks-1-27", "eks-1-28", "eks-1-29", "eks-1-30"]
TABLE = '[templates.eks]\nvar_files = "vars/*.json"\n'
TEMPLATE = """variable "version" {}
variable "base" {}
source "amazon-ebs" "x" {
  ami_name = "eks-${var.version}-{{timestamp}}"
  source_ami_filter {
    filters     = { name = "${var.base}-*" }
    owners      = ["self"]
    most_recent = true
  }
}
build {
  sources = ["source.amazon-ebs.x"]
  provisioner "shell" {
    script = "install.sh"
  }
}
"""
BUILDSPEC = """version: 0.2
phases:
  build:
    commands:
      - echo "$PACKER_SCRIPT with $PACKER_VAR_FILE" > built
artifacts:
  files: [built]
"""


def values(version: str) -> str:
    # The newer is built on the older.
    base = "eks-1.29" if version == "1.30" else f"base-{version}"
    return json.dumps({"version": version, "base": base, "text": version * 40}, indent=2) + "\n"


@pytest.fixture
def estate(repo: Repo, cli: Command) -> Path:
    """Synced and committed."""

    def make() -> Path:
        root = repo(
            {
                "tfgen.toml": TOML + TABLE,
                ".gitignore": ".tfgen/\n",
                "buildspec.yml": BUILDSPEC,
                "install.sh": "set -e\n",
                "packer/eks.pkr.hcl": TEMPLATE,
                **{f"vars/eks-{version}.json": values(version) for version in VERSIONS},
            }
        )
        cli("sync").expect(0)
        git(root, "init", "--quiet")
        commit(root)
        return root

    return prepared(repo, make, "variants")


def affected(cli: Command, *arguments: str) -> list[str]:
    return cli("affected", "--format", "names", "--base", "HEAD", *arguments).expect(0).out.split()


def test_each_is_listed_and_all_is_in_order(estate: Path, cli: Command) -> None:
    listed = json.loads(cli("list", "--format", "json").expect(0).out)["templates"]
    assert [(one["name"], one["path"], one["var_file"]) for one in listed] == [
        (name, "packer/eks.pkr.hcl", f"vars/eks-{version}.json") for name, version in zip(IMAGES, VERSIONS, strict=True)
    ]
    assert "TEMPLATE            VAR FILE            FORMAT" in cli("list").expect(0).out
    cli("sync", "--check").expect(0)
    assert [path.name for path in sorted((estate / "terraform/pipelines").iterdir())] == [
        f"pipeline_{name}.gen.tf" for name in IMAGES
    ]


def test_a_file_of_values_in_the_folder_of_templates_is_not_called_skipped(repo: Repo, cli: Command) -> None:
    toml = 'source_repository = "ami-builder"\n[templates.eks]\nvar_files = "packer/vars/*.json"\n'
    repo({"tfgen.toml": toml, "packer/eks.json": JSON, "packer/vars/a.json": "{}", "packer/other.json": "{}"})
    assert cli("list").expect(0).err == "\nskipped:\n  packer/other.json: no builders: not a Packer template\n"


def test_a_file_of_values_affects_its_own_image_and_those_built_on_it(estate: Path, cli: Command) -> None:
    assert affected(cli) == []
    file = estate / "vars/eks-1.29.json"
    file.write_text(file.read_text().replace('"base-1.29"', '"other"'))
    assert affected(cli) == ["eks-1-29"]
    assert affected(cli, "--include-children") == ["eks-1-29", "eks-1-30"]
    assert "because vars/eks-1.29.json" in cli("affected", "--base", "HEAD", "--why").expect(0).out
    # The same between two commits, of which none is on the disk.
    commit(estate, "values")
    git(estate, "checkout", "--quiet", "HEAD~1")
    found = cli("affected", "--format", "names", "--base", "main~1", "--head", "main").expect(0).out
    assert found.split() == ["eks-1-29"]


def test_what_all_are_made_of_affects_all(estate: Path, cli: Command) -> None:
    (estate / "install.sh").write_text("set -eu\n")
    assert affected(cli) == IMAGES


def test_settings_affect_the_images_that_they_are_for(estate: Path, cli: Command) -> None:
    toml = estate / "tfgen.toml"
    toml.write_text(TOML + TABLE + '[templates.eks-1-28]\nenvironment = { A = "1" }\n')
    assert affected(cli) == ["eks-1-28"]
    toml.write_text(TOML + TABLE + 'environment = { A = "1" }\n')
    assert affected(cli) == IMAGES
    # A new image is one, although none of its files is new.
    entry = '[templates.eks.variants]\nnext = { var_file = "vars/eks-1.30.json" }\n'
    toml.write_text(TOML + '[templates.eks]\nvar_files = "vars/*[789].json"\n' + entry)
    result = cli("affected", "--base", "HEAD").expect(0)
    assert "eks-next" in result.out
    assert "removed: eks-1-30" in result.err
    toml.write_text(TOML + TABLE + "# a comment\n")
    assert affected(cli) == []


def test_files_that_come_go_and_move(estate: Path, cli: Command) -> None:
    (estate / "vars/eks-1.31.json").write_text("{}\n")
    (estate / "vars/eks-1.27.json").unlink()
    git(estate, "mv", "vars/eks-1.28.json", "vars/old.json")
    result = cli("sync", "--renamed", "vars/eks-1.28.json=vars/old.json").expect(0)
    assert "pinned   eks-1-28  vars/eks-1.28.json -> vars/old.json" in result.out
    assert '[templates.eks-1-28]\npath = "vars/old.json"\n' in (estate / "tfgen.toml").read_text()
    git(estate, "add", "--all")
    result = cli("affected", "--base", "HEAD").expect(0)
    assert "eks-1-31" in result.out
    assert "eks-1-28" in result.out
    assert "eks-1-29" not in result.out
    assert "removed: eks-1-27" in result.err


def test_one_is_renamed_and_back(estate: Path, cli: Command) -> None:
    before = (estate / "tfgen.toml").read_text()
    cli("rename", "eks-1-27", "legacy").expect(0)
    text = (estate / "terraform/pipelines/pipeline_legacy.gen.tf").read_text()
    assert "from = module.eks-1-27" in text
    assert 'PACKER_VAR_FILE = "vars/eks-1.27.json"' in text
    assert '[templates.legacy]\npath = "vars/eks-1.27.json"' in (estate / "tfgen.toml").read_text()
    cli("sync", "--check").expect(0)
    cli("rename", "legacy", "eks-1-27").expect(0)
    assert "path" not in (estate / "tfgen.toml").read_text().removeprefix(before)
    cli("sync", "--check").expect(0)


def shown(cli: Command) -> list[str]:
    found = json.loads(cli("lint", "--format", "json").out)["findings"]
    return [one["rule"] for one in found if not one["suppressed"]]


def test_a_finding_that_all_have_is_said_once_and_its_own_each_time(estate: Path, cli: Command) -> None:
    assert shown(cli).count("unencrypted-image") == 1
    assert shown(cli).count("unknown-parent") == 3
    toml = estate / "tfgen.toml"
    toml.write_text(TOML + TABLE + '[lint.templates.eks]\nunencrypted-image = "tried"\n')
    assert {"unencrypted-image", "invalid-ignore", "unused-ignore"}.isdisjoint(shown(cli))
    toml.write_text(TOML + TABLE + '[lint.templates.eks-1-29]\nunencrypted-image = "tried"\n')
    assert shown(cli).count("unencrypted-image") == 1


def test_images_of_one_ami_name_are_found(estate: Path, cli: Command) -> None:
    template = estate / "packer/eks.pkr.hcl"
    template.write_text(TEMPLATE.replace("eks-${var.version}-", "eks-"))
    findings = json.loads(cli("lint", "--rule", "same-ami-name", "--format", "json").out)["findings"]
    assert [(one["path"], one["line"]) for one in findings] == [("packer/eks.pkr.hcl", 4)], "said once for all"
    assert findings[0]["fix"] == "put a variable into it that each of its files of values sets"


def test_the_graph_has_each_with_its_parent(estate: Path, cli: Command) -> None:
    graph = json.loads(cli("graph", "--format", "json").expect(0).out)
    images = {one["name"]: one for one in graph["images"]}
    assert sorted(images) == IMAGES
    assert cli("graph", "eks-1-30", "--format", "dot").expect(0).out.count("eks-1-29") >= 1


def test_a_build_on_this_machine_gets_its_file(estate: Path, cli: Command) -> None:
    result = cli("build", "eks-1-28", "--local", "--region", "eu-west-1", "--format", "json").expect(0)
    (build,) = json.loads(result.out)["builds"]
    (built,) = estate.glob(".tfgen/**/built")
    assert build["name"] == "eks-1-28"
    assert built.read_text() == "packer/eks.pkr.hcl with vars/eks-1.28.json\n"


def test_the_templates_own_name_is_none_of_an_image(estate: Path, cli: Command) -> None:
    said = cli("build", "eks", "--local", "--region", "eu-west-1").expect(64).err
    assert said == f"error: eks is a template of several images; use one of their names: {', '.join(IMAGES)}\n"


def test_a_look_that_is_remembered_sees_new_files(estate: Path, cli: Command) -> None:
    cli("sync", "--check").expect(0)
    (estate / "vars/eks-1.31.json").write_text("{}\n")
    assert "create  terraform/pipelines/pipeline_eks-1-31.gen.tf" in cli("sync", "--check").expect(2).out


def test_a_buildspec_that_does_not_read_the_file_is_found_once(estate: Path, cli: Command) -> None:
    said = cli("lint", "--rule", "env-unused")
    assert "PACKER_VAR_FILE" not in said.out
    (estate / "buildspec.yml").write_text(BUILDSPEC.replace("PACKER_VAR_FILE", "NOTHING"))
    said = cli("lint", "--rule", "env-unused")
    assert said.out.count("the buildspec does not read PACKER_VAR_FILE") == 1
    line = (TOML + TABLE).splitlines().index('var_files = "vars/*.json"') + 1
    assert f"tfgen.toml:{line}: " in said.out


def test_what_git_ignores_is_no_variant_unless_it_is_tracked(estate: Path, cli: Command) -> None:
    (estate / ".gitignore").write_text(".tfgen/\nvars/*local*\n")
    (estate / "vars/local.json").write_text("{}\n")
    cli("sync", "--check").expect(0)
    git(estate, "add", "--force", "vars/local.json")
    assert "create  terraform/pipelines/pipeline_eks-local.gen.tf" in cli("sync", "--check").expect(2).out
