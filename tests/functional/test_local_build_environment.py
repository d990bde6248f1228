"""`tfgen build --local`: the variables of a build, and which of them win."""

from __future__ import annotations

import re
import sys
import time
from typing import Any

import pytest

from tests.conftest import TOML, Command, Repo
from tests.functional.git_repo import commit, git
from tests.functional.local_builds import Estate, estate, spec

DUMP = "env -0 >variables"
_TOML = f"""{TOML}
[environment]
SHARED = "project"
OWN = "project"

[templates.web]
environment = {{ OWN = "template" }}
"""


def dumping(env: dict[str, Any]) -> dict[str, Any]:
    document = spec(build=[DUMP])
    document["env"] |= env
    return document


def built(repo: Repo, cli: Command, env: dict[str, Any], *arguments: str) -> dict[str, str]:
    """The variables of a build whose buildspec has this `env`."""
    made = estate(repo, cli, dumping(env), {"tfgen.toml": _TOML})
    made.build(*arguments).expect(0)
    return made.variables()


def test_who_wins(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("GIVEN", "SHARED", "OWN", "SPEC", "PACKER_SCRIPT")
    for name in names:
        monkeypatch.setenv(name, "user")
    found = built(repo, cli, {"variables": dict.fromkeys(names, "spec")}, "--env", "GIVEN=given", "--env", "SPEC=a=b c")
    assert {name: found[name] for name in names} == {
        "GIVEN": "given",
        "SHARED": "project",
        "OWN": "template",
        "SPEC": "a=b c",
        "PACKER_SCRIPT": "packer/web.json",
    }


def test_variables_of_the_buildspec_are_literal(repo: Repo, cli: Command) -> None:
    found = built(repo, cli, {"variables": {"LITERAL": "$PATH:$(id)", "NUMBER": 1.5}})
    assert (found["LITERAL"], found["NUMBER"]) == ("$PATH:$(id)", "1.5")


def test_what_a_build_gets_of_the_users_own(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    passed = {
        **{f"AWS_ENDPOINT_URL_{service}": "http://127.0.0.1:1" for service in ("EC2", "STS")},
        "PACKER_PLUGIN_PATH": "/plugins",
        "PACKER_GITHUB_API_TOKEN": "token",
        **dict.fromkeys(("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"), "127.0.0.1"),
    }
    for name, value in passed.items():
        monkeypatch.setenv(name, value)
    for name in ("VPC_ID", "PACKER_LOG", "PKR_VAR_x", "TFGEN_LOCAL", "BASH_ENV", "LD_PRELOAD_X"):
        monkeypatch.setenv(name, "0")
    found = built(repo, cli, {})
    assert found["AWS_ACCESS_KEY_ID"] == "test"
    assert passed.items() <= found.items()
    assert {"HOME", "PATH"} <= found.keys()
    assert not {"VPC_ID", "PACKER_LOG", "PKR_VAR_x", "TFGEN_LOCAL", "BASH_ENV", "LD_PRELOAD_X"} & found.keys()


def test_what_a_build_installs_stays_in_the_repository(repo: Repo, cli: Command) -> None:
    program = '"$PACKER_INSTALL_DIR/packer"'
    install = f'mkdir -p "$PACKER_INSTALL_DIR"; printf "#!/bin/sh\\necho mine\\n" >{program}; chmod +x {program}'
    made = estate(repo, cli, spec(install=[install], build=["packer >said"]))
    made.build().expect(0)
    assert made.kept("said") == "mine\n"
    assert (made.root / ".tfgen/cache/tools/packer").is_file()


def test_what_codebuild_tells_a_build(repo: Repo, cli: Command) -> None:
    before = time.time()
    found = built(repo, cli, {})
    uuid = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    assert re.fullmatch(f"web-ami-pipeline:{uuid}", found["CODEBUILD_BUILD_ID"])
    arn = "arn:aws:codebuild:eu-west-1:000000000000:build/"
    assert found["CODEBUILD_BUILD_ARN"] == arn + found["CODEBUILD_BUILD_ID"]
    assert found["CODEBUILD_PROJECT_ARN"] == "arn:aws:codebuild:eu-west-1:000000000000:project/web-ami-pipeline"
    assert before * 1000 - 1 <= int(found["CODEBUILD_START_TIME"]) <= time.time() * 1000
    assert found["CODEBUILD_SRC_DIR"] == found["PWD"]
    assert found["CODEBUILD_LOG_PATH"].endswith(".log")
    assert found["CODEBUILD_INITIATOR"]
    expected = {
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "CI": "true",
        "CODEBUILD_CI": "true",
        "CODEBUILD_LOCAL_BUILD": "true",
        "CODEBUILD_BUILD_SUCCEEDING": "1",
        "CODEBUILD_SOURCE_REPO_URL": "",
        "TFGEN_PYTHON": sys.executable,
    }
    assert {name: found.get(name) for name in expected} == expected


def test_the_number_of_a_build_goes_up(repo: Repo, cli: Command) -> None:
    made = estate(repo, cli, dumping({}))
    numbers = []
    for _ in range(2):
        made.build().expect(0)
        numbers.append(made.variables()["CODEBUILD_BUILD_NUMBER"])
    (made.root / ".tfgen/build-numbers/web").write_text("not a number")
    made.build().expect(0)
    assert [*numbers, made.variables()["CODEBUILD_BUILD_NUMBER"]] == ["1", "2", "1"]


def test_the_commit_is_the_one_that_is_checked_out(repo: Repo, cli: Command) -> None:
    made = estate(repo, cli, dumping({}))
    made.build().expect(0)
    assert "CODEBUILD_RESOLVED_SOURCE_VERSION" not in made.variables()
    git(made.root, "init", "--quiet")
    commit(made.root)
    assert versions(made) == {git(made.root, "rev-parse", "HEAD").strip()}


def versions(made: Estate) -> set[str]:
    made.build().expect(0)
    found = made.variables()
    return {found["CODEBUILD_RESOLVED_SOURCE_VERSION"], found["CODEBUILD_SOURCE_VERSION"]}


def test_what_is_not_committed_makes_the_version_dirty(repo: Repo, cli: Command) -> None:
    made = estate(repo, cli, dumping({}), {".gitignore": "ignored\n", "kept": ""})
    git(made.root, "init", "--quiet")
    commit(made.root)
    head = git(made.root, "rev-parse", "HEAD").strip()
    (made.root / "ignored").write_text("not part of the copy")
    assert versions(made) == {head}
    (made.root / "untracked").write_text("part of it")
    assert versions(made) == {f"{head}-dirty"}
    (made.root / "untracked").unlink()
    (made.root / "kept").unlink()
    assert versions(made) == {f"{head}-dirty"}


def fetching(repo: Repo, cli: Command) -> Estate:
    env = {"parameter-store": {"PASSWORD": "/db/password"}, "secrets-manager": {"KEY": "secret:key"}}
    return estate(repo, cli, dumping(env))


def test_what_codebuild_would_fetch_must_be_set(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    made = fetching(repo, cli)
    error = made.build().expect(1).err
    assert re.search(r"error: buildspec.yml:\d+: PASSWORD comes from /db/password in Parameter Store", error)
    assert "set PASSWORD in your environment" in error
    monkeypatch.setenv("PASSWORD", "secret-1")
    result = made.build("--env", "KEY=secret-2").expect(0)
    found = made.variables()
    assert (found["PASSWORD"], found["KEY"]) == ("secret-1", "secret-2")
    assert "secret-" not in result.err + result.out


def test_exported_variables(repo: Repo, cli: Command) -> None:
    document = spec(build=["AMI_ID=ami-1", "false"], post_build=["AMI_ID=ami-2; exit 1"])
    document["env"]["exported-variables"] = ["AMI_ID", "NEVER_SET"]
    assert estate(repo, cli, document).outcome(code=1)["ami_id"] == "ami-1"


def test_a_region_that_nobody_knows_is_said(repo: Repo, tfgen: Command) -> None:
    made = estate(repo, tfgen, dumping({}))
    result = tfgen("build", "web", "--local").expect(0)
    assert "warning: AWS region not set, which CodeBuild always sets; use --region" in result.err
    assert "AWS_REGION" not in made.variables()
    config = made.root.parent / "aws-config"
    config.write_text("[profile images]\nregion = us-west-2\n")
    for region, own in (
        ("us-west-2", {"AWS_PROFILE": "images", "AWS_CONFIG_FILE": str(config)}),
        ("us-east-2", {"AWS_DEFAULT_REGION": "us-east-2"}),
    ):
        tfgen("build", "web", "--local", **own).expect(0)
        assert made.variables()["AWS_REGION"] == region


def test_stdin_is_empty(repo: Repo, cli: Command) -> None:
    estate(repo, cli, spec(build=["! read -r line"])).build().expect(0)


def test_a_given_region_is_that_of_the_build(repo: Repo, cli: Command) -> None:
    made = estate(repo, cli, dumping({}))
    assert made.outcome("--env", "AWS_DEFAULT_REGION=us-east-2")["region"] == "us-east-2"
    found = made.variables()
    assert (found["AWS_REGION"], found["AWS_DEFAULT_REGION"]) == ("us-east-2", "us-east-2")


def test_values_with_line_breaks(repo: Repo, cli: Command) -> None:
    made = estate(repo, cli, dumping({"variables": {"LINES": "a\nb\n"}}))
    made.build("--env", "GIVEN=x\n[tfgen] y", "--env", "EMPTY=").expect(0)
    found = made.variables()
    assert (found["LINES"], found["GIVEN"], found["EMPTY"]) == ("a\nb\n", "x\n[tfgen] y", "")


_SECRETS = f"""{TOML}
[environment]
DB = {{ secret = "app/db:password" }}

[templates.web]
environment = {{ TOKEN = {{ parameter = "/app/token" }} }}
"""


def test_what_codebuild_would_fetch_is_the_users_to_set(
    repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = estate(repo, cli, dumping({"variables": {"DB": "of the buildspec"}}), {"tfgen.toml": _SECRETS})
    monkeypatch.setenv("DB", "planted-harbour-7")
    said = made.build().expect(1)
    line = 1 + _SECRETS.splitlines().index('environment = { TOKEN = { parameter = "/app/token" } }')
    assert (
        f"tfgen.toml:{line}: TOKEN comes from /app/token in Parameter Store, which a local build does not read; "
        "set TOKEN in your environment" in said.err
    )
    done = made.build("--env", "TOKEN=given").expect(0)
    assert {name: made.variables()[name] for name in ("DB", "TOKEN")} == {"DB": "planted-harbour-7", "TOKEN": "given"}
    assert "planted-harbour-7" not in said.out + said.err + done.out + done.err
