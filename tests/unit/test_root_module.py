"""What is read out of Terraform's files, however it is written, and where values of a branch would act."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

import pytest

from tests.functional.branches import INNOCENT
from tfgen_generators.hcl.terraform_files import is_terraform
from tfgen_generators.root_module.calls import Call, file_facts, folder_of, is_local, paths_in
from tfgen_generators.root_module.trust import Finding, is_allowed, judge, reach

FED = 'data "external" "x" {\n  program = ["sh", "-c", var.x]\n}\n'
CALL = 'module "x" {\n  source = "../a"\n}\n'


def judged(files: Mapping[str, str | bytes]) -> list[Finding]:
    """The findings of a repository of `files` whose root module is `root/`."""

    def read(folder: str) -> dict[str, bytes]:
        here = {
            path: text
            for path, text in files.items()
            if posixpath.dirname(path) == folder and is_terraform(posixpath.basename(path))
        }
        return {path: text if isinstance(text, bytes) else text.encode() for path, text in here.items()}

    reached = reach("root", [], read, lambda path: None if path.startswith("..") else path)
    return [*reached.findings, *judge(reached.modules, "root")]


def in_module(text: str, name: str = "a.tf") -> list[Finding]:
    """The findings of `text` in a module that the root module calls."""
    return judged({"root/main.tf": CALL, f"a/{name}": text})


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("a.tf", FED, "1: data source external runs a program"),
        ("a.tf", "\n\n  data   external x{program=[var.x]}\n", "3: data source external"),
        ("a.tf", '\ndata "external" /* } */ "x" { # {\n  query = { a = "${var.x}" }\n}\n', "2: data source external"),
        ("a.tofu", FED, "1: data source external"),
        ("#a.tf", FED, "1: data source external"),  # only #a.tf# is an editor's left-over
        ("override.tf", FED, "1: data source external"),
        ("a.tf.json", '{"data": {"external": {"x": {"program": ["${var.x}"]}}}}', " data source external"),
        ("a.tf.json", '{"data": [{"external": [{"x": [{"program": "${lower(var.x)}"}]}]}]}', " data source external"),
        ("a.tf", 'check "x" {\n  data "http" "y" {\n    url = var.x\n  }\n}\n', "2: data source http"),
        ("a.tf.json", '{"check": {"x": {"data": {"http": {"y": {"url": "${var.x}"}}}}}}', " data source http"),
        (
            "a.tf",
            'ephemeral "aws_lambda_invocation" "x" {\n  input = local.y\n}\nlocals {\n  y = var.x\n}\n',
            "1: data",
        ),
        ("a.tf", 'data "dns_txt_record_set" "x" {\n  host = terraform_data.y.output\n}\n', "1: data source dns_txt"),
        ("a.tf", 'data "http" "x" {\n  retry {\n    attempts = var.x\n  }\n}\n', "1: data source http"),
        ("a.tf", 'data "http" "x" {\n  url = "a.b"\n  body = <<-X\n    ${var.x}\n  X\n}\n', "1: data source http"),
        ("a.tf", 'data "terraform_remote_state" "x" {\n  config = var.x\n}\n', "1: data source terraform_remote_state"),
        ("a.tf", 'data "local_file" "x" {\n  for_each = module.y.z\n  filename = each.value\n}\n', "1: data source"),
        ("a.tf", 'module "x" {\n  source = "../../../../../x"\n}\n', "2: module 'x' is outside the repository"),
        ("a.tf", 'module "x" {\n  source = ".\\\\..\\\\..\\\\x"\n}\n', ""),
        ("a.tf", "x = {\n", "2: is not valid HCL, so its effects are not known"),
        ("a.tf", 'data "exte\\u0072nal" "x" {\n}\n', "1: has a name that is not plain text"),
        ("a.tf.json", "{", "1: is not valid JSON"),
        ("a.tf.json", "[" * 100_000, " is nested too deeply"),
        ("a.tf", "a {\n" * 5000 + "}\n" * 5000, "102: is nested too deeply"),
    ],
)
def test_what_would_act(path: str, text: str, message: str) -> None:
    found = in_module(text, path)
    if not message:
        assert found == []
        return
    line, _, rest = message.partition(": ") if ": " in message[:5] else ("", "", message.strip())
    assert found
    assert (str(found[0].line or ""), found[0].message[: len(rest)]) == (line, rest)


@pytest.mark.parametrize(
    "text",
    [
        'data "external" "x" {\n  program = ["sh", "x.sh", "${path.module}/a.b c.d"]\n}\n',
        'data "http" "x" {\n  url = "https://example.com/$${var.x}"\n}\n',
        'data "http" "x" {\n  url = local.y\n}\nlocals {\n  y = "https://example.com"\n}\n',
        'data "archive_file" "x" {\n  source_dir = path.module\n  output_path = var.x\n}\n',
        'data "aws_ami" "x" {\n  owners = [var.x]\n}\n',
        'resource "terraform_data" "x" {\n  input = var.x\n  provisioner "local-exec" {\n    command = var.x\n  }\n}\n',
        'terraform {\n  backend "http" {\n    address = "x"\n  }\n}\nprovider "evil" {\n}\n',
    ],
)
def test_what_does_not_act_on_values_of_a_branch(text: str) -> None:
    assert in_module(text) == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('data "http" "x" {\n  url = var.x\n}\n', 0),
        ('data "http" "x" {\n  url = local.x\n}\nlocals {\n  x = var.x\n}\n', 0),
        ('data "http" "x" {\n  url = module.web.x\n}\n', 1),
        ('data "http" "x" {\n  url = local.x\n}\nlocals {\n  x = module.web.x\n}\n', 1),
        (
            'data "terraform_remote_state" "x" {\n  config = { bucket = local.x }\n}\nlocals {\n  x = data.y.z.id\n}\n',
            0,
        ),
        ('data "terraform_remote_state" "x" {\n  config = { bucket = module.web.x }\n}\n', 1),
    ],
)
def test_in_the_root_module_variables_are_the_pipelines_own(text: str, count: int) -> None:
    assert len(judged({"root/a.tf": text})) == count


def test_a_module_is_followed_to_its_end() -> None:
    calls = 'module "x" {\n  source = "../%s"\n}\n'
    files = {"root/main.tf": calls % "a", "a/main.tf": calls % "b", "b/main.tf": calls % "a" + FED, "c/x.tf": FED}
    assert {finding.path for finding in judged(files)} == {"b/main.tf"}


def test_what_only_looks_like_something_is_nothing() -> None:
    assert judged({"root/a.tf": INNOCENT + CALL, "a/.x.tf": FED, "a/a.tf~": FED, "a/#a.tf#": FED}) == []
    assert judged({"root/a.tf": b"\xef\xbb\xbflocals {\n  x = 1\n}\n", "root/b.tf": ""}) == []


@pytest.mark.parametrize("source", [".\\\\x", "./..\\\\x", "..\\\\x", "..\\\\/x", "./x", "../x", "."])
def test_backslashes_are_slashes(source: str) -> None:
    source = source.replace("\\\\", "\\")
    assert is_local(source)
    assert folder_of("a/b", source) in ("a/x", "a/b/x", "a/b")


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


def test_text_that_is_too_long_for_a_file_is_none() -> None:
    """A description is asked for nowhere: the system would not take its name."""
    assert paths_in(b'x = ["a/%s", "%s/b"]' % (b"n" * 255, b"m" * 256)) == {f"a/{'n' * 255}"}
    assert paths_in(f'x = "{"ü" * 128}"'.encode()) == frozenset()


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
    assert is_allowed(source, ("other/", allowed))
    assert not is_allowed(source, ("other/",))


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
    assert not is_allowed(source, (allowed,))


def test_calls_carry_what_is_written() -> None:
    text = b'module "x" {\n  version = "1"\n  source = "a/b/c"\n}\n'
    assert file_facts("a.tf", text).calls == (Call(path="a.tf", line=3, name="x", source="a/b/c", version="1"),)
