from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import HCL2, JSON, Files, write_tree
from tfgen_generators.packer.discover import discover
from tfgen_generators.packer.model import Discovery

VARIABLES = 'variable "region" {\n  type = string\n}\n'
NEEDY = 'source "amazon-ebs" "x" {\n  region = var.region\n}\nbuild {\n  sources = ["source.amazon-ebs.x"]\n}\n'


def found(root: Path, files: Files) -> Discovery:
    return discover(write_tree(root, files), "packer")


def names(discovery: Discovery) -> dict[str, str]:
    return {template.name: template.path for template in discovery.templates}


def errors(discovery: Discovery) -> list[str]:
    return [str(problem) for template in discovery.templates for problem in template.errors]


def test_what_is_a_template_and_what_is_not(tmp_path: Path) -> None:
    discovery = found(
        tmp_path,
        {
            "packer/web.json": JSON,
            "packer/base.pkr.hcl": HCL2,
            "packer/vars.json": '{"region": "eu-west-1"}',
            "packer/list.json": "[1, 2]",
            "packer/package.json": '{"name": "x"}',
            "packer/x.pkrvars.hcl": 'region = "x"\n',
            "packer/y.auto.pkrvars.hcl": 'region = "y"\n',
            "packer/z.pkrvars.json": "{}",
            "packer/user-data.pkrtpl.hcl": "#cloud-config ${x}\n",
            "packer/plugins.pkr.hcl": "packer {\n  required_plugins {\n  }\n}\n",
            "packer/terragrunt.hcl": "inputs = {}\n",
            "packer/old.json.example": JSON,
            "packer/gen/tpl.json": '{ {% if x %} "builders": [] {% endif %} }',
            "packer/readme.md": "# x\n",
            "packer/node_modules/a.json": JSON,
            "packer/.terraform/b.json": JSON,
        },
    )
    assert names(discovery) == {"web": "packer/web.json", "base": "packer/base.pkr.hcl"}
    assert errors(discovery) == []
    assert {skipped.path: skipped.reason for skipped in discovery.skipped} == {
        "packer/gen/tpl.json": "input of a generator (Jinja or Go template), not JSON",
        "packer/list.json": "no builders: not a Packer template",
        "packer/old.json.example": "an example, not a template",
        "packer/package.json": "no builders: not a Packer template",
        "packer/plugins.pkr.hcl": "only a packer block: no build",
        "packer/terragrunt.hcl": "HCL of another tool (Packer reads *.pkr.hcl)",
        "packer/user-data.pkrtpl.hcl": "input of templatefile(), not a template",
        "packer/vars.json": "no builders: not a Packer template",
        "packer/x.pkrvars.hcl": "variable values, not a template",
        "packer/y.auto.pkrvars.hcl": "variable values, not a template",
        "packer/z.pkrvars.json": "variable values, not a template",
    }


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
        (
            "packer/a.pkr.hcl:2: source.amazon-ebs.nope is declared nowhere in this template; "
            "declare it, or correct the name"
        )
    ]


def test_hcl2_in_json(tmp_path: Path) -> None:
    discovery = found(
        tmp_path,
        {
            "packer/a.pkr.json": '{"source": {"amazon-ebs": {"x": {}}}, "build": {"sources": ["source.amazon-ebs.x"]}}',
            "packer/b.pkr.json": JSON,
            "packer/c.pkr.json": '{"variable": {"x": {}}}',
        },
    )
    assert names(discovery) == {"a": "packer/a.pkr.json", "b": "packer/b.pkr.json"}
    assert discovery.templates[0].builders == ("amazon-ebs",)
    assert "rename it to .json" in errors(discovery)[0]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.json", '{\n  "builders": [\n', "packer/a.json:3: not valid JSON: expecting value"),
        ("a.json", "{", "packer/a.json:1: not valid JSON"),
        ("a.pkr.json", b'{"build": "\xff"}', "packer/a.pkr.json:1: not UTF-8 text"),
        ("a.json", '{\n "builders": []}', "packer/a.json:2: builders must be a list with at least one builder"),
        ("a.json", '{"builders": [{}]}', 'packer/a.json:1: builder 1 has no "type"'),
        ("a.json", '{\n"builders": [{"type": "x",\n"a": 1, "a": 2}]}', "packer/a.json:3: the key 'a' stands twice"),
        ("a.json", '{"builders":' + "[" * 100_000, "packer/a.json:1: nested too deeply"),
        ("a.pkr.hcl", "build {\n  x = [1,\n", "packer/a.pkr.hcl:"),
        ("a.pkr.hcl", 'source "a" "b" {\n}\nbuild {\n  sources = ["a.b"]\n}}\n', "packer/a.pkr.hcl:5: not valid HCL2"),
        ("a.pkr.hcl", b"\xff", "packer/a.pkr.hcl:1: not UTF-8 text"),
    ],
)
def test_a_broken_file_is_said_with_its_line_and_hides_nothing(
    tmp_path: Path, name: str, text: str | bytes, says: str
) -> None:
    discovery = found(tmp_path, {f"packer/{name}": text, "packer/good.json": JSON})
    assert names(discovery) == {"a": f"packer/{name}", "good": "packer/good.json"}
    assert errors(discovery)[0].startswith(says)
    assert len(errors(discovery)) == 1


