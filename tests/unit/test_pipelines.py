from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfgen_generators.hcl.write import Interpolated, Reference
from tfgen_generators.module.interface import ModuleInterface
from tfgen_generators.packer.model import Template
from tfgen_generators.pipeline.aws_names import sample
from tfgen_generators.pipeline.pipeline import Pipeline, PipelineProblemError, make_pipeline, name_collisions, shorten
from tfgen_generators.settings.inputs import FACTS
from tfgen_generators.settings.read import parse_settings

VARIABLES = (Path(__file__).resolve().parents[2] / "terraform/modules/codepipeline/variables.tf").read_text(
    encoding="utf-8"
)
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
    assert dict(pipeline.values)["environment_vars"] == {
        "PACKER_SCRIPT": "packer/web.json",
        "SUBNET_ID": "subnet-web",
        "VPC_ID": "vpc-1",
    }


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


def values(toml: str, name: str = "web", path: str = "packer/web.json") -> dict[str, object]:
    return dict(make_pipeline(template(name, path), parse_settings(toml)).values)


def test_the_mapping_of_the_module_is_the_whole_mapping() -> None:
    toml = TOML + '[module.inputs]\nid = { fact = "name" }\nrepository = { fact = "source_repository" }\n'
    assert values(toml) == {"id": "web", "repository": "ami-builder"}
    assert values(TOML + "[module.inputs]\n[inputs]\nx = 1\n") == {"x": 1}


def test_every_fact() -> None:
    toml = TOML + "[module.inputs]\n" + "".join(f'x_{name} = {{ fact = "{name}" }}\n' for name in FACTS)
    folder = Template(
        name="team-api", path="packer/team/api", format="hcl2", kind="directory", builders=("amazon-ebs", "docker")
    )
    account = Reference(expression="local.account_id")
    assert dict(make_pipeline(folder, parse_settings(toml)).values) == {
        "x_name": "team-api",
        "x_path": "packer/team/api",
        "x_folder": "packer/team/api",
        "x_format": "hcl2",
        "x_kind": "directory",
        "x_builders": ["amazon-ebs", "docker"],
        "x_project_name": "team-api-ami-pipeline",
        "x_project_description": "Builds the team-api AMI from packer/team/api",
        "x_artefact_bucket_name": Interpolated(parts=("team-api", "-ami-builder-artefacts-", account)),
        "x_source_repository": "ami-builder",
        "x_branch": "main",
        "x_environment": {"PACKER_SCRIPT": "packer/team/api", "SUBNET_ID": "subnet-all", "VPC_ID": "vpc-1"},
        "x_secrets": {},
        "x_connection_arn": Reference(expression="null"),
    }
    assert values(toml)["x_folder"] == "packer"


def test_a_templates_own_inputs_win() -> None:
    toml = (
        TOML.replace("[templates.web]", '[inputs]\na = 1\nb = 2\nproject_description = "all"\n[templates.web]')
        + "[templates.web.inputs]\nb = [true]\nc = { expression = 'upper(\"x\")' }\n"
        + 'd = { pattern = "{name}-{account_id}" }\n'
    )
    found = values(toml)
    assert [found[name] for name in ("a", "b", "c", "project_description")] == [
        1,
        [True],
        Reference(expression='upper("x")'),
        "all",
    ]
    assert found["d"] == Interpolated(parts=("web", "-", Reference(expression="local.account_id")))
    assert "c" not in values(toml, "api", "packer/api.json")


def test_inputs_stand_in_one_order_whatever_the_settings_order() -> None:
    toml = TOML.replace("[environment]", '[inputs]\nz = 1\ntags = { A = "b" }\na = true\n[environment]')
    body = make_pipeline(template("api", "packer/api.json"), parse_settings(toml)).body()
    other = toml.replace('z = 1\ntags = { A = "b" }\na = true\n', 'a = true\ntags = { A = "b" }\nz = 1\n')
    assert make_pipeline(template("api", "packer/api.json"), parse_settings(other)).body() == body
    assert body.endswith(
        """\
  source_repository    = "ami-builder"
  a                    = true
  z                    = 1

  environment_vars = {
    PACKER_SCRIPT = "packer/api.json"
    SUBNET_ID     = "subnet-all"
    VPC_ID        = "vpc-1"
  }

  tags = {
    A = "b"
  }
}
"""
    )


