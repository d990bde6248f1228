"""`tfgen ci`: the call of the module ci_roles, with what git, tfgen.toml, the backend, CI and the host's API say."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import hcl2
import pytest

from tests.conftest import TOML, Command, Repo
from tests.functional.pr_hosts import Reply, Request, Server, running
from tests.pinned import ADDRESS
from tfgen.hosts.recipe import RECIPES

BACKEND = """\
terraform {
  backend "s3" {
    bucket         = "team-state"
    key            = "images/terraform.tfstate"
    region         = "eu-west-1"
    dynamodb_table = "locks"
  }
}
"""
WORKSPACE, REPOSITORY, PRODUCTION = (f"{{6f0b6f3c-2f0a-4f5e-9a53-1f6f8f1f0a0{number}}}" for number in range(1, 4))


class Identities(Server):
    """Both hosts' answers about a repository, to who has the token."""

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != "Bearer secret":
            return Reply(status=401, body={"message": "Bad credentials"})
        answers = {
            "/repos/Org/images": {"id": 456789, "owner": {"id": 123456}},
            "/repositories/team/images": {"uuid": REPOSITORY, "workspace": {"uuid": WORKSPACE}},
            "/repositories/team/images/environments/": {
                "values": [{"name": "Test", "uuid": "{x}"}, {"name": "Production", "uuid": PRODUCTION}]
            },
        }
        found = answers.get(request.path)
        return Reply(body=found) if found else Reply(status=404, body={"message": "Not Found"})


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Identities]:
    with running(Identities) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        monkeypatch.setenv("BITBUCKET_API_URL", server.url)
        yield server


@pytest.fixture(autouse=True)
def _no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_TOKEN", "GH_TOKEN", "BITBUCKET_TOKEN", "GITHUB_REPOSITORY", "BITBUCKET_REPO_FULL_NAME"):
        monkeypatch.delenv(name, raising=False)


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)


def call(cli: Command, host: str) -> dict[str, object]:
    """The block's arguments, as Terraform reads them."""
    (named,) = hcl2.loads(cli("ci", host, "--roles").expect(0).out)["module"]
    (body,) = named.values()
    return {key: json.loads(json.dumps(value).replace('\\"', "")) for key, value in body.items() if "__" not in key}


