"""Variables that CodeBuild fetches, as `lint`, `affected` and the other readers of tfgen.toml see them."""

from __future__ import annotations

import json

import pytest

from tests.conftest import TOML, Command, Repo
from tests.functional.git_repo import commit, git

HCL = """\
variable "region" {
  default = env("AWS_REGION")
}

variable "a" {
  default = env("DB")
%s}

variable "b" {}

source "amazon-ebs" "web" {
  ami_name      = "web-${formatdate("YYYYMMDDhhmmss", timestamp())}"
  region        = var.region
  instance_type = "t3.small"
  ssh_username  = "admin"
  user_data     = var.a
  description   = var.b
}

build {
  sources = ["source.amazon-ebs.web"]
}
"""
JSON = {
    "variables": {"a": "{{env `DB`}}", "region": "{{env `AWS_REGION`}}"},
    "builders": [
        {
            "type": "amazon-ebs",
            "ami_name": "web-{{timestamp}}",
            "region": "{{user `region`}}",
            "ssh_username": "admin",
            "user_data": "{{user `a`}}",
        }
    ],
}
SECRETS = f"""{TOML}
[environment]
DB = {{ secret = "app/database:password" }}
UNREAD = {{ parameter = "/unread" }}

[templates.web.environment]
PKR_VAR_b = {{ parameter = "/app/b" }}
"""
RULES = ("env-not-passed", "env-unused", "variable-not-sensitive")


def found(cli: Command, *rules: str) -> list[tuple[str, str, int]]:
    done = cli("lint", "--format", "json")
    findings = json.loads(done.out)["findings"]
    return sorted((one["rule"], one["path"], one["line"]) for one in findings if one["rule"] in rules)


def test_lint_counts_them_in_hcl(repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": SECRETS, "packer/web.pkr.hcl": HCL % ""})
    line = SECRETS.splitlines().index('UNREAD = { parameter = "/unread" }') + 1
    assert found(cli, *RULES) == [
        ("env-unused", "tfgen.toml", line),
        ("variable-not-sensitive", "packer/web.pkr.hcl", 5),
        ("variable-not-sensitive", "packer/web.pkr.hcl", 9),
    ]


def test_lint_counts_them_in_legacy_json(repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": SECRETS, "packer/web.json": json.dumps(JSON, indent=1)})
    assert [rule for rule, _, line in found(cli, *RULES) if rule == "variable-not-sensitive" and line == 3] == [
        "variable-not-sensitive"
    ]
    repo({"tfgen.toml": SECRETS, "packer/web.json": json.dumps({**JSON, "sensitive-variables": ["a"]})})
    assert found(cli, "variable-not-sensitive") == []


@pytest.mark.parametrize(("toml", "rules"), [(TOML, ["env-not-passed"]), (f'{TOML}[environment]\nDB = "x"\n', [])])
def test_plain_text_is_judged_as_before(repo: Repo, cli: Command, toml: str, rules: list[str]) -> None:
    repo({"tfgen.toml": toml, "packer/web.pkr.hcl": HCL % "  sensitive = true\n"})
    assert [rule for rule, _, _ in found(cli, *RULES)] == rules


def test_the_way_out_of_a_secret_in_a_template(repo: Repo, cli: Command) -> None:
    repo(
        {
            "tfgen.toml": TOML,
            "packer/web.pkr.hcl": HCL.replace('env("DB")', '"x"') % "" + 'locals {\n  password = "blue-harbour-7"\n}\n',
        }
    )
    (said,) = [
        one
        for one in json.loads(cli("lint", "--format", "json").out)["findings"]
        if one["rule"] == "secret-in-template"
    ]
    assert '[environment] NAME = { secret = "..." } or { parameter = "/..." }' in said["fix"]


PLAIN = f"""{TOML}
[environment]
DB_PASSWORD = "blue-harbour-7"
API_TOKEN = "changeme"
DB_SECRET = "app/database"
LOGIN_PASSWORD = "$OTHER"
URL = "https://me:blue-harbour-7@example.com"

[templates.web.environment]
APP_TOKEN = "tuesday-rain-42"
"""


def test_plain_text_in_the_settings_is_found(repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": PLAIN, "packer/web.pkr.hcl": HCL % "", "packer/other.pkr.hcl": HCL % ""})
    lines = PLAIN.splitlines()
    wanted = [n for n, line in enumerate(lines, 1) if line.startswith(("DB_PASSWORD", "URL", "APP_TOKEN"))]
    assert found(cli, "secret-in-template") == [("secret-in-template", "tfgen.toml", line) for line in wanted]


def test_what_is_fetched_is_a_value_that_nobody_knows(repo: Repo, cli: Command) -> None:
    """Not the text of the reference: a file of that name is not meant."""
    hcl = HCL % "" + 'locals {\n  script = "scripts/${var.a}.sh"\n}\n'
    hcl = hcl.replace("build {\n", 'build {\n  provisioner "shell" {\n    script = local.script\n  }\n')
    files = {"tfgen.toml": SECRETS, "packer/web.pkr.hcl": hcl, "scripts/one.sh": "", "scripts/two.sh": ""}
    root = repo({**files, "app/database:password": "x", ".gitignore": ".tfgen/\n"})
    cli("sync").expect(0)
    git(root, "init", "--quiet")
    commit(root)
    git(root, "checkout", "--quiet", "-b", "change")
    (root / "app/database:password").write_text("changed")
    assert cli("affected", "--format", "names").expect(0).out.split() == []
    (root / "scripts/two.sh").write_text("changed")
    assert cli("affected", "--format", "names").expect(0).out.split() == ["web"]
    git(root, "checkout", "--quiet", ".")
    (root / "tfgen.toml").write_text(SECRETS.replace("/app/b", "/app/c"))
    said = cli("affected", "--why").expect(0).out
    assert "web  because tfgen.toml" in said
    assert "templates.web.environment.PKR_VAR_b" in said
    cli("graph", "--format", "json").expect(0)
    cli("list", "--format", "json").expect(0)


def test_sync_writes_them_and_checks_them(repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": SECRETS, "packer/web.pkr.hcl": HCL % ""})
    cli("sync", "--verify").expect(0)
    text = (root / "terraform/pipelines/pipeline_web.gen.tf").read_text()
    assert 'secret = "app/database:password"' in text
    assert 'parameter = "/app/b"' in text
    assert cli("sync", "--check").expect(0)
    (root / "tfgen.toml").write_text(SECRETS.replace("{ secret =", "{ sceret ="))
    said = cli("sync").expect(1).err
    assert "tfgen.toml:" in said
    assert "unknown key environment.DB.sceret; did you mean secret?" in said
