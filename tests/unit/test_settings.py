from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from tfgen_generators.errors import SettingsError
from tfgen_generators.settings.inputs import FACTS, Expression, Fact, Literal, Pattern
from tfgen_generators.settings.lines import line_of, own_line_of
from tfgen_generators.settings.model import Module, Names, Settings, TemplateNames, TemplateSettings
from tfgen_generators.settings.read import parse_settings

NAME = 'source_repository = "ami-builder"\n'


def test_every_key_but_the_repository_has_a_default() -> None:
    settings = parse_settings(NAME)
    assert settings == Settings(source_repository="ami-builder")
    assert settings.module.source == "../modules/codepipeline"
    assert settings.names.project_name == "{name}-ami-pipeline"
    assert settings.branch == "main"


def test_a_whole_file_is_read() -> None:
    settings = parse_settings(
        """\
source_repository = "images"
branch            = "trunk"
packer_dir        = "images"
terraform_dir     = "infra"

[module]
source = "example/pipeline/aws"
version = "1.2.3"

[names]
project_name = "ami-{name}"

[environment]
VPC_ID = "vpc-1"

[templates.web]
environment = { SUBNET_ID = "subnet-1" }
"""
    )
    assert (settings.branch, settings.packer_dir, settings.terraform_dir) == ("trunk", "images", "infra")
    assert (settings.module.source, settings.module.version) == ("example/pipeline/aws", "1.2.3")
    assert settings.environment == {"VPC_ID": "vpc-1"}
    assert settings.templates["web"].environment == {"SUBNET_ID": "subnet-1"}


def test_the_keys_of_identity_and_generation_are_read() -> None:
    settings = parse_settings(
        """\
source_repository = "images"
ignore = ["packer/experiments/", "*.draft.json"]
removed = "keep"

[module]
source = "example/pipeline/aws"

[module.inputs]
name = { fact = "project_name" }
account = { expression = "local.account_id" }
parameter = { pattern = "/ami/{name}-{account_id}" }
labels = { literal = { fact = "is a word here" } }
size = 3

[module.providers]
aws = "aws.eu_west_1"

[names]
account_id = "data.aws_caller_identity.us.account_id"

[inputs]
tags = { Team = "web", On = true, Sizes = [1, 1.5] }

[templates.web]
path = "packer/team/web.json"
moved_from = ["site", "www"]
removed = "destroy"
inputs = { size = 4 }
providers = { aws = "aws.us_east_1" }
names = { project_name = "the-web" }
"""
    )
    assert (settings.ignore, settings.removed) == (["packer/experiments/", "*.draft.json"], "keep")
    assert settings.module == Module(
        source="example/pipeline/aws",
        inputs={
            "name": Fact(name="project_name"),
            "account": Expression(text="local.account_id"),
            "parameter": Pattern(text="/ami/{name}-{account_id}"),
            "labels": Literal(value={"fact": "is a word here"}),
            "size": Literal(value=3),
        },
        providers={"aws": "aws.eu_west_1"},
    )
    assert settings.names == Names(account_id="data.aws_caller_identity.us.account_id")
    assert settings.inputs == {"tags": Literal(value={"Team": "web", "On": True, "Sizes": [1, 1.5]})}
    assert settings.templates["web"] == TemplateSettings(
        path="packer/team/web.json",
        moved_from=["site", "www"],
        removed="destroy",
        inputs={"size": Literal(value=4)},
        providers={"aws": "aws.us_east_1"},
        names=TemplateNames(project_name="the-web"),
    )
    assert settings.line("templates", "web", "names", "project_name") == 30
    assert settings.line("module", "inputs", "parameter") == 11


