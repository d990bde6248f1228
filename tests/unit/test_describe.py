from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import Files, write_tree
from tests.unit.shapes import HCL2, HCL2_JSON, LEGACY
from tfgen_generators.packer.describe import Description, describe
from tfgen_generators.packer.details import decode_details
from tfgen_generators.packer.discovery.discover import discover
from tfgen_generators.packer.discovery.facts_cache import FactsCache
from tfgen_generators.packer.evaluation.scope import AmiSource, Text

if TYPE_CHECKING:
    from pathlib import Path


def facts(root: Path, files: Files, number: int = 0) -> Description:
    template = discover(write_tree(root, files), "packer", cache=FactsCache(details=True)).templates[number]
    assert template.errors == ()
    return describe(root, template, [decode_details(details) for details in template.details])


def files_of(found: Description) -> list[tuple[str, str, str | None]]:
    return [(used.use, used.path, used.resolved) for used in found.files]


def test_legacy_json(tmp_path: Path) -> None:
    found = facts(
        tmp_path,
        {
            "packer/web/web.json": LEGACY,
            "packer/ansible/web.yml": "",
            "ansible/roles/common/tasks/main.yml": "",
            "ansible/requirements.yml": "",
            "scripts/install.sh": "",
            "packer/web/files/motd": "",
        },
    )
    assert found.builders == found.default_builders == ("amazon-ebs", "docker")
    assert found.required == ("region",)
    assert found.optional == ("name", "subnet", "spaced")
    assert found.environment == ("SUBNET_ID", "VPC_ID")
    assert found.provisioners == ("shell", "shell", "file", "file", "ansible-local", "ansible")
    assert found.post_processors == ("compress", "shell-local", "manifest")
    assert files_of(found) == [
        ("script", "scripts/install.sh", "scripts/install.sh"),
        ("script", "scripts/second.sh", None),
        ("upload", "files/motd", "packer/web/files/motd"),
        ("playbook", "{{template_dir}}/../ansible/web.yml", "packer/ansible/web.yml"),
        ("role_path", "ansible/roles/common", "ansible/roles/common"),
        ("role_path", "ansible/roles/web", None),
        ("galaxy_file", "ansible/requirements.yml", "ansible/requirements.yml"),
        ("playbook", "{{user `playbook`}}", None),
        ("ansible_config", "ansible.cfg", None),
        ("role_path", "roles", None),
        ("role_path", "more", None),
        ("vars_file", "vars/web.yml", None),
        ("vars_file", "vars/more.yml", None),
        ("inventory", "hosts", None),
        ("script", "after.sh", None),
        ("user_data", "cloud-init/web.yml", None),
    ]
    assert [used.path for used in found.files if not used.known] == ["{{user `playbook`}}"]
    assert found.ami_names == (
        Text(text="{{user `name`}}-{{timestamp}}", known=False),
        Text(text="second", known=True),
    )
    assert found.ami_sources == (
        AmiSource(
            kind="source_ami_filter",
            text="",
            known=True,
            filters={"name": "ubuntu/*", "state": "available"},
            owners=("099720109477",),
            most_recent=True,
        ),
        AmiSource(kind="source_ami", text="ami-0123", known=True),
    )
    assert found.tags == (("Role", Text(text="web", known=True)), ("Base", Text(text="{{ .SourceAMI }}", known=False)))


def test_hcl2(tmp_path: Path) -> None:
    found = facts(
        tmp_path,
        {
            "packer/web.pkr.hcl": HCL2,
            "packer/files/motd": "",
            "packer/user-data.tpl": "",
            "packer/scripts/one.sh": "",
            "packer/ansible/web.yml": "",
        },
    )
    assert found.builders == ("amazon-ebs", "docker")  # sources = var.sources: any of them
    assert found.default_builders == ("amazon-ebs",)
    assert found.required == ("region",)
    assert found.optional == ("subnet", "nothing", "size", "sources")
    assert found.environment == ("SUBNET_ID",)
    assert found.provisioners == ("shell", "file", "ansible", "shell-local", "shell")
    assert found.post_processors == ("shell-local", "manifest")
    assert files_of(found) == [
        ("script", "scripts/one.sh", "packer/scripts/one.sh"),
        ("script", "scripts/two.sh", None),
        ("upload", "${local.folder}/motd", "packer/files/motd"),
        ("playbook", "./ansible/web.yml", "packer/ansible/web.yml"),
        ("role_path", "ansible/roles", None),
        ("script", "scripts/${var.region}.sh", None),
        ("script", "after.sh", None),
        ("function", "${path.root}/user-data.tpl", "packer/user-data.tpl"),
    ]
    assert [used.path for used in found.files if not used.known] == ["scripts/${var.region}.sh"]
    assert [name.text for name in found.ami_names] == ["web-${local.stamp}", "filtered", "over-${local.stamp}"]
    assert [(source.kind, source.text, source.known) for source in found.ami_sources] == [
        ("source_ami", "data.amazon-ami.base.id", False),
        ("source_ami_filter", "", False),
        ("data", "data.amazon-ami.base", True),
    ]
    assert found.ami_sources[1].filters == {"name": "x-${var.size}-*"}
    assert found.ami_sources[1].owners == ("self", "var.region")
    assert found.tags == (
        ("Role", Text(text="web", known=True)),
        ("When", Text(text="local.stamp", known=False)),
        ("Env", Text(text="test", known=True)),
    )


