"""What `tfgen init` finds: CodeCommit by addresses, and whether a repository can have a newer AWS provider."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfgen.git.remotes import Remote
from tfgen.init.ignored import with_lines
from tfgen.init.provider_version import why_older
from tfgen.init.remote_address import codecommit_of, codecommit_repositories, name_elsewhere

SHA = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


@pytest.mark.parametrize(
    ("url", "name", "region"),
    [
        ("codecommit::eu-west-1://images", "images", "eu-west-1"),
        ("codecommit::eu-west-1://dev@images", "images", "eu-west-1"),
        ("codecommit://dev@images", "images", ""),
        ("codecommit://images", "images", ""),
        ("https://git-codecommit.us-east-2.amazonaws.com/v1/repos/my.images", "my.images", "us-east-2"),
        ("https://user-at-1@git-codecommit.us-east-2.amazonaws.com/v1/repos/images/", "images", "us-east-2"),
        ("ssh://git-codecommit.eu-central-1.amazonaws.com/v1/repos/images", "images", "eu-central-1"),
        ("ssh://APKAEXAMPLE@git-codecommit-fips.us-east-1.amazonaws.com:22/v1/repos/images", "images", "us-east-1"),
        ("https://git-codecommit.cn-north-1.amazonaws.com.cn/v1/repos/images", "images", "cn-north-1"),
    ],
)
def test_codecommit_by_its_address(url: str, name: str, region: str) -> None:
    found = codecommit_of(url)
    assert found is not None
    assert (found.name, found.region) == (name, region)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("git@github.com:example/images.git", "example/images"),
        ("https://token@gitlab.example.com/group/sub/images.git", "group/sub/images"),
        ("ssh://git@bitbucket.org/team/images", "team/images"),
        ("https://codecommit.example.com/v1/repos/images", "v1/repos/images"),
        ("/srv/git/images.git", ""),
    ],
)
def test_other_hosts_give_a_name_alone(url: str, name: str) -> None:
    assert codecommit_of(url) is None
    assert name_elsewhere([Remote(name="origin", urls=(url,))]) == name


def test_the_remote_codecommit_comes_first() -> None:
    remotes = [
        Remote(name="a", urls=("codecommit::eu-west-1://third",)),
        Remote(name="origin", urls=("codecommit::eu-west-1://second",)),
        Remote(name="codecommit", urls=("codecommit::eu-west-1://first",)),
    ]
    assert [each.name for each in codecommit_repositories(remotes)] == ["first", "second", "third"]
    pushed = Remote(name="origin", urls=("git@github.com:a/b",), push_urls=("codecommit::eu-west-1://c",))
    assert [each.name for each in codecommit_repositories([pushed])] == ["c"]


@pytest.mark.parametrize(
    "constraint", [">= 3.39, < 7", "~> 5", "~> 5.31", "~> 6.0", "", ">= 4.0", "!= 5.1.0", "5.70.0", "< 5.71"]
)
def test_constraints_that_let_a_newer_provider_pass(constraint: str) -> None:
    assert why_older([constraint], "", {"HOME": "/nowhere"}) == ""


@pytest.mark.parametrize("constraint", ["~> 4.0", "~> 5.31.0", "3.39", "= 5.69.0", "< 5.70", "<= 5.69", ">= 3.39, < 5"])
def test_constraints_that_do_not(constraint: str) -> None:
    assert constraint in why_older([constraint], "", {"HOME": "/nowhere"})


def test_the_lock_file_and_a_mirror_say_it_too(tmp_path: Path) -> None:
    nowhere = {"HOME": str(tmp_path)}
    assert why_older([], "5.70.0", nowhere) == ""
    assert "5.31.0" in why_older([], "5.31.0", nowhere)
    mirror = tmp_path / "mirror/registry.terraform.io/hashicorp/aws"
    mirror.mkdir(parents=True)
    config = tmp_path / "rc"
    config.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{tmp_path}/mirror"\n  }}\n}}\n')
    env = {**nowhere, "TF_CLI_CONFIG_FILE": str(config)}
    assert why_older([], "", env) == ""
    (mirror / "4.67.0").mkdir()
    assert "4.67.0" in why_older([], "", env)
    (mirror / "terraform-provider-aws_5.9.0_linux_amd64.zip").touch()
    assert "5.9.0" in why_older([], "", env)
    (mirror / "terraform-provider-aws_5.100.0_linux_amd64.zip").touch()
    assert why_older([], "", env) == ""
    (mirror / "terraform-provider-aws_5.100.0_linux_amd64.zip").unlink()
    config.write_text(config.read_text().replace("}\n}", "}\n  direct {\n  }\n}"))
    assert why_older([], "", env) == ""


def test_lines_of_gitignore_keep_the_ends_of_lines() -> None:
    assert with_lines("a\r\n**/.terraform/*\r\n*.tfstate*\r\n") == (
        "a\r\n**/.terraform/*\r\n*.tfstate*\r\n\r\n# Terraform and tfgen; .terraform.lock.hcl is committed.\r\n"
        ".tfgen/\r\n*.tfplan\r\n"
    )
    whole = with_lines("")
    assert with_lines(whole) == whole
    assert with_lines("a").startswith("a\n\n#")