def test_an_empty_mapping_is_a_mapping() -> None:
    assert parse_settings(NAME + "[module.inputs]\n").module.inputs == {}
    assert parse_settings(NAME + "[module]\n").module.inputs is None


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (NAME + 'brnch = "x"\n', 2, "unknown key brnch; did you mean branch?"),
        (NAME + '\n[modul]\nsource = "x"\n', 3, "unknown key modul; did you mean module?"),
        (NAME + '[module]\nsource = "x"\nverson = "1"\n', 4, "unknown key module.verson; did you mean version?"),
        (NAME + "branch = 3\n", 2, "branch must be a string"),
        (NAME + "[environment]\n# a comment\nVPC_ID = 7\n", 4, 'VPC_ID must be a string; use VPC_ID = "7"'),
        (NAME + '[environment]\n"A B" = "x"\n', 3, "is not a valid CodeBuild environment variable name"),
        (NAME + '[environment]\nCODEBUILD_X = "x"\n', 3, "is not a valid CodeBuild environment variable name"),
        (NAME + '[environment]\nPACKER_SCRIPT = "x"\n', 3, "PACKER_SCRIPT is set by tfgen for each template"),
        (NAME + "environment = 3\n", 2, "environment must be a table"),
        (NAME + "[templates]\nweb = 3\n", 3, "templates.web must be a table"),
        (NAME + "[templates.web]\nenv = {}\n", 3, "unknown key templates.web.env; did you mean environment?"),
        (NAME + "[templates.web]\nenvironment = { A = 1 }\n", 3, "A must be a string"),
        (NAME + "[templates.web.environment]\nA = 1\n", 3, "A must be a string"),
        (NAME + "\n\nbranch = \n", 4, "not valid TOML"),
        (NAME + 'x = """\n', 3, "not valid TOML"),
        (NAME + NAME, 2, "not valid TOML: Cannot overwrite a value"),
        ("# nothing\n", 1, "source_repository is missing"),
        ('\nsource_repository = "a b"\n', 2, "source_repository must be the name of a CodeCommit repository"),
        (NAME + 'branch = ""\n', 2, "branch must not be empty"),
        (NAME + 'packer_dir = "../x"\n', 2, "must be a folder inside the repository"),
        (NAME + 'terraform_dir = "/etc"\n', 2, "must be a folder inside the repository"),
        (NAME + 'terraform_dir = ".git/hooks"\n', 2, "is git's own folder; use another folder"),
        (NAME + '[names]\nproject_name = "{nam}-x"\n', 3, "unknown placeholder {nam}; did you mean name?"),
        (NAME + '[names]\nproject_name = "{name"\n', 3, "names.project_name"),
        (NAME + '[names]\nproject_name = "x"\n', 3, "gives every pipeline the same name"),
        (NAME + '[names]\nproject_name = "{name.__class__}"\n', 3, "unknown placeholder"),
        (NAME + '[module]\nsource = ""\n', 3, "module.source must not be empty"),
        (NAME + "module = 3\n", 2, "module must be a table; use [module]"),
        (NAME + "[[names]]\n", 2, "names must be a table"),
        (NAME + "[environment]\nA = true\n", 3, 'A must be a string; use A = "..."'),
        (NAME + '"" = 1\n', 2, 'unknown key ""; remove it'),
        (NAME + '"a - at `$b" = 1\n', 2, 'unknown key "a - at `$b"'),
        (NAME + '[names]\nproject_name = "{name!r}"\n', 3, "{name} does not support a format; use {name}"),
        (NAME + '[names]\nproject_name = "{name:>9}"\n', 3, "{name} does not support a format; use {name}"),
        (NAME + 'terraform_dir = "a\\u0000b"\n', 2, "must be a folder inside the repository"),
        (NAME + "a = " + "[" * 5000 + "\n", 1, "not valid TOML: nested too deeply"),
        (NAME + "a = " + "1" * 5000 + "\n", 1, "not valid TOML: Exceeds the limit"),
        (NAME + "branch = 3\r\n", 2, "branch must be a string"),
        ("\ufeff" + NAME + "branch = 3\n", 2, "branch must be a string"),
        (NAME + 'origin = "x"\n', 2, "unknown key origin"),
        (NAME + 'ignore = "packer/x"\n', 2, 'ignore must be a list of strings, for example ignore = ["..."]'),
        (NAME + "ignore = [3]\n", 2, "ignore must be a list of strings"),
        (NAME + 'ignore = ["a", " "]\n', 2, 'ignore contains " ", which is not a pattern'),
        (NAME + 'removed = "delete"\n', 2, 'removed must be "destroy" or "keep"'),
        (NAME + "removed = true\n", 2, 'removed must be "destroy" or "keep"'),
        (NAME + '[templates.web]\nremoved = "no"\n', 3, 'templates.web.removed must be "destroy" or "keep"'),
        (NAME + '[module]\nversion = "1"\n', 3, "module.version is only for registry modules"),
        (
            NAME + "[inputs]\nsize = 2\nday = 2024-05-17\n",
            4,
            'is a date or a time, which Terraform does not have; use a string: day = "2024-05-17"',
        ),
        (NAME + "[inputs]\nat = [1, [07:32:00]]\n", 3, "inputs.at is a date or a time"),
        (NAME + "[inputs]\nx = { a = 1979-05-27T07:32:00Z }\n", 3, "inputs.x.a is a date or a time"),
        (NAME + "[inputs]\nn = inf\n", 3, 'is not a Terraform number; use a string: n = "inf"'),
        (NAME + "[inputs]\nn = [-nan]\n", 3, "is not a Terraform number"),
        (NAME + f"[inputs]\nn = {2**63}\n", 3, "is an integer of more than 64 bits; use a string"),
        (NAME + '[inputs]\n"a b" = 1\n', 3, '"a b" is not a valid module input name'),
        (NAME + "[inputs]\ncount = 1\n", 3, "count is a Terraform argument of a module block"),
        (
            NAME + '[module.inputs]\nsource = "x"\n',
            3,
            "source is a Terraform argument of a module block, not an input; set it in [module] as source",
        ),
        (NAME + '[inputs]\nx = { fact = "nam" }\n', 3, 'unknown fact "nam"; did you mean name?'),
        (NAME + "[inputs]\nx = { fact = 1 }\n", 3, "inputs.x.fact must be a string"),
        (
            NAME + '[inputs]\nx = { fact = "name", pattern = "y" }\n',
            3,
            "inputs.x has fact and pattern, but only one is allowed",
        ),
        (NAME + '[inputs]\nx = { pattern = "{nam}" }\n', 3, "unknown placeholder {nam}; did you mean name?"),
        (NAME + '[inputs]\nx = { expression = "1 +" }\n', 3, "inputs.x.expression is not one expression"),
        (
            NAME + "[templates.web.inputs]\nx = { expression = 3 }\n",
            3,
            "templates.web.inputs.x.expression must be a string",
        ),
        (
            NAME + '[inputs]\nx = "e\u0301"\n',
            3,
            "it is not in Unicode's composed form (NFC), and Terraform would change it",
        ),
        (NAME + '[inputs]\nx = { "e\u0301" = 1 }\n', 3, "it is not in Unicode's composed form (NFC)"),
        (NAME + '[inputs]\nx = "' + "\u0332" * 31 + '"\n', 3, "more than 30 combining signs in a row"),
        (NAME + '[environment]\nX = "e\u0301"\n', 3, "it is not in Unicode's composed form (NFC)"),
        (NAME + '[environment]\nX = "a\\u0000"\n', 3, "an environment variable cannot contain a NUL"),
        (NAME + "[inputs]\nx = " + "[" * 60 + "]" * 60 + "\n", 3, "inputs.x is nested more than 50 levels deep"),
        (NAME + "[inputs]\nx = " + "[" * 400 + "]" * 400 + "\n", 3, "inputs.x is nested more than 50 levels deep"),
        (NAME + 'branch = "a\\u0000"\n', 2, "branch contains a line break or another control character"),
        (NAME + '[module]\nsource = "../a\\n"\n', 3, "module.source contains a line break"),
        (NAME + 'branch = "e\u0301"\n', 2, "it is not in Unicode's composed form (NFC)"),
        (NAME + '[module.providers]\naws = "aws.a.b"\n', 3, '"aws.a.b" is not a valid provider name'),
        (NAME + '[module.providers]\n"a}" = "aws"\n', 3, '"a}" is not a valid provider name'),
        (NAME + '[templates.web]\nproviders = { aws = "aws}" }\n', 3, '"aws}" is not a valid provider name'),
        (NAME + "[module.providers]\naws = 3\n", 3, "module.providers.aws must be a string"),
        (NAME + '[names]\naccount_id = "123 456"\n', 3, "names.account_id is not one expression"),
        (
            NAME + '[templates.web.names]\nproject = "x"\n',
            3,
            "unknown key templates.web.names.project; did you mean project_name?",
        ),
        (NAME + '[templates.web.names]\nproject_name = "{x}"\n', 3, "unknown placeholder {x}"),
        (NAME + '[templates.web]\npath = "/etc/x.json"\n', 3, "must be the path of a template"),
        (NAME + '[templates.web]\npath = "packer//x.json"\n', 3, "must be the path of a template"),
        (NAME + '[templates."a b"]\npath = "packer/x.json"\n', 2, '"a b" is not a valid pipeline name'),
        (NAME + '[templates.web]\nmoved_from = ["a b"]\n', 3, '"a b" is not a valid pipeline name'),
        (NAME + '[templates.web]\nmoved_from = ["web"]\n', 3, "contains web itself, or a name twice"),
        (NAME + '[templates.web]\nmoved_from = "old"\n', 3, "moved_from must be a list of strings"),
        ('source_repository = "x.git"\n', 1, "source_repository must be the name of a CodeCommit repository"),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, line: int, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(text)
    assert str(caught.value).startswith(f"tfgen.toml:{line}: ")
    assert says in str(caught.value)