def test_hcl2_in_json(tmp_path: Path) -> None:
    found = facts(tmp_path, {"packer/x.pkr.json": HCL2_JSON, "packer/files/b.sh": "", "packer/play.yml": ""})
    assert found.builders == found.default_builders == ("amazon-ebs",)
    assert found.required == ("region",)
    assert found.optional == ("zone", "x")
    assert found.environment == ("NAME",)
    assert found.provisioners == ("shell", "shell", "ansible-local")
    assert found.post_processors == ("manifest",)
    assert files_of(found) == [
        ("script", "a.sh", None),
        ("script", "${local.b}.sh", "packer/files/b.sh"),
        ("script", '${env("NAME")}', None),
        ("playbook", "${path.root}/play.yml", "packer/play.yml"),
    ]
    assert [name.text for name in found.ami_names] == ["one", "two-${var.x}"]


def test_the_files_of_a_folder_are_read_together(tmp_path: Path) -> None:
    found = facts(
        tmp_path,
        {
            "packer/t/build.pkr.hcl": 'build {\n  sources = local.names\n  provisioner "shell" {\n'
            '    script = "${path.root}/${local.script}"\n  }\n}\n',
            "packer/t/locals.pkr.hcl": 'locals {\n  names  = ["null.a"]\n  script = "x.sh"\n}\n',
            "packer/t/sources.pkr.hcl": 'source "null" "a" {\n}\nsource "file" "b" {\n}\n',
            "packer/t/x.sh": "",
        },
    )
    assert found.builders == found.default_builders == ("null",)
    assert files_of(found) == [("script", "${path.root}/${local.script}", "packer/t/x.sh")]


def test_one_working_directory_for_all_paths_of_a_template(tmp_path: Path) -> None:
    text = '{"builders": [{"type": "null"}], "provisioners": [{"type": "shell", "scripts": ["a.sh", "b.sh"]}]}'
    found = facts(
        tmp_path,
        {"packer/web/t.json": text, "packer/web/a.sh": "", "packer/web/b.sh": "", "a.sh": "", "packer/a.sh": ""},
    )
    assert files_of(found) == [("script", "a.sh", "packer/web/a.sh"), ("script", "b.sh", "packer/web/b.sh")]


def test_a_path_that_leads_out_of_the_repository_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "outside.sh").write_text("")
    text = (
        '{"builders": [{"type": "null"}], "provisioners": [{"type": "shell", "scripts": ["../outside.sh", "/bin/sh"]}]}'
    )
    found = facts(tmp_path / "repo", {"packer/t.json": text})
    assert files_of(found) == [("script", "../outside.sh", None), ("script", "/bin/sh", None)]


def test_dynamic_sources_with_a_known_list(tmp_path: Path) -> None:
    build = (
        'source "null" "a" {\n}\nsource "file" "b" {\n}\nvariable "which" {\n  default = { x = "null.a" }\n}\n'
        'build {\n  dynamic "source" {\n    for_each = var.which\n    labels   = [source.value]\n    content {\n'
        "      name = source.key\n    }\n  }\n}\n"
    )
    found = facts(tmp_path, {"packer/t.pkr.hcl": build})
    assert found.builders == ("file", "null")
    assert found.default_builders == ("null",)


def test_locals_in_a_circle_are_unknown(tmp_path: Path) -> None:
    build = (
        'locals {\n  a = "${local.b}x"\n  b = "${local.a}y"\n}\nsource "null" "x" {\n}\n'
        'build {\n  sources = ["null.x"]\n  provisioner "shell" {\n    script = local.a\n  }\n}\n'
    )
    found = facts(tmp_path, {"packer/t.pkr.hcl": build})
    assert [(used.path, used.known) for used in found.files] == [("local.a", False)]


