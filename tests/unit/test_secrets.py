"""Environment variables that CodeBuild fetches: how tfgen.toml writes them, and what a pipeline is given."""

from __future__ import annotations

import pytest

from tests.unit.test_pipelines import template
from tfgen_generators.errors import SettingsError
from tfgen_generators.module.check import check_module
from tfgen_generators.module.interface import ModuleFiles, parse_module
from tfgen_generators.pipeline.pipeline import PipelineProblemError, make_pipeline, shared_inputs
from tfgen_generators.settings.read import parse_settings
from tfgen_generators.settings.secrets import Fetched
from tfgen_generators.settings.setting_scope import differing, secret_paths

NAME = 'source_repository = "ami-builder"\n'
ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/db-AbCdEf"
ELSEWHERE = "arn:aws-eusc:ssm:eusc-de-east-1:123456789012:parameter"
ID = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"


@pytest.mark.parametrize(
    ("kind", "reference"),
    [
        ("secret", "app/db"),
        ("secret", "db_1+x=y.z@w:password"),
        ("secret", "app/db:password:AWSPREVIOUS"),
        ("secret", f"app/db:password::{ID}"),
        ("secret", f"app/db:::{ID}"),
        ("secret", ARN),
        ("secret", f"{ARN}:a key of JSON::"),
        ("secret", ARN.replace("aws", "aws-us-gov", 1).replace("eu-west-1", "us-gov-west-1")),
        ("parameter", "/app/db/password"),
        ("parameter", "token"),
        ("parameter", "/app/token:3"),
        ("parameter", f"{ELSEWHERE}/app/token"),
    ],
)
def test_what_may_be_fetched(kind: str, reference: str) -> None:
    for text in (f'[environment]\nDB = {{ {kind} = "{reference}" }}\n', f'[environment.DB]\n{kind} = "{reference}"\n'):
        found = parse_settings(NAME + text).environment["DB"]
        assert isinstance(found, Fetched)
        assert (found.kind, found.reference) == (kind, reference)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("{}", "environment.DB is empty; use one: { secret"),
        ('{ secrt = "a" }', "unknown key environment.DB.secrt; did you mean secret?"),
        ('{ paramter = "a" }', "unknown key environment.DB.paramter; did you mean parameter?"),
        ('{ value = "a" }', "unknown key environment.DB.value; "),
        ('{ secret = "a", parameter = "b" }', "has both a secret and a parameter; use one"),
        ("{ secret = 1 }", "environment.DB.secret must be a string"),
        ('{ parameter = { secret = "a" } }', "environment.DB.parameter must be a string"),
        ('{ secret = "" }', "is not a secret of Secrets Manager"),
        ('{ secret = "a b" }', "is not a secret of Secrets Manager"),
        ('{ secret = "a:b\\nc" }', "contains a control character; remove it"),
        ('{ secret = "a:e\\u0301" }', "environment.DB.secret: "),
        ('{ secret = "a:b:c:d:e" }', "is not a secret of Secrets Manager"),
        ('{ secret = "arn:aws:secretsmanager:eu-west-1:12:secret:a" }', "is not a secret of Secrets Manager"),
        ('{ secret = "arn:aws:secretsmanager:eu-west-1:123456789012:a" }', "is not a secret of Secrets Manager"),
        (f'{{ secret = "{ELSEWHERE}/a" }}', "is an ARN of ssm, not of secretsmanager"),
        ('{ secret = "arn:aws:s3:::bucket" }', "is an ARN of s3, not of secretsmanager"),
        (f'{{ secret = "a:b:c:{ID}" }}', "has a version stage and a version id; leave one of them empty"),
        ('{ secret = "a:b::c" }', '"c" is not a version id'),
        ('{ parameter = "" }', "is not a parameter of Parameter Store"),
        ('{ parameter = "/a//b" }', "is not a parameter of Parameter Store"),
        ('{ parameter = "/a/" }', "is not a parameter of Parameter Store"),
        (f'{{ parameter = "/{"a/" * 15}b" }}', "is not a parameter of Parameter Store"),
        (f'{{ parameter = "{ELSEWHERE}" }}', "is not a parameter of Parameter Store"),
        (f'{{ parameter = "{ELSEWHERE}x" }}', "is not a parameter of Parameter Store"),
        (f'{{ parameter = "{ARN}" }}', "is an ARN of secretsmanager, not of ssm"),
        ('[ "a" ]', "DB must be a string"),
    ],
)
def test_a_mistake_is_named_with_its_line(value: str, says: str) -> None:
    for table, line in (("[environment]", 4), ("[templates.web.environment]", 4)):
        with pytest.raises(SettingsError) as caught:
            parse_settings(f'{NAME}{table}\nA = "1"\nDB = {value}\n')
        assert str(caught.value).startswith(f"tfgen.toml:{line}: ")
        assert says.replace("environment.DB", f"{table[1:-1]}.DB") in str(caught.value)


