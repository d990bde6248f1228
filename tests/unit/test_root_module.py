"""What is read out of Terraform's files, however it is written, and what a branch may not bring along."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

import pytest

from tests.conftest import TOML
from tests.functional.branches import INNOCENT
from tfgen_generators.hcl.terraform_files import is_terraform
from tfgen_generators.root_module.calls import BUILT_IN, Call, file_facts, paths_in, providers
from tfgen_generators.root_module.trust import Finding, Known, is_allowed, judge, knows, reach
from tfgen_generators.root_module.trusted_expressions import expressions, judge_expressions
from tfgen_generators.settings.read import parse_settings

DATA = 'data "external" "x" {\n  program = ["sh", "-c", "id"]\n}\n'
BASE = Known(name="main", guarded=frozenset())


def judged(files: Mapping[str, str | bytes], known: Known = BASE, allowed: tuple[str, ...] = ()) -> list[Finding]:
    """The findings of a repository of `files` whose root module is `root/`."""

    def read(folder: str) -> dict[str, bytes]:
        here = {
            path: text
            for path, text in files.items()
            if posixpath.dirname(path) == folder and is_terraform(posixpath.basename(path))
        }
        return {path: text if isinstance(text, bytes) else text.encode() for path, text in here.items()}

    reached = reach("root", [], read, lambda path: None if path.startswith("..") else path)
    return [*reached.findings, *judge(reached.modules, [], known, allowed, "root")]


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("a.tf", DATA, "1: data source external runs a program"),
        ("a.tf", "\n\n  data   external x{program=[]}\n", "3: data source external"),
        ("a.tf", '\ndata "external" /* } */ "x" { # {\n}\n', "2: data source external"),
        ("a.tofu", DATA, "1: data source external"),
        ("#a.tf", DATA, "1: data source external"),  # only #a.tf# is an editor's left-over
        ("override.tf", DATA, "1: data source external"),
        ("a.tf.json", '{"data": {"external": {"x": {"program": ["sh"]}}}}', " data source external"),
        ("a.tf.json", '{"data": [{"external": [{"x": [{}]}]}]}', " data source external"),
        ("a.tf", 'check "x" {\n  data "http" "y" {\n    url = "x"\n  }\n}\n', "2: data source http"),
        ("a.tf.json", '{"check": {"x": {"data": {"http": {"y": {}}}}}}', " data source http"),
        ("a.tf", 'ephemeral "aws_lambda_invocation" "x" {\n}\n', "1: data source aws_lambda_invocation"),
        ("a.tf", 'data "dns_txt_record_set" "x" {\n}\n', "1: data source dns_txt_record_set"),
        ("a.tf", 'data "terraform_remote_state" "x" {\n}\n', "1: data source terraform_remote_state reads"),
        ("a.tf", 'resource "random_id" "x" {\n}\n', "1: provider hashicorp/random is new"),
        ("a.tf", 'resource "aws_x" "x" {\n  provider = evil.x\n}\n', "1: provider hashicorp/evil is new"),
        ("a.tf.json", '{"provider": {"evil": {}}}', " provider hashicorp/evil is new"),
        (
            "a.tf",
            'terraform {\n  required_providers {\n    aws = {\n      "source" : "evil/aws"\n    }\n  }\n}\n',
            "3: provider evil/aws is new",
        ),
        (
            "a.tf.json",
            '{"terraform": [{"required_providers": {"a": {"source": "Evil/A"}}}]}',
            " provider evil/a is new",
        ),
        (
            "a.tf",
            'resource "terraform_data" "x" {\n  provisioner "local-exec" {\n  }\n}\n',
            "2: provisioner local-exec",
        ),
        (
            "a.tf",
            'resource "terraform_data" "x" {\n  dynamic "provisioner" {\n    content {}\n  }\n}\n',
            "2: provisioner runs",
        ),
        ("a.tf", 'resource "terraform_data" "x" {\n  connection {\n  }\n}\n', "2: connection runs commands"),
        ("a.tf", 'removed {\n  from = x.y\n  provisioner "local-exec" {\n  }\n}\n', "3: provisioner local-exec"),
        (
            "a.tf.json",
            '{"resource": {"terraform_data": {"x": {"provisioner": [{"local-exec": {}}]}}}}',
            " provisioner local-exec",
        ),
        ("a.tf", 'module "x" {\n  source = "git::https://example.com/x"\n}\n', "2: the source of module 'x' is not on"),
        ("a.tf", 'module "x" {\n  source = "/etc"\n}\n', "2: the source of module 'x' is not on the allow-list: /etc"),
        ("a.tf", 'module "x" {\n  source = "\\u002e/x"\n}\n', "2: the source or the version of module 'x' is not"),
        ("a.tf", 'module "x" {\n  source = var.x\n}\n', "2: the source or the version of module 'x' is not"),
        (
            "a.tf",
            'module "x" {\n  source = "../../../../../x"\n}\n',
            "2: module 'x' is outside the",
        ),
        ("a.tf.json", '{"module": {"x": {"source": "evil/x/aws"}}}', " the source of module 'x' is not on the allow"),
        (
            "backend.tf",
            'terraform {\n  backend "local" {\n    path = "x"\n  }\n}\n',
            "2: backend local differs from",
        ),
        ("a.tf", "terraform {\n  cloud {\n  }\n}\n", "2: cloud differs from main"),
        ("a.tf.json", '{"terraform": {"backend": {"http": {"address": "x"}}}}', " backend http differs from main"),
        ("z_override.tf", 'provider "terraform" {\n  x = 1\n}\n', "1: provider terraform differs from main"),
        ("a.tf", 'action "local_command" "x" {\n  config {\n  }\n}\n', "1: action local_command runs commands"),
        (
            "a.tofu",
            'terraform {\n  encryption {\n    key_provider "external" "x" {\n      command = ["sh"]\n    }\n  }\n}\n',
            "3: key_provider external x runs commands",
        ),
        (
            "a.tofu.json",
            '{"terraform": {"encryption": {"method": {"external": {"x": {"encrypt_command": ["sh"]}}}}}}',
            " method external x runs commands",
        ),
        (
            "a.tofu",
            'terraform {\n  encryption {\n    key_provider "pbkdf2" "x" {\n    }\n  }\n}\n',
            "2: encryption differs from main",
        ),
        ("a.tofu.json", '{"terraform": {"encryption": {}}}', " encryption differs from main"),
        ("a.tf", "x = {\n", "2: is not valid HCL, so its effects are not known"),
        ("a.tf", 'data "exte\\u0072nal" "x" {\n}\n', "1: has a name that is not plain text"),
        ("a.tf.json", "{", "1: is not valid JSON"),
        ("a.tf.json", "[" * 100_000, " is nested too deeply"),
        ("a.tf", "a {\n" * 5000 + "}\n" * 5000, "102: is nested too deeply"),
    ],
)
def test_what_terraform_would_do(path: str, text: str, message: str) -> None:
    found = judged({f"root/{path}": text})
    line, _, rest = message.partition(": ") if ": " in message[:5] else ("", "", message.strip())
    assert found
    assert (str(found[0].line or ""), found[0].message[: len(rest)]) == (line, rest)


def test_a_module_is_followed_to_its_end() -> None:
    calls = 'module "x" {\n  source = "../%s"\n}\n'
    files = {"root/main.tf": calls % "a", "a/main.tf": calls % "b", "b/main.tf": calls % "a" + DATA, "c/x.tf": DATA}
    assert {finding.path for finding in judged(files)} == {"b/main.tf"}


def test_what_only_looks_like_something_is_nothing() -> None:
    assert judged({"root/a.tf": INNOCENT, "root/.x.tf": DATA, "root/a.tf~": DATA, "root/#a.tf#": DATA}) == []
    assert judged({"root/a.tf": b"\xef\xbb\xbflocals {\n  x = 1\n}\n", "root/b.tf": ""}) == []


def test_what_the_base_has_is_known() -> None:
    text = """\
