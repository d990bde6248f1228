"""A sensitive value in an error of Terraform's: nobody but the plan's maker sees it. Real Terraform throughout."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest

from tests.conftest import Command, Repo, Result, write_tree
from tests.functional.git_repo import commit, git
from tests.security.git_estate import PLAN
from tests.terraform.toy import ESTATE
from tfgen.terraform.reports.events import Diagnostic, Position, Range, read_event
from tfgen.terraform.secrets.literals import HIDDEN, Literals
from tfgen.terraform.secrets.redaction import Redaction

SECRET = "hunter2Q7wordZ"
ROOT = "terraform/pipelines"
TIME = '"2020-01-01T00:00:00Z"'
#: Function -> a call that fails with `S`, the sensitive value, in it.
CALLS = {
    "parseint": "parseint(S, 10)",
    "timeadd": 'timeadd(S, "1h")',
    "timeadd (duration)": f"timeadd({TIME}, S)",
    "timecmp": f"timecmp(S, {TIME})",
    "formatdate": 'formatdate("YYYY", S)',
    "formatdate (layout)": f"formatdate(S, {TIME})",
    "cidrhost": "cidrhost(S, 1)",
    "cidrnetmask": "cidrnetmask(S)",
    "cidrsubnet": "cidrsubnet(S, 4, 2)",
    "cidrsubnets": "cidrsubnets(S, 4)",
    "regex": 'regex("[${S}", "x")',
    "regex (no match)": 'regex("^[0-9]+$", S)',
    "regexall": 'regexall("[${S}", "x")',
    "replace": 'replace("x", "/[${S}/", "")',
    "lookup": "lookup({ a = 1 }, S)",
    "textencodebase64": 'textencodebase64("x", S)',
    "textdecodebase64": 'textdecodebase64("eA==", S)',
    "rsadecrypt": "rsadecrypt(S, S)",
    "base64decode": 'base64decode("${S}!")',
    "jsondecode": "jsondecode(S)",
    "yamldecode": 'yamldecode("${S}: [")',
    "csvdecode": 'csvdecode("a,b\\n${S}")',
    "tonumber": "tonumber(S)",
    "tobool": "tobool(S)",
    "file": "file(S)",
    "filebase64": "filebase64(S)",
    "filemd5": "filemd5(S)",
    "filesha256": "filesha256(S)",
    "templatefile": "templatefile(S, {})",
    "fileset": 'fileset(path.module, "[${S}")',
    "uuidv5": 'uuidv5(S, "x")',
    "format": 'format("%d", S)',
    "formatlist": 'formatlist("%d", [S])',
    "index": 'index(["a"], S)',
    "range": "range(S)",
    "sum": "sum([S])",
    "max": "max(S, 1)",
    "element of a map": "{ a = 1 }[S]",
    "arithmetic": "S + 1",
    "negation": "!S",
    "for": "{ for key in [S, S] : key => 1 }",
}
SENSITIVE = 'variable "secret" {\n  type = string\n  sensitive = true\n}\n'
EPHEMERAL = 'variable "secret" {\n  type = string\n  ephemeral = true\n}\n'


def failing(value: str) -> str:
    calls = [re.sub(r"\bS\b", value, call) for call in CALLS.values()]
    lines = "".join(f"  l{number} = {call}\n" for number, call in enumerate(calls))
    return f"locals {{\n{lines}}}\n"


def without_spaces(text: str) -> str:
    return re.sub(r"[\s│]", "", text)


def require_hidden(result: Result, *more: str, secret: str = SECRET) -> None:
    for text in (result.out, result.err, *more):
        assert secret not in without_spaces(text), text
        assert base64.b64encode(secret.encode()).decode()[:-2] not in without_spaces(text)


def diagnostics(root: Path) -> list[Diagnostic]:
    """What Terraform itself said, of all runs: in the logs."""
    lines = [line for log in (root / ".tfgen/log").glob("*.log") for line in log.read_bytes().splitlines()]
    return [event.diagnostic for line in lines if (event := read_event(line)) and event.diagnostic]


@pytest.mark.parametrize("declared", [SENSITIVE, EPHEMERAL], ids=["sensitive", "ephemeral"])
def test_no_function_tells_its_argument(repo: Repo, tfgen: Command, declared: str) -> None:
    root = repo({**ESTATE, f"{ROOT}/main.tf": declared + failing("var.secret")})
    tfgen("sync").expect(0)
    environment = {"TF_VAR_secret": SECRET}
    for format_ in ("table", "json", "markdown"):
        failed = tfgen("plan", "--format", format_, **environment).expect(1)
        require_hidden(failed)
        for call in ("parseint", "cidrsubnet", "textencodebase64"):
            assert f"In a call of {call}. " in failed.err
        assert "│ Error: Duplicate object key\n│\n│   on main.tf line " in failed.err
        (log,) = {*re.findall(r"they are only in (\S+)", failed.err)}
        assert (root / log).stat().st_mode & 0o777 == 0o600
        assert SECRET in (root / log).read_text()
    require_hidden(tfgen("comment", "--failed", "--dry-run", **environment).expect(0))
    told = diagnostics(root)
    lines = {d.range.start.line for d in told if d.range}
    first = declared.count("\n") + 2
    missing = [name for n, name in enumerate(CALLS, first) if n not in lines]
    assert missing == [], "these calls did not fail"
    assert len({d.range for d in told if SECRET in d.detail}) >= 17, "Terraform itself tells them"


def test_nor_does_an_untrusted_plan(repo: Repo, tfgen: Command) -> None:
    root = repo(
        {**ESTATE, ".gitignore": ".tfgen/\n.terraform/\n", f"{ROOT}/main.tf": SENSITIVE + failing("var.secret")}
    )
    tfgen("sync").expect(0)
    git(root, "init", "--quiet")
    commit(root)
    git(root, "remote", "add", "origin", "../origin")
    git(root, "update-ref", "refs/remotes/origin/main", "main")
    git(root, "checkout", "--quiet", "-b", "pr")
    failed = tfgen(*PLAN, TF_VAR_secret=SECRET).expect(1)
    require_hidden(failed)
    assert "In a call of parseint. The details may hold a sensitive value; they are only in " in failed.err


MODULE = {
    f"{ROOT}/main.tf": SENSITIVE
    + "locals {\n  derived = upper(substr(var.secret, 7, 7))\n}\n"
    + 'module "child" {\n  source = "../modules/child"\n  plain = local.derived\n}\n',
    "terraform/modules/child/main.tf": 'variable "plain" {\n  type = string\n}\n'
    "locals {\n  x = parseint(var.plain, 10)\n}\n"
    'variable "other" {\n  default = "o-t-h-e-r"\n}\nlocals {\n  y = parseint(var.other, 10)\n}\n',
}


def test_what_is_made_of_it_is_hidden_in_a_module_too_and_the_rest_is_told(repo: Repo, tfgen: Command) -> None:
    """A part of the value, in other letters, under another name: no search for the value would find it."""
    repo({**ESTATE, **MODULE})
    tfgen("sync").expect(0)
    failed = tfgen("plan", TF_VAR_secret=SECRET).expect(1)
    require_hidden(failed, secret=SECRET[7:].upper())
    assert "on ../modules/child/main.tf line 5" in failed.err
    assert 'cannot parse "o-t-h-e-r" as a base 10 integer' in failed.err.replace("\n│ ", " ")


#: The value, in other letters, on every way that leads from one statement to another.
WAYS = {
    f"{ROOT}/ways.tf": """
