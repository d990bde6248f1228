"""Which image starts from which: templates in, parents out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import write_tree
from tfgen_generators.ancestry.parents import Ancestry, find_ancestry
from tfgen_generators.packer.discovery.discover import discover
from tfgen_generators.packer.discovery.facts_cache import FactsCache
from tfgen_generators.settings.model import Settings
from tfgen_generators.settings.read import parse_settings
from tfgen_generators.trees.disk import DiskTree

NO_FILTER = 'source_ami = "ami-0123456789abcdef0"\n'


def by_filter(name: str = "", *, owners: str = '["self"]', tags: str = "") -> str:
    named = f'name = "{name}"\n' if name else ""
    return f"source_ami_filter {{\nfilters = {{\n{named}{tags}\n}}\nowners = {owners}\nmost_recent = true\n}}\n"


def hcl(ami_name: str, start: str = NO_FILTER, *, tags: str = "", more: str = "", data: str = "") -> str:
    """An HCL2 template: `ami_name` and `tags` are expressions."""
    tagged = f"tags = {tags}\n" if tags else ""
    source = f'source "amazon-ebs" "x" {{\nami_name = {ami_name}\n{tagged}{start}}}\n'
    return f'{more}{data}{source}build {{\nsources = ["source.amazon-ebs.x"]\n}}\n'


def legacy(ami_name: str, filters: dict[str, str], owners: object, variables: dict[str, str] | None = None) -> str:
    builder = {
        "type": "amazon-ebs",
        "ami_name": ami_name,
        "source_ami_filter": {"filters": filters, "owners": owners, "most_recent": True},
    }
    return json.dumps({"variables": variables or {}, "builders": [builder]})


def ancestry(root: Path, templates: dict[str, str], settings: Settings | None = None) -> Ancestry:
    """Of templates by file name."""
    write_tree(root, {f"packer/{name}": text for name, text in templates.items()})
    found = discover(root, "packer", cache=FactsCache(details=True))
    assert not [problem for template in found.templates for problem in template.errors]
    return find_ancestry(found.templates, settings)


def parents(found: Ancestry) -> dict[str, list[str]]:
    """Only images that have some; `?` behind those that may be another one."""
    return {
        name: [parent.name + "?" * parent.edge.widened for parent in above]
        for name, above in found.parents.items()
        if above
    }


def test_a_chain_of_three(tmp_path: Path) -> None:
    found = ancestry(
        tmp_path,
        {
            "app.pkr.hcl": hcl('"app-${local.t}"', by_filter("java-*"), more="locals { t = timestamp() }\n"),
            "java.json": legacy("java-{{timestamp}}", {"name": "base-*"}, ["self"]),
            "base.pkr.hcl": hcl(
                '"base-${formatdate("YYYYMMDDhhmmss", timestamp())}"',
                by_filter("debian-12-amd64-*", owners='["136693071363"]'),
            ),
        },
    )
    assert parents(found) == {"app": ["java"], "java": ["base"]}
    assert found.ordered(["app", "base"]) == ["base", "app"]
    assert found.ordered(found.parents) == ["base", "java", "app"]
    assert found.children(["base"]) == {"java": "base", "app": "java"}
    assert found.children(["app"]) == {}
    (origin,) = found.origins["base"]
    assert (origin.status, origin.owners) == ("public", "Debian")
    assert found.parents["app"][0].edge.label == "source_ami_filter: name java-*"
    assert found.parents["app"][0].edge.path == "packer/app.pkr.hcl"
    assert (found.cycles, found.unresolved) == ((), ())


@pytest.mark.parametrize(
    ("name", "wanted", "meets"),
    [
        ('"base-${formatdate("YYYYMMDD", timestamp())}"', "base-*", True),
        ('"base-${formatdate("YYYYMMDD", timestamp())}"', "base-web-*", False),  # a date never is `web-...`
        ('"base-${formatdate("DD MMM", timestamp())}"', "base-*May", True),
        ('"base-${regex_replace(timestamp(), "[- TZ:]", "")}"', "base-20*", True),
        ('"base-${regex_replace(timestamp(), "[- TZ:]", "")}"', "base-*-*", False),
        ('"base-{{timestamp}}"', "base-17????????", True),
        ('"base-{{timestamp}}"', "base-web*", False),
        ('"base-{{isotime \\"2006-01-02\\"}}"', "base-2026-*", True),
        ('"base-{{isotime \\"2006-01-02\\"}}"', "base-2026_*", False),
        ('"base-{{isotime | clean_resource_name}}"', "base-2026-01-01T00-00-00Z", True),
        ('"base-{{ build_name }}"', "base-x", True),
        ('"base-${source.name}"', "base-y*", False),
        ('"${var.name}-1"', "fallback-*", True),
        ('"${var.name}-1"', "other-*", False),
        ('"${lower("BASE")}-${uuidv4()}"', "base-g*", False),
        ('join("-", ["base", var.name, timestamp()])', "base-fallback-*", True),
        ('format("%s-%s", "base", var.unset)', "base-*", True),
        ('format("%s-%s", "base", var.unset)', "web-*", False),
        ('replace("base.1.${timestamp()}", ".", "-")', "base-1-*", True),
        ('replace("base.1.${timestamp()}", ".", "-")', "base.1*", False),
        ('var.name == "x" ? "left-1" : "right-1"', "right-*", True),
        ('var.name == "x" ? "left-1" : "right-1"', "left-*", False),
        ('var.unset == "x" ? "left-1" : "right-1"', "left-*", True),
        ('local.names["web"]', "web-*", True),
        ('local.names[var.unset]', "db-*", True),
        ('local.names[var.unset]', "mail-*", False),
        ('env("NAME")', "given-*", True),
        ('env("NAME")', "base-*", False),
        ('local.circle', "base-*", True),  # not known: by itself the only one that it can be
        ('"Base-1"', "base-*", False),  # EC2 tells cases apart
        ('"base[1]"', "base[1]", True),
    ],
)  # fmt: skip
def test_a_name_meets_a_filter(tmp_path: Path, name: str, wanted: str, meets: bool) -> None:
    more = """
