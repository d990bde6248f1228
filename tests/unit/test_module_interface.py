from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest

from tests.conftest import write_tree
from tfgen_generators.errors import SettingsError
from tfgen_generators.module.check import check_module
from tfgen_generators.module.interface import ModuleFiles, ModuleInterface, parse_module, read_module
from tfgen_generators.pipeline.pipeline import shared_inputs
from tfgen_generators.settings.model import Settings
from tfgen_generators.settings.read import parse_settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tfgen_generators.packer.model import Problem

NAME = 'source_repository = "ami-builder"\n'
SEED = """\
variable "project_name" {
  type = string
}
variable "project_description" { type = string }
variable "artefact_bucket_name" {}
variable "source_repository" {}
variable "environment_vars" {
  type = map(string)
}
variable "branch" {
  default = "main"
}
"""


def interface(**files: str) -> ModuleInterface:
    """The interface of files given as `main_tf="..."`, in Terraform's order."""
    named = {f"m/{name.replace('__', '.')}": text.encode() for name, text in files.items()}
    return parse_module(ModuleFiles(folder="m", files=named))


def required(found: ModuleInterface) -> dict[str, bool]:
    return {name: variable.required for name, variable in found.variables.items()}


def test_variables_with_their_places() -> None:
    found = interface(main__tf=SEED, other__tf='resource "a" "b" {\n  variable = 1\n}\n')
    assert required(found) == {
        "project_name": True,
        "project_description": True,
        "artefact_bucket_name": True,
        "source_repository": True,
        "environment_vars": True,
        "branch": False,
    }
    assert (found.variables["branch"].path, found.variables["branch"].line) == ("m/main.tf", 10)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('variable "a" {\n  default = null\n}\n', {"a": False}),
        ("variable a {}\n", {"a": True}),
        ('\ufeffvariable "a" {}\r\n', {"a": True}),
        ('# variable "b" {}\nvariable "a" { default = { default = 1e3 } }\n', {"a": False}),
        ('variable "a" {\n  type = object({ default = string })\n}\n', {"a": True}),
        (
            'variable "a" {\n  validation {\n    condition     = true\n    error_message = "default = 1"\n  }\n}\n',
            {"a": True},
        ),
        ('locals {\n  variable = <<EOT\nvariable "b" {}\nEOT\n}\nvariable "größe" {}\n', {"größe": True}),
        ("", {}),
    ],
)
def test_what_a_declaration_is(text: str, expected: dict[str, bool]) -> None:
    found = interface(main__tf=text)
    assert required(found) == expected
    assert found.complete


@pytest.mark.parametrize(
    "text",
    [
        '{"variable": {"a": {}, "b": {"default": 1}}}',
        '{"variable": [{"a": {}}, {"b": [{"default": null}]}]}',
        '{"variable": {"a": {}}, "variable": {"b": {"default": 1}}, "//": "x"}',
        '[{"variable": {"//": "x", "a": [{}]}}, {"variable": {"b": {"default": 1}}}]',
    ],
)
def test_the_json_forms(text: str) -> None:
    assert required(interface(main__tf__json=text)) == {"a": True, "b": False}


def test_an_override_can_give_a_default() -> None:
    found = interface(
        main__tf='variable "a" {}\nvariable "b" {}\n', x_override__tf='variable "a" {\n  default = 1\n}\n'
    )
    assert required(found) == {"a": False, "b": True}


@pytest.mark.parametrize("text", ['variable "b" {', "\xff", '{"variable": {'])
def test_a_broken_file_raises_no_false_alarm(text: str) -> None:
    ending = "x__tf__json" if text.startswith("{") else "x__tf"
    found = parse_module(
        ModuleFiles(
            folder="m",
            files={"m/main.tf": SEED.encode(), f"m/{ending.replace('__', '.')}": text.encode("latin-1") + b" variable"},
        )
    )
    assert not found.complete
    assert _check(parse_settings(NAME + "[inputs]\nmaybe = 1\n"), found, ["web"]) == []


def read(root: Path, toml: str = NAME) -> ModuleInterface | None:
    return read_module(root, parse_settings(toml))


def test_the_files_of_a_folder_are_terraforms(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "terraform/modules/codepipeline/main.tf": 'variable "a" {}\n',
            "terraform/modules/codepipeline/a_override.tf": 'variable "a" {\n  default = 1\n}\n',
            "terraform/modules/codepipeline/.hidden.tf": 'variable "no1" {}\n',
            "terraform/modules/codepipeline/#main.tf#": 'variable "no2" {}\n',
            "terraform/modules/codepipeline/main.tf~": 'variable "no3" {}\n',
            "terraform/modules/codepipeline/sub/main.tf": 'variable "no4" {}\n',
            "terraform/modules/codepipeline/b.tf.json": '{"variable": {"b": {}}}',
            "terraform/pipelines/x.tf": "",
        },
    )
    found = read(tmp_path)
    assert found is not None
    assert required(found) == {"a": False, "b": True}
    assert found.folder == "terraform/modules/codepipeline"


def test_the_source_is_taken_from_where_the_root_module_really_is(tmp_path: Path) -> None:
    write_tree(tmp_path, {"real/deep/pipelines/x.tf": "", "real/deep/m/main.tf": 'variable "a" {}\n', "m/main.tf": ""})
    (tmp_path / "link").symlink_to("real/deep/pipelines")
    found = read(tmp_path, 'terraform_dir = "link"\n' + NAME + '[module]\nsource = "../m"\n')
    assert found is not None
    assert (found.folder, required(found)) == ("real/deep/m", {"a": True})


