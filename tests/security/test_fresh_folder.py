"""What a branch brings beside values is not in the folder that its untrusted plan is made in, and is said.

Each attack goes through the command with real Terraform: its plan is made, says what it leaves out, and has nothing of
it; with --gate it exits 3.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import depth
from tests.conftest import JSON, Command, Repo, Result, write_tree
from tests.functional.branches import ESTATE, MODULE, ROOT, branched, sha
from tests.functional.git_repo import commit, git
from tests.prepared import prepared

TOML = ESTATE["tfgen.toml"]
EVIL = 'resource "terraform_data" "evil" {\n  input = "evil"\n}\noutput "evil" {\n  value = "evil"\n}\n'
WITNESS = "witness"
Attack = Callable[[Path], object]


@pytest.fixture
def root(repo: Repo, cli: Command) -> Path:

    def make() -> Path:
        root = branched(repo, cli, {"buildspec.yml": "version: 0.2\n", f"{ROOT}/.terraform.lock.hcl": ""})
        git(root, "remote", "add", "origin", "../origin")
        git(root, "update-ref", "refs/remotes/origin/main", "main")
        return root

    return prepared(repo, make, "fresh folder")


def module(source: str, folder: str = "evil", inputs: str = "") -> Attack:
    """tfgen.toml calls a module by `source`; what Terraform would load lies in `folder`."""

    def attack(root: Path) -> None:
        write_tree(root, {f"{folder}/main.tf": ESTATE[f"{MODULE}/main.tf"] + EVIL})
        text = source.replace("{root}", str(root)).replace("\\", "\\\\")
        write_tree(root, {"tfgen.toml": f'{TOML}[module]\nsource = "{text}"\n{inputs}'})

    return attack


def submodule(path: str, source: str) -> Attack:
    """A submodule's entry makes a folder; this machine may have what it holds, or not."""

    def attack(root: Path) -> None:
        module(source, inputs="" if "codepipeline" in source else "[module.inputs]\n")(root)
        (root / path).mkdir(parents=True, exist_ok=True)
        git(root, "add", "--all")
        git(root, "rm", "--quiet", "-r", "--cached", "--ignore-unmatch", path)
        git(root, "update-index", "--add", "--cacheinfo", f"160000,{sha(root)},{path}")

    return attack


def linked(path: str, target: str) -> Attack:
    """A link in the place of a folder or a file."""

    def attack(root: Path) -> None:
        write_tree(root, {"evil/main.tf": ESTATE[f"{MODULE}/main.tf"] + EVIL, "evil/x.json": "{}"})
        if (root / path).is_dir():
            shutil.rmtree(root / path)
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).unlink(missing_ok=True)
        (root / path).symlink_to(target)

    return attack


@dataclass(frozen=True)
class File:
    """A file that the branch makes, adds to, or takes away (no text)."""

    path: str
    text: str | None

    def __call__(self, root: Path) -> None:
        if self.text is None:
            (root / self.path).unlink()
            return
        before = (root / self.path).read_text() if (root / self.path).exists() else ""
        write_tree(root, {self.path: before + self.text.replace("{witness}", str(root / WITNESS))})


def file(path: str, text: str = EVIL) -> Attack:
    return File(path, text)


def toml(text: str) -> Attack:
    return file("tfgen.toml", text)


def gone(path: str) -> Attack:
    return File(path, None)


