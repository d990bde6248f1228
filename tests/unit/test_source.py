"""Where the pipelines read the templates: CodeCommit, or another host by a connection."""

from __future__ import annotations

import re

import pytest

from tests.conftest import Command, Repo
from tests.functional.git_repo import git
from tfgen_generators.errors import SettingsError
from tfgen_generators.hcl.write import Reference
from tfgen_generators.packer.model import Template
from tfgen_generators.pipeline.ci_roles import Repository, roles_call
from tfgen_generators.pipeline.pipeline import make_pipeline
from tfgen_generators.settings.lines import in_toml
from tfgen_generators.settings.read import parse_settings
from tfgen_generators.settings.setting_scope import differing
from tfgen_generators.sync.effective import effective_settings

ARN = "arn:aws:codeconnections:eu-west-1:123456789012:connection/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
OWNED = 'source_repository = "owner/images"\n'
BOTH = f'{OWNED}connection_arn = "{ARN}"\n'
OLD = f'[inputs]\nsource_type = "codeconnections"\nconnection_arn = "{ARN}"\n'
WEB = Template(name="web", path="packer/web.json", format="json", kind="file")


def values(toml: str) -> dict[str, object]:
    return dict(make_pipeline(WEB, parse_settings(toml)).values)


@pytest.mark.parametrize(
    "toml",
    [
        BOTH,
        # The form of before, with the CodeCommit repository at the top, and with the other host's.
        f'source_repository = "mirror"\n{OLD}source_repository = "owner/images"\n',
        OWNED + OLD,
    ],
)
def test_both_forms_give_the_module_the_same(toml: str) -> None:
    found = values(toml)
    assert found["source_type"] == "codeconnections"
    assert found["connection_arn"] == ARN
    assert found["source_repository"] == "owner/images"


def test_the_connection_may_be_an_expression_and_a_module_of_ones_own_asks_for_it() -> None:
    arn = '{ expression = "aws_codestarconnections_connection.github.arn" }'
    wanted = Reference(expression="aws_codestarconnections_connection.github.arn")
    assert values(f"{OWNED}connection_arn = {arn}\n")["connection_arn"] == wanted
    own = f'{OWNED}connection_arn = {arn}\n[module.inputs]\nlink = {{ fact = "connection_arn" }}\n'
    assert values(own) == {"link": wanted}


@pytest.mark.parametrize(
    ("toml", "name"),
    [
        ('source_repository = "images"\n', "images"),
        (BOTH, ""),
        (BOTH + '[remote]\nrepository = "mirror"\n', "mirror"),
    ],
)
def test_the_codecommit_repository_is_a_setting_of_its_own(toml: str, name: str) -> None:
    assert parse_settings(toml).codecommit_repository == name


@pytest.mark.parametrize(
    ("toml", "line", "says"),
    [
        ("", 1, "source_repository is missing"),
        (OWNED, 1, 'source_repository = "owner/images" needs a connection to its host; add connection_arn = "arn:aws:'),
        (
            f'source_repository = "images"\nconnection_arn = "{ARN}"\n',
            1,
            'source_repository = "images" must be OWNER/NAME, as the connection\'s host has it',
        ),
        (
            f'source_repository = "https://github.com/owner/images.git"\nconnection_arn = "{ARN}"\n',
            1,
            'use source_repository = "owner/images"',
        ),
        ('source_repository = "git@gitlab.com:a/b/c.git"\n', 1, 'use source_repository = "a/b/c"'),
        (OWNED + 'connection_arn = "github"\n', 2, 'connection_arn = "github" is not the ARN of a connection'),
        (OWNED + "connection_arn = [true, 'a']\n", 2, 'connection_arn = [true, "a"] is not the ARN of a connection'),
        (OWNED + 'connection_arn = { fact = "name" }\n', 2, "connection_arn must be an ARN or an expression"),
        (
            f'{BOTH}[inputs]\nsource_type = "codeconnections"\n',
            4,
            "inputs.source_type says again what source_repository and connection_arn at the top say; remove it",
        ),
        (f"{BOTH}[module.inputs]\nname = 1\n", 2, "connection_arn is given to no input of the module"),
        (f'{BOTH}[remote]\nrepository = "a/b"\n', 4, 'remote.repository = "a/b" is not a CodeCommit repository'),
    ],
)
def test_a_mistake_is_named_with_its_line(toml: str, line: int, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(toml)
    assert str(caught.value).startswith(f"tfgen.toml:{line}: ")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("it's", '"it\'s"'),
        ('a"b\\', '"a\\"b\\\\"'),
        ("a\nb\x07", '"a\\nb\\u0007"'),
        (True, "true"),
        (1.5, "1.5"),
        ([1, "a", {"k": False, "a b": "c"}], '[1, "a", { k = false, "a b" = "c" }]'),
        ({}, "{}"),
    ],
)
def test_a_value_is_shown_as_toml_has_it(value: object, text: str) -> None:
    assert in_toml(value) == text


_ODD = ("1", "true", "['x\"y', 2]", """{ a = "it's" }""", "'a b\\\\'", "1979-05-27", "1.5")
_KEYS = (
    *("branch", "packer_dir", "working_dir", "removed", "trigger", "ignore", "max_in_flight", "source_repository"),
    *(
        "module",
        "module.source",
        "module.providers",
        "names.account_id",
        "remote.name",
        "quota.buckets",
        "lint.severity",
    ),
    *("templates", "templates.web", "templates.web.path", "templates.web.moved_from", "templates.web.var_files"),
    *("templates.web.variants", "templates.web.variants.a", "templates.web.variants.a.var_file", "environment.A"),
    *(
        "templates.web.names",
        "shared.artefact_bucket",
        "dispatcher.source",
        "lint.severity",
        "inputs",
        "connection_arn",
    ),
)


@pytest.mark.parametrize("key", _KEYS)
def test_no_message_is_pythons(key: str) -> None:
    head = "" if key == "source_repository" else 'source_repository = "r"\n'
    for value in _ODD:
        said = ""
        try:
            parse_settings(f"{head}{key} = {value}\n")
        except SettingsError as error:
            said = str(error)
        assert not re.search(r"= '|\bTrue\b|\bFalse\b|\bNone\b|datetime|Expected `|<class|\{'", said), said


def test_what_else_asks_for_the_connection() -> None:
    settings = parse_settings(BOTH)
    assert ARN in roles_call(settings, Repository(host="github", name="owner/images"), {})
    base = parse_settings(OWNED + 'connection_arn = { expression = "local.link" }\n')
    other = parse_settings(OWNED + 'connection_arn = { expression = "local.evil" }\n')
    merged = effective_settings(base, other, [])
    assert merged.settings.connection_arn == base.connection_arn
    assert [one.message for one in merged.said] == ["connection_arn was changed"]
    assert effective_settings(base, settings, []).settings.connection_arn == settings.connection_arn
    assert differing((base, "web"), (settings, "web")) == [(("connection_arn",), 2)]


def test_a_remote_needs_a_codecommit_repository(repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": BOTH})
    git(root, "init", "--quiet")
    said = cli("remote", "add", "--region", "eu-west-1").expect(1).err
    assert said.startswith(
        "error: tfgen.toml:1: the pipelines read owner/images, and no CodeCommit repository is named; "
    )