@pytest.mark.parametrize("source", ["app.example.org/a/b/aws", "git::https://example.org/x.git", "/abs/olute"])
def test_another_source_is_not_read(tmp_path: Path, source: str) -> None:
    assert read(tmp_path, NAME + f'[module]\nsource = "{source}"\n') is None


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert read(tmp_path) is None
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, NAME + '[module]\nsource = "../module/x"\n')
    assert str(caught.value) == (
        'tfgen.toml:3: module.source "../module/x": folder terraform/module/x not found; '
        "create it, or use its path relative to terraform/pipelines"
    )


@pytest.mark.parametrize("source", ["../modules/codepipeline_v2", "../modules/codepipeline_v2/"])
def test_the_module_that_is_another_one_now(tmp_path: Path, source: str) -> None:
    settings = NAME + f'[module]\nsource = "{source}"\n'
    write_tree(
        tmp_path, {"terraform/modules/codepipeline/main.tf": 'variable "a" {}\n', "terraform/pipelines/x.tf": ""}
    )
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, settings)
    assert str(caught.value) == (
        f'tfgen.toml:3: module.source "{source}": folder terraform/modules/codepipeline_v2 not found; '
        'set source = "../modules/codepipeline", which makes V2 pipelines now'
    )
    write_tree(tmp_path, {"terraform/modules/codepipeline_v2/main.tf": 'variable "b" {}\n'})
    kept = read(tmp_path, settings)
    assert kept is not None
    assert list(kept.variables) == ["b"]


@pytest.mark.parametrize("source", ["../loop", "../" + "x" * 300])
def test_a_folder_that_cannot_be_read(tmp_path: Path, source: str) -> None:
    (tmp_path / "terraform/pipelines").mkdir(parents=True)
    (tmp_path / "terraform/loop").symlink_to("loop")
    with pytest.raises(SettingsError, match=r"^tfgen\.toml:3: the module in terraform/\w+ cannot be read: "):
        read(tmp_path, NAME + f'[module]\nsource = "{source}"\n')


REQUIRES_VPC = "the module requires 'vpc' (m/main.tf:13), and no input sets it"
OTHER_MODULE = (
    "tfgen.toml:3: the module in m does not declare project_description, artefact_bucket_name, source_repository, "
    "environment_vars, which tfgen sets by default; set [module.inputs] to the names that it declares "
    "(it requires id, project_name)"
)


def _check(settings: Settings, module: ModuleInterface, templates: Sequence[str]) -> list[Problem]:
    return check_module(settings, shared_inputs(settings), module, templates)


def check(toml: str, module: str = SEED, templates: tuple[str, ...] = ("web", "api")) -> list[str]:
    settings: Settings = parse_settings(NAME + toml)
    return [str(problem) for problem in _check(settings, interface(main__tf=module), templates)]


def test_the_shipped_names_fit() -> None:
    assert check("") == []
    assert check('[inputs]\nbranch = "x"\n') == []


@pytest.mark.parametrize(
    ("toml", "module", "says"),
    [
        (
            "[inputs]\nbrnch = 1\n",
            SEED,
            ["tfgen.toml:3: the module in m does not declare the variable 'brnch'; did you mean branch?"],
        ),
        (
            '[module.inputs]\nnam = { fact = "name" }\n',
            'variable "name" {}\n',
            ["tfgen.toml:3: the module in m does not declare the variable 'nam'; did you mean name?"],
        ),
        (
            "",
            SEED + 'variable "vpc" {}\n',
            [f"tfgen.toml:1: {REQUIRES_VPC}; add vpc = ... to [inputs]"],
        ),
        (
            "[module.inputs]\nx = 1\n",
            'variable "x" {}\nvariable "vpc" {}\n',
            [f"tfgen.toml:2: {REQUIRES_VPC.replace('13', '2')}; add vpc = ... to [inputs]"],
        ),
        (
            "[templates.web.inputs]\nvpc = 1\n",
            SEED + 'variable "vpc" {}\n',
            [f"tfgen.toml:1: {REQUIRES_VPC} for api; add vpc = ... to [inputs]"],
        ),
        ("[templates.web.inputs]\nvpc = 1\n[templates.api.inputs]\nvpc = 2\n", SEED + 'variable "vpc" {}\n', []),
        (
            '[module]\nsource = "../other"\n',
            'variable "id" {}\nvariable "project_name" {}\n',
            [OTHER_MODULE],
        ),
    ],
)
def test_one_problem_a_mistake(toml: str, module: str, says: list[str]) -> None:
    assert check(toml, module) == says


@pytest.mark.parametrize("terraform_dir", ["terraform/pipelines", "infra/live/images", "."])
def test_a_folder_is_found_where_the_root_module_is_not_there_yet(terraform_dir: str, tmp_path: Path) -> None:
    """Of each of the three modules: they are all taken from a folder that `tfgen sync` makes."""
    source = f"{'' if terraform_dir == '.' else '../'}modules/x"
    folder = PurePosixPath(terraform_dir).parent / "modules/x" if terraform_dir != "." else PurePosixPath("modules/x")
    write_tree(tmp_path, {f"{folder}/main.tf": SEED})
    source = source if source.startswith("../") else f"./{source}"
    settings = parse_settings(f'{NAME}terraform_dir = "{terraform_dir}"\n[module]\nsource = "{source}"\n')
    found = read_module(tmp_path, settings)
    assert found is not None
    assert set(found.variables) >= {"project_name", "branch"}


def test_the_default_module_is_checked_where_the_root_module_is_not_there_yet(tmp_path: Path) -> None:
    write_tree(tmp_path, {"terraform/modules/codepipeline/main.tf": SEED})
    assert read_module(tmp_path, parse_settings(NAME)) is not None