RUNS = 'data "external" "evil" {\n  program = ["sh", "-c", "touch {witness}; echo {}"]\n}\n'
ATTACKS: dict[str, tuple[Attack, str]] = {
    # Sources of modules
    "backslashes": (module(".\\..\\..\\evil"), "tfgen.toml:3"),
    "mixed backslashes": (module("..\\../evil"), "tfgen.toml:3"),
    "another folder": (module("../../evil"), "evil/main.tf"),
    "dots that lead back": (module("./x/../../../evil"), "tfgen.toml:3"),
    "a folder of templates": (module("../../packer/evil", "packer/evil"), "packer/evil/main.tf"),
    "letters that look alike": (module("../modules/\u0435vil", "terraform/modules/\u0435vil"), "tfgen.toml:3"),
    "letters with accents": (module("../modules/\u00e9vil", "terraform/modules/\u00e9vil"), "tfgen.toml:3"),
    "full-width letters": (module("../modules/\uff45vil", "terraform/modules/\uff45vil"), "tfgen.toml:3"),
    "an absolute folder": (module("{root}/evil"), "tfgen.toml:3"),
    "an absolute folder as an address": (module("file://{root}/evil"), "tfgen.toml:3"),
    "a repository by its path": (module("git::file://{root}//evil"), "tfgen.toml:3"),
    # Submodules
    "a submodule of backslashes": (submodule(f"{ROOT}/..\\..\\evil", "./..\\..\\evil"), "tfgen.toml:3"),
    "a submodule of slashes and backslashes": (submodule(f"{ROOT}/..\\../evil", "./..\\../evil"), "tfgen.toml:3"),
    "a submodule as module": (submodule("terraform/modules/sub", "../modules/sub"), "tfgen.toml:3"),
    "a submodule in the module": (submodule(f"{MODULE}/inner", "../modules/codepipeline"), f"{MODULE}/inner"),
    # Links
    "a link as module": (linked(MODULE, "../../evil"), MODULE),
    "a link in the module": (linked(f"{MODULE}/inner", "../../../evil"), f"{MODULE}/inner"),
    "a link as file": (linked(f"{ROOT}/evil.tf", "../../evil/main.tf"), f"{ROOT}/evil.tf"),
    "a link in the place of a file": (linked(f"{ROOT}/locals.tf", "../../evil/main.tf"), f"{ROOT}/locals.tf"),
    "a link out": (linked(f"{ROOT}/evil.tf", "/proc/self/environ"), f"{ROOT}/evil.tf"),
    # Hand-written files
    "a changed file": (file(f"{ROOT}/locals.tf"), f"{ROOT}/locals.tf"),
    "a new file": (file(f"{ROOT}/evil.tf"), f"{ROOT}/evil.tf"),
    "a new file of OpenTofu": (file(f"{ROOT}/locals.tofu"), f"{ROOT}/locals.tofu"),
    "a file that is gone": (gone(f"{ROOT}/innocent.tf"), f"{ROOT}/innocent.tf"),
    "a file that git ignores": (file(f"{ROOT}/evil.tfstate.tf"), f"{ROOT}/evil.tfstate.tf"),
    "broken": (file(f"{ROOT}/evil.tf", "x = {\n"), f"{ROOT}/evil.tf"),
    "an override": (file(f"{ROOT}/override.tf"), f"{ROOT}/override.tf"),
    "an override of a generated file": (
        file(f"{ROOT}/pipeline_web_override.tf", 'module "web" {\n  source = "../../evil"\n}\n'),
        f"{ROOT}/pipeline_web_override.tf",
    ),
    "an override in JSON": (
        file(f"{ROOT}/x_override.tf.json", '{"resource": {"terraform_data": {"evil": {}}}}'),
        f"{ROOT}/x_override.tf.json",
    ),
    "a file that is called like a generated one": (
        file(f"{ROOT}/pipeline_evil.gen.tf"),
        f"{ROOT}/pipeline_evil.gen.tf",
    ),
    "a call of a module in JSON": (
        file(f"{ROOT}/x.tf.json", '{"module": {"evil": {"source": "../../evil"}}}'),
        f"{ROOT}/x.tf.json",
    ),
    "settings of Terraform": (
        file(f"{ROOT}/.terraformrc", "provider_installation {\n  dev_overrides {\n  }\n}\n"),
        f"{ROOT}/.terraformrc",
    ),
    "a file that an expression reads": (
        toml("[inputs]\nenvironment_vars = { expression = 'templatefile(\"../../evil.tpl\", {})' }\n"),
        "tfgen.toml:3",
    ),
    "values of variables": (file(f"{ROOT}/evil.auto.tfvars", 'evil = "1"\n'), f"{ROOT}/evil.auto.tfvars"),
    "values of variables in JSON": (
        file(f"{ROOT}/terraform.tfvars.json", '{"evil": 1}'),
        f"{ROOT}/terraform.tfvars.json",
    ),
    "a changed module": (file(f"{MODULE}/main.tf"), f"{MODULE}/main.tf"),
    "a new file of the module": (file(f"{MODULE}/evil.tf"), f"{MODULE}/evil.tf"),
    "a changed module of the module": (file(f"{MODULE}/inner/main.tf"), f"{MODULE}/inner/main.tf"),
    "the lock file": (file(f"{ROOT}/.terraform.lock.hcl", "# evil\n"), f"{ROOT}/.terraform.lock.hcl"),
    "the lock file is gone": (gone(f"{ROOT}/.terraform.lock.hcl"), f"{ROOT}/.terraform.lock.hcl"),
    "a plugin": (
        file(f"{ROOT}/terraform.d/plugins/example/evil/1.0.0/linux_amd64/terraform-provider-evil", "#!/bin/sh\n"),
        f"{ROOT}/terraform.d/plugins/example/evil/1.0.0/linux_amd64/terraform-provider-evil",
    ),
    "a state": (file(f"{ROOT}/terraform.tfstate", '{"version": 4}'), f"{ROOT}/terraform.tfstate"),
    # Blocks
    "a provider": (file(f"{ROOT}/p.tf", 'provider "terraform" {\n}\nprovider "evil" {\n}\n'), f"{ROOT}/p.tf"),
    "a provider of the module": (file(f"{MODULE}/main.tf", 'provider "evil" {\n}\n'), f"{MODULE}/main.tf"),
    "a provider by its resource": (file(f"{ROOT}/p.tf", 'resource "evil_x" "evil" {\n}\n'), f"{ROOT}/p.tf"),
    "a backend": (
        file(f"{ROOT}/z.tf", 'terraform {\n  backend "http" {\n    address = "http://127.0.0.1:9"\n  }\n}\n'),
        f"{ROOT}/z.tf",
    ),
    "a backend by an override": (
        file(f"{ROOT}/z_override.tf", 'terraform {\n  backend "local" {\n    path = "evil"\n  }\n}\n'),
        f"{ROOT}/z_override.tf",
    ),
    "another backend": (
        lambda root: (root / ROOT / "backend.tf").write_text("terraform {\n  cloud {\n  }\n}\n"),
        f"{ROOT}/backend.tf",
    ),
    "a program": (file(f"{ROOT}/evil.tf", RUNS), f"{ROOT}/evil.tf"),
    "a program of the module": (file(f"{MODULE}/main.tf", RUNS), f"{MODULE}/main.tf"),
    "a program in a check": (file(f"{ROOT}/evil.tf", f'check "x" {{\n{RUNS}}}\n'), f"{ROOT}/evil.tf"),
    # What builds
    "the buildspec": (file("buildspec.yml", "# evil\n"), "buildspec.yml"),
    "the buildspec is gone": (gone("buildspec.yml"), "buildspec.yml"),
    "a second buildspec": (file("buildspec.yaml", "version: 0.2\n"), "buildspec.yaml"),
    # tfgen.toml
    "an expression": (
        toml("[inputs]\nenvironment_vars = { expression = '{ evil = file(\"/etc/hostname\") }' }\n"),
        "tfgen.toml:3",
    ),
    "an expression of one image": (
        toml("[templates.web.inputs]\nproject_name = { expression = 'nonsensitive(var.evil)' }\n"),
        "tfgen.toml:3",
    ),
    "the account's expression": (toml("[names]\naccount_id = 'file(\"/etc/evil\")'\n"), "tfgen.toml:3"),
    "the account's expression of one image": (
        toml("[templates.web.names]\naccount_id = 'file(\"/etc/evil\")'\n"),
        "tfgen.toml:3",
    ),
    "providers": (toml('[module.providers]\nterraform = "terraform.evil"\n'), "tfgen.toml:2"),
    "providers of one image": (toml('[templates.web.providers]\nterraform = "terraform.evil"\n'), "tfgen.toml:2"),
    "another root module": (
        lambda root: (
            write_tree(
                root,
                {"tfgen.toml": TOML + 'terraform_dir = "evil"\n', "evil/locals.tf": ESTATE[f"{ROOT}/locals.tf"] + EVIL},
            )
            and None
        ),
        "tfgen.toml:2",
    ),
}


