"""The rules about one template where their pages stop: values behind names, the three formats, what is not known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import TOML, Command, Repo
from tests.functional.test_lint_pages import PAGES, examples
from tfgen.lint.run import open_scope
from tfgen.workspace import open_workspace
from tfgen_generators.lint.registry import template_rules

BUILDER = """\
source "amazon-ebs" "web" {{
  region        = var.region
  instance_type = "t3.small"
  ssh_username  = "admin"
{body}
}}

build {{
  sources = ["source.amazon-ebs.web"]
{build}
}}

variable "region" {{
  default = env("AWS_REGION")
}}
"""
OURS = {rule.id for rule in template_rules()}


def builder(body: str = "", build: str = "", more: str = "") -> str:
    return BUILDER.format(body=body, build=build) + more


def found(cli: Command, rule: str) -> list[str]:
    """Where the rule finds something."""
    shown = json.loads(cli("lint", "--rule", rule, "--format", "json").out)
    return sorted(f"{one['path']}:{one['line']}" for one in shown["findings"])


def checked(rule: str) -> list[str]:
    """The same, without the command around it."""
    scope = open_scope(open_workspace(need_settings=False))
    one = next(one for one in template_rules() if one.id == rule)
    return sorted({f"{finding.path}:{finding.line}" for finding in one.check(scope)})


@pytest.mark.parametrize("page", [page for page in PAGES if page.stem in OURS], ids=lambda page: page.stem)
def test_the_same_is_found_with_windows_line_ends_and_a_byte_order_mark(repo: Repo, page: Path) -> None:
    for number, example in enumerate(examples(page).values()):
        files = {
            path: b"\xef\xbb\xbf" * path.endswith((".hcl", ".json")) + content.replace(b"\n", b"\r\n")
            for path, content in example.files.items()
            if not path.endswith(".sh")
        }
        scripts = {path: content for path, content in example.files.items() if path.endswith(".sh")}
        repo({"tfgen.toml": TOML, **scripts, **files}, name=f"example{number}")
        assert checked(page.stem) == example.found


LOCALS = """
locals {
  stamp   = formatdate("YYYYMMDD", timestamp())
  fixed   = "web"
  nested  = { name = "web-${local.fixed}" }
  circle  = "${local.circle2}"
  circle2 = "${local.circle}"
}