locals {
  made      = strrev(upper(var.secret))
  list      = [for item in [local.made, "x"] : "${item}-z"]
  template  = templatefile("${path.module}/x.tpl", { value = local.made })
  of_list   = parseint(local.list[0], 10)
  of_for    = { for key in [local.list[0], local.list[0]] : key => key }
  of_module = cidrhost(module.a.out, 1)
  of_inner  = lookup({ a = 1 }, module.a.inner)
  of_input  = parseint(terraform_data.x.input, 10)
}

resource "terraform_data" "x" {
  input = local.made
}

resource "terraform_data" "y" {
  lifecycle {
    precondition {
      condition     = parseint(local.made, 10) == 1
      error_message = "no"
    }
  }
}

resource "terraform_data" "z" {
  for_each = { for key, value in { a = local.made } : key => parseint(value, 10) }
}

module "a" {
  source = "../modules/a"
  object = { inner = local.made }
}

module "each" {
  source   = "../modules/b"
  for_each = { key = local.made }
  text     = each.value
}

output "o" {
  value = 1
  precondition {
    condition     = timecmp(local.made, "x") == 1
    error_message = "no"
  }
}
""",
    f"{ROOT}/x.tpl": "${parseint(value, 10)}",
    "terraform/modules/a/main.tf": """
variable "object" {
  type = any
}

output "out" {
  value = var.object.inner
}

output "inner" {
  value = module.b.text
}

module "b" {
  source = "../b"
  text   = var.object["inner"]
}

locals {
  m = { for value in values(var.object) : value => parseint(value, 10) }
}
""",
    "terraform/modules/b/main.tf": """
