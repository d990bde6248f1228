"""Lint on what Packer 1.16 and its plugins have: where the rules' pages stop."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from tests.conftest import TOML, Repo
from tests.functional.test_lint_packer import builder, checked
from tfgen.lint.run import open_scope
from tfgen.workspace import open_workspace
from tfgen_generators.lint.registry import template_rules
from tfgen_generators.lint.rules.packer.end_of_life import ANSIBLE_CORE, AS_OF, PACKER, SYSTEMS, ended
from tfgen_generators.lint.templates.versions import takes, version_of
from tfgen_generators.packer.legacy import read_legacy
from tfgen_generators.packer.model import BrokenTemplateError, NotATemplateError

ROOT = Path(__file__).parents[2]
WEB = "packer/web.pkr.hcl"


@pytest.mark.parametrize(
    ("call", "same"),
    [
        ('legacy_isotime("2006-01-02")', False),
        ('legacy_strftime("%Y%m%d%H%M%S")', False),
        ('bcrypt("x")', False),
        ('consul_key("a/b")', False),
        ('aws_secretsmanager_raw("x")', False),
        ('filebase64("version")', False),
        ('lower("X")', True),
        ('rfc3339_parse("2020-01-01T00:00:00Z")', True),
        ("uuidv4()", False),
    ],
)
def test_a_name_that_packer_s_functions_make(repo: Repo, call: str, same: bool) -> None:
    repo({"tfgen.toml": TOML, "packer/version": "1", WEB: builder(f'  ami_name = "web-${{{call}}}"')})
    assert bool(checked("ami-name-not-unique")) is same


@pytest.mark.parametrize("path", ['trimspace(" ansible/site.yml\\n")', 'chomp("ansible/site.yml\\n")'])
def test_a_playbook_s_path_without_blanks(repo: Repo, path: str) -> None:
    build = f'  provisioner "ansible-local" {{\n    playbook_file = {path}\n  }}'
    files = {"tfgen.toml": TOML, "ansible/site.yml": "- hosts: all\n  tasks: []\n", WEB: builder(build=build)}
    root = repo(files)
    assert found_of("missing-playbook") == []
    (root / "ansible/site.yml").rename(root / "elsewhere.yml")
    assert found_of("missing-playbook") == [f"{WEB}:11"]


def found_of(rule: str) -> list[str]:
    from tfgen_generators.lint.registry import all_rules

    scope = open_scope(open_workspace(need_settings=False))
    one = next(each for each in all_rules() if each.id == rule)
    return [f"{finding.path}:{finding.line}" for finding in one.check(scope)]


def fixes(rule: str) -> list[str]:
    scope = open_scope(open_workspace(need_settings=False))
    one = next(each for each in template_rules() if each.id == rule)
    return [finding.fix for finding in one.check(scope)]


@pytest.mark.parametrize(
    ("name", "default", "advice"),
    [
        ("skip_region_validation", "false", "use a variable with the default of the environment variable REGION"),
        ("use_region", "true", "use a variable with the default of the environment variable REGION"),
        ("regional", '"x"', "use a variable with the default of the environment variable REGION"),
        ("build_region", '"x"', "use the variable 'build_region'"),
        ("AWS-Region", '"x"', "use the variable 'AWS-Region'"),
    ],
)
def test_a_variable_that_only_sounds_like_a_region_is_not_advised(
    repo: Repo, name: str, default: str, advice: str
) -> None:
    text = builder().replace("var.region", '"eu-west-1"').replace('variable "region"', f'variable "{name}"')
    repo({"tfgen.toml": TOML, WEB: text.replace('env("AWS_REGION")', default)})
    assert fixes("hard-coded-region") == [advice]


REQUIRED = (
    'packer {{\n  required_plugins {{\n    amazon = {{\n      source = "{}"\n      version = "{}"\n    }}\n  }}\n}}\n'
)
OURS = "github.com/hashicorp/amazon"


@pytest.mark.parametrize(
    ("packer", "source", "version", "found"),
    [
        ("1.13.1", OURS, "~> 1.8", True),
        ("1.13.1", OURS, ">= 1.2, < 2", False),
        ("1.13.1", OURS, ">= 1.3.10", True),
        ("1.13.1", OURS, "> 1.3.9", True),
        ("1.13.1", OURS, "> 1.3.8", False),
        ("1.13.1", OURS, "1.8.2", True),
        ("1.13.1", OURS, "< 2", False),
        ("1.13.1", OURS, "~> 1.3, >= 1.4.0", True),
        ("1.13.1", "github.com/else/amazon", "~> 1.8", False),
        ("1.14.0", OURS, "~> 1.8", False),
        ("", OURS, "~> 1.8", False),
        ("latest", OURS, "~> 1.8", False),
    ],
)
def test_a_plugin_that_the_pipeline_s_packer_does_not_find(
    repo: Repo, packer: str, source: str, version: str, found: bool
) -> None:
    toml = f'{TOML}\n[environment]\nPACKER_VERSION = "{packer}"\n' if packer else TOML
    repo({"tfgen.toml": toml, WEB: builder(more=REQUIRED.format(source, version))})
    assert bool(checked("plugin-not-found")) is found


@pytest.mark.parametrize(
    ("version", "found"),
    [
        ("~> 1.8", False),
        ("1.8.3-dev", True),
        (">= 1.0, != 1.8.3-beta1", True),
        ("~>1.8-rc1", True),
        (">= v1.8.2", False),
    ],
)
def test_a_prerelease_of_a_plugin(repo: Repo, version: str, found: bool) -> None:
    repo({"tfgen.toml": TOML, WEB: builder(more=REQUIRED.format(OURS, version))})
    assert bool(checked("prerelease-plugin")) is found


@pytest.mark.parametrize(
    ("constraint", "version", "taken"),
    [
        (">= 1.14.0", (1, 13, 9), False),
        (">= 1.14.0, < 2", (1, 16, 0), True),
        ("~> 1.14", (1, 16, 0), True),
        ("~> 1.14.1", (1, 16, 0), False),
        ("~> 1.14.1", (1, 14, 0), False),
        ("~> 2", (2, 5), True),
        ("1.16", (1, 16, 0), True),
        ("= v1.16.1", (1, 16, 0), False),
        ("!= 1.16.0", (1, 16), False),
        ("> 1.15, <= 1.16.0", (1, 16, 0), True),
        ("< 1.16", (1, 16, 0), False),
        (">= 1.16.0-beta1", (1, 16, 0), None),
        ("latest", (1, 16, 0), None),
    ],
)
def test_a_constraint_takes_a_version_as_packer_says(constraint: str, version: tuple[int, ...], taken: bool) -> None:
    assert takes(constraint, version) is taken


def test_one_of_two_builders_that_makes_an_ami_is_enough(repo: Repo) -> None:
    make = {"type": "amazon-ebs", "region": "{{user `r`}}", "ami_name": "web-{{timestamp}}"}
    both = {"builders": [{**make, "name": "a", "skip_create_ami": True}, {**make, "name": "b"}]}
    repo(
        {
            "tfgen.toml": TOML,
            "packer/web.json": json.dumps(both),
            "packer/try.json": json.dumps({"builders": [both["builders"][0]]}),
        }
    )
    assert checked("no-ami") == ["packer/try.json:1"]


def test_nothing_ends_after_the_day_of_the_table() -> None:
    ends = [*PACKER.values(), *ANSIBLE_CORE.values(), *(end for _, end in SYSTEMS.values())]
    assert max(ends) <= AS_OF
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\d", end) for end in ends)
    page = (ROOT / "docs/rules/end-of-life.md").read_text(encoding="utf-8")
    assert AS_OF in page
    assert [end for end in ends if end > "2024" and end not in page] == []


def test_what_the_buildspec_pins_has_support() -> None:
    pinned = yaml.safe_load((ROOT / "buildspec.yml").read_text(encoding="utf-8"))["env"]["variables"]
    for name, table in {"PACKER_VERSION": PACKER, "ANSIBLE_CORE_VERSION": ANSIBLE_CORE}.items():
        version = version_of(pinned[name])
        assert version
        assert ended(table, version) == ""
    assert ended(PACKER, (1, 6, 6)) == PACKER[1, 8]
    assert ended(PACKER, (1, 13, 9)) == "2026-07-24"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"provisioners": {"type": "shell", "inline": ["true"]}}, "provisioners must be a list, which Packer demands"),
        ({"Post-Processors": {"type": "manifest"}}, "post-processors must be a list, which Packer demands"),
        ({"provisioners": "shell"}, "provisioners must be a list, which Packer demands"),
        ({"provisioners": None, "post-processors": ["manifest", [{"type": "manifest"}]]}, ""),
        ({"builders": [{"type": "{{user `kind`}}"}]}, "builder 1 has a type with a function"),
        ({"builders": [{"type": "{{ `kind` | user }}"}]}, "builder 1 has a type with a function"),
        ({"builders": [{"type": "{{lower `AMAZON-EBS`}}"}]}, "builder 1 has a type with a function"),
    ],
)
def test_what_packer_demands_of_legacy_templates(more: dict[str, object], said: str) -> None:
    data = json.dumps({"builders": [{"type": "amazon-ebs"}], **more}).encode()
    if not said:
        assert read_legacy(data)[0] == ("amazon-ebs",)
        return
    with pytest.raises(BrokenTemplateError, match=said):
        read_legacy(data)


def test_a_generator_s_type_is_no_mistake() -> None:
    with pytest.raises(NotATemplateError, match="generator"):
        read_legacy(b'{"builders": [{"type": "{{ cookiecutter.kind }}"}]}')


@pytest.mark.parametrize(
    ("sources", "lines"),
    [
        ('sources = ["source.amazon-ebs.web"]', []),
        ("sources = var.which", []),
        ("sources = null", [f"{WEB}:5"]),
        ("sources = local.none", [f"{WEB}:5"]),
        ('sources = "source.amazon-ebs.web"', [f"{WEB}:6"]),
        ('dynamic "source" {\n for_each = []\n labels = ["amazon-ebs.web"]\n content {}\n }', [f"{WEB}:5"]),
        ('dynamic "source" {\n for_each = [1]\n labels = ["amazon-ebs.web"]\n content {}\n }', []),
        ('dynamic "provisioner" {\n for_each = [1]\n labels = ["shell"]\n content {}\n }', [f"{WEB}:5"]),
    ],
)
def test_sources_that_packer_refuses(repo: Repo, sources: str, lines: list[str]) -> None:
    before = "locals {\n  none = []\n}\n" + 'source "amazon-ebs" "web" {}\n'
    repo({"tfgen.toml": TOML, WEB: f"{before}build {{\n  {sources}\n}}\n"})
    assert found_of("build-without-sources") == lines


def test_a_failure_that_is_hidden(repo: Repo) -> None:
    step = '  provisioner "shell" {\n    continue_on_error = true\n  }\n'
    cleanup = '  error-cleanup-provisioner "shell" {\n    continue_on_error = true\n  }\n'
    legacy = {"builders": [{"type": "amazon-ebs"}], "provisioners": [{"type": "shell", "continue_on_error": False}]}
    repo({"tfgen.toml": TOML, WEB: builder(build=step + cleanup), "packer/old.json": json.dumps(legacy, indent=1)})
    assert [place.partition(":")[0] for place in found_of("continue-on-error")] == ["packer/old.json", WEB]


TAGGED = 'run_tags = { Name = "Packer Builder" }'


@pytest.mark.parametrize(
    ("own", "build", "count"),
    [
        ("run_tags = null", 'sources = ["amazon-ebs.web"]', 1),
        ('run_tag {\n key = "Name"\n value = "Packer Builder"\n }', 'sources = ["amazon-ebs.web"]', 0),
        ('run_tag {\n key = "Team"\n value = "x"\n }', 'sources = ["amazon-ebs.web"]', 1),
        ('run_tag {\n key = var.k\n value = "x"\n }', 'sources = ["amazon-ebs.web"]', 0),
        ("", f'source "amazon-ebs.web" {{\n {TAGGED}\n }}', 0),
        ("", f'sources = ["amazon-ebs.web"]\n source "amazon-ebs.web" {{\n name = "b"\n {TAGGED}\n }}', 1),
        ("", f'source "amazon-ebs.web" {{\n }}\n source "amazon-ebs.web" {{\n name = "b"\n {TAGGED}\n }}', 1),
    ],
)
def test_the_instance_of_each_use_of_a_source_has_tags(repo: Repo, own: str, build: str, count: int) -> None:
    module = "terraform/modules/codepipeline/variables.tf"
    text = f'source "amazon-ebs" "web" {{\n  {own}\n}}\nbuild {{\n  {build}\n}}\n'
    repo({"tfgen.toml": TOML, WEB: text, module: (ROOT / module).read_text()})
    assert len(found_of("run-tags-refused")) == count


@pytest.mark.parametrize(
    ("constraint", "taken"),
    [("~> 0", True), ("~> 1.15", True), ("~> 1.15.0", False), ("~> 1.16.0.0", False), ("=1.16.0.0", True)],
)
def test_constraints_as_packer_1_16_0_answers(constraint: str, taken: bool) -> None:
    assert takes(constraint, (1, 16, 0)) is taken


@pytest.mark.parametrize(
    ("version", "said"), [("latest", "none that Packer takes"), (">= 1.8", "so the newest one"), ("=> 1", "none that")]
)
def test_a_version_that_is_none(repo: Repo, version: str, said: str) -> None:
    plugin = f'amazon = {{ source = "github.com/hashicorp/amazon", version = "{version}" }}'
    repo({"tfgen.toml": TOML, WEB: f"packer {{\n  required_plugins {{\n    {plugin}\n  }}\n}}\n" + builder()})
    scope = open_scope(open_workspace(need_settings=False))
    (rule,) = [each for each in template_rules() if each.id == "unpinned-plugin"]
    (finding,) = rule.check(scope)
    assert said in finding.message