def test_duplicate_keys_in_other_data_are_no_concern(tmp_path: Path) -> None:
    assert errors(found(tmp_path, {"packer/x.json": '{"a": 1, "a": 2}'})) == []


def test_two_templates_of_one_name_are_both_named(tmp_path: Path) -> None:
    discovery = found(tmp_path, {"packer/web.json": JSON, "packer/Web.pkr.hcl": HCL2})
    fix = "rename one of them, or pin another name to it in tfgen.toml"
    assert errors(discovery) == [
        f"packer/Web.pkr.hcl: the name 'Web' is given by packer/web.json too; {fix}",
        f"packer/web.json: the name 'web' is given by packer/Web.pkr.hcl too; {fix}",
    ]


def test_odd_files_are_read(tmp_path: Path) -> None:
    discovery = found(
        tmp_path,
        {
            "packer/bom.json": b"\xef\xbb\xbf" + JSON.encode(),
            "packer/crlf.pkr.hcl": HCL2.replace("\n", "\r\n"),
            "packer/bomhcl.pkr.hcl": b"\xef\xbb\xbf" + HCL2.encode(),
            "packer/With Space.json": JSON,
        },
    )
    assert sorted(names(discovery)) == ["With-Space", "bom", "bomhcl", "crlf"]
    assert errors(discovery) == []


def test_symlinked_folders_are_not_followed(tmp_path: Path) -> None:
    write_tree(tmp_path, {"packer/web.json": JSON})
    (tmp_path / "packer" / "loop").symlink_to(tmp_path / "packer")
    (tmp_path / "packer" / "gone.json").symlink_to(tmp_path / "nowhere")
    discovery = discover(tmp_path, "packer")
    assert names(discovery) == {"web": "packer/web.json"}
    assert [skipped.path for skipped in discovery.skipped] == ["packer/loop"]
    assert [str(problem) for problem in discovery.unreadable] == [
        "packer/gone.json: a broken symlink or a special file"
    ]


def test_a_folder_named_like_a_file_and_a_pipe(tmp_path: Path) -> None:
    write_tree(tmp_path, {"packer/dir.json/inner.json": JSON})
    os.mkfifo(tmp_path / "packer" / "pipe.json")
    discovery = discover(tmp_path, "packer")
    assert names(discovery) == {"dir-json-inner": "packer/dir.json/inner.json"}
    assert [problem.path for problem in discovery.unreadable] == ["packer/pipe.json"]


def test_a_megabyte_with_105_builders(tmp_path: Path) -> None:
    builders = ",".join(f'{{"type": "amazon-ebs", "name": "b{i}", "x": "{"y" * 10_000}"}}' for i in range(105))
    discovery = found(tmp_path, {"packer/big.json": f'{{"builders": [{builders}]}}'})
    assert discovery.templates[0].builders == ("amazon-ebs",)


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


@pytest.mark.parametrize(
    ("text", "generated"),
    [
        ('{% for x in y %}{"builders": []}{% endfor %}', True),
        ('{\n"builders": [{"type": "x"}],\n"variables": {{ variables }}\n}', True),
        ('{"builders": [{"type": "x", "inline": ["printf \\"{%s}\\" x",]}]}', False),
        ('{"builders": [{"type": "x", "a": {{user `b`}}"}]}', False),
    ],
)
def test_a_broken_template_is_no_input_of_a_generator(tmp_path: Path, text: str, *, generated: bool) -> None:
    discovery = found(tmp_path, {"packer/a.json": text})
    assert bool(discovery.skipped) is generated
    assert bool(errors(discovery)) is not generated


def test_hidden_files_are_editors_and_not_ours(tmp_path: Path) -> None:
    write_tree(tmp_path, {"packer/.web.json": JSON, "packer/._base.pkr.hcl": b"\x00\x05", "packer/web.json": JSON})
    (tmp_path / "packer" / ".#web.json").symlink_to("nowhere")
    discovery = discover(tmp_path, "packer")
    assert names(discovery) == {"web": "packer/web.json"}
    assert [(skipped.path, skipped.reason) for skipped in discovery.skipped] == [
        ("packer/.web.json", "a hidden file"),
    ]
    assert discovery.unreadable == ()


