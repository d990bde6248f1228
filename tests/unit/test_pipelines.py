from __future__ import annotations

import pytest

from tfgen_generators.packer.model import Template
from tfgen_generators.pipelines import PipelineProblemError, make_pipeline, shorten
from tfgen_generators.settings import parse_settings

TOML = """\
source_repository = "ami-builder"
[environment]
VPC_ID = "vpc-1"
SUBNET_ID = "subnet-all"
[templates.web]
environment = { SUBNET_ID = "subnet-web" }
"""


def template(name: str = "web", path: str = "packer/web.json") -> Template:
    return Template(name=name, path=path, format="json", kind="file")


def test_the_environment_of_one_template_wins() -> None:
    pipeline = make_pipeline(template(), parse_settings(TOML))
    assert pipeline.environment == {"PACKER_SCRIPT": "packer/web.json", "SUBNET_ID": "subnet-web", "VPC_ID": "vpc-1"}


def test_the_branch_is_written_when_it_is_not_main() -> None:
    assert "branch" not in make_pipeline(template(), parse_settings(TOML)).body()
    assert (
        'branch               = "trunk"'
        in make_pipeline(template(), parse_settings('branch = "trunk"\n' + TOML)).body()
    )


def test_a_registry_module_has_a_version() -> None:
    text = make_pipeline(template(), parse_settings(TOML + '[module]\nsource = "a/b/aws"\nversion = "~> 1"\n')).body()
    assert '  source  = "a/b/aws"\n  version = "~> 1"\n' in text


def test_bucket_names_follow_the_rules_of_s3() -> None:
    body = make_pipeline(template("Web_1", "packer/Web_1.json"), parse_settings(TOML)).body()
    assert '"web-1-ami-builder-artefacts-${local.account_id}"' in body
    assert '"Web_1-ami-pipeline"' in body


def test_long_names_are_shortened_and_stay_apart() -> None:
    def names(name: str) -> str:
        return make_pipeline(template(name, f"packer/{name}.json"), parse_settings(TOML)).body()

    first, second = names("x" * 90 + "a"), names("x" * 90 + "b")
    assert first != second
    assert first == names("x" * 90 + "a")
    bucket = next(line for line in first.splitlines() if "artefact_bucket_name" in line).split('"')[1]
    assert len(bucket.replace("${local.account_id}", "0" * 12)) == 63


def test_a_literal_brace_stays() -> None:
    with pytest.raises(PipelineProblemError, match="AWS allows"):
        make_pipeline(template(), parse_settings(TOML + '[names]\nproject_name = "{{x}}{name}"\n'))


@pytest.mark.parametrize(
    ("pattern", "says"),
    [("-{name}", "project_name would be '-web'"), ("{name} x", "project_name would be 'web x'")],
)
def test_names_that_aws_refuses_are_refused_here(pattern: str, says: str) -> None:
    with pytest.raises(PipelineProblemError, match=says):
        make_pipeline(template(), parse_settings(TOML + f'[names]\nproject_name = "{pattern}"\n'))


@pytest.mark.parametrize("path", ["packer/cafe\u0301.json", "packer/\udcff.json"])
def test_paths_that_terraform_would_change_are_refused(path: str) -> None:
    with pytest.raises(PipelineProblemError, match="rename it"):
        make_pipeline(template("web", path), parse_settings(TOML))


def test_shorten_keeps_what_fits() -> None:
    assert shorten("web", 10) == "web"
    assert len(shorten("w" * 50, 20)) == 20