terraform {
  required_providers {
    other = { source = "example/other", version = "1.0" }
    old   = "~> 1.0"
  }
  backend "s3" {
    bucket = "x" # mine
  }
}
provider "other" {
  endpoint = "https://example.com"
}
data "terraform_remote_state" "x" {
}
module "remote" {
  source  = "example/x/aws"
  version = "1.0"
}
"""
    facts = [file_facts("a.tf", text.encode())]
    assert set(providers(facts)) == {"example/other", "hashicorp/old", BUILT_IN}
    known = knows("main", {"root": facts}, [])
    assert judged({"root/a.tf": text}, known) == []
    again = text.replace("# mine", "").replace("  endpoint", "    endpoint")
    assert judged({"root/b.tf": again}, known) == []
    for old, new in (("https://example.com", "https://evil.example"), ('"x" #', '"y" #'), ('"1.0"\n}', '"2.0"\n}')):
        assert len(judged({"root/a.tf": text.replace(old, new)}, known)) == 1


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("locals {\n  x = file(var.x)\n}\n", 1),
        ('locals {\n  x = "a${templatefile("${path.module}/${lower(var.x)}.tpl", {})}"\n}\n', 1),
        ("locals {\n  x = core::file (var.x)\n}\n", 1),
        ('locals {\n  x = templatefile("${path.module}/x.tpl", { a = 1 })\n  y = var.y\n}\n', 0),
        ('locals {\n  x = "file(var.x)" # file(var.x)\n}\n', 0),
    ],
)
def test_a_file_that_a_variable_names(text: str, count: int) -> None:
    """tfgen.toml gives the modules' variables their values, but not the root module's."""
    call = 'module "x" {\n  source = "../a"\n}\n'
    assert len(judged({"root/main.tf": call, "a/main.tf": text})) == count
    assert judged({"root/main.tf": text}) == []


def test_a_file_that_a_variable_names_in_json() -> None:
    text = '{"locals": {"x": "${file(var.x)}"}, "resource": {"aws_x": {"y": {"z": "${file(lower(var.x))}"}}}}'
    files = {"root/m.tf.json": '{"module": {"x": {"source": "./a"}}}', "root/a/main.tf.json": text}
    assert [finding.message[:6] for finding in judged(files)] == ["file()", "file()"]


def test_files_that_are_named() -> None:
    text = b"""\
