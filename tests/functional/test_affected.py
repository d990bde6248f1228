"""`tfgen affected` on copies of the shipped estate: each change names exactly the right images, and says why."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import jsonschema
import pytest

from tests.conftest import Command, Repo
from tests.functional.git_repo import commit, git
from tests.prepared import prepared

SHIPPED = Path(__file__).parents[2]
COMMON = "ansible/roles/common"
WORDPRESS = "ansible/roles/wordpress"
BOTH = ["base", "wordpress"]


@pytest.fixture
def estate(repo: Repo) -> Path:
    """A copy of the shipped estate, committed, on a branch that has changed nothing yet."""

    def make() -> Path:
        root = repo({".gitignore": ".tfgen/\n"})
        for name in ("ansible", "packer", "terraform"):
            shutil.copytree(SHIPPED / name, root / name, ignore=shutil.ignore_patterns(".terraform", "*.tfstate*"))
        for name in ("buildspec.yml", "tfgen.toml", "README.md"):
            shutil.copy(SHIPPED / name, root / name)
        git(root, "init", "--quiet")
        commit(root)
        git(root, "checkout", "--quiet", "-b", "change")
        return root

    return prepared(repo, make, "shipped")


def touch(path: Path) -> None:
    path.write_text(path.read_text() + "\n# touched\n")


def names(cli: Command, *arguments: str) -> list[str]:
    return cli("affected", "--format", "names", *arguments).expect(0).out.split()


#: What is touched, the images that are affected, and how `--why` explains it for the last of them.

SHOW_1 = [
    (f"{COMMON}/tasks/main.yml", BOTH, f"wordpress  because {COMMON}/tasks/main.yml  via "),
    (f"{COMMON}/defaults/main.yml", BOTH, f"wordpress  because {COMMON}/defaults/main.yml  via "),
    (f"{WORDPRESS}/defaults/main.yml", ["wordpress"], "via ansible/wordpress.yaml roles: wordpress  via packer/wordpr"),
    (f"{WORDPRESS}/meta/main.yml", ["wordpress"], "via ansible/wordpress.yaml roles: wordpress  via packer/wordpress"),
    (f"{WORDPRESS}/templates/nginx.conf.j2", ["wordpress"], "template: nginx.conf.j2"),
    (f"{WORDPRESS}/vars/Debian.yml", ["wordpress"], f"because {WORDPRESS}/vars/Debian.yml  via {WORDPRESS}/tasks/"),
    ("ansible/base.yaml", ["base"], "base  because ansible/base.yaml  via packer/base.pkr.hcl playbook_file\n"),
    ("ansible/requirements.yml", BOTH, "via packer/wordpress.json galaxy_file\n"),
    ("packer/scripts/seal-image.sh", BOTH, "via packer/wordpress.json script\n"),
    ("packer/wordpress.json", ["wordpress"], "wordpress  because packer/wordpress.json\n"),
    ("buildspec.yml", BOTH, "wordpress  because buildspec.yml  via packer/wordpress.json buildspec\n"),
    ("terraform/modules/codepipeline/main.tf", BOTH, "via packer/wordpress.json module ../modules/codepipeline\n"),
    ("terraform/pipelines/pipeline_base.gen.tf", ["base"], "via packer/base.pkr.hcl pipeline\n"),
    ("terraform/modules/codepipeline/README.md", [], ""),
    ("terraform/pipelines/variables.tf", [], ""),
    (f"{COMMON}/README.md", [], ""),
    ("README.md", [], ""),
]


@pytest.mark.parametrize(("path", "images", "reason"), SHOW_1, ids=[path for path, _, _ in SHOW_1])
def test_each_file_names_exactly_its_images(
    estate: Path, cli: Command, path: str, images: list[str], reason: str
) -> None:
    touch(estate / path)
    said = cli("affected", "--why").expect(0).out
    assert [*dict.fromkeys(line.split()[0] for line in said.splitlines())] == images
    assert reason in said


@pytest.mark.parametrize(
    ("old", "new", "images", "key"),
    [
        ("subnet-0a1b2c3d4e5f60718", "subnet-1", ["wordpress"], ":10 templates.wordpress.environment.SUBNET_ID"),
        ("subnet-0e3c6194859275f16", "subnet-2", ["base"], ":7 environment.SUBNET_ID"),
        ("vpc-04f99e5833c3a909b", "vpc-1", BOTH, ":6 environment.VPC_ID"),
        ('"ami-builder"', '"images"', BOTH, ":3 source_repository"),
        ('SUBNET_ID = "subnet-0e3c6194859275f16"\n', "", ["base"], " environment.SUBNET_ID"),
        ("[environment]", "[remote]\nname = 'x'\n\n  [environment] # moved", [], ""),
        ('VPC_ID = "vpc-04f99e5833c3a909b"', "'VPC_ID'='vpc-04f99e5833c3a909b'", [], ""),
    ],
)
def test_a_key_of_tfgen_toml_names_the_images_that_it_concerns(
    estate: Path, cli: Command, old: str, new: str, images: list[str], key: str
) -> None:
    text = (estate / "tfgen.toml").read_text()
    assert old in text
    (estate / "tfgen.toml").write_text(text.replace(old, new, 1))
    said = cli("affected", "--why").expect(0).out
    assert [line.split()[0] for line in said.splitlines()] == images
    assert [line for line in said.splitlines() if f"because tfgen.toml{key}" in line] == said.splitlines()


def test_nothing_differs(estate: Path, cli: Command) -> None:
    result = cli("affected").expect(0)
    assert (result.out, result.err) == ("", "no differences between main and the work tree\n")


def test_what_no_image_is_made_of_is_said(estate: Path, cli: Command) -> None:
    (estate / "notes.txt").write_text("x")
    result = cli("affected").expect(0)
    assert (result.out, result.err) == ("", "one file differs from main; no image uses it\n")
    assert json.loads(cli("affected", "--format", "json").expect(0).out)["unused"] == ["notes.txt"]


def test_staged_committed_untracked_and_uncommitted_files_count(estate: Path, cli: Command) -> None:
    touch(estate / "ansible/base.yaml")
    commit(estate)
    assert names(cli) == ["base"]
    (estate / f"{WORDPRESS}/tasks/web.yml").write_text("[]\n")
    assert names(cli) == BOTH
    assert names(cli, "--head", "HEAD") == ["base"]
    git(estate, "add", "--all")
    git(estate, "checkout", "--quiet", "HEAD", "--", "ansible/base.yaml")
    assert names(cli, "--base", "change") == ["wordpress"]


def test_a_deleted_and_a_renamed_file_count(estate: Path, cli: Command) -> None:
    (estate / f"{WORDPRESS}/templates/nginx.conf.j2").unlink()
    assert "template: nginx.conf.j2" in cli("affected", "--why").expect(0).out
    assert names(cli) == ["wordpress"]
    git(estate, "checkout", "--quiet", ".")
    git(estate, "mv", "packer/scripts/seal-image.sh", "packer/scripts/seal.sh")
    assert names(cli) == BOTH


def test_a_file_that_only_another_commit_has(estate: Path, cli: Command) -> None:
    """Head and base are both elsewhere: what is checked out, and what lies around, is not looked at."""
    touch(estate / f"{WORDPRESS}/handlers/main.yml")
    commit(estate)
    git(estate, "checkout", "--quiet", "-b", "other", "main")
    git(estate, "rm", "--quiet", "-r", "ansible/roles", "packer/wordpress.json")
    commit(estate)
    (estate / "packer/scripts/seal-image.sh").write_text("broken")
    assert names(cli, "--base", "main", "--head", "change") == ["wordpress"]
    found = cli("affected", "--base", "main", "--format", "json").expect(0)
    assert [image["name"] for image in json.loads(found.out)["images"]] == ["base"]
    assert "removed: wordpress" in found.err


def test_a_renamed_template_is_affected(estate: Path, cli: Command) -> None:
    git(estate, "mv", "packer/wordpress.json", "packer/blog.json")
    result = cli("affected", "--why").expect(0)
    assert "blog  because packer/blog.json\n" in result.out
    assert "removed: wordpress\n" in result.err
    assert names(cli) == ["blog"]


def test_a_file_that_stands_in_the_way_of_another_counts(estate: Path, cli: Command) -> None:
    """A role beside the playbook comes before the one that it hides, which has not changed."""
    (estate / "buildspec.yaml").write_text("version: 0.2\n")
    assert names(cli) == []
    git(estate, "mv", "buildspec.yml", "other.yml")
    assert names(cli) == BOTH


def test_the_matrix_is_one_line_for_github(estate: Path, cli: Command) -> None:
    touch(estate / "ansible/base.yaml")
    result = cli("affected", "--format", "matrix").expect(0)
    assert result.out == '{"include": [{"image": "base", "template": "packer/base.pkr.hcl"}]}\n'


def test_json_has_the_whole_way(estate: Path, cli: Command) -> None:
    touch(estate / "ansible/base.yaml")
    document = json.loads(cli("affected", "--format", "json").expect(0).out)
    jsonschema.validate(document, json.loads((SHIPPED / "docs/affected.schema.json").read_text()))
    via = {"path": "packer/base.pkr.hcl", "line": 0, "label": "playbook_file", "widened": False}
    reason = {"path": "ansible/base.yaml", "line": 0, "message": "", "via": [via]}
    image = {"name": "base", "template": "packer/base.pkr.hcl", "parent": "", "reasons": [reason]}
    assert document == {
        "base": {"commit": git(estate, "rev-parse", "main").strip(), "name": "main"},
        "head": {"commit": None, "name": "work tree"},
        "everything": "",
        "changed": ["ansible/base.yaml"],
        "unused": [],
        "gone": [],
        "images": [image],
    }


def test_a_second_run_says_the_same(estate: Path, cli: Command) -> None:
    for path in (f"{COMMON}/tasks/main.yml", "packer/base.pkr.hcl", "tfgen.toml"):
        touch(estate / path)
    first = cli("affected", "--why").expect(0)
    assert (estate / ".tfgen/cache/graph").is_file()
    assert cli("affected", "--why").expect(0) == first


def test_a_new_role_that_hides_another_counts(estate: Path, cli: Command) -> None:
    """What has changed is no file of the image; but what was one of it is none any more."""
    script = estate / "packer/base.pkr.hcl"
    text = script.read_text().replace(
        'provisioner "ansible-local" {', 'provisioner "ansible" {\n    ansible_env_vars = ["ANSIBLE_ROLES_PATH=shared"]'
    )
    script.write_text(text.replace('    role_paths              = ["ansible/roles/common"]\n', ""))
    git(estate, "mv", f"{COMMON}", "shared")
    (estate / "ansible/base.yaml").write_text("- hosts: all\n  roles: [shared]\n")
    (estate / "shared").rename(estate / "moved")
    (estate / "shared").mkdir()
    (estate / "moved").rename(estate / "shared/shared")
    commit(estate)
    git(estate, "branch", "--force", "main", "change")
    hidden = estate / "ansible/roles/shared/README.md"
    hidden.parent.mkdir(parents=True)
    hidden.write_text("x")
    said = cli("affected", "--why").expect(0).out
    assert "base  because shared/shared/" in said
    assert "is no longer used by it" in said