def test_paths_behind_a_local_are_as_written(tmp_path: Path) -> None:
    build = (
        'locals {\n  list = ["${path.root}/a.sh"]\n}\nsource "null" "x" {\n}\nbuild {\n  sources = ["null.x"]\n'
        '  provisioner "shell" {\n    scripts = local.list\n  }\n'
        '  provisioner "shell" {\n    scripts = concat(local.list, [abspath("${path.root}/b.sh")])\n  }\n}\n'
    )
    found = facts(tmp_path, {"packer/t.pkr.hcl": build, "packer/a.sh": "", "packer/b.sh": ""})
    assert files_of(found) == [
        ("script", "${path.root}/a.sh", "packer/a.sh"),
        ("script", "packer/a.sh", "packer/a.sh"),
        ("script", "packer/b.sh", "packer/b.sh"),
    ]


def test_half_a_character_is_replaced_as_in_packer(tmp_path: Path) -> None:
    found = facts(tmp_path, {"packer/t.json": '{"builders": [{"type": "amazon-ebs", "ami_name": "a\\ud83d"}]}'})
    assert found.ami_names == (Text(text="a\ufffd", known=True),)


@pytest.mark.parametrize(
    ("sources", "possible", "default"),
    [
        ('["null.a"]', "null", "null"),
        ("var.one", "amazon-ebs file null", "null"),
        ('var.aws ? ["amazon-ebs.c"] : ["file.b"]', "amazon-ebs file", "file"),
        ('concat(["null.a"], var.aws ? ["amazon-ebs.c"] : [])', "amazon-ebs null", "null"),
        ("local.by_name[var.name]", "amazon-ebs file", "file"),
        ('lookup(local.by_name, var.name, ["null.a"])', "amazon-ebs file null", "file"),
        ('lookup(local.by_name, "other", ["null.a"])', "null", "null"),
        ('var.name == "x" && !var.aws ? ["null.a"] : var.one', "amazon-ebs file null", "null"),
        ('local.by_name["y"]', "amazon-ebs", "amazon-ebs"),
        ('["source.${var.kind}.a"]', "amazon-ebs file null", "null"),
        ('split(",", "null.a,file.b")', "file null", "file null"),
        ("[for one in var.one : one]", "amazon-ebs file null", "null"),
    ],
)
def test_sources_that_are_computed(tmp_path: Path, sources: str, possible: str, default: str) -> None:
    text = (
        'variable "one" {\n  default = ["null.a"]\n}\nvariable "aws" {\n  default = false\n}\n'
        'variable "name" {\n  default = "x"\n}\nvariable "kind" {\n  default = "null"\n}\n'
        'locals {\n  by_name = { x = ["file.b"], y = ["amazon-ebs.c"] }\n}\n'
        'source "null" "a" {\n}\nsource "file" "b" {\n}\nsource "amazon-ebs" "c" {\n}\n'
        f"build {{\n  sources = {sources}\n}}\n"
    )
    template = discover(
        write_tree(tmp_path, {"packer/t.pkr.hcl": text}), "packer", cache=FactsCache(details=True)
    ).templates[0]
    found = facts(tmp_path, {})
    assert template.builders == found.builders == tuple(possible.split())
    assert found.default_builders == tuple(default.split())


def test_merged_tags_and_loose_filters(tmp_path: Path) -> None:
    legacy = (
        '{"builders": [{"type": "amazon-ebs", "source_ami_filter":'
        ' {"filters": {"name": "x"}, "owners": "self, 123", "most_recent": "true"}}]}'
    )
    hcl = (
        'locals {\n  common = { Team = "a" }\n}\nsource "amazon-ebs" "x" {\n'
        '  tags = merge(local.common, { Name = "x" }, var.more)\n}\n'
        'variable "more" {\n  default = {}\n}\nbuild {\n  sources = ["amazon-ebs.x"]\n}\n'
    )
    found = facts(tmp_path, {"packer/a.json": legacy, "packer/b.pkr.hcl": hcl})
    assert (found.ami_sources[0].owners, found.ami_sources[0].most_recent) == (("self", "123"), True)
    assert [(key, tag.text, tag.known) for key, tag in facts(tmp_path, {}, 1).tags] == [
        ("Team", "a", True),
        ("Name", "x", True),
        ("", "var.more", False),
    ]