variable "text" {
  type = string
  validation {
    condition     = parseint(var.text, 10) == 1
    error_message = "not ${var.text}"
  }
}

output "text" {
  value = var.text
}
""",
}


def test_no_way_through_the_configuration_leads_out(repo: Repo, tfgen: Command) -> None:
    root = repo({**ESTATE, f"{ROOT}/main.tf": SENSITIVE, **WAYS})
    tfgen("sync").expect(0)
    failed = tfgen("plan", TF_VAR_secret=SECRET).expect(1)
    made = SECRET.upper()[::-1]
    require_hidden(failed, secret=made)
    telling = {diagnostic for diagnostic in diagnostics(root) if made in diagnostic.detail}
    assert len(telling) >= 10, "Terraform itself tells them"
    assert failed.err.count("The details may hold a sensitive value") >= len(telling)


def test_in_jsons_syntax_too(repo: Repo, tfgen: Command) -> None:
    document = {
        "variable": {"secret": {"type": "string", "sensitive": True}},
        "locals": {"made": "${upper(var.secret)}", "bad": "${parseint(local.made, 10)}"},
    }
    repo({**ESTATE, f"{ROOT}/main.tf.json": json.dumps(document)})
    tfgen("sync").expect(0)
    failed = tfgen("plan", TF_VAR_secret=SECRET).expect(1)
    require_hidden(failed, secret=SECRET.upper())
    assert "In a call of parseint. " in failed.err


@pytest.mark.parametrize(
    ("files", "tells"),
    [
        ({f"{ROOT}/x.tf": "locals {\n  x = \n}\n"}, "Expected the start of an expression"),
        (
            {f"{ROOT}/x.tf": 'locals {\n  x = "${var.secret}-${var.gone}"\n}\n'},
            'An input variable with the name "gone"',
        ),
        ({f"{ROOT}/x.tf": 'locals {\n  x = [var.secret, nope("a")]\n}\n'}, 'There is no function named "nope"'),
        ({f"{ROOT}/x.tf": 'locals {\n  x = parseint("abc", 10)\n}\n'}, 'cannot parse "abc" as a base 10 integer'),
        (
            {f"{ROOT}/x.tf": 'resource "terraform_data" "x" {\n  input = var.secret\n  inputs = 1\n}\n'},
            'An argument named "inputs" is not expected here',
        ),
    ],
)
def test_what_holds_no_value_is_told_in_full(repo: Repo, tfgen: Command, files: dict[str, str], tells: str) -> None:
    repo({**ESTATE, f"{ROOT}/main.tf": SENSITIVE, **files})
    tfgen("sync")
    failed = tfgen("plan", TF_VAR_secret=SECRET).expect(1)
    assert tells in failed.err.replace("\n│ ", " ")
    assert "The details" not in failed.err


def test_where_nothing_is_sensitive_all_is_told(repo: Repo, tfgen: Command) -> None:
    plain = 'variable "open" {\n  default = "an-open-value"\n}\nlocals {\n  x = parseint(var.open, 10)\n}\n'
    repo({**ESTATE, f"{ROOT}/main.tf": plain})
    tfgen("sync").expect(0)
    failed = tfgen("plan").expect(1)
    assert 'cannot parse "an-open-value" as a base 10 integer' in failed.err.replace("\n│ ", " ")
    assert "x = parseint(var.open, 10)" in failed.err


@pytest.mark.parametrize(
    "given",
    [
        {f"{ROOT}/terraform.tfvars": f'secret = "{SECRET}"\n'},
        {f"{ROOT}/x.auto.tfvars.json": json.dumps({"secret": SECRET})},
        {f"{ROOT}/terraform.tfvars": f'secret = ["{SECRET}"]\n'},
        {f"{ROOT}/terraform.tfvars": f'secret = "{SECRET}" +\n'},
    ],
)
def test_a_var_file_is_not_quoted(repo: Repo, tfgen: Command, given: dict[str, str]) -> None:
    number = 'variable "secret" {\n  type = number\n  sensitive = true\n}\n'
    repo({**ESTATE, f"{ROOT}/main.tf": number, **given})
    tfgen("sync").expect(0)
    require_hidden(tfgen("plan").expect(1))
    require_hidden(tfgen("plan", TF_CLI_ARGS_plan=f"-var=secret={SECRET}").expect(1))


def test_conditions_iterations_and_conversions(repo: Repo, tfgen: Command) -> None:
    text = (
        SENSITIVE
        + 'variable "list" {\n  type = list(number)\n  sensitive = true\n}\n'
        + 'variable "checked" {\n  type = string\n  sensitive = true\n'
        + '  validation {\n    condition = var.checked == ""\n    error_message = "Not ${var.checked}."\n  }\n}\n'
        + 'resource "terraform_data" "a" {\n  for_each = toset([var.secret])\n}\n'
        + 'resource "terraform_data" "b" {\n  count = var.secret\n}\n'
        + 'resource "terraform_data" "c" {\n  lifecycle {\n    precondition {\n'
        + '      condition = var.secret == ""\n      error_message = "Not ${var.secret}."\n    }\n  }\n}\n'
        + 'check "d" {\n  assert {\n'
        + '    condition = var.secret == ""\n    error_message = "Not ${var.secret}."\n  }\n}\n'
    )
    repo({**ESTATE, f"{ROOT}/main.tf": text})
    tfgen("sync").expect(0)
    values = {"TF_VAR_secret": SECRET, "TF_VAR_checked": SECRET}
    require_hidden(tfgen("plan", TF_VAR_list="[1]", **values).expect(1))
    require_hidden(tfgen("plan", TF_VAR_list=f'["{SECRET}"]', **values).expect(1))


def test_apply_and_destroy_do_not_tell_either(repo: Repo, tfgen: Command) -> None:
    """A provisioner's command, when it fails, and a value that is known only then."""
    fails = (
        SENSITIVE
        + 'resource "terraform_data" "x" {\n  input = var.secret\n'
        + '  provisioner "local-exec" {\n    command = "exit 1 # ${self.output}"\n  }\n}\n'
        + 'resource "terraform_data" "y" {\n  input = var.secret\n}\n'
        + 'resource "terraform_data" "z" {\n  input = parseint(terraform_data.y.output, 10)\n}\n'
    )
    root = repo({**ESTATE, f"{ROOT}/main.tf": fails})
    tfgen("sync").expect(0)
    planned = tfgen("plan", "--out", "saved", TF_VAR_secret=SECRET).expect(0)
    require_hidden(planned, (root / "saved.json").read_text(), tfgen("comment", "saved", "--dry-run").expect(0).out)
    require_hidden(tfgen("apply", "saved", TF_VAR_secret=SECRET).expect(1))