TOML = f"""{NAME}
[environment]
VPC_ID = "vpc-1"
DB = {{ secret = "app/db" }}
PLAIN = {{ parameter = "/plain" }}

[templates.web.environment]
PLAIN = "text"
VPC_ID = {{ parameter = "/vpc" }}
"""


def test_a_pipeline_is_given_text_and_secrets_apart() -> None:
    settings = parse_settings(TOML)
    web, api = (dict(make_pipeline(template(name), settings).values) for name in ("web", "api"))
    assert web["environment_vars"] == {"PACKER_SCRIPT": "packer/web.json", "PLAIN": "text"}
    assert web["environment_secrets"] == {"DB": {"secret": "app/db"}, "VPC_ID": {"parameter": "/vpc"}}
    assert api["environment_vars"] == {"PACKER_SCRIPT": "packer/web.json", "VPC_ID": "vpc-1"}
    assert api["environment_secrets"] == {"DB": {"secret": "app/db"}, "PLAIN": {"parameter": "/plain"}}
    assert 'DB = {\n      secret = "app/db"\n    }' in make_pipeline(template(), settings).body()


def test_without_secrets_the_block_is_as_it_was() -> None:
    text = f'{NAME}[templates.web.environment]\nDB = {{ secret = "app/db" }}\n'
    assert "environment_secrets" in make_pipeline(template("web"), parse_settings(text)).body()
    assert "secret" not in make_pipeline(template("api"), parse_settings(text)).body()


OWN = '[module.inputs]\nname = { fact = "project_name" }\n'


def test_a_module_that_is_not_ours_gets_them_by_a_fact() -> None:
    given = make_pipeline(template(), parse_settings(f'{TOML}{OWN}fetched = {{ fact = "secrets" }}\n'))
    assert dict(given.values)["fetched"] == {"DB": {"secret": "app/db"}, "VPC_ID": {"parameter": "/vpc"}}
    with pytest.raises(PipelineProblemError) as caught:
        make_pipeline(template(), parse_settings(TOML + OWN))
    assert str(caught.value).startswith(
        "tfgen.toml:5: environment.DB is fetched by CodeBuild, but no input of the module gets it; "
        'add environment_secrets = { fact = "secrets" } to [module.inputs]'
    )


@pytest.mark.parametrize(
    ("toml", "path"),
    [
        (TOML, "tfgen.toml:5: environment.DB"),
        (f'{NAME}[templates.web.environment]\nDB = {{ secret = "a" }}\n', "tfgen.toml:3: templates.web.environment.DB"),
    ],
)
def test_a_module_without_the_variable_is_refused_by_name(toml: str, path: str) -> None:
    names = ("project_name", "project_description", "artefact_bucket_name", "source_repository", "environment_vars")
    text = "".join(f'variable "{name}" {{}}\n' for name in names)
    module = parse_module(ModuleFiles(folder="m", files={"m/main.tf": text.encode()}))
    settings = parse_settings(toml)
    (problem,) = check_module(settings, shared_inputs(settings), module, ["web"])
    assert str(problem).startswith(
        f"{path} is fetched by CodeBuild, but the module in m does not declare the variable 'environment_secrets'; "
    )
    plain = parse_settings(f'{NAME}[environment]\nDB = "x"\n')
    assert check_module(plain, shared_inputs(plain), module, ["web"]) == []


def test_whose_secrets_they_are() -> None:
    settings = parse_settings(TOML)
    own = ("templates", "web", "environment", "VPC_ID")
    assert secret_paths(settings) == [("environment", "DB"), ("environment", "PLAIN"), own]
    assert secret_paths(settings, "web") == [("environment", "DB"), own]
    assert secret_paths(settings, "api") == [("environment", "DB"), ("environment", "PLAIN")]


def test_another_secret_concerns_the_images_that_get_it() -> None:
    base, head = parse_settings(TOML), parse_settings(TOML.replace('"/plain"', '"/other"'))
    assert differing((base, "web"), (head, "web")) == []
    assert differing((base, "api"), (head, "api")) == [(("environment", "PLAIN"), 6)]
