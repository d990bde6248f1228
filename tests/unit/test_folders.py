"""Which files of a folder are one template."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.discovery import NEEDY, VARIABLES, errors, found, names
from tfgen_generators.packer.discovery.discover import discover


def test_files_that_need_each_other_are_one_template(tmp_path: Path) -> None:
    discovery = found(
        tmp_path, {"packer/team/api/build.pkr.hcl": NEEDY, "packer/team/api/variables.pkr.hcl": VARIABLES}
    )
    assert names(discovery) == {"team-api": "packer/team/api"}
    assert discovery.templates[0].kind == "directory"
    assert discovery.templates[0].builders == ("amazon-ebs",)


def test_files_that_stand_alone_are_as_many_templates(tmp_path: Path) -> None:
    discovery = found(tmp_path, {"packer/a.pkr.hcl": VARIABLES + NEEDY, "packer/b.pkr.hcl": VARIABLES + NEEDY})
    assert names(discovery) == {"a": "packer/a.pkr.hcl", "b": "packer/b.pkr.hcl"}


def test_a_file_of_its_own_beside_a_folder_template(tmp_path: Path) -> None:
    discovery = found(
        tmp_path,
        {
            "packer/t/a.pkr.hcl": NEEDY,
            "packer/t/vars.pkr.hcl": VARIABLES,
            "packer/t/alone.pkr.hcl": VARIABLES + NEEDY,
        },
    )
    assert names(discovery) == {"t": "packer/t", "t-alone": "packer/t/alone.pkr.hcl"}


def test_an_undeclared_source_is_said_with_its_file(tmp_path: Path) -> None:
    discovery = found(tmp_path, {"packer/a.pkr.hcl": 'build {\n  sources = ["amazon-ebs.nope"]\n}\n'})
    assert errors(discovery) == [
        ("packer/a.pkr.hcl:2: source.amazon-ebs.nope is not declared in this template; declare it, or fix the name")
    ]


def test_the_native_and_the_json_syntax_are_merged_as_packer_merges_them(tmp_path: Path) -> None:
    discovery = found(
        tmp_path,
        {
            "packer/one/build.pkr.hcl": 'build {\n  sources = ["source.null.x"]\n}\n',
            "packer/one/sources.pkr.json": '{"source": {"null": {"x": {"host": "${var.h}"}}}, "variable": {"h": {}}}',
            "packer/two/build.pkr.json": '{"build": [{"sources": ["null.y"]}]}',
            "packer/two/sources.pkr.json": '{"source": {"null": {"y": {}}}}',
        },
    )
    assert names(discovery) == {"one": "packer/one", "two": "packer/two"}
    assert [(template.format, template.builders) for template in discovery.templates] == [
        ("hcl2", ("null",)),
        ("hcl2-json", ("null",)),
    ]
    assert errors(discovery) == []


def one(root: Path, build: str, neighbour: str = "", **more: str) -> list[tuple[str, str, tuple[str, ...], list[str]]]:
    """Kind, path, builders and errors of what `packer/t/` holds."""
    files = {"packer/t/build.pkr.hcl": build, **{f"packer/t/{name}": text for name, text in more.items()}}
    if neighbour:
        files["packer/t/sources.pkr.hcl"] = neighbour
    return [
        (template.kind, template.path, template.builders, [problem.message for problem in template.errors])
        for template in found(root, files).templates
    ]


FOLDER: list[tuple[str, str, tuple[str, ...], list[str]]] = [("directory", "packer/t", ("null",), [])]


SOURCE = 'source "null" "base" {\n  communicator = "none"\n}\n'


def test_the_iterator_of_a_dynamic_source_is_no_reference(tmp_path: Path) -> None:
    build = (
        'build {\n  dynamic "source" {\n    for_each = { a = 1 }\n    labels   = ["null.base"]\n\n    content {\n'
        "      name = source.value.image.family\n    }\n  }\n}\n"
    )
    assert one(tmp_path, build, SOURCE) == FOLDER


@pytest.mark.parametrize("sources", ['["sources.null.base"]', 'true ? ["null.base"] : []', '["source.${"null"}.base"]'])
def test_a_build_that_needs_its_neighbours_source(tmp_path: Path, sources: str) -> None:
    assert one(tmp_path, f"build {{\n  sources = {sources}\n}}\n", SOURCE) == FOLDER


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("x.auto.pkrvars.hcl", 'x = "none"\n'),
        (".auto.pkrvars.hcl", 'x = "none"\n'),
        ("x.auto.pkrvars.json", '{"x": "n"}'),
    ],
)
def test_values_that_packer_reads_for_a_folder_only(tmp_path: Path, name: str, values: str) -> None:
    build = 'variable "x" {\n  type = string\n}\nsource "null" "a" {\n  host = var.x\n}\n'
    build += 'build {\n  sources = ["null.a"]\n}\n'
    assert one(tmp_path, build, **{name: values}) == FOLDER
    assert one(tmp_path / "other", build, **{name: values.replace("x", "y")})[0][0] == "file"


def test_a_folder_template_beside_one_that_clashes(tmp_path: Path) -> None:
    needy = 'source "null" "a" {\n  host = var.region\n}\nbuild {\n  sources = ["null.a"]\n}\n'
    more = {
        "alone.pkr.hcl": VARIABLES + needy.replace('"a"', '"b"').replace("null.a", "null.b"),
        "vars.pkr.hcl": VARIABLES,
    }
    says = "var.region is also declared beside it, and Packer reads both files"
    assert one(tmp_path, needy, **more) == [
        ("directory", "packer/t", ("null",), [says]),
        ("file", "packer/t/alone.pkr.hcl", ("null",), []),
    ]


def test_a_source_that_no_build_uses_may_be_unfinished(tmp_path: Path) -> None:
    build = SOURCE + 'source "null" "later" {\n  host = var.nope\n}\nbuild {\n  sources = ["null.base"]\n}\n'
    assert one(tmp_path, build) == [("file", "packer/t/build.pkr.hcl", ("null",), [])]


def test_blocks_that_newer_packers_know(tmp_path: Path) -> None:
    build = (
        'hcp_packer_registry {\n}\ncommunicator "ssh" "x" {\n}\n' + SOURCE + 'build {\n  sources = ["null.base"]\n}\n'
    )
    assert one(tmp_path, build) == [("file", "packer/t/build.pkr.hcl", ("null",), [])]


def test_names_that_a_for_expression_binds_are_its_own(tmp_path: Path) -> None:
    build = (
        SOURCE
        + 'locals {\n  a = [for data in [{ a = { b = 1 } }] : data.a.b]\n}\nbuild {\n  sources = ["null.base"]\n}\n'
    )
    assert one(tmp_path, build) == [("file", "packer/t/build.pkr.hcl", ("null",), [])]


def test_what_two_files_of_a_folder_declare_is_said(tmp_path: Path) -> None:
    discovery = found(
        tmp_path,
        {
            "packer/t/a.pkr.hcl": NEEDY,
            "packer/t/a.variables.pkr.hcl": VARIABLES,
            "packer/t/b.pkr.hcl": NEEDY.replace('"x"', '"y"').replace("ebs.x", "ebs.y"),
            "packer/t/b.variables.pkr.hcl": VARIABLES,
        },
    )
    assert errors(discovery) == [
        (
            "packer/t/b.variables.pkr.hcl: var.region is also declared in packer/t/a.variables.pkr.hcl, and Packer "
            "reads both; remove one, or move each template to its own folder"
        )
    ]


def test_members_and_digest_follow_the_bytes(tmp_path: Path) -> None:
    folder = {"packer/t/a.pkr.hcl": NEEDY, "packer/t/v.pkr.hcl": VARIABLES}
    first = found(tmp_path, folder).templates[0]
    assert first.members == ("packer/t/a.pkr.hcl", "packer/t/v.pkr.hcl")
    (tmp_path / "packer" / "t").rename(tmp_path / "packer" / "u")
    moved = discover(tmp_path, "packer").templates[0]
    assert moved.digest == first.digest
    (tmp_path / "packer/u/v.pkr.hcl").write_text(VARIABLES + "# more\n")
    assert discover(tmp_path, "packer").templates[0].digest != first.digest


def test_values_for_a_folder_join_no_templates_that_would_clash(tmp_path: Path) -> None:
    alone = 'variable "r" {\n}\nsource "null" "%s" {\n}\nbuild {\n  sources = ["null.%s"]\n}\n'
    files = {"packer/a.pkr.hcl": alone % ("a", "a"), "packer/b.pkr.hcl": alone % ("b", "b")}
    discovery = found(tmp_path, {**files, "packer/x.auto.pkrvars.hcl": 'r = "x"\n'})
    assert names(discovery) == {"a": "packer/a.pkr.hcl", "b": "packer/b.pkr.hcl"}
    assert errors(discovery) == []


def test_a_broken_file_does_not_change_what_a_folder_is(tmp_path: Path) -> None:
    discovery = found(
        tmp_path,
        {
            "packer/t/build.pkr.hcl": 'build {\n  sources = ["null.x"]\n}\n',
            "packer/t/source.pkr.hcl": 'source "null" "x" {\n',
            "packer/t/variables.pkr.hcl": VARIABLES,
        },
    )
    assert names(discovery) == {"t": "packer/t"}
    assert [error.split(":")[0] for error in errors(discovery)] == ["packer/t/source.pkr.hcl"]


def test_a_hidden_file_of_a_folder_is_read_as_packer_does(tmp_path: Path) -> None:
    discovery = found(tmp_path, {"packer/t/a.pkr.hcl": NEEDY, "packer/t/.vars.pkr.hcl": VARIABLES})
    assert names(discovery) == {"t": "packer/t"}
    assert errors(discovery) == []