def test_all_that_is_known_stands_in_it(
    repo: Repo, cli: Command, api: Identities, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml = (
        f'{TOML}branch = "trunk"\ntrigger = "affected"\n'
        '[names]\nproject_name = "ami-{name}"\n[templates.web.names]\nproject_name = "web-{account_id}"\n'
        '[shared]\ninputs = { instance_profiles = { literal = { "arn:q" = "arn:s" } } }\n'
        '[inputs]\nconnection_arn = "arn:c"\ninstance_profiles = { literal = { "arn:p" = "arn:r" } }\n'
        'vpc_config = { vpc_id = "vpc-1", subnet_ids = ["subnet-1"] }\n'
    )
    root = repo({"tfgen.toml": toml, "terraform/pipelines/backend.tf": BACKEND})
    git(root, "init", "-q")
    git(root, "remote", "add", "other", "https://github.com/Other/fork.git")
    git(root, "remote", "add", "origin", "git@github.com:Org/images.git")
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    done = cli("ci", "github", "--roles").expect(0)
    assert done.err == ""
    assert [path.name for path in root.iterdir()].count(".github") == 0
    assert done.out == (
        "# Apply it once, as an administrator, in a root module of its own: docs/ci-roles.md of tfgen.\n"
        'module "ci_roles" {\n  source = "../modules/ci_roles"\n\n'
        '  host               = "github"\n  repository         = "Org/images"\n  branch             = "trunk"\n'
        '  pipeline_names     = ["ami-*", "web-*", "ami-builder-dispatcher"]\n'
        '  bucket_names       = ["*-ami-builder-artefacts-*"]\n'
        '  connection_arns    = ["arn:c"]\n  vpc_ids            = ["vpc-1"]\n'
        '  instance_role_arns = ["arn:r", "arn:s"]\n\n'
        '  github = {\n    owner_id      = "123456"\n    repository_id = "456789"\n  }\n\n'
        '  state = {\n    bucket     = "team-state"\n    keys       = ["images/terraform.tfstate"]\n'
        '    lock_table = "locks"\n    region     = "eu-west-1"\n  }\n}\n'
    )


SHARED_BY_TERRAFORM = """artefact_bucket = true
[shared.inputs]
name.expression = "local.n"
artefact_bucket_name.expression = "local.b"
"""


@pytest.mark.parametrize(
    ("table", "names", "buckets"),
    [
        ("roles = true\n", ["*-ami-pipeline", "ami-builder-shared"], ["*-ami-builder-artefacts-*"]),
        (  # Terraform knows these: the module refuses what stands there
            SHARED_BY_TERRAFORM,
            ["*-ami-pipeline", "NAME?"],
            ["*-ami-builder-artefacts-*", "ARTEFACT_BUCKET_NAME?"],
        ),
        (
            "artefact_bucket = true\n",
            ["*-ami-pipeline", "ami-builder-shared"],
            ["*-ami-builder-artefacts-*", "ami-builder-artefacts-*"],
        ),
        (
            'roles = true\nartefact_bucket = true\ninputs = { name = "all", artefact_bucket_name = "all-of-it" }\n',
            ["*-ami-pipeline", "all"],
            ["*-ami-builder-artefacts-*", "all-of-it"],
        ),
    ],
)
def test_what_is_shared_has_names_too(
    table: str, names: list[str], buckets: list[str], repo: Repo, cli: Command
) -> None:
    repo({"tfgen.toml": f"{TOML}[shared]\n{table}"})
    found = call(cli, "github")
    assert (found["pipeline_names"], found["bucket_names"]) == (names, buckets)


def test_roles_with_a_long_name_are_described(repo: Repo, cli: Command) -> None:
    """The modules cut it after 42 characters, for a digest."""
    long = "a-repository-with-a-name-that-does-not-fit-into-a-role"
    repo({"tfgen.toml": f'source_repository = "{long}"\ntrigger = "affected"\n[shared]\nroles = true\n'})
    assert call(cli, "github")["pipeline_names"] == ["*-ami-pipeline", f"{long[:42]}*"]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/Org/images", "Org/images"),
        ("https://x-token:secret@github.com/Org/images.git", "Org/images"),
        ("ssh://git@github.com:22/Org/images.git", "Org/images"),
        ("github.com:Org/a.b", "Org/a.b"),
        ("https://github.com.evil.example/Org/images", "OWNER/NAME?"),
        ("https://evil.example/github.com/Org/images", "OWNER/NAME?"),
        ("https://notgithub.com/Org/images", "OWNER/NAME?"),
        ("https://github.com/Org/im${x}", "OWNER/NAME?"),
        ("https://github.com/Org/\u0456mages", "OWNER/NAME?"),
    ],
)
def test_the_repository_is_that_of_git_s_remote(url: str, name: str, repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": TOML})
    git(root, "init", "-q")
    git(root, "remote", "add", "origin", url)
    said = cli("ci", "github", "--roles").expect(0)
    assert f'repository     = "{name}"' in said.out
    assert 'owner_id      = "OWNER_ID"' in said.out
    asked = name if "?" not in name else "OWNER/NAME"
    assert f"# owner_id, repository_id: find with gh api repos/{asked} --jq '.owner.id, .id'\n" in said.out
    assert "secret" not in said.out + said.err


def test_ci_knows_the_ids_of_its_own_repository(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    repo({"tfgen.toml": TOML})
    monkeypatch.setenv("GITHUB_REPOSITORY", "Org/images")
    monkeypatch.setenv("GITHUB_REPOSITORY_OWNER_ID", "1")
    monkeypatch.setenv("GITHUB_REPOSITORY_ID", "2")
    assert call(cli, "github")["github"] == {"owner_id": "1", "repository_id": "2"}


def test_bitbucket_s_uuids(repo: Repo, cli: Command, api: Identities, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repo({"tfgen.toml": TOML})
    git(root, "init", "-q")
    git(root, "remote", "add", "origin", "https://ann@bitbucket.org/team/images.git")
    names = ["environment_uuid", "repository_uuid", "workspace_uuid"]
    assert call(cli, "bitbucket")["bitbucket"] == {name: name.upper() for name in names}
    monkeypatch.setenv("BITBUCKET_TOKEN", "secret")
    found = dict(zip(names, (PRODUCTION, REPOSITORY, WORKSPACE), strict=True))
    assert call(cli, "bitbucket")["bitbucket"] == found


def test_an_api_that_refuses_leaves_them_open(
    repo: Repo, cli: Command, api: Identities, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo({"tfgen.toml": TOML})
    monkeypatch.setenv("GITHUB_REPOSITORY", "Org/images")
    monkeypatch.setenv("GITHUB_TOKEN", "wrong")
    done = cli("ci", "github", "--roles").expect(0)
    assert "the IDs of Org/images are left open" in done.err
    assert 'owner_id      = "OWNER_ID"' in done.out


def test_text_is_data(repo: Repo, cli: Command) -> None:
    """A branch's name in tfgen.toml, and a backend's value, are no Terraform."""
    branch = '${file("x")}'
    files = {"terraform/pipelines/backend.tf": BACKEND.replace("team-state", "a$${b}")}
    repo({"tfgen.toml": f"{TOML}branch = {json.dumps(branch)}\n", **files})
    said = cli("ci", "codecommit", "--roles").expect(0).out
    assert 'branch         = "\\u0024{file(\\"x\\")}"' in said
    assert 'bucket     = "a\\u0024{b}"' in said


@pytest.mark.parametrize("host", sorted(RECIPES))
def test_it_is_printed_when_the_recipe_is_written(host: str, repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": TOML})
    alone = cli("ci", host, "--roles").expect(0).out
    assert cli("ci", host, "--install", ADDRESS).expect(0).out == alone
    assert cli("ci", host, "--install", ADDRESS).expect(0).out == alone
    assert "ci_roles" not in cli("ci", host, "--install", ADDRESS, "--output", "-").expect(0).out