def test_providers_of_all_and_of_one() -> None:
    toml = TOML + 'providers = { aws = "aws.us_east_1" }\n[module.providers]\naws = "aws.eu"\nawscc = "awscc"\n'
    body = make_pipeline(template(), parse_settings(toml)).body()
    assert body.startswith(
        """\
module "web" {
  source = "../modules/codepipeline"

  providers = {
    aws   = aws.us_east_1
    awscc = awscc
  }

  project_name """
    )
    assert "    aws   = aws.eu\n" in make_pipeline(template("api"), parse_settings(toml)).body()


def test_names_of_one_template() -> None:
    toml = (
        TOML
        + 'names = { project_name = "legacy", artefact_bucket_name = "b-{account_id}", account_id = "var.account" }\n'
    )
    found = values(toml)
    assert found["project_name"] == "legacy"
    assert found["artefact_bucket_name"] == Interpolated(parts=("b-", Reference(expression="var.account")))


@pytest.mark.parametrize(
    ("bucket", "says"),
    [
        ("xn--{name}", "names with xn-- are reserved by AWS"),
        ("{name}-s3alias", "names with -s3alias are reserved by AWS"),
        ("{name}--ol-s3", "names with --ol-s3 are reserved by AWS"),
        ("{name}.x", "no dot: it breaks TLS"),
        ("192.168.5.{name}", "no dot: it breaks TLS"),
        ("{name}-", "but AWS allows 3 to 63 lower-case"),
        ("{name}_x", "but AWS allows 3 to 63 lower-case"),
        ("X{name}", "but AWS allows 3 to 63 lower-case"),
        ("{name}" + "x" * 61, "but AWS allows 3 to 63 lower-case"),
    ],
)
def test_bucket_names_that_s3_refuses(bucket: str, says: str) -> None:
    with pytest.raises(PipelineProblemError, match=r"artefact_bucket_name would be") as caught:
        make_pipeline(template(), parse_settings(TOML + f'[names]\nartefact_bucket_name = "{bucket}"\n'))
    assert says in str(caught.value)


def test_a_name_that_nothing_uses_is_not_checked() -> None:
    toml = TOML + '[module.inputs]\nid = { fact = "name" }\n[names]\nproject_name = "{name} {name}"\n'
    assert values(toml) == {"id": "web"}


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ('inputs = { project_name = "a b" }\n', "change templates.web.inputs.project_name (tfgen.toml:7)"),
        ('names = { project_name = "a b" }\n', "change templates.web.names.project_name (tfgen.toml:7)"),
        ('[inputs]\nproject_name = "a b"\n', "change inputs.project_name (tfgen.toml:8)"),
        ('[inputs]\nsource_repository = "x.git"\n', "CodeCommit does not allow names that end in .git"),
        ('[inputs]\nx = { pattern = "{name}\u0338" }\n', ""),
    ],
)
def test_a_bad_name_says_which_setting_gives_it(toml: str, says: str) -> None:
    if not says:
        assert values(TOML + toml)["x"] == "web\u0338"
        return
    with pytest.raises(PipelineProblemError) as caught:
        values(TOML + toml)
    assert says in str(caught.value)


def test_a_source_of_a_connection() -> None:
    assert values(TOML + '[inputs]\nsource_repository = "owner/x"\n')["source_repository"] == "owner/x"
    for bad in ("owner/", "/x", "a//b", "owner/x.git"):
        with pytest.raises(PipelineProblemError, match=r"inputs\.source_repository"):
            values(TOML + f'[inputs]\nsource_repository = "{bad}"\n')