def groups() -> list[list[str]]:
    """Names of attacks that are planned together: in a usual run, those on files of Terraform that are not the same."""
    found: list[tuple[set[str], list[str]]] = []
    for name, (attack, said) in ATTACKS.items():
        path = attack.path if isinstance(attack, File) and attack.path == said else ""
        paths, names = next((one for one in found if path and one[0] and path not in one[0]), (set[str](), list[str]()))
        if depth.is_on() or not names:
            found.append((paths := set(), names := []))
        paths.update([path] if path else [])
        names.append(name)
    return [names for _, names in found]


_GROUP_OF = {name: tuple(names) for names in groups() for name in names}
_planned: dict[tuple[str, ...], Result] = {}


@pytest.fixture
def plan_of(request: pytest.FixtureRequest, cli: Command, tfgen: Command) -> Callable[[str], Result]:
    """The untrusted plan of a branch with this attack, none of whose programs has run."""

    def plan(name: str) -> Result:
        group = _GROUP_OF[name]
        if group not in _planned:
            root: Path = request.getfixturevalue("root")
            for one in group:
                ATTACKS[one][0](root)
            cli("sync")
            _commit(root)
            planned = tfgen("plan", "--untrusted", "--base", "origin/main", "--format", "json", "--gate")
            assert not (root / WITNESS).exists()
            _planned[group] = planned
        return _planned[group]

    return plan


