"""What Terraform makes of a rename, with a real Terraform: plans that destroy nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import TOY, Command, Repo
from tests.functional.git_repo import git
from tests.prepared import prepared
from tests.terraform.conftest import ROOT, Estate
from tests.terraform.toy import resources

PIPELINES = "terraform/pipelines"


def template(name: str, lines: int = 30) -> str:
    """A template that is like no other."""
    variables = {f"{name}_{number}": f"value {number} of {name}" for number in range(lines)}
    return json.dumps({"variables": variables, "builders": [{"type": "amazon-ebs", "ami_name": name}]}, indent=2)


@pytest.fixture
def applied(repo: Repo, tfgen: Command) -> Path:
    """Two pipelines, committed and applied."""

    def make() -> Path:
        root = repo({**TOY, "packer/web.json": template("web"), "packer/db.json": template("db")})
        tfgen("sync").expect(0)
        git(root, "init", "--quiet")
        git(root, "add", "--all")
        git(root, "commit", "--quiet", "--message", "first")
        apply(tfgen)
        return root

    root = prepared(repo, make, "two pipelines")
    assert resources(root) == ["module.db.pipeline", "module.web.pipeline"]
    return root


def apply(tfgen: Command, *allowed: str) -> None:
    tfgen("plan", "--out", "saved").expect(0)
    apply_planned(tfgen, *allowed)


def apply_planned(tfgen: Command, *allowed: str) -> None:
    """Applies what `plan` has shown."""
    tfgen("apply", "saved", *(word for name in allowed for word in ("--allow-destroy", name))).expect(0)


def plan(tfgen: Command) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(tfgen("plan", "--format", "json", "--out", "saved").expect(0).out)
    return document


def in_place(document: dict[str, Any], name: str) -> None:
    """Asserts that the only change is one update of `name`."""
    assert document["summary"] == {"add": 0, "change": 1, "remove": 0, "import": 0, "actions": 0}
    (image,) = document["images"]
    assert (image["name"], image["action"], image["destroyed"], image["replaced"]) == (name, "changed", 0, 0)


def edit(file: Path) -> None:
    file.write_text(file.read_text().replace("value 3 of", "another value of"))


@pytest.mark.parametrize("case", ["rename", "staged", "move", "rename and edit", "committed", "without git"])
def test_a_rename_destroys_nothing(applied: Path, tfgen: Command, case: str) -> None:
    packer = applied / "packer"
    target = packer / ("team/web.json" if case == "move" else "site.json")
    target.parent.mkdir(exist_ok=True)
    if case == "without git":
        shutil.rmtree(applied / ".git")
    (packer / "web.json").rename(target)
    if case == "rename and edit":
        edit(target)
    if case in ("staged", "committed"):
        git(applied, "add", "--all")
    if case == "committed":
        git(applied, "commit", "--quiet", "--message", "renamed, not synced")
    tfgen("sync").expect(0)
    in_place(plan(tfgen), "web")
    apply_planned(tfgen)
    assert resources(applied) == ["module.db.pipeline", "module.web.pipeline"]
    text = (applied / PIPELINES / "pipeline_web.gen.tf").read_text()
    assert f'PACKER_SCRIPT = "{target.relative_to(applied).as_posix()}"' in text


def test_delete_and_add_destroys(applied: Path, tfgen: Command) -> None:
    (applied / "packer/web.json").unlink()
    (applied / "packer/site.json").write_text(template("something-else", 7))
    tfgen("sync").expect(0)
    document = plan(tfgen)
    assert {image["name"]: image["action"] for image in document["images"]} == {"site": "created", "web": "destroyed"}
    assert document["summary"]["remove"] == 1


def test_a_template_that_becomes_a_folder(repo: Repo, tfgen: Command) -> None:
    text = 'source "null" "web" {\n  communicator = "none"\n}\n'
    build = 'build {\n  sources = ["source.null.web"]\n}\n'
    root = repo({**TOY, "packer/web.pkr.hcl": text + "# a line\n" * 9 + build})
    tfgen("sync").expect(0)
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "first")
    apply(tfgen)
    folder = root / "packer/site"
    folder.mkdir()
    (root / "packer/web.pkr.hcl").unlink()
    (folder / "sources.pkr.hcl").write_text(text)
    (folder / "build.pkr.hcl").write_text("# a line\n" * 9 + build)
    tfgen("sync").expect(0)
    in_place(plan(tfgen), "web")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "a folder now")
    folder.rename(root / "packer/elsewhere")
    tfgen("sync").expect(0)
    in_place(plan(tfgen), "web")
    assert 'PACKER_SCRIPT = "packer/elsewhere"' in (root / PIPELINES / "pipeline_web.gen.tf").read_text()


def test_another_name_moves(applied: Path, tfgen: Command) -> None:
    tfgen("rename", "web", "site", "--keep-names").expect(0)
    document = plan(tfgen)
    assert document["summary"]["remove"] == document["summary"]["add"] == 0
    assert [(image["name"], image["moved"]) for image in document["images"]] == [("site", 1)]
    apply_planned(tfgen)
    assert resources(applied) == ["module.db.pipeline", "module.site.pipeline"]
    assert tfgen("plan", "--detailed-exitcode").expect(0)


def test_another_name_without_keeping_replaces_and_says_so(applied: Path, tfgen: Command) -> None:
    assert "the plan replaces the named resources" in tfgen("rename", "web", "site").expect(0).err
    (image,) = plan(tfgen)["images"]
    assert (image["name"], image["action"]) == ("site", "replaced")
    apply_planned(tfgen, "site")
    assert resources(applied) == ["module.db.pipeline", "module.site.pipeline"]


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_a_chain_of_names_moves_from_each_of_them(applied: Path, tfgen: Command, steps: int) -> None:
    """An estate that was applied after none, some or all of the renames comes to the same end."""
    for number, (old, new) in enumerate([("web", "site"), ("site", "shop"), ("shop", "store")]):
        if number == steps:
            apply(tfgen)
        tfgen("rename", old, new, "--keep-names").expect(0)
    document = plan(tfgen)
    assert document["summary"]["remove"] == document["summary"]["add"] == 0
    apply_planned(tfgen)
    assert resources(applied) == ["module.db.pipeline", "module.store.pipeline"]


def test_back_to_the_first_name(applied: Path, tfgen: Command) -> None:
    before = (applied / PIPELINES / "pipeline_web.gen.tf").read_text()
    tfgen("rename", "web", "site").expect(0)
    apply(tfgen, "site")
    tfgen("rename", "site", "web").expect(0)
    (image,) = plan(tfgen)["images"]
    assert image["name"] == "web"
    apply_planned(tfgen, "web")
    assert resources(applied) == ["module.db.pipeline", "module.web.pipeline"]
    toml = applied / "tfgen.toml"
    toml.write_text(toml.read_text().replace('moved_from = ["site"]', ""))
    tfgen("sync").expect(0)
    assert (applied / PIPELINES / "pipeline_web.gen.tf").read_text() == before
    tfgen("plan", "--detailed-exitcode").expect(0)


@pytest.mark.parametrize("how", ["ignore", "removed", "removed for one"])
def test_what_is_given_up_is_forgotten_not_destroyed(applied: Path, tfgen: Command, how: str) -> None:
    toml = applied / "tfgen.toml"
    more = {
        "ignore": 'ignore = ["packer/web.json"]\n',
        "removed": 'removed = "keep"\n',
        "removed for one": '[templates.web]\nremoved = "keep"\n',
    }[how]
    toml.write_text(toml.read_text() + more)
    if how != "ignore":
        (applied / "packer/web.json").unlink()
    assert tfgen("sync").expect(0).out == f"forgot   {PIPELINES}/pipeline_web.gen.tf\n"
    document = plan(tfgen)
    assert document["summary"]["remove"] == 0
    (image,) = document["images"]
    assert (image["name"], image["forgotten"], image["destroyed"]) == ("web", 1, 0)
    apply_planned(tfgen)
    assert resources(applied) == ["module.db.pipeline"]
    tfgen("plan", "--detailed-exitcode").expect(0)
    (applied / PIPELINES / "pipeline_web.gen.tf").unlink()
    tfgen("sync", "--check").expect(0)
    tfgen("plan", "--detailed-exitcode").expect(0)


def test_a_real_pipeline_is_updated_in_place(estate: Estate, tfgen: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped module, the real provider and the emulator: only PACKER_SCRIPT and the description change."""
    root = estate.folder.parents[1]
    estate.generated.unlink()
    for part in ("packer", "ansible"):
        shutil.copytree(ROOT / part, root / part)
    for part in ("buildspec.yml", "tfgen.toml"):
        shutil.copyfile(ROOT / part, root / part)
    for name, value in {**estate.environment, **estate.attached}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(root)
    tfgen("sync").expect(0)
    git(root, "init", "--quiet")
    git(root, "add", "packer", "tfgen.toml", "terraform/pipelines")
    git(root, "commit", "--quiet", "--message", "first")
    apply(tfgen)

    (root / "packer/cms").mkdir()
    moved = root / "packer/cms/blog.json"
    (root / "packer/wordpress.json").rename(moved)
    moved.write_text(moved.read_text() + "\n")
    tfgen("sync").expect(0)
    document = plan(tfgen)
    (image,) = document["images"]
    assert image["name"] == "wordpress"
    assert (image["created"], image["replaced"], image["destroyed"]) == (0, 0, 0)
    assert {resource["action"] for resource in image["resources"]} == {"update"}
    assert any("aws_codebuild_project" in resource["address"] for resource in image["resources"])
    apply_planned(tfgen)
    tfgen("plan", "--detailed-exitcode").expect(0)

    tfgen("rename", "wordpress", "blog", "--keep-names").expect(0)
    document = plan(tfgen)
    assert document["summary"]["remove"] == document["summary"]["add"] == 0
    apply_planned(tfgen)
    tfgen("plan", "--detailed-exitcode").expect(0)