x = "${path.module}/../a.tpl"
y = "${ path.root }/../../b/${each.key}.json"
z = ["c.txt", "/etc/x", "${var.x}"]
"""
    assert paths_in(text) == {"../a.tpl", "../../b", "c.txt"}


@pytest.mark.parametrize(
    ("source", "allowed"),
    [
        ("acme/pipeline/aws", "acme/"),
        ("acme/pipeline/aws", "acme/pipeline"),
        ("git::https://example.com/acme/x//sub?ref=v1.2", "git::https://example.com/acme/"),
        ("git::https://example.com/acme/x?ref=v1.2", "git::https://example.com/acme/x"),
    ],
)
def test_a_source_below_a_prefix_is_allowed(source: str, allowed: str) -> None:
    assert is_allowed(source, "", BASE, ("other/", allowed))
    assert not is_allowed(source, "", BASE, ("other/",))


@pytest.mark.parametrize(
    ("source", "allowed"),
    [
        ("acme-evil/x/aws", "acme"),
        ("git::https://example.com/acme/../evil/x", "git::https://example.com/acme/"),
        ("git::https://example.com/acme/%2e%2e/evil", "git::https://example.com/acme/"),
        ("git::https://example.com@evil.example/x", "git::https://example.com"),
        ("git::https://example.com.evil.example/x", "git::https://example.com"),
        ("git::https://example.com/acme/x?ref=--upload-pack=sh", "git::https://example.com/acme/"),
        ("git::https://example.com/acme/x?sshkey=x", "git::https://example.com/acme/"),
        ("git::ext::sh -c id", "git::"),
        ("/etc/x", ""),
    ],
)
def test_a_prefix_is_not_climbed_out_of(source: str, allowed: str) -> None:
    assert not is_allowed(source, "", BASE, (allowed,))


@pytest.mark.parametrize(
    ("expression", "function"),
    [
        ('file("/proc/self/environ")', "file"),
        ('"${ file ("x")}"', "file"),
        ('"$$${file("x")}"', "file"),
        ('"%{ if fileexists("x") }a%{ endif }"', "fileexists"),
        ('[for x in fileset(".", "*") : templatefile(x, {})]', "fileset"),
        ('try(jsondecode(filebase64("x")), "")', "filebase64"),
        ("nonsensitive(var.secret)", "nonsensitive"),
        ('pathexpand("~")', "pathexpand"),
        ("templatestring(local.x, {})", "templatestring"),
    ],
)
def test_an_expression_that_does_more_than_compute(expression: str, function: str) -> None:
    settings = parse_settings(f"{TOML}[inputs]\nx = {{ expression = '{expression}' }}\n")
    found = list(judge_expressions(settings, ()))
    assert found[0].where == "tfgen.toml:3"
    assert found[0].message.startswith(f"an expression calls {function}(), which may")
    assert list(judge_expressions(settings, [text for text, _ in expressions(settings)])) == []


@pytest.mark.parametrize(
    "expression",
    [
        'upper(join("-", [for x in ["file(1)", "b"] : lower(x) if (x != "")]))',
        '"${local.a}-b"',
        "local.account_id",
        'regex("(a)(b)", "x")[0]',
    ],
)
def test_an_expression_that_computes(expression: str) -> None:
    settings = parse_settings(f"{TOML}[inputs]\nx = {{ expression = '{expression}' }}\n")
    assert list(judge_expressions(settings, ())) == []


def test_calls_carry_what_is_written() -> None:
    text = b'module "x" {\n  version = "1"\n  source = "a/b/c"\n}\n'
    assert file_facts("a.tf", text).calls == (Call(path="a.tf", line=3, name="x", source="a/b/c", version="1"),)