AWS = {
    f"{ROOT}/main.tf": SENSITIVE
    + 'resource "aws_instance" "open" {\n  ami = "ami-1"\n}\n'
    + 'resource "aws_instance" "closed" {\n  user_data = var.secret\n}\n'
    + 'resource "aws_instance" "derived" {\n  user_data = data.aws_ssm_parameter.p.value\n}\n'
    + 'data "aws_ssm_parameter" "p" {\n  name = "p"\n}\n'
    + 'resource "aws_instance" "named" {\n  ami = aws_instance.open.ami\n}\n',
}


@pytest.mark.parametrize(
    ("address", "line", "is_told"),
    [
        ("aws_instance.open", 5, True),
        ("aws_instance.named", 18, True),
        ("data.aws_ssm_parameter.p", 15, True),
        ("aws_instance.closed", 8, False),
        ("aws_instance.derived", 12, False),
    ],
)
def test_a_providers_words(repo: Repo, address: str, line: int, is_told: bool) -> None:
    root = repo(AWS)
    words = f"creating EC2 Instance ({SECRET[:6]}): AccessDenied: not authorized with part-of-it"
    for place in (_at("main.tf", line), None):
        said = Diagnostic(severity="error", summary=words, detail="x part-of-it", address=address, range=place)
        shown = Redaction(root / ROOT, {}).diagnostic(said, "LOG")
        if is_told:
            assert shown == said
        else:
            assert shown.summary == "creating EC2 Instance"
            assert shown.detail == "The details may hold a sensitive value; they are only in LOG"


GENERATED = {
    f"{ROOT}/main.tf": 'resource "random_password" "p" {\n  length = 9\n  provisioner "local-exec" {\n'
    '    command = "exit 1 # ${self.result}"\n  }\n}\n'
    'resource "random_password" "q" {\n  length = local.n\n}\nlocals {\n  n = 1\n}\n',
}


@pytest.mark.parametrize(
    ("address", "line", "is_told"), [("random_password.p", 3, False), ("random_password.q", 7, True)]
)
def test_what_a_resource_says_of_itself(repo: Repo, address: str, line: int, is_told: bool) -> None:
    """`self` in a provisioner: its words end with the command, and that holds the value."""
    root = repo(GENERATED)
    for place in (_at("main.tf", line), None):
        for summary in ("local-exec provisioner error", "Error in function call"):
            said = Diagnostic(severity="error", summary=summary, detail="a-made-value", address=address, range=place)
            assert (Redaction(root / ROOT, {}).diagnostic(said, "LOG") == said) is is_told