variable "release" { default = "1.0" }
variable "build_number" { default = "0" }
variable "given" {}
variable "empty" { default = "" }
variable "from_env" { default = env("RELEASE") }
"""


@pytest.mark.parametrize(
    ("name", "unique"),
    [
        ('"web"', False),
        ('"web-${var.release}"', False),
        ("local.fixed", False),
        ("local.nested.name", False),
        ('"${lower(local.fixed)}-${source.name}"', False),
        ('format("%s-%s", local.fixed, var.release)', False),
        ('"web-{{ .SourceAMI }}"', False),
        ('"web-{{clean_resource_name `x`}}"', False),
        ('"web-{{timestamp}}"', True),
        ('"web-{{isotime \\"2006\\"}}"', True),
        ('"web-{{uuid}}"', True),
        ('"web-${local.stamp}"', True),
        ('"web-${uuidv4()}"', True),
        ('"web-${var.build_number}"', True),
        ('"web-${var.given}"', True),
        ('"web-${var.empty}"', True),
        ('"web-${var.from_env}"', True),
        ('"web-${local.circle}"', True),
        ('"web-${data.amazon-parameterstore.x.value}"', True),
        ('var.release == "1.0" ? "web" : "web-${local.stamp}"', True),
        ('substr(file("VERSION"), 0, 8)', True),
    ],
)
def test_what_makes_a_name_unique(repo: Repo, cli: Command, name: str, unique: bool) -> None:
    repo({"tfgen.toml": TOML, "packer/web.pkr.hcl": builder(f"  ami_name = {name}", more=LOCALS)})
    assert found(cli, "ami-name-not-unique") == ([] if unique else ["packer/web.pkr.hcl:5"])


@pytest.mark.parametrize(
    ("files", "unique"),
    [
        ({"tfgen.toml": TOML + '[environment]\nPKR_VAR_release = "2"\n'}, False),
        ({"tfgen.toml": TOML + '[templates.web]\nenvironment = { PACKER_VAR_FILE = "a.pkrvars.hcl" }\n'}, False),
        ({"tfgen.toml": TOML + '[environment]\nRELEASE = "1"\n'}, False),
        ({"tfgen.toml": TOML}, True),
    ],
)
def test_what_the_pipeline_sets_is_known(repo: Repo, cli: Command, files: dict[str, str], unique: bool) -> None:
    name = '"web-${var.release}"'
    more = 'variable "release" { default = env("RELEASE") }\n'
    var_file = {"a.pkrvars.hcl": 'release = "3"\n'}
    repo({**var_file, **files, "packer/web.pkr.hcl": builder(f"  ami_name = {name}", more=more)})
    assert found(cli, "ami-name-not-unique") == ([] if unique else ["packer/web.pkr.hcl:5"])


def test_a_var_file_of_the_folder_decides(repo: Repo, cli: Command) -> None:
    files = {
        "packer/web/main.pkr.hcl": builder("  ami_groups = var.groups\n  encrypt_boot = var.encrypt"),
        "packer/web/variables.pkr.hcl": 'variable "groups" { default = [] }\nvariable "encrypt" { default = true }\n',
    }
    repo({"tfgen.toml": TOML, **files})
    assert found(cli, "public-ami") == found(cli, "unencrypted-image") == []
    repo({"packer/web/x.auto.pkrvars.hcl": 'groups = ["all"]\nencrypt = false\n'})
    assert found(cli, "public-ami") == ["packer/web/main.pkr.hcl:5"]
    assert found(cli, "unencrypted-image") == ["packer/web/main.pkr.hcl:6"]


@pytest.mark.parametrize(
    ("rule", "body"),
    [
        ("public-ami", "ami_groups = var.unknown"),
        ("unencrypted-image", "encrypt_boot = var.unknown"),
        ("unencrypted-image", "launch_block_device_mappings {\n encrypted = var.unknown\n }"),
        (
            "unencrypted-image",
            'dynamic "launch_block_device_mappings" {\n for_each = var.unknown\n content {\n encrypted = x\n }\n }',
        ),
        ("no-imdsv2", "imds_support = var.unknown\n metadata_options {\n http_tokens = var.unknown\n }"),
        ("most-recent-without-owners", "source_ami_filter {\n owners = var.unknown\n most_recent = true\n }"),
        ("hard-coded-vpc", "vpc_id = var.unknown"),
        ("secret-in-template", "winrm_password = var.unknown"),
        ("secret-in-template", 'winrm_password = "<password>"'),
        ("secret-in-template", 'metadata_options {\n http_tokens = "required"\n }'),
    ],
)
def test_what_is_not_known_is_no_finding(repo: Repo, cli: Command, rule: str, body: str) -> None:
    repo({"tfgen.toml": TOML, "packer/web.pkr.hcl": builder(body, more='variable "unknown" {}\n')})
    assert found(cli, rule) == []


def test_what_a_build_adds_to_its_source_counts(repo: Repo, cli: Command) -> None:
    text = """source "amazon-ebs" "web" {
  ami_name = "web-{{timestamp}}"
}

source "amazon-ebs" "unused" {
  ami_groups = ["all"]
}

