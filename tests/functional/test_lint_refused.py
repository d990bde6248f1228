"""option-refused where its page stops: values behind names, what is not known, the module's own table of features."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.conftest import TOML, Repo
from tfgen.lint.run import open_scope
from tfgen.workspace import open_workspace
from tfgen_generators.lint.model import Finding
from tfgen_generators.lint.rules.pipeline.environment import RULES as ENVIRONMENT
from tfgen_generators.lint.rules.pipeline.network import RULES as NETWORK
from tfgen_generators.lint.rules.pipeline.refused_options import RULES

ROOT = Path(__file__).parents[2]
VARIABLES = 'variable "build_features" {\n  default = []\n}\nvariable "instance_profiles" {\n  default = {}\n}\n'
HCL = """\
source "amazon-ebs" "web" {{
  ami_name = "web"
{body}
}}
build {{
  sources = ["source.amazon-ebs.web"]
}}
{more}
"""
DATE = "2030-01-01T00:00:00Z"
DEPRECATED = f'deprecate_at = "{DATE}"'
ELSEWHERE = '[module]\nsource = "git::https://example.com/ami.git//modules/codepipeline?ref=v1"\n'
#: What each feature of build_features is for, as a template says it.
USED = {
    "deprecation": DEPRECATED,
    "deregistration_protection": "deregistration_protection {\n enabled = true\n }",
    "fast_launch": "fast_launch {\n enable_fast_launch = true\n }",
    "session_manager": 'ssh_interface = "session_manager"',
    "spot": 'spot_price = "auto"',
}


def found(repo: Repo, body: str, *, toml: str = "", more: str = "", variables: str = VARIABLES) -> list[Finding]:
    repo(
        {
            "tfgen.toml": TOML + toml,
            "packer/web.pkr.hcl": HCL.format(body=body, more=more),
            "terraform/modules/codepipeline/variables.tf": variables,
        }
    )
    return list(RULES[0].check(open_scope(open_workspace(need_settings=False))))


@pytest.mark.parametrize("feature", USED)
def test_each_feature_of_our_module(repo: Repo, feature: str) -> None:
    own = (ROOT / "terraform/modules/codepipeline/variables.tf").read_text(encoding="utf-8")
    declared = re.search(r"contains\((\[[^]]*\]), name\)", own.split('"build_features"')[1])
    assert declared is not None
    assert declared[1] == str(sorted(USED)).replace("'", '"')
    (one,) = found(repo, USED[feature], variables=own)
    assert one.fix.startswith(f'add to tfgen.toml: [templates.web.inputs] build_features = ["{feature}"] ')
    assert (one.path, one.line) == ("packer/web.pkr.hcl", 3)
    given = f'[templates.web.inputs]\nbuild_features = ["{feature}"]\n'
    assert not found(repo, USED[feature], variables=own, toml=given)


@pytest.mark.parametrize("feature", USED)
def test_it_is_the_option_that_packer_asks_more_for(feature: str) -> None:
    table = tomllib.loads((ROOT / "tests/data/packer_calls.toml").read_text(encoding="utf-8"))["options"]
    assert USED[feature].split(maxsplit=1)[0] in table[feature]["when"]


def test_the_fix_allows_all_that_the_template_has_and_keeps_what_is_given(repo: Repo) -> None:
    body = f'{DEPRECATED}\nspot_price = "0.1"'
    first, second = found(repo, body, toml='[inputs]\nbuild_features = ["fast_launch"]\n')
    assert first.fix == second.fix
    text = first.fix.removeprefix("add to tfgen.toml: ").partition(" ([inputs]")[0].replace("] build", "]\nbuild")
    assert tomllib.loads(text)["templates"]["web"]["inputs"] == {
        "build_features": ["deprecation", "fast_launch", "spot"]
    }
    assert first.message == (
        "deprecate_at needs a right that the pipeline's role does not have: the build fails at its end"
    )
    assert not found(repo, body, toml=f"{text}\n")


@pytest.mark.parametrize(
    ("body", "more"),
    [
        ("deprecate_at = var.at", f'variable "at" {{\n  default = "{DATE}"\n}}'),
        ("deprecate_at = local.at", 'locals {\n  at = timeadd(timestamp(), "720h")\n}'),
        ("deprecate_at = formatdate(\"YYYY-MM-DD'T'hh:mm:ssZ\", local.at)", "locals {\n  at = timestamp()\n}"),
        ('iam_instance_profile = "build-${var.stage}"', 'variable "stage" {}'),
        ("spot_price = 0.05", ""),
        ("deregistration_protection {\n enabled = var.on\n }", 'variable "on" {\n  default = true\n}'),
    ],
)
def test_a_value_that_is_certainly_there(repo: Repo, body: str, more: str) -> None:
    assert [one.line for one in found(repo, body, more=more)] == [3]


@pytest.mark.parametrize(
    ("body", "more"),
    [
        ("deprecate_at = null", ""),
        ("deprecate_at = var.at", 'variable "at" {\n  default = ""\n}'),
        ("deprecate_at = var.at", 'variable "at" {\n  type = string\n  default = null\n}'),
        ("deprecate_at = var.at", 'variable "at" {\n  type = string\n}'),
        (f'deprecate_at = var.stage == "live" ? "{DATE}" : ""', 'variable "stage" {}'),
        ('deprecate_at = env("DEPRECATE_AT")', ""),
        (f"{DEPRECATED}\nskip_create_ami = true", ""),
        (f'{DEPRECATED}\nassume_role {{\n role_arn = "arn:aws:iam::123456789012:role/builds"\n }}', ""),
        (f'{DEPRECATED}\nprofile = "builds"', ""),
        ('dynamic "fast_launch" {\n for_each = var.on\n content {\n enable_fast_launch = true\n }\n }', ""),
        ("fast_launch {\n enable_fast_launch = false\n }", ""),
        ("deregistration_protection {\n with_cooldown = true\n }", ""),
        ('ssh_interface = "private_ip"', ""),
        ("spot_price = 0", ""),
    ],
)
def test_a_value_that_is_not_there_or_not_certain(repo: Repo, body: str, more: str) -> None:
    assert found(repo, body, more=more) == []


@pytest.mark.parametrize(
    ("toml", "variables"),
    [
        ('[inputs]\nbuild_features = { expression = "local.features" }\n', VARIABLES),
        ('[inputs]\nbuild_policy_arns = { mine = "arn:aws:iam::123456789012:policy/mine" }\n', VARIABLES),
        ("", ""),  # another module, or an older one
        (ELSEWHERE, VARIABLES),
        ('[templates.web.inputs]\nbuild_features = ["deprecation"]\n', VARIABLES),
    ],
)
def test_an_input_that_is_given_or_not_known(repo: Repo, toml: str, variables: str) -> None:
    assert found(repo, DEPRECATED, toml=toml, variables=variables) == []


@pytest.mark.parametrize(
    "toml",
    [
        '[inputs]\nbuild_features = ["deprecation"]\n[templates.web.inputs]\nbuild_features = []\n',
        f'[inputs]\nbuild_features = ["spot"]\n{ELSEWHERE}',
        "[inputs]\nbuild_policy_arns = {}\n",
        '[templates.other.inputs]\nbuild_features = ["deprecation"]\n',
    ],
)
def test_an_input_without_the_feature(repo: Repo, toml: str) -> None:
    (one,) = found(repo, DEPRECATED, toml=toml)
    assert ("[inputs] instead" in one.fix) == ("[templates.web" not in toml)  # a template's own list wins


@pytest.mark.parametrize(
    ("arn", "count"),
    [("images/builds", 0), ("Builds", 0), ("images/*", 0), ("builds-other", 1), ("builds/other", 1)],
)
def test_the_instance_profiles_that_are_given(repo: Repo, arn: str, count: int) -> None:
    line = f'"arn:aws:iam::123456789012:instance-profile/{arn}" = "arn:aws:iam::123456789012:role/builds"\n'
    findings = found(repo, 'iam_instance_profile = "builds"', toml=f"[inputs.instance_profiles]\n{line}")
    assert len(findings) == count
    assert all('instance-profile/builds" = "' in one.fix for one in findings)


def test_a_network_brings_its_feature(repo: Repo) -> None:
    body = f"{USED['session_manager']}\n{USED['spot']}"
    (one,) = found(repo, body, toml='[inputs]\nnetwork = "session-manager"\n')
    assert one.fix.startswith('add to tfgen.toml: [templates.web.inputs] build_features = ["spot"] ')
    assert len(found(repo, body, toml='[inputs]\nnetwork = "private"\n')) == 2


@pytest.mark.parametrize(
    ("body", "network", "count"),
    [
        ('ssh_interface = "private_dns"', "private", 0),
        ('ssh_interface = "session_manager"', "private", 1),
        ('ssh_interface = ""', "private", 0),
        ('ssh_interface = ""', "session-manager", 1),
        ('ssh_interface = "public_ip"', "public", 0),
        ("ssh_interface = var.elsewhere", "session-manager", 0),
        ('ssh_host = "10.0.0.1"', "session-manager", 0),
        ('communicator = "none"', "session-manager", 0),
    ],
)
def test_a_template_connects_by_its_network(repo: Repo, body: str, network: str, count: int) -> None:
    found(repo, body, toml=f'[inputs]\nnetwork = "{network}"\n', more='variable "elsewhere" {\n  type = string\n}')
    assert len(list(NETWORK[0].check(open_scope(open_workspace(need_settings=False))))) == count


@pytest.mark.parametrize("declared", [True, False])
def test_a_module_with_networks_passes_their_variables(repo: Repo, declared: bool) -> None:
    variable = 'variable "network" {\n  default = "public"\n}\n'
    text = 'variable "x" {\n  default = env("SSH_INTERFACE")\n}\nvariable "y" {\n  default = env("SSH_INTERFACES")\n}'
    found(repo, "ssh_interface = var.x", more=text, variables=VARIABLES + variable * declared)
    missed = [one.line for one in ENVIRONMENT[0].check(open_scope(open_workspace(need_settings=False)))]
    assert missed == ([12] if declared else [9, 12])