def test_credentials_are_told_where_no_variable_is_in_the_provider(repo: Repo) -> None:
    root = repo({**AWS, f"{ROOT}/p.tf": 'provider "aws" {\n  region = "x"\n}\n'})
    said = Diagnostic(severity="error", summary="no valid credential sources", address='provider["x/aws"]')
    assert Redaction(root / ROOT, {}).diagnostic(said, "LOG") == said
    write_tree(root, {f"{ROOT}/p.tf": 'provider "aws" {\n  secret_key = var.secret\n}\n'})
    assert Redaction(root / ROOT, {}).diagnostic(said, "LOG") != said


@pytest.mark.parametrize(
    "files",
    [
        {f"{ROOT}/gone.tf": 'module "gone" {\n  source = "../modules/gone"\n}\n'},
        {f"{ROOT}/self.tf": 'module "self" {\n  source = "./"\n}\nmodule "other" {\n  source = "./"\n}\n'},
        {
            f"{ROOT}/long.tf": "".join(f"locals {{\n  a{n} = local.a{n + 1}\n}}\n" for n in range(400))
            + "locals {\n  a400 = var.secret\n}\n"
            + SENSITIVE
        },
    ],
    ids=["no such module", "a module that calls itself", "a long way"],
)
def test_what_is_not_known_to_the_end_counts_as_sensitive(repo: Repo, files: dict[str, str]) -> None:
    root = repo({f"{ROOT}/main.tf": "locals {\n  x = var.a\n}\n", **files})
    said = Diagnostic(severity="error", summary="Error in function call", detail="x", range=_at("main.tf", 2))
    shown = Redaction(root / ROOT, {}).diagnostic(said, "LOG")
    assert "only in LOG" in shown.detail


def test_a_file_that_cannot_be_read_makes_everything_sensitive(repo: Repo) -> None:
    root = repo({f"{ROOT}/main.tf": "locals {\n  x = var.a\n}\n", f"{ROOT}/broken.tf": "locals {"})
    said = Diagnostic(severity="error", summary="Error in function call", detail="x", range=_at("main.tf", 2))
    assert "only in LOG" in Redaction(root / ROOT, {}).diagnostic(said, "LOG").detail


def test_a_run_without_events_tells_the_place(repo: Repo) -> None:
    root = repo({f"{ROOT}/main.tf": SENSITIVE})
    text = f"╷\n│ Error: Error in function call\n│\n│   on main.tf line 2:\n│   2: x\n│\n│ not {SECRET[:5]}\n╵\n"
    assert Redaction(root / ROOT, {}).plain(text, "LOG") == (
        "│ Error: Error in function call\n│   on main.tf line 2:\n"
        "The details may hold a sensitive value; they are only in LOG"
    )
    coloured = "".join(f"\x1b[31m{line[:1]}\x1b[0m{line[1:]}\n" for line in text.splitlines())
    coloured = coloured.replace("Error:", "\x1b[1mError:\x1b[0m")
    assert Redaction(root / ROOT, {}).plain(coloured, "LOG") == Redaction(root / ROOT, {}).plain(text, "LOG")
    other = f"Error: Failed to get existing workspaces: {SECRET}"
    assert Redaction(root / ROOT, {"TF_VAR_secret": SECRET}).plain(other, "LOG") == other.replace(SECRET, HIDDEN)


@pytest.mark.parametrize(
    "written",
    [
        'a "b" / Ünï',
        r"a \"b\" / Ünï",
        'a \n│ "b" /\n│ Ünï',
        'A "B" / ÜNÏ',
        "a%20%22b%22%20%2F%20%C3%9Cn%C3%AF",
        base64.b64encode(b"x" + 'a "b" / Ünï'.encode() + b"y").decode()[2:-2],
        base64.b64encode(b"xy" + 'a "b" / Ünï'.encode() + b"z").decode()[3:-3],
        'a "b" / Ünï'.encode().hex(),
    ],
)
def test_a_value_is_found_however_it_is_written(written: str) -> None:
    hidden = Literals(['a "b" / Ünï']).hidden(f"before {written} after")
    assert HIDDEN in hidden
    assert hidden.startswith("before ")
    assert hidden.endswith(" after")


def test_no_value_hides_nothing() -> None:
    assert Literals([]).hidden("a text") == "a text"


def _at(file: str, line: int) -> Range:
    return Range(filename=file, start=Position(line=line))