@pytest.mark.parametrize("name", ATTACKS)
def test_nothing_but_values_is_planned(name: str, plan_of: Callable[[str], Result]) -> None:
    said = ATTACKS[name][1]
    result = plan_of(name).expect(3)
    assert f"not planned: {said}: " in result.err
    document = json.loads(result.out)
    places = [f"{item['path']}:{item['line']}" if item["line"] else item["path"] for item in document["not_planned"]]
    assert said in places
    assert {image["name"]: image["action"] for image in document["images"]} == {"web": "created", "db": "created"}
    addresses = {resource["address"] for image in document["images"] for resource in image["resources"]}
    assert addresses == {"module.web.terraform_data.pipeline", "module.db.terraform_data.pipeline"}
    assert document["outputs"] == []


def test_what_is_not_planned_is_said_everywhere(root: Path, tfgen: Command) -> None:
    write_tree(root, {f"{ROOT}/evil.tf": EVIL, f"{MODULE}/x\n`y`.tf": EVIL})
    _commit(root)
    said = f"not planned: {ROOT}/evil.tf: is new: origin/main does not have it (needs a trusted plan)\n"
    untrusted = ("plan", "--untrusted", "--base", "origin/main")
    table = tfgen(*untrusted).expect(0).out
    assert said in table
    assert f"not planned: {MODULE}/x\\n`y`.tf: is new" in table
    tfgen(*untrusted, "--detailed-exitcode").expect(2)
    result = tfgen(*untrusted, "--format", "markdown", "--gate").expect(3)
    assert said in result.err
    assert "the branch changes what is not planned" in result.err
    assert "to apply this plan" not in result.err
    comment = tfgen("comment", "--dry-run").expect(0).out
    for page in (result.out, comment):
        assert f"**Not planned** (needs a trusted plan):\n\n- `{MODULE}/x\\x0a\\x60y\\x60.tf`: `is new" in page
        assert f"- `{ROOT}/evil.tf`: `is new: origin/main does not have it`\n" in page


def _commit(root: Path) -> None:
    """All that an ordinary check-out would have, ignored files too; entries of submodules stay."""
    tracked = [line.partition("\t") for line in git(root, "ls-files", "-z", "--stage").split("\0") if line]
    submodules = {path for facts, _, path in tracked if facts.startswith("160000")}
    names = [path.name for path in root.iterdir() if path.name not in {".git", ".tfgen"}]
    if submodules:
        git(root, "add", "--update", "--", *(path for facts, _, path in tracked if path not in submodules))
        names = ["tfgen.toml", "evil"]
    git(root, "add", "--force", "--all", "--", *names)
    git(root, "commit", "--quiet", *([] if submodules else ["--all"]), "--message", "x")


def test_an_added_template_says_the_same_table_as_trusted(root: Path, cli: Command, tfgen: Command) -> None:
    write_tree(root, {"packer/new.json": JSON, "tfgen.toml": TOML + '[templates.web.environment]\nA = "${1}"\n'})
    (root / "packer/db.json").unlink()
    cli("sync").expect(0)
    commit(root)
    for options in ((), ("--changed",)):
        trusted = tfgen("plan", "--base", "origin/main", "--changed", *options) if options else tfgen("plan")
        untrusted = tfgen("plan", "--untrusted", "--base", "origin/main", *options).expect(0)
        assert untrusted.out == trusted.expect(0).out
    tfgen("plan", "--untrusted", "--base", "origin/main", "--gate").expect(0)


def test_the_folder_is_private_and_gone_afterwards(root: Path, tfgen: Command, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    tool = (
        write_tree(tmp_path, {"bin/terraform": f"#!/bin/sh\npwd >> '{seen}'\nexec terraform \"$@\"\n"})
        / "bin/terraform"
    )
    tool.chmod(0o755)
    tfgen("plan", "--untrusted", "--base", "origin/main", "--terraform", str(tool)).expect(0)
    places = {Path(line) for line in seen.read_text().splitlines()}
    assert places
    assert not any(place.is_relative_to(root) or place.exists() for place in places)
    assert not list((Path(os.environ["XDG_CACHE_HOME"]) / "tfgen").glob("untrusted-*"))
    assert not (root / ROOT / ".terraform").exists()