def test_the_line_is_found_below_multi_line_values() -> None:
    text = 'source_repository = "ami-builder"\n[environment]\nA = """\n[x]\nB = 1\n"""\nC = [1,\n 2]\n'
    with pytest.raises(SettingsError) as caught:
        parse_settings(text)
    assert str(caught.value).startswith("tfgen.toml:7: ")


DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "tfgen.toml.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", DOCUMENT, re.DOTALL)


def test_the_documented_defaults_are_the_defaults() -> None:
    assert parse_settings(EXAMPLES[0]) == Settings(source_repository="ami-builder")


def test_every_key_is_documented() -> None:
    example = parse_settings(NAME + EXAMPLES[1])
    assert all(parse_settings(NAME + text) for text in EXAMPLES if "var_files" in text)
    assert example.templates["wordpress"].names.project_name == "blog"
    for kind in (Settings, Module, Names, TemplateSettings):
        for field in msgspec.structs.fields(kind):
            if field.name != "origin":
                assert re.search(
                    rf"^(# |\[|\[module\.|\[templates\.eks\.)?{field.name}\b", "".join(EXAMPLES), re.MULTILINE
                ), field.name
    for fact in FACTS:
        assert f"`{fact}`" in DOCUMENT


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ('a = 1\ntemplates = { web = { removed = "keep" } }\n', ("templates", "web", "removed"), 2),
        ("[templates]\nweb = { environment = { A = '1' }, path = 'x' }\n", ("templates", "web", "path"), 2),
        ("templates = { web.path = 'x', 'd.b' = {} }\n", ("templates", "d.b"), 1),
        ("[templates.web]\n\"p\\u0061th\" = 'x'\n", ("templates", "web", "path"), 2),
        ("ignore = [\n'a', # [names]\n]\nnames = {}\n", ("names",), 4),
        ('branch = """\n[names]\n"""\n[names]\n', ("names",), 4),
        ("[[lint.x]]\na = 1\n[[lint.x]]\nb = 1\n", ("lint", "x", "b"), 4),
    ],
)
def test_the_line_of_a_key(text: str, path: tuple[str, ...], line: int) -> None:
    tomllib.loads(text)
    assert own_line_of(text, path) == line
    assert own_line_of(text, (*path, "no")) == 0
    assert line_of(text, (*path, "no")) == line