build {
  source "source.amazon-ebs.web" {
    ami_groups   = ["all"]
    encrypt_boot = true
  }
}
"""
    repo({"tfgen.toml": TOML, "packer/web.pkr.hcl": text})
    assert found(cli, "public-ami") == ["packer/web.pkr.hcl:11"]
    assert found(cli, "unencrypted-image") == []


def test_hcl_in_json(repo: Repo, cli: Command) -> None:
    document = {
        "//": "a comment",
        "variable": {"db_password": {"default": "blue-harbour-7"}, "unused": [{"default": "x"}]},
        "locals": {"name": "web-${var.db_password}"},
        "source": {"amazon-ebs": {"web": {"ami_name": "${local.name}", "region": "eu-west-1", "ami_groups": ["all"]}}},
        "build": {
            "sources": ["source.amazon-ebs.web"],
            "provisioner": [{"shell": {"inline": ["curl x | bash", "echo"]}}, {"shell": {"inline": ["true"]}}],
        },
    }
    text = json.dumps(document, indent=1)
    lines = {word: number for number, row in enumerate(text.split("\n"), 1) for word in row.strip().split('"')[1:2]}
    repo({"tfgen.toml": TOML, "packer/web.pkr.json": text})
    expected = {
        "ami-name-not-unique": "ami_name",
        "hard-coded-region": "region",
        "hidden-failure": "curl x | bash",
        "no-manifest": "build",
        "public-ami": "all",
        "secret-in-template": "default",
        "unencrypted-image": "web",
        "unused-variable": "unused",
        "variable-not-sensitive": "db_password",
    }
    lines |= {"default": 5, "unused": lines["unused"] + 1}  # the block, not its label
    assert {rule: found(cli, rule) for rule in expected} == {
        rule: [f"packer/web.pkr.json:{lines[word]}"] for rule, word in expected.items()
    }


def test_other_clouds_have_no_rules_for_amis(repo: Repo, cli: Command) -> None:
    text = 'source "googlecompute" "x" {\n  region = "us-east-1"\n}\n\nbuild {\n  sources = ["googlecompute.x"]\n}\n'
    repo({"tfgen.toml": TOML, "packer/web.pkr.hcl": text})
    assert [rule for rule in sorted(OURS) if found(cli, rule)] == []


@pytest.mark.parametrize(
    "secret",
    ["AKIA" + "Q3EGRIYJ" * 2, "ASIA" + "Q3EGRIYJ" * 2, "ghp_" + "a1B2" * 9, "-----BEGIN RSA " + "PRIVATE KEY-----"],
    ids=["akia", "asia", "github", "key"],
)
def test_a_secret_is_found_anywhere_and_never_shown(repo: Repo, cli: Command, secret: str) -> None:
    build = '  provisioner "shell" {\n    script = "packer/x.sh"\n  }'
    files = {"packer/web.pkr.hcl": f"# {secret}\n" + builder(build=build), "packer/x.sh": f"set -e\necho {secret}\n"}
    repo({"tfgen.toml": TOML, **files})
    assert found(cli, "secret-in-template") == ["packer/web.pkr.hcl:1", "packer/x.sh:2"]
    for form in ("text", "json", "sarif"):
        shown = cli("lint", "--rule", "secret-in-template", "--format", form)
        assert secret[:8] not in shown.out + shown.err


@pytest.mark.parametrize(
    ("setting", "secret"),
    [
        ('environment_vars = ["API_TOKEN=blue harbour"]', True),
        ('environment_vars = ["API_TOKEN=${var.region}"]', False),
        ('environment_vars = ["API_TOKEN=$TOKEN", "TOKEN_FILE=x/y"]', False),
        ('env = { API_TOKEN = "blue-harbour" }', True),
        ('env = { API_TOKEN = var.region, NAME = "blue-harbour" }', False),
        ('extra_arguments = ["--extra-vars", "user=web db_password=blue-harbour"]', True),
        ('extra_arguments = ["--vault-password-file=x", "-e", "db_password={{ x }}"]', False),
        ('inline = ["export API_TOKEN=blue-harbour"]', True),
        ("inline = [\"true; DB_PASSWORD='blue harbour' ./run\"]", True),
        (
            'inline = ["API_TOKEN=$(get)", "export API_TOKEN=\\"$X\\"", "API_TOKEN=`get`", "API_TOKEN=\\"`get`\\""]',
            False,
        ),
        ('inline = ["./run --api-token=x4 --x.token=x4", "API_TOKEN= ./run", "API_TOKEN=${var.region} ./run"]', False),
        ('inline = ["curl https://web:blue-harbour@example.com/x"]', True),
        ('inline = ["curl https://web:$PW@x.org", "git clone ssh://git@x.org:22/a", "echo a://b:pass@c"]', False),
    ],
)
def test_secrets_in_lists_of_variables(repo: Repo, cli: Command, setting: str, secret: bool) -> None:
    build = f'  provisioner "shell" {{\n    {setting}\n  }}'
    repo({"tfgen.toml": TOML, "packer/web.pkr.hcl": builder(build=build)})
    assert found(cli, "secret-in-template") == (["packer/web.pkr.hcl:11"] if secret else [])


@pytest.mark.parametrize(
    ("command", "ignored"),
    [
        ("apt-get install -y x || true", True),
        ("apt-get install -y x || echo 'no x'", True),
        ("make install || { printf bad; exit 0; }", True),
        ("make install || { echo bad; exit 1; }", False),
        ("make install || (echo bad; cat log; exit 2)", False),
        ("make install || echo bad && exit 1", False),
        ("if make install || echo bad; then true; fi", False),
        ("grep -q x /etc/y || echo 'no x'", False),
        ("umount /x || true", False),
    ],
)
def test_what_only_says_that_it_failed_ignores_it(repo: Repo, cli: Command, command: str, ignored: bool) -> None:
    repo({"tfgen.toml": TOML, "packer/web.pkr.hcl": builder(build=_shell(["true", command, "ls"]))})
    assert found(cli, "ignored-failure") == (["packer/web.pkr.hcl:13"] if ignored else [])


def _shell(commands: list[str]) -> str:
    listed = "".join(f'      "{command}",\n' for command in commands)
    return f'  provisioner "shell" {{\n    inline = [\n{listed}    ]\n  }}'


@pytest.mark.parametrize(
    "text",
    [
        'locals {\n  api_token = "blue-harbour"\n}\n',
        'locals {\n  a = "b"\n  api_token = "blue-harbour"\n}\n',
        'local "api_token" {\n  expression = "blue-harbour"\n  sensitive = true\n}\n',
        'locals {\n  api_token = var.region\n  token_url = "https://x"\n  tokens = {a = "b"}\n}\n',
    ],
    ids=["first", "second", "block", "none"],
)
def test_secrets_in_locals(repo: Repo, cli: Command, text: str) -> None:
    repo({"tfgen.toml": TOML, "packer/web.pkr.hcl": text + builder()})
    line = next((number for number, row in enumerate(text.split("\n"), 1) if "blue" in row), None)
    assert found(cli, "secret-in-template") == ([f"packer/web.pkr.hcl:{line}"] if line else [])


@pytest.mark.parametrize("default", ["true", "32"])
def test_a_number_is_no_secret(repo: Repo, cli: Command, default: str) -> None:
    repo(
        {"tfgen.toml": TOML, "packer/web.pkr.hcl": builder(more=f'variable "new_password" {{ default = {default} }}\n')}
    )
    assert found(cli, "variable-not-sensitive") == []


def test_a_script_of_many_templates_is_one_finding(repo: Repo, cli: Command) -> None:
    build = '  provisioner "shell" {\n    script = "packer/x.sh"\n  }'
    templates = {f"packer/{name}.pkr.hcl": builder(build=build) for name in ("a", "b", "c")}
    repo({"tfgen.toml": TOML, **templates, "packer/x.sh": "set -e\ncurl x | bash\necho\n"})
    assert found(cli, "hidden-failure") == ["packer/x.sh:2"]


def test_a_fix_is_written_as_the_template_is(repo: Repo, cli: Command) -> None:
    source = 'source "amazon-ebs" "x" {\n  ami_name = "x"\n}\nbuild {\n  sources = ["source.amazon-ebs.x"]\n}\n'
    template = '{"builders": [{"type": "amazon-ebs", "ami_name": "y"}]}'
    repo({"tfgen.toml": TOML, "packer/x.pkr.hcl": source, "packer/y.json": template})
    said = cli("lint", "--rule", "no-imdsv2").out
    assert 'add metadata_options { http_tokens = "required" } and imds_support = "v2.0" (' in said
    assert 'add "metadata_options": {"http_tokens": "required"} and "imds_support": "v2.0" (' in said
