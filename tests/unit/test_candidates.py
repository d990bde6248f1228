"""What one file is: a template, a broken one, or something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import HCL2, JSON
from tests.unit.discovery import errors, found, names


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
        ("a.json", '{\n "builders": []}', "packer/a.json:2: builders must be a list with at least one builder"),
        ("a.json", '{"builders": [{}]}', 'packer/a.json:1: builder 1 has no "type"'),
        ("a.json", '{\n"builders": [{"type": "x",\n"a": 1, "a": 2}]}', "packer/a.json:3: duplicate key 'a'"),
        ("a.json", '{"builders":' + "[" * 100_000, "packer/a.json:1: nested too deeply"),
        ("a.pkr.hcl", "build {\n  x = [1,\n", "packer/a.pkr.hcl:"),
        ("a.pkr.hcl", 'source "a" "b" {\n}\nbuild {\n  sources = ["a.b"]\n}}\n', "packer/a.pkr.hcl:5: not valid HCL2"),
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


def test_an_escaped_interpolation_in_json_is_text(tmp_path: Path) -> None:
    source = '{"null": {"x": {"a": "$${var.nope} $$${var.nope} ${local.nope}"}}}'
    text = f'{{"source": {source}, "build": {{"sources": ["null.x"]}}}}'
    assert errors(found(tmp_path, {"packer/a.pkr.json": text})) == [
        "packer/a.pkr.json: local.nope is not declared in this template; declare it, or fix the name"
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
        "packer/builders.json": "builders is not a list: not a Packer template",
        "packer/windows.pkr.hcl": "input of a generator (Jinja or Go template), not HCL",
    }


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.json", "", "not valid JSON, and no builders: not a Packer template"),
        ("a.json", '{"a": 1, // why\n "b": [1,],}', "not valid JSON, and no builders: not a Packer template"),
        ("a.json", '{"a": 1}\n{"b": 2}\n', "not valid JSON, and no builders: not a Packer template"),
        ("a.json", '{"a": ${size}}', "not valid JSON, and no builders: not a Packer template"),
        ("a.json", '{"builders": {{ .Builders | toJson }} }', "input of a generator (Jinja or Go template), not JSON"),
        (
            "a.json",
            '[<% x.each do %>{"builders": 1},<% end %>]',
            "input of a generator (Jinja or Go template), not JSON",
        ),
        ("a.pkr.hcl", 'source "{{ cookiecutter.type }}" "x" {\n}\n', "input of a generator (Jinja or Go template)"),
        ("a.pkr.hcl", 'resource "a" "b" {\n}\nvariable "x" {\n}\n', "HCL of another tool: no Packer block"),
        ("a.pkr.json", '{"resource": {"a": {"b": {}}}}', "HCL of another tool: no Packer block"),
        ("a.pkr.json", '{"region": "eu-west-1"}', "variable values, not a template"),
        ("a.pkr.hcl.example", HCL2, "an example, not a template"),
    ],
)
def test_what_only_looks_like_a_template(tmp_path: Path, name: str, text: str, reason: str) -> None:
    discovery = found(tmp_path, {f"packer/{name}": text, "packer/good.json": JSON})
    assert names(discovery) == {"good": "packer/good.json"}
    assert [(skipped.path, skipped.reason) for skipped in discovery.skipped] == [(f"packer/{name}", reason)]


def test_an_unknown_root_key_is_said_as_packer_does(tmp_path: Path) -> None:
    text = '{\n"_note": 1,\n"provisoners": [],\n"builders": [{"type": "null"}]}'
    assert errors(found(tmp_path, {"packer/a.json": text})) == [
        "packer/a.json:3: unknown key 'provisoners', which Packer rejects; did you mean provisioners?"
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"builders": [{"type": "null"}, {"type": "null"}]}', "two builders are named 'null'"),
        ('{"builders": [{"type": "null"}], "provisioners": [{"x": 1}]}', 'provisioner 1 has no "type"'),
    ],
)
def test_what_packer_refuses_in_legacy_json(tmp_path: Path, text: str, says: str) -> None:
    (error,) = errors(found(tmp_path, {"packer/a.json": text}))
    assert says in error


def test_many_repeated_keys_and_sources_end_soon(tmp_path: Path) -> None:
    keys = ",".join(f'"k{number}": 1' for number in range(60_000))
    discovery = found(tmp_path, {"packer/a.json": f'{{"builders": [{{"type": "null", {keys}, "k59999": 2}}]}}'})
    assert "duplicate key 'k59999'" in errors(discovery)[0]


def test_a_megabyte_with_105_builders(tmp_path: Path) -> None:
    builders = ",".join(f'{{"type": "amazon-ebs", "name": "b{i}", "x": "{"y" * 10_000}"}}' for i in range(105))
    discovery = found(tmp_path, {"packer/big.json": f'{{"builders": [{builders}]}}'})
    assert discovery.templates[0].builders == ("amazon-ebs",)