def test_a_filled_pattern_that_terraform_would_change_is_refused() -> None:
    with pytest.raises(PipelineProblemError, match=r"x: it is not in Unicode's composed form"):
        values(TOML + '[inputs]\nx = { pattern = "{name}\u0301" }\n', "cafe", "packer/cafe.json")


@pytest.mark.parametrize("builder", ["e\u0301", "\ud800"])
def test_a_builders_text_that_terraform_would_change_is_refused(builder: str) -> None:
    odd = Template(name="web", path="packer/web.json", format="json", kind="file", builders=("null", builder))
    settings = parse_settings(TOML + '[inputs]\nkinds = { fact = "builders" }\n')
    with pytest.raises(PipelineProblemError, match=r"^packer/web.json: kinds: it is not"):
        make_pipeline(odd, settings)
    assert make_pipeline(odd, parse_settings(TOML)).name == "web"


def test_an_own_input_that_the_module_does_not_declare() -> None:
    module = ModuleInterface(folder="terraform/modules/m", variables={})
    settings = parse_settings(TOML + "inputs = { size = 1 }\n")
    with pytest.raises(PipelineProblemError) as caught:
        make_pipeline(template(), settings, module)
    assert str(caught.value) == (
        "tfgen.toml:7: the module in terraform/modules/m does not declare the variable 'size'; remove it"
    )
    assert make_pipeline(template("api", "packer/api.json"), settings, module).name == "api"


def pipelines(toml: str, *names: str) -> list[Pipeline]:
    return [make_pipeline(template(name, f"packer/{name}.json"), parse_settings(toml)) for name in names]


def test_two_names_that_meet_in_aws_are_errors_of_both_files() -> None:
    toml = TOML + '[templates.api.names]\nartefact_bucket_name = "web-ami-builder-artefacts-{account_id}"\n'
    found = name_collisions(pipelines(toml, "web", "api", "db"))
    assert [(problem.path, problem.message.rpartition(" ")[2]) for problem in found] == [
        ("packer/api.json", "packer/web.json"),
        ("packer/web.json", "packer/api.json"),
    ]
    assert all("artefact_bucket_name would be" in problem.message for problem in found)
    assert name_collisions(pipelines(TOML, "web", "api", "db")) == []


def test_roles_do_not_heed_case_and_other_providers_may_be_another_account() -> None:
    toml = TOML + '[templates.api.names]\nproject_name = "WEB-ami-pipeline"\n'
    assert len(name_collisions(pipelines(toml, "web", "api"))) == 2
    assert name_collisions(pipelines(toml + '[templates.api.providers]\naws = "aws.b"\n', "web", "api")) == []


def test_one_bucket_for_all_is_a_collision() -> None:
    found = name_collisions(pipelines(TOML + '[inputs]\nartefact_bucket_name = "one"\n', "web", "api", "db"))
    assert [problem.path for problem in found] == ["packer/api.json", "packer/db.json", "packer/web.json"]
    assert "packer/web.json, packer/db.json" in found[0].message


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


@given(st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,199}", fullmatch=True))
def test_every_name_gives_names_that_the_shipped_module_takes_or_an_error(name: str) -> None:
    rules = dict(re.findall(r'can\(regex\("(\^[^"]+\$)", var\.(\w+)\)\)', VARIABLES))
    module = {variable: pattern for pattern, variable in rules.items()}
    settings = parse_settings(TOML)
    if not (re.match("[A-Za-z]", name) and len(name.strip("_-")) >= 1):
        with pytest.raises(PipelineProblemError, match="AWS allows"):
            make_pipeline(template(name, "packer/x.json"), settings)
        return
    pipeline = make_pipeline(template(name, "packer/x.json"), settings)
    for variable in ("project_name", "artefact_bucket_name"):
        assert re.fullmatch(module[variable], sample(pipeline.aws_names[variable]) or "")
