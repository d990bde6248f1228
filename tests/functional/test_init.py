"""`tfgen init`: writes what is missing, keeps what is there, finds what it can."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from tests.conftest import JSON, Command, Repo, read_tree
from tests.pinned import ADDRESS
from tfgen.hosts.recipe import RECIPES
from tfgen.init.shipped import MODULES, ROOT_FILES, estate, module_texts

REQUIREMENT = "git+https://example.com/tfgen@4b825dc642cb6eb9a060e54bf8d69288fbee4904"
MODULE = "terraform/modules/codepipeline"


def git(root: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    subprocess.run(["git", "-C", root, *who, *arguments], check=True, capture_output=True)


def toml(root: Path) -> list[str]:
    return (root / "tfgen.toml").read_text().splitlines()


def test_an_empty_folder_gets_all(repo: Repo, cli: Command) -> None:
    root = repo({})
    missing = cli("init", "--check").expect(2)
    assert read_tree(root) == {}
    assert "missing  tfgen.toml\n" in missing.out
    assert cli("init", "--dry-run").expect(0).out.startswith(missing.out)
    assert read_tree(root) == {}
    done = cli("init").expect(0)
    assert done.out == missing.out.replace("missing", "created")
    module = {f"{MODULE}/{path}" for path in module_texts("codepipeline")}
    files = {"tfgen.toml", "tfgen.schema.json", "buildspec.yml", ".gitignore", "packer/.gitkeep"}
    assert set(read_tree(root)) == files | module | {f"terraform/pipelines/{name}" for name in ROOT_FILES}
    assert (root / "buildspec.yml").read_text() == (estate() / "buildspec.yml").read_text()
    schema = json.loads((root / "tfgen.schema.json").read_text())
    jsonschema.Draft7Validator(schema).validate(tomllib.loads((root / "tfgen.toml").read_text()))
    assert toml(root)[0] == "#:schema ./tfgen.schema.json"
    before = read_tree(root)
    cli("init", "--check").expect(0)
    cli("sync", "--check").expect(0)
    assert "created" not in cli("init").expect(0).out
    assert read_tree(root) == before


def test_what_is_there_is_kept_and_named(repo: Repo, cli: Command) -> None:
    files = {
        "tfgen.toml": '# ours\nsource_repository = "x"\npacker_dir = "p"\n',
        "p/web.json": JSON,
        "buildspec.yml": "version: 0.2\n",
        ".gitignore": "*.tfstate*\r\n.terraform\r\n*.tfplan\r\n.tfgen\r\n.terraform.lock.hcl\r\n",
        f"{MODULE}/own.tf": 'variable "project_name" {}\n',
        "terraform/pipelines/main.tf": 'provider "aws" {\n}\nlocals {\n  account_id = "1"\n}\n',
        ".github/workflows/tfgen.yml": "name: ours\n",
    }
    root = repo(files)
    done = cli("init", "--ci", "github", "--install", REQUIREMENT)
    assert done.out == ""  # but for the module of the user's, which lacks what sync passes: not init's to mend
    for path in (
        "tfgen.toml",
        "buildspec.yml",
        ".gitignore",
        MODULE,
        "terraform/pipelines/main.tf",
        RECIPES["github"][1],
    ):
        assert f"kept     {path}\n" in done.err
    assert "leaves out .terraform.lock.hcl" in done.err
    assert {path: text.decode() for path, text in read_tree(root).items()} == files


def test_facts_of_git_are_found(repo: Repo, cli: Command) -> None:
    root = repo({"images/web/web.json": JSON})
    git(root, "init", "--quiet", "--initial-branch=trunk")
    assert 'branch = "trunk"' in cli("init", "--dry-run").expect(0).out  # without a commit
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=one")
    git(root, "branch", "master")
    git(root, "checkout", "--quiet", "--detach")
    git(root, "remote", "add", "origin", "git@github.com:example/other.git")
    git(root, "remote", "add", "aws", "ssh://git-codecommit.eu-central-1.amazonaws.com/v1/repos/builder")
    cli("init").expect(0)
    assert toml(root)[3:7] == [
        'source_repository = "builder" # the CodeCommit repository that the pipelines read',
        'branch = "master"',
        'packer_dir = "images"',
        "",
    ]
    assert 'default     = "eu-central-1"' in (root / "terraform/pipelines/variables.tf").read_text()
    git(root, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/release")
    (root / "tfgen.toml").unlink()
    cli("init").expect(0)
    assert 'branch = "release"' in toml(root)


def test_another_host_needs_a_connection(repo: Repo, cli: Command) -> None:
    root = repo({"packer/web.json": JSON})
    git(root, "init", "--quiet")
    git(root, "remote", "add", "origin", "https://token@github.com/example/images.git")
    cli("init").expect(0)
    assert toml(root)[3].startswith('source_repository = "images" ')
    assert toml(root)[4].startswith("# If they read example/images by a connection instead")
    (root / "tfgen.toml").unlink()
    (root / "terraform/pipelines/own.tf").write_text('resource "aws_codestarconnections_connection" "hub" {\n}\n')
    assert "CodeCommit" not in cli("init").expect(0).err
    assert toml(root)[3:5] == [
        'source_repository = "example/images"',
        'connection_arn = { expression = "aws_codestarconnections_connection.hub.arn" }',
    ]
    assert "connection_arn" in (root / "terraform/pipelines/pipeline_web.gen.tf").read_text()


def test_the_profiles_region_is_found(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repo({"aws-config": "[profile dev]\nregion = ap-south-1\n", "packer/web.json": JSON})
    monkeypatch.setenv("AWS_CONFIG_FILE", str(root / "aws-config"))
    monkeypatch.setenv("AWS_PROFILE", "dev")
    assert "no AWS region" not in cli("init").expect(0).err
    assert 'default     = "ap-south-1"' in (root / "terraform/pipelines/variables.tf").read_text()


def test_a_question_only_for_what_is_not_found(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repo({"packer/web.json": JSON})
    monkeypatch.setattr("tfgen.init.run.is_terminal", lambda _stream: True)
    monkeypatch.setattr(sys, "stdin", io.StringIO("builder\n\n"))
    done = cli("init").expect(0)
    assert "Name of the CodeCommit repository [ami-builder]: AWS region of the pipelines [eu-west-1]: " in done.err
    assert 'source_repository = "builder"' in (root / "tfgen.toml").read_text()
    cli("init").expect(0)  # all is found: the input has ended


def test_no_question_with_yes(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repo({"packer/web.json": JSON})
    monkeypatch.setattr("tfgen.init.run.is_terminal", lambda _stream: True)
    assert "took the name ami-builder" in cli("init", "--yes").expect(0).err
    assert 'source_repository = "ami-builder"' in (root / "tfgen.toml").read_text()


def test_hand_written_pipelines_are_left_to_adopt(repo: Repo, cli: Command) -> None:
    call = (
        'module "site" {\n  source = "git::https://example.com/m.git?ref=v1"\n  source_repository = "builder"\n'
        '  environment_vars = {\n    PACKER_SCRIPT = "web"\n  }\n}\n'
    )
    root = repo({"web.json": JSON, "infra/main.tf": f'provider "aws" {{\n  region = "eu-west-3"\n}}\n{call}'})
    git(root, "init", "--quiet")
    done = cli("init").expect(0)
    assert "infra/main.tf:4: the pipeline site is written by hand" in done.err
    assert "run: tfgen adopt" in done.err
    said = toml(root)
    assert {'packer_dir = "."', 'terraform_dir = "infra"', 'source = "git::https://example.com/m.git?ref=v1"'} <= {
        *said
    }
    assert said[3].startswith('source_repository = "builder"')
    assert list(root.glob("infra/*.gen.tf")) == []
    assert not (root / "terraform").exists()
    assert [path.name for path in sorted((root / "infra").iterdir())] == ["locals.tf", "main.tf"]


def test_the_module_by_a_commit(repo: Repo, cli: Command) -> None:
    source = f"git::https://example.com/tfgen//{MODULE}?ref=4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    text = '# first\r\nsource_repository = "x" # ours\r\n\r\n[environment]\r\nA = "1"\r\n'
    root = repo({"tfgen.toml": text, "packer/web.json": JSON})
    cli("init", "--module", "git", "--install", REQUIREMENT).expect(0)
    edited = (root / "tfgen.toml").read_bytes().decode()
    assert edited == f'{text}\r\n[module]\r\nsource = "{source}"\r\n'
    assert not (root / "terraform/modules").exists()
    assert f'source = "{source}"' in (root / "terraform/pipelines/pipeline_web.gen.tf").read_text()
    refused = cli("init", "--module", "git", "--install", ADDRESS).expect(64)
    assert "--module vendor" in refused.err


@pytest.mark.parametrize("host", RECIPES)
def test_the_recipe_is_that_of_ci(host: str, repo: Repo, cli: Command) -> None:
    root = repo({"packer/web.json": JSON})
    cli("init", "--ci", host, "--install", REQUIREMENT).expect(0)
    printed = cli("ci", host, "--install", REQUIREMENT, "--output", "-").expect(0).out
    assert (root / RECIPES[host][1]).read_text() == printed


def test_an_init_that_was_stopped_comes_to_its_end(
    repo: Repo, cli: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"packer/web.json": JSON, ".git/HEAD": ""}
    whole = tree_of(repo(files), cli)
    for stop in range(1, len(whole) - 2, 9):
        (tmp_path / str(stop)).mkdir()
        root = repo(files, name=f"{stop}/ami-builder")
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", killing(stop))
            if (child := os.fork()) == 0:
                cli("init")
                os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
        halves = {path: text for path, text in read_tree(root).items() if ".tfgen-new-" not in path}
        assert len(halves) == stop + 1, "no more files than were renamed, and the template"
        assert halves.items() <= whole.items()
        assert tree_of(root, cli) == whole


def killing(after: int) -> Callable[[Path, Path], Path]:
    """`Path.replace` of a process that dies at the one behind `after` of them."""
    left = [after]

    def replace(self: Path, target: Path) -> Path:
        left[0] -= 1
        if left[0] < 0:
            os._exit(9)
        return self.rename(target)

    return replace


def tree_of(root: Path, cli: Command) -> dict[str, bytes]:
    cli("init").expect(0)
    return read_tree(root)


def test_a_link_that_leads_out_is_refused(repo: Repo, cli: Command, tmp_path: Path) -> None:
    root = repo({"packer/web.json": JSON})
    git(root, "init", "--quiet")
    (tmp_path / "outside").mkdir()
    (root / "terraform").symlink_to(tmp_path / "outside")
    cli("init").expect(3)
    assert list((tmp_path / "outside").iterdir()) == []
    assert set(read_tree(root)) == {"packer/web.json"}


def test_sync_says_what_writes_the_module(repo: Repo, cli: Command) -> None:
    root = repo({"packer/web.json": JSON, "tfgen.toml": 'source_repository = "x"\n'})
    assert "run: tfgen init --module vendor" in cli("sync").expect(0).err
    assert not (root / "terraform/modules").exists()
    cli("init", "--module", "vendor").expect(0)
    assert "init" not in cli("sync").expect(0).err


def test_files_of_values_make_an_image_each(repo: Repo, cli: Command) -> None:
    makefile = "build:\n\tpacker build -var-file=vars/eks-$(V).json packer/eks.json\n"
    values = {f"vars/eks-1.{number}.json": "{}" for number in (28, 29, 30, 31)}
    root = repo({"packer/eks.json": JSON, "Makefile": makefile, **values})
    git(root, "init", "--quiet")
    assert "Makefile:2 builds packer/eks.json with 4 files of values: an image for each" in cli("init").expect(0).err
    assert toml(root)[-2:] == ["[templates.eks]", 'var_files = "vars/eks-*.json"']
    names = [line.split()[0] for line in cli("list").expect(0).out.splitlines()[1:]]
    assert names == ["eks-1-28", "eks-1-29", "eks-1-30", "eks-1-31"]
    cli("sync", "--check").expect(0)


def test_errors_of_lint_are_named(repo: Repo, cli: Command) -> None:
    repo({"packer/web.json": JSON})
    assert "1 error in templates; to see and mend them, run: tfgen lint --fix" in cli("init").expect(0).err
    cli("lint", "--fix").expect(0)
    assert "in templates" not in cli("init").expect(0).err


def test_an_override_declares_nothing(repo: Repo, cli: Command) -> None:
    root = repo({"packer/web.json": JSON, "terraform/pipelines/x_override.tf": 'provider "aws" {\n}\n'})
    cli("init").expect(0)
    assert {path.name for path in root.glob("terraform/pipelines/*.tf")} > set(ROOT_FILES)


def test_other_modules_that_are_switched_on_are_vendored(repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": 'source_repository = "x"\n[shared]\nroles = true\n', "packer/web.json": JSON})
    cli("init").expect(0)
    assert {path.name for path in (root / "terraform/modules").iterdir()} == {"codepipeline", "shared"} < set(MODULES)


def test_a_module_without_a_source_is_the_one_for_the_provider(repo: Repo, cli: Command) -> None:
    """Whatever else [module] says."""
    lock = 'provider "registry.terraform.io/hashicorp/aws" {\n  version = "5.60.0"\n}\n'
    mapped = '[module.inputs] # ours\nproject_name = { fact = "project_name" }\n'
    files = {"packer/web.json": JSON, "terraform/pipelines/.terraform.lock.hcl": lock}
    root = repo({**files, "tfgen.toml": f'source_repository = "x"\n{mapped}'})
    assert "module codepipeline_v1, which makes V1 pipelines" in cli("init", "--dry-run").expect(0).err
    cli("init")
    assert [path.name for path in (root / "terraform/modules").iterdir()] == ["codepipeline_v1"]
    assert tomllib.loads((root / "tfgen.toml").read_text())["module"]["source"] == "../modules/codepipeline_v1"
    assert mapped in (root / "tfgen.toml").read_text()


def test_below_a_tfgen_toml_it_says_which(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repo({"tfgen.toml": 'source_repository = "x"\n', "packer/web.json": JSON})
    assert "holds here" not in cli("init", "--check").expect(2).err
    monkeypatch.chdir(root / "packer")
    said = cli("init").expect(0)
    assert "../tfgen.toml holds here, so this is about its folder" in said.err
    assert sorted(path.name for path in (root / "packer").iterdir()) == ["web.json"]


def test_a_gitignore_that_is_no_text_is_left(repo: Repo, cli: Command) -> None:
    root = repo({".gitignore": b"\xff\n"})
    assert ".gitignore is not UTF-8 text; it should have the lines .terraform/ .tfgen/" in cli("init").expect(0).err
    assert (root / ".gitignore").read_bytes() == b"\xff\n"


def test_a_file_that_is_no_hcl_is_named_and_left(repo: Repo, cli: Command) -> None:
    broken = 'module "x" {\n  a = [\n'
    root = repo({"packer/web.json": JSON, "terraform/pipelines/main.tf": broken})
    assert "terraform/pipelines/main.tf:" in cli("init", "--dry-run").expect(0).err
    assert (root / "terraform/pipelines/main.tf").read_text() == broken


def test_the_list_of_files_as_json(repo: Repo, cli: Command) -> None:
    repo({"packer/web.json": JSON})
    cli("init").expect(0)
    document = json.loads(cli("version", "--files", "--format", "json").expect(0).out)
    assert {each["state"] for each in document["files"]} == {"current"}
    assert {"buildspec.yml", f"{MODULE}/main.tf"} <= {each["path"] for each in document["files"]}


def test_links_are_kept_and_what_they_lead_to_is_changed(repo: Repo, cli: Command) -> None:
    root = repo({"shared/ignored": "*.log\n", "packer/web.json": JSON})
    git(root, "init", "--quiet")
    (root / ".gitignore").symlink_to("shared/ignored")
    cli("init").expect(0)
    assert (root / ".gitignore").is_symlink()
    assert (root / "shared/ignored").read_text().startswith("*.log\n")
    assert "*.tfplan\n" in (root / "shared/ignored").read_text()


def test_a_folder_of_templates_that_leads_out_is_refused_before_anything_is_written(
    repo: Repo, cli: Command, tmp_path: Path
) -> None:
    root = repo({})
    git(root, "init", "--quiet")
    (root / "packer").symlink_to(tmp_path)
    assert "packer: is a symlink to outside the repository" in cli("init").expect(3).err
    assert {path.name for path in root.iterdir()} <= {".git", ".tfgen", "packer"}


def test_a_gitignore_that_leads_nowhere(repo: Repo, cli: Command) -> None:
    (repo({}) / ".gitignore").symlink_to("nowhere")
    assert ".gitignore cannot be read: No such file or directory; it should have" in cli("init").expect(0).err


@pytest.mark.parametrize(
    ("command", "note"),
    [
        ("packer build web.json", "does not name PACKER_SCRIPT"),
        ("packer build $PACKER_SCRIPT.json", "gives Packer $PACKER_SCRIPT.json"),
        ("./build.sh $PACKER_SCRIPT", ""),
    ],
)
def test_a_buildspec_that_is_there(repo: Repo, cli: Command, command: str, note: str) -> None:
    commands = f"version: 0.2\nphases:\n  build:\n    commands:\n      - {command}\n"
    repo({"packer/web.json": JSON, "buildspec.yml": commands})
    lines = [line for line in cli("init").expect(0).err.splitlines() if line.startswith("note: buildspec.yml")]
    assert [note in line for line in lines] == [True] * bool(note)


def test_what_the_templates_suggest(repo: Repo, cli: Command) -> None:
    docker = '{"builders": [{"type": "docker"}]}'
    files = {
        "packer/web.json": JSON,
        "packer/box/box.json": docker,
        "packer/vars/a.json": "{}",
        "packer/vars/b.json": "{}",
    }
    make = "all:\n\tpacker build -var-file=packer/vars/a.json packer/web.json\n"
    repo({**files, "Makefile": make + make.replace("all", "b").replace("a.json p", "b.json p")})
    said = cli("init").err
    assert (
        "builds packer/web.json with 2 files of values; for a pipeline each, add to tfgen.toml: [templates.web]" in said
    )
    assert (
        "hint: no AMI is made by box-box (docker), so a build there fails; for no pipeline, add to ignore: "
        '["/packer/box/box.json"]'
    ) in said


HAND = 'module "web" {\n  source = "../module"\n  environment_vars = { KEY = "packer-web" }\n}\n'
CALL = """\
module "web" {
  source           = "../module"
  environment_vars = { (local.key) = "x", "a\\"b" = "y", PACKER_SCRIPT = "packer/web" }
}
"""


def test_hand_written_pipelines_among_any_keys(repo: Repo, cli: Command) -> None:
    root = repo({"packer/web.json": JSON, "terraform/main.tf": f'locals {{\n  key = "K"\n}}\n{CALL}'})
    git(root, "init", "--quiet")
    assert "terraform/main.tf:4: the pipeline web is written by hand" in cli("init").expect(0).err
    assert list(root.rglob("*.gen.tf")) == []


def test_pipelines_that_cannot_be_read_are_not_made_a_second_time(repo: Repo, cli: Command) -> None:
    root = repo({"packer/web.json": JSON, "terraform/main.tf": CALL + "}"})
    git(root, "init", "--quiet")
    said = "error: terraform/main.tf:5: is not valid HCL; it may have pipelines, so none were made; fix it"
    assert said in cli("init").expect(1).err
    assert list(root.rglob("*.gen.tf")) == []


def test_examples_of_a_module_are_no_pipelines(repo: Repo, cli: Command) -> None:
    example = CALL.replace("../module", "../..")
    files = {"terraform/main.tf": CALL, "module/main.tf": "", "module/examples/basic/main.tf": example}
    root = repo({"packer/web.json": JSON, **{path: text.replace("(local.key)", "K") for path, text in files.items()}})
    git(root, "init", "--quiet")
    cli("init").expect(0)
    assert 'terraform_dir = "terraform"' in toml(root)


def test_the_variable_that_the_buildspec_takes(repo: Repo, cli: Command) -> None:
    build = "version: 0.2\nphases:\n  build:\n    commands:\n      - packer build ${IMAGE}.json | tee log\n"
    root = repo({"packer-web.json": JSON, "buildspec.yml": build})
    assert "gives Packer ${IMAGE}.json: IMAGE of each pipeline will be of that form" in cli("init").expect(0).err
    assert 'variable = "IMAGE"' in toml(root)
    assert 'IMAGE = "packer-web"' in (root / "terraform/pipelines/pipeline_web.gen.tf").read_text()
    cli("sync", "--check").expect(0)
    files = {"packer-web.json": JSON, "buildspec.yml": build, "terraform/main.tf": HAND.replace("KEY", "IMAGE")}
    root = repo(files, name="another")
    git(root, "init", "--quiet")
    assert "terraform/main.tf:1: the pipeline web is written by hand" in cli("init").expect(0).err
    assert list(root.rglob("*.gen.tf")) == []


def test_a_bare_repository_is_refused(repo: Repo, cli: Command) -> None:
    root = repo({})
    git(root, "init", "--quiet", "--bare")
    assert "is a bare git repository" in cli("init").expect(3).err
    assert not (root / "tfgen.toml").exists()