variable "name" { default = "fallback" }
variable "unset" { type = string }
locals {
  names  = { web = "web-1", db = "db-1" }
  circle = local.circle
}
"""
    settings = parse_settings('source_repository = "r"\n[environment]\nNAME = "given-1"\n')
    templates = {"parent.pkr.hcl": hcl(name, more=more), "child.pkr.hcl": hcl('"child"', by_filter(wanted))}
    found = ancestry(tmp_path, templates, settings)
    assert (list(parents(found)) == ["child"]) is meets
    assert bool(found.unresolved) is not meets


def test_variables_have_the_pipelines_values(tmp_path: Path) -> None:
    more = 'variable "prefix" { default = "dev" }\nvariable "of_env" { default = env("STAGE") }\n'
    templates = {
        "base.pkr.hcl": hcl('"${var.prefix}-base"', more=more),
        "other.pkr.hcl": hcl('"${var.of_env}-other"', more=more),
        "a.pkr.hcl": hcl('"a"', by_filter("prod-base")),
        "b.pkr.hcl": hcl('"b"', by_filter("prod-other")),
    }
    own = '[templates.base.environment]\nPKR_VAR_prefix = "prod"\n'
    settings = parse_settings('source_repository = "r"\n[environment]\nSTAGE = "prod"\n' + own)
    found = ancestry(tmp_path, templates, settings)
    assert parents(found) == {"a": ["base"], "b": ["other"]}
    assert parents(ancestry(tmp_path, {})) == {"b": ["other?"]}  # by default `a` finds none, `b` perhaps


def test_tags_decide(tmp_path: Path) -> None:
    templates = {
        "base.pkr.hcl": hcl('"x-1"', tags='{ Role = "base", Os = var.os }', more='variable "os" {}\n'),
        "web.pkr.hcl": hcl('"x-2"', tags='merge(local.common, { Role = "web" })', more="locals { common = {} }\n"),
        "any.pkr.hcl": hcl('"x-3"', tags="var.tags", more='variable "tags" {}\n'),
        "a.pkr.hcl": hcl('"a"', by_filter("x-*", tags='"tag:Role" = "web"')),
        "b.pkr.hcl": hcl('"b"', by_filter(tags='"tag:Role" = "bas*"\n"tag:Os" = "debian"')),
        "c.pkr.hcl": hcl('"c"', by_filter(tags='"tag:Template" = "packer/base.pkr.hcl"\n"tag:BuiltBy" = "Packer"')),
        "d.pkr.hcl": hcl('"d"', by_filter("x-*", tags='"tag:BuiltBy" = "Ansible"')),
        "e.pkr.hcl": hcl('"e"', by_filter("x-*", tags='tag-key = "Os"')),
    }
    found = ancestry(tmp_path, templates)
    assert parents(found) == {
        "a": ["any?", "web"],
        "b": ["any?", "base?"],
        "c": ["base"],
        "e": ["any?", "base"],
    }
    assert [(origin.image, origin.status) for origin in found.unresolved] == [("d", "unbuilt")]


def test_tag_blocks_and_sources_that_builds_refine(tmp_path: Path) -> None:
    refined = """