def test_links_that_go_nowhere_stop_nothing(tmp_path: Path) -> None:
    write_tree(tmp_path, {"packer/web.json": JSON, "packer/big.json": '{"builders": ' + "1" * 5000 + "}"})
    (tmp_path / "packer" / "loop.json").symlink_to("loop.json")
    discovery = discover(tmp_path, "packer")
    assert set(names(discovery)) == {"web", "big"}
    assert [problem.path for problem in discovery.unreadable] == ["packer/loop.json"]


def test_a_very_long_name_is_shortened_and_stays_unique(tmp_path: Path) -> None:
    files = {f"packer/{'x' * 120}/{'y' * 120}{number}.json": JSON for number in range(2)}
    discovery = found(tmp_path, files)
    assert errors(discovery) == []
    assert [len(name) for name in names(discovery)] == [200, 200]


def test_names_that_differ_only_where_a_bucket_cannot(tmp_path: Path) -> None:
    assert len(errors(found(tmp_path, {"packer/web.json": JSON, "packer/web_.json": JSON}))) == 2


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
    says = "var.region is declared in a neighbour too, and Packer reads both"
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


def test_an_escaped_interpolation_in_json_is_text(tmp_path: Path) -> None:
    text = '{"source": {"null": {"x": {"a": "$${var.nope} $$${local.nope}"}}}, "build": {"sources": ["null.x"]}}'
    assert errors(found(tmp_path, {"packer/a.pkr.json": text})) == [
        "packer/a.pkr.json: local.nope is declared nowhere in this template; declare it, or correct the name"
    ]


def test_inputs_of_generators_and_other_tools_are_skipped(tmp_path: Path) -> None:
    discovery = found(
        tmp_path,
        {
            "packer/windows.pkr.hcl": 'source "a" "b" {\n{% if x %}\n  size = {{ x }}\n{% endif %}\n}\n',
            "packer/builders.json": '{"builders": {"app": {"class": "./app"}}}',
            "packer/latin1.json": b'{"builders": [{"type": "null", "description": "caf\xe9"}]}',
        },
    )
    assert set(names(discovery)) == {"latin1"}
    assert {skipped.path: skipped.reason for skipped in discovery.skipped} == {
        "packer/builders.json": "its builders are no list: not a Packer template",
        "packer/windows.pkr.hcl": "input of a generator (Jinja or Go template), not HCL",
    }


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.json", "", "no valid JSON, and no builders: not a Packer template"),
        ("a.json", '{"a": 1, // why\n "b": [1,],}', "no valid JSON, and no builders: not a Packer template"),
        ("a.json", '{"a": 1}\n{"b": 2}\n', "no valid JSON, and no builders: not a Packer template"),
        ("a.json", '{"a": ${size}}', "no valid JSON, and no builders: not a Packer template"),
        ("a.json", '{"builders": {{ .Builders | toJson }} }', "input of a generator (Jinja or Go template), not JSON"),
        (
            "a.json",
            '[<% x.each do %>{"builders": 1},<% end %>]',
            "input of a generator (Jinja or Go template), not JSON",
        ),
        ("a.pkr.hcl", 'source "{{ cookiecutter.type }}" "x" {\n}\n', "input of a generator (Jinja or Go template)"),
        ("a.pkr.hcl", 'resource "a" "b" {\n}\nvariable "x" {\n}\n', "HCL of another tool: no block of Packer's"),
        ("a.pkr.json", '{"resource": {"a": {"b": {}}}}', "HCL of another tool: no block of Packer's"),
        ("a.pkr.json", '{"region": "eu-west-1"}', "variable values, not a template"),
        ("a.pkr.hcl.example", HCL2, "an example, not a template"),
    ],
)
def test_what_only_looks_like_a_template(tmp_path: Path, name: str, text: str, reason: str) -> None:
    discovery = found(tmp_path, {f"packer/{name}": text, "packer/good.json": JSON})
    assert names(discovery) == {"good": "packer/good.json"}
    assert [(skipped.path, skipped.reason) for skipped in discovery.skipped] == [(f"packer/{name}", reason)]