def test_white_space_and_numbers_are_as_written(tmp_path: Path) -> None:
    text = (
        'locals {\n  n   = "web"\n  doc = <<EOT\n  a\n    b ${"c"}\nEOT\n  ind = <<-EOT\n    a\n      b\n    EOT\n}\n'
        'source "amazon-ebs" "x" {\n  ami_name = "my ${local.n} image 2e5 /1e2/x"\n  tags = {\n'
        '    A = "${local.n} ${local.n}"\n    B = local.doc\n    C = local.ind\n    D = 1e3\n    E = 1.5E-3\n'
        "    F = 1.0\n"
        '    G = "a ${~ local.n ~} b"\n    H = 99999999999999999999\n  }\n}\n'
        'build {\n  sources = ["amazon-ebs.x"]\n'
        '  provisioner "shell" {\n    script = "my dir/${local.n} 1e2.sh"\n  }\n}\n'
    )
    found = facts(tmp_path, {"packer/t.pkr.hcl": text, "packer/my dir/web 1e2.sh": ""})
    assert found.ami_names == (Text(text="my web image 2e5 /1e2/x", known=True),)
    assert files_of(found) == [("script", "my dir/${local.n} 1e2.sh", "packer/my dir/web 1e2.sh")]
    assert {key: tag.text for key, tag in found.tags} == {
        "A": "web web",
        "B": "  a\n    b c\n",
        "C": "a\n  b\n",
        "D": "1000",
        "E": "0.0015",
        "F": "1",
        "G": "awebb",
        "H": "99999999999999999999",
    }


@pytest.mark.parametrize(
    "text",
    [
        '{"variables": {"n": 36893488147419103232}, "builders": [{"type": "null"}]}',
        '{"builders": [{"type": "null"}], "provisioners": [{"type": "file", "source": "' + "x" * 300 + '"}]}',
        '{"builders": [{"type": "null", "tags": {"a": 1e400, "b": NaN}}]}',
    ],
)
def test_odd_values_are_no_end(tmp_path: Path, text: str) -> None:
    assert facts(tmp_path, {"packer/t.json": text}).builders == ("null",)


def test_enormous_values_are_unknown(tmp_path: Path) -> None:
    lists = "".join(f"  a{n} = [{', '.join([f'local.a{n - 1}'] * 10)}]\n" for n in range(2, 10))
    texts = "".join(f'  t{n} = "{f"${{local.t{n - 1}}}" * 10}"\n' for n in range(2, 10))
    text = (
        f'locals {{\n  a1 = ["null.x"]\n  t1 = "xxxxxxxxxx"\n{lists}{texts}}}\nsource "null" "x" {{\n}}\n'
        'build {\n  sources = flatten(local.a9)\n  provisioner "shell" {\n    script = local.t9\n  }\n}\n'
    )
    found = facts(tmp_path, {"packer/t.pkr.hcl": text})
    assert found.builders == ("null",)
    assert [used.known for used in found.files] == [False]


def test_known_parts_of_what_is_joined(tmp_path: Path) -> None:
    text = (
        'variable "more" {\n  default = []\n}\nlocals {\n  f = { name = "n" }\n}\n'
        'data "amazon-ami" "b" {\n  filters = local.f\n}\n'
        'source "amazon-ebs" "x" {\n  tags = { Name = "web", (var.more) = "x" }\n}\n'
        'build {\n  sources = ["amazon-ebs.x"]\n'
        '  provisioner "shell" {\n    scripts = concat(["a.sh"], var.more)\n  }\n'
        '  post-processors {\n    post-processor "artifice" {\n    }\n    post-processor "vagrant" {\n    }\n  }\n'
        '  post-processor "manifest" {\n  }\n}\n'
    )
    found = facts(tmp_path, {"packer/t.pkr.hcl": text, "packer/a.sh": ""})
    assert [(used.path, used.known) for used in found.files] == [("a.sh", True), ("var.more", False)]
    assert found.tags[0] == ("Name", Text(text="web", known=True))
    assert found.ami_sources[0].filters == {"name": "n"}
    assert found.post_processors == ("artifice", "vagrant", "manifest")


def test_environment_in_every_spelling_of_a_legacy_template(tmp_path: Path) -> None:
    text = (
        '{"variables": {"a": "{{ or (env `M`) (env `N`) }}", "b": "{{`J` | env}}", "c": "{{/* env `NO` */}}"},'
        ' "builders": [{"type": "null"}]}'
    )
    assert facts(tmp_path, {"packer/t.json": text}).environment == ("M", "N", "J")