source "amazon-ebs" "x" {
  source_ami = "ami-1"
  tag {
    key   = "Role"
    value = "base"
  }
}
source "amazon-ebs" "unused" { ami_name = "never-1" }
build {
  source "amazon-ebs.x" { ami_name = "first-1" }
}
build {
  source "source.amazon-ebs.x" { ami_name = "second-1" }
}
"""
    templates = {
        "base.pkr.hcl": refined,
        "a.pkr.hcl": hcl('"a"', by_filter("first-*", tags='"tag:Role" = "base"')),
        "b.pkr.hcl": hcl('"b"', by_filter("second-*")),
        "c.pkr.hcl": hcl('"c"', by_filter("never-*")),
    }
    assert parents(ancestry(tmp_path, templates)) == {"a": ["base"], "b": ["base"]}


@pytest.mark.parametrize(
    ("owners", "status"),
    [
        ('["self"]', "unbuilt"),
        ('["amazon"]', "public"),
        ('["099720109477"]', "public"),
        ('["099720109477", "self"]', "unbuilt"),
        ('["123456789012"]', "account"),
        ("[var.owner]", "account"),
        ("[var.unset]", "unknown"),
        ("local.owners", "public"),
        ('split(",", var.owner)', "account"),
    ],
)
def test_whose_a_parent_is_that_nobody_builds(tmp_path: Path, owners: str, status: str) -> None:
    more = (
        'variable "owner" { default = "123456789012" }\nvariable "unset" {}\n'
        'locals { owners = ["amazon", "137112412989"] }\n'
    )
    templates = {
        "base.pkr.hcl": hcl('"golden-{{timestamp}}"'),
        "web.pkr.hcl": hcl('"web"', by_filter("goldn-*", owners=owners), more=more),
    }
    found = ancestry(tmp_path, templates)
    (origin,) = found.origins["web"]
    assert origin.status == status
    assert origin.nearest == ("base" if status == "unbuilt" else "")


def test_what_others_build_is_no_parent_of_ours(tmp_path: Path) -> None:
    templates = {
        "base.pkr.hcl": hcl('"debian-12-amd64-1"'),
        "web.pkr.hcl": hcl('"web"', by_filter("debian-*", owners='["136693071363"]')),
        "shared.pkr.hcl": hcl('"shared"', by_filter("debian-*", owners='["123456789012"]')),
    }
    assert parents(ancestry(tmp_path, templates)) == {"shared": ["base"]}


DATA = """data "amazon-ami" "base" {
  filters = { name = "base-*" }
  owners = ["self"]
  most_recent = true
}
data "amazon-ami" "unused" {
  filters = { name = "web-*" }
  owners = ["self"]
}
data "amazon-parameterstore" "ami" { name = "/golden/ami" }
"""


@pytest.mark.parametrize("value", ["data.amazon-ami.base.id", "local.ami", '"${data.amazon-ami.base.id}"'])
def test_a_data_source(tmp_path: Path, value: str) -> None:
    more = "locals { ami = data.amazon-ami.base.id }\n"
    templates = {
        "base.pkr.hcl": hcl('"base-1"'),
        "web.pkr.hcl": hcl('"web-1"', f"source_ami = {value}\n", data=DATA, more=more),
    }
    found = ancestry(tmp_path, templates)
    assert parents(found) == {"web": ["base"]}
    assert found.parents["web"][0].edge.label == "data.amazon-ami.base: name base-*"


def test_what_cannot_be_known(tmp_path: Path) -> None:
    more = 'variable "ami" { default = "" }\nvariable "id" { default = "ami-0abc" }\nvariable "unset" {}\n'
    starts = {
        "ssm": "source_ami = data.amazon-parameterstore.ami.value\n",
        "var": "source_ami = var.ami\n",
        "id": "source_ami = var.id\n",
        "star": by_filter("*"),
        "unset": by_filter("${var.unset}-*"),
        "arch": by_filter(tags='architecture = "arm64"'),
    }
    found = ancestry(
        tmp_path, {f"{name}.pkr.hcl": hcl(f'"{name}"', start, data=DATA, more=more) for name, start in starts.items()}
    )
    assert {name: [origin.status for origin in said] for name, said in found.origins.items()} == {
        "arch": ["unknown"],
        "id": ["id"],
        "ssm": ["unknown"],
        "star": ["unknown"],
        "unset": ["unknown"],
        "var": ["unknown"],
    }
    assert parents(found) == {}


def test_cycles_and_former_versions(tmp_path: Path) -> None:
    templates = {
        "a.pkr.hcl": hcl('"a-1"', by_filter("c-*")),
        "b.pkr.hcl": hcl('"b-1"', by_filter("a-*")),
        "c.pkr.hcl": hcl('"c-1"', by_filter("b-*")),
        "leaf.pkr.hcl": hcl('"leaf-1"', by_filter("b-*")),
        "again.pkr.hcl": hcl('"again-1"', by_filter("again-*")),
    }
    found = ancestry(tmp_path, templates)
    assert found.cycles == (("a", "b", "c"),)
    assert found.itself == {"again"}
    assert parents(found) == {"a": ["c"], "b": ["a"], "c": ["b"], "leaf": ["b"]}
    assert found.ordered(["leaf", "c", "b", "a"]) == ["a", "b", "c", "leaf"]
    assert found.children(["a"]) == {"b": "a", "c": "b", "leaf": "b"}
    assert [origin.status for origin in found.origins["again"]] == ["itself"]


def test_several_parents_are_all_named(tmp_path: Path) -> None:
    templates = {
        "base-x86.pkr.hcl": hcl('"base-x86-1"'),
        "base-arm.pkr.hcl": hcl('"base-arm-1"'),
        "web.pkr.hcl": hcl('"web"', by_filter("base-${var.arch}-*"), more='variable "arch" {}\n'),
    }
    assert parents(ancestry(tmp_path, templates)) == {"web": ["base-arm?", "base-x86?"]}


def test_values_of_files(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "packer/base/a.pkr.hcl": hcl('"${var.prefix}-base"'),
            "packer/base/b.pkr.hcl": 'variable "prefix" { default = "dev" }\n',
            "packer/base/x.auto.pkrvars.hcl": 'prefix = "auto"\n',
            "packer/web.json": legacy("web", {"name": "{{user `from`}}-base"}, ["self"], {"from": "dev"}),
            "vars/web.json": '{"from": "auto"}',
        },
    )
    found = discover(tmp_path, "packer", cache=FactsCache(details=True))
    own = '[templates.web.environment]\nPACKER_VAR_FILE = "vars/web.json"\n'
    settings = parse_settings(f'source_repository = "r"\n{own}')
    assert parents(find_ancestry(found.templates, settings, DiskTree(tmp_path))) == {"web": ["base"]}
    assert parents(find_ancestry(found.templates, None)) == {"web": ["base"]}  # dev and dev


def test_a_filter_counts_where_no_id_is_given(tmp_path: Path) -> None:
    more = 'variable "ami" { default = "" }\nvariable "unset" {}\nvariable "id" { default = "ami-1" }\n'
    templates = {
        "base.pkr.hcl": hcl('"base-1"'),
        "a.pkr.hcl": hcl('"a"', "source_ami = var.ami\n" + by_filter("base-*"), more=more),
        "b.pkr.hcl": hcl('"b"', "source_ami = var.unset\n" + by_filter("base-*"), more=more),
        "c.pkr.hcl": hcl('"c"', "source_ami = var.id\n" + by_filter("base-*"), more=more),
        "d.pkr.hcl": hcl('"d"', by_filter("${var.unset}-prod-*"), more=more),
    }
    found = ancestry(tmp_path, templates)
    assert parents(found) == {"a": ["base"], "b": ["base"]}
    assert [origin.status for origin in found.origins["b"]] == ["unknown", "built"]
    assert [origin.status for origin in found.origins["d"]] == ["unknown"]  # what it looks for is not known


def test_locals_that_double_each_other_end_soon(tmp_path: Path) -> None:
    doubled = "".join(f'l{number} = "${{local.l{number + 1}}}${{local.l{number + 1}}}"\n' for number in range(40))
    more = f'variable "unset" {{}}\nlocals {{\n{doubled}l40 = var.unset\n}}\n'
    templates = {
        "base.pkr.hcl": hcl('"base-${local.l0}"', tags="{ Name = local.l3 }", more=more),
        "web.pkr.hcl": hcl('"web"', by_filter("base-*", tags='"tag:Name" = "x"')),
    }
    assert parents(ancestry(tmp_path, templates)) == {"web": ["base?"]}


def test_what_was_found_out_is_remembered_by_content(tmp_path: Path) -> None:
    kept: dict[str, bytes] = {}
    made: list[str] = []

    class Memory:
        def get(self, key: str, make: Callable[[], bytes]) -> bytes:
            if key not in kept:
                made.append(key.partition(":")[0])
                kept[key] = make()
            return kept[key]

    def look(child: str) -> Ancestry:
        write_tree(tmp_path, {"packer/base.pkr.hcl": hcl('"base-1"'), "packer/web.pkr.hcl": child})
        templates = discover(tmp_path, "packer", cache=FactsCache(details=True)).templates
        made.clear()
        return find_ancestry(templates, None, None, Memory())

    web = hcl('"web"', by_filter("base-*"))
    assert parents(look(web)) == {"web": ["base"]}
    assert sorted(made) == ["ancestry", "image", "image"]
    assert parents(look(web)) == {"web": ["base"]}
    assert made == []
    assert parents(look(web.replace("base-*", "bass-*"))) == {}
    assert sorted(made) == ["ancestry", "image"]
