from __future__ import annotations

import pytest

from tfgen_generators.errors import SettingsError
from tfgen_generators.settings import Settings, parse_settings

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


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (NAME + 'brnch = "x"\n', 2, "unknown key brnch; did you mean branch?"),
        (NAME + '\n[modul]\nsource = "x"\n', 3, "unknown key modul; did you mean module?"),
        (NAME + '[module]\nsource = "x"\nverson = "1"\n', 4, "unknown key module.verson; did you mean version?"),
        (NAME + "branch = 3\n", 2, "branch must be text in quotes"),
        (NAME + "[environment]\n# a comment\nVPC_ID = 7\n", 4, 'VPC_ID must be text in quotes; write VPC_ID = "7"'),
        (NAME + '[environment]\n"A B" = "x"\n', 3, "cannot be the name of a CodeBuild environment variable"),
        (NAME + '[environment]\nCODEBUILD_X = "x"\n', 3, "cannot be the name of a CodeBuild environment variable"),
        (NAME + '[environment]\nPACKER_SCRIPT = "x"\n', 3, "PACKER_SCRIPT is set by tfgen for each template"),
        (NAME + "environment = 3\n", 2, "environment must be a table"),
        (NAME + "[templates]\nweb = 3\n", 3, "templates.web must be a table"),
        (NAME + "[templates.web]\nenv = {}\n", 3, "unknown key templates.web.env; did you mean environment?"),
        (NAME + "[templates.web]\nenvironment = { A = 1 }\n", 3, "A must be text in quotes"),
        (NAME + "[templates.web.environment]\nA = 1\n", 3, "A must be text in quotes"),
        (NAME + "\n\nbranch = \n", 4, "not valid TOML"),
        (NAME + 'x = """\n', 3, "not valid TOML"),
        (NAME + NAME, 2, "not valid TOML: Cannot overwrite a value"),
        ("# nothing\n", 1, "source_repository is missing"),
        ('\nsource_repository = "a b"\n', 2, "source_repository must be the name of a CodeCommit repository"),
        (NAME + 'branch = ""\n', 2, "branch must not be empty"),
        (NAME + 'packer_dir = "../x"\n', 2, "must be a folder inside the repository"),
        (NAME + 'terraform_dir = "/etc"\n', 2, "must be a folder inside the repository"),
        (NAME + '[names]\nproject_name = "{nam}-x"\n', 3, "unknown placeholder {nam}; did you mean name?"),
        (NAME + '[names]\nproject_name = "{name"\n', 3, "names.project_name"),
        (NAME + '[names]\nproject_name = "x"\n', 3, "gives every pipeline the same name"),
        (NAME + '[names]\nproject_name = "{name.__class__}"\n', 3, "unknown placeholder"),
        (NAME + '[module]\nsource = ""\n', 3, "module.source must not be empty"),
        (NAME + "module = 3\n", 2, "module must be a table; write [module]"),
        (NAME + "[[names]]\n", 2, "names must be a table"),
        (NAME + "[environment]\nA = true\n", 3, 'A must be text in quotes; write A = "..."'),
        (NAME + '"" = 1\n', 2, 'unknown key ""; remove it'),
        (NAME + '"a - at `$b" = 1\n', 2, 'unknown key "a - at `$b"'),
        (NAME + '[names]\nproject_name = "{name!r}"\n', 3, "{name} takes no format; write {name}"),
        (NAME + '[names]\nproject_name = "{name:>9}"\n', 3, "{name} takes no format; write {name}"),
        (NAME + 'terraform_dir = "a\\u0000b"\n', 2, "must be a folder inside the repository"),
        (NAME + "a = " + "[" * 5000 + "\n", 1, "not valid TOML: nested too deeply"),
        (NAME + "a = " + "1" * 5000 + "\n", 1, "not valid TOML: Exceeds the limit"),
        (NAME + "branch = 3\r\n", 2, "branch must be text in quotes"),
        ("\ufeff" + NAME + "branch = 3\n", 2, "branch must be text in quotes"),
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