def test_folders_that_are_no_ground_for_templates(tmp_path: Path) -> None:
    discovery = found(
        tmp_path,
        {
            "packer/x.pkr.hcl/real.json": JSON,
            "packer/{{cookiecutter.slug}}/a.json": JSON,
            "packer/.terraform/modules/a.json": JSON,
            "packer/.git/a.json": JSON,
            "packer/.ci/runner.json": JSON,
        },
    )
    assert names(discovery) == {"ci-runner": "packer/.ci/runner.json", "x-pkr-hcl-real": "packer/x.pkr.hcl/real.json"}
    assert {skipped.path: skipped.reason for skipped in discovery.skipped} == {
        "packer/x.pkr.hcl": "a folder that is named like a file",
        "packer/{{cookiecutter.slug}}": "a folder of a generator (its name is to be filled in)",
    }


def test_a_symlinked_folder_outside_is_followed_once(tmp_path: Path) -> None:
    write_tree(tmp_path, {"packer/a.json": JSON, "images/deep/b.json": JSON})
    for name in ("one", "two"):
        (tmp_path / "packer" / name).symlink_to("../images")
    (tmp_path / "images" / "loop").symlink_to("..")
    (tmp_path / "images" / "out").symlink_to("/")
    discovery = discover(tmp_path, "packer")
    assert names(discovery) == {"a": "packer/a.json", "one-deep-b": "packer/one/deep/b.json"}
    assert [skipped.path for skipped in discovery.skipped] == ["packer/one/loop", "packer/one/out", "packer/two"]


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
            "packer/t/b.variables.pkr.hcl: var.region is declared in packer/t/a.variables.pkr.hcl too, and Packer "
            "reads both; remove one, or give each template a folder of its own"
        )
    ]


def test_an_unknown_root_key_is_said_as_packer_does(tmp_path: Path) -> None:
    text = '{\n"_note": 1,\n"provisoners": [],\n"builders": [{"type": "null"}]}'
    assert errors(found(tmp_path, {"packer/a.json": text})) == [
        "packer/a.json:3: unknown key 'provisoners', which Packer refuses; did you mean provisioners?"
    ]


def test_templates_left_out_by_settings(tmp_path: Path) -> None:
    write_tree(tmp_path, {"packer/a.json": JSON, "packer/old/b.json": JSON, "packer/t/a.pkr.hcl": NEEDY})
    write_tree(tmp_path, {"packer/t/v.pkr.hcl": VARIABLES})
    discovery = discover(tmp_path, "packer", ignore=["old/", "packer/t"])
    assert names(discovery) == {"a": "packer/a.json"}
    assert discovery.ignored == {"packer/old/b.json", "packer/t"}


def test_a_pinned_name_is_the_templates_name(tmp_path: Path) -> None:
    write_tree(tmp_path, {"packer/a.json": JSON, "packer/b.json": JSON})
    discovery = discover(tmp_path, "packer", pins={"packer/b.json": "old"})
    assert names(discovery) == {"a": "packer/a.json", "old": "packer/b.json"}


def test_members_and_digest_follow_the_bytes(tmp_path: Path) -> None:
    folder = {"packer/t/a.pkr.hcl": NEEDY, "packer/t/v.pkr.hcl": VARIABLES}
    first = found(tmp_path, folder).templates[0]
    assert first.members == ("packer/t/a.pkr.hcl", "packer/t/v.pkr.hcl")
    (tmp_path / "packer" / "t").rename(tmp_path / "packer" / "u")
    moved = discover(tmp_path, "packer").templates[0]
    assert moved.digest == first.digest
    (tmp_path / "packer/u/v.pkr.hcl").write_text(VARIABLES + "# more\n")
    assert discover(tmp_path, "packer").templates[0].digest != first.digest


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"builders": [{"type": "null"}, {"type": "null"}]}', "two builders are called 'null'"),
        ('{"builders": [{"type": "null"}], "provisioners": [{"x": 1}]}', 'provisioner 1 has no "type"'),
    ],
)
def test_what_packer_refuses_in_legacy_json(tmp_path: Path, text: str, says: str) -> None:
    (error,) = errors(found(tmp_path, {"packer/a.json": text}))
    assert says in error


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


def test_links_that_never_end(tmp_path: Path) -> None:
    write_tree(tmp_path, {"packer/web.json": JSON, "packer/real": "web.json\n"})
    (tmp_path / "packer" / ".gitignore").symlink_to("/dev/zero")
    (tmp_path / "packer" / "zero.json").symlink_to("/dev/zero")
    assert names(discover(tmp_path, "packer")) == {"web": "packer/web.json"}


def test_many_repeated_keys_and_sources_end_soon(tmp_path: Path) -> None:
    keys = ",".join(f'"k{number}": 1' for number in range(60_000))
    discovery = found(tmp_path, {"packer/a.json": f'{{"builders": [{{"type": "null", {keys}, "k59999": 2}}]}}'})
    assert "the key 'k59999' stands twice" in errors(discovery)[0]