def test_keys_of_inner_tables_are_not_keys_of_outer_ones() -> None:
    text = 'templates = { web = { removed = "keep" } }\n'
    assert own_line_of(text, ("templates", "removed")) == 0


def test_the_line_of_a_key_that_is_nested_deeply() -> None:
    text = "a = 1\n" + "t = { " * 100 + "x = 1" + " }" * 100
    assert own_line_of(text, ("t",) * 100 + ("x",)) == 2
    assert own_line_of("t = { " * 1000 + "x = 1" + " }" * 1000, ("t",) * 1000 + ("x",)) == 1


def test_one_bucket_for_all_has_a_short_form() -> None:
    assert parse_settings(NAME + 'artefact_bucket = "shared"\n[shared]\nroles = true\n').shared.artefact_bucket
    assert not parse_settings(NAME + 'artefact_bucket = "own"\n').shared.artefact_bucket
    with pytest.raises(SettingsError, match=r'^tfgen.toml:4: shared.artefact_bucket = false contradicts .* = "shared"'):
        parse_settings(NAME + 'artefact_bucket = "shared"\n[shared]\nartefact_bucket = false\n')
    with pytest.raises(SettingsError, match=r'^tfgen.toml:2: artefact_bucket must be "own" or "shared"'):
        parse_settings(NAME + "artefact_bucket = true\n")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[status]\nregions = ["eu-west"]\n', 3, '"eu-west"'),
        ('[status]\nregions = "eu-west-1"\n', 3, "status.regions must be a list of strings"),
        ("[status]\nregion = []\n", 3, "unknown key status.region"),
        ('[status.accounts.a]\nrole_arn = "role/x"\n', 3, "is not the ARN of a role"),
        ('[status.accounts.a]\nrole = "x"\n', 3, "unknown key status.accounts.a.role"),
        ('[status.accounts.a]\nregions = ["x"]\n', 3, "status.accounts.a.regions"),
        ('[status.accounts.a]\nprofile = "x/y"\n', 3, "profile"),
    ],
)
def test_where_status_looks(text: str, line: int, words: str) -> None:
    with pytest.raises(SettingsError) as raised:
        parse_settings(f'source_repository = "r"\n{text}')
    assert str(raised.value).startswith(f"tfgen.toml:{line}: ")
    assert words in str(raised.value)
