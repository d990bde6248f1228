"""Both modules' HCL against the schema of provider 6.62, and codepipeline_v1 against 3.39 itself."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hcl2
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.terraform.conftest import Estate

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "tests/data/aws-provider-6.62-schema.json").read_text(encoding="utf-8"))
MODULES = ("modules/codepipeline", "modules/codepipeline_v1")
FOLDERS = (
    *(f"{module}{part}" for module in MODULES for part in ("", "/examples/basic", "/examples/complete")),
    "modules/shared",
    "modules/shared/examples/basic",
    "pipelines",
)
# Not in that file: as the provider's documentation of v6.68.0 has it, and 3.39 too but for `region`.
_RULE = ("description", "ipv6_cidr_blocks", "prefix_list_ids", "security_groups", "self", "cidr_blocks")
_PORTS = {name: {"required": True} for name in ("from_port", "to_port", "protocol")}
_RULES = {"required": False, "block": {**{name: {"required": False} for name in _RULE}, **_PORTS}}
_GROUP = ("description", "name", "name_prefix", "region", "revoke_rules_on_delete", "tags", "vpc_id")
SCHEMA["resource"]["aws_security_group"] = {
    **{name: {"required": False} for name in _GROUP},
    "egress": _RULES,
    "ingress": _RULES,
}
META = {"count", "for_each", "depends_on", "lifecycle", "provider"}
_HEADER = re.compile(r"\A# Made from .*\n\n")
# In the file, but nothing to set.
_COMPUTED = {"id", "tags_all"}
# What providers up to 6.62 call deprecated; the schema file does not say. Of a block also a part: "block.part".
DEPRECATED = {
    "aws_cloudwatch_event_rule": {"is_enabled"},
    "aws_iam_policy_document": {"override_json", "source_json"},
    "aws_iam_role": {"inline_policy", "managed_policy_arns"},
    "aws_region": {"name"},
    "aws_s3_bucket": {
        "acceleration_status",
        "acl",
        "cors_rule",
        "grant",
        "lifecycle_rule",
        "logging",
        "object_lock_configuration.rule",
        "policy",
        "replication_configuration",
        "request_payer",
        "server_side_encryption_configuration",
        "versioning",
        "website",
    },
}
GOOD = 'resource "aws_s3_bucket_policy" "x" {\n  bucket = "b"\n  policy = "{}"\n}\n'
NESTED = """
resource "aws_codepipeline" "x" {
  name     = "n"
  role_arn = "r"
  stage {
    name = "s"
    action {
      nam = "n"
    }
  }
  dynamic "artifact_store" {
    for_each = []
    content {
      typo = "S3"
    }
  }
}
"""
DEPRECATED_BLOCK = """
resource "aws_s3_bucket" "x" {
  versioning {
    enabled = true
  }
}
"""
ROLE = """
resource "aws_iam_role" "x" {
  assume_role_policy  = "{}"
  managed_policy_arns = []
  arn                 = "a"
  tags_all            = {}
  inline_policy {
    name = "n"
  }
}
"""
LOCKED_BUCKET = """
resource "aws_s3_bucket" "x" {
  object_lock_configuration {
    object_lock_enabled = "Enabled"
    rule {
      default_retention {
        mode = "GOVERNANCE"
      }
    }
  }
}
"""
REFERENCES = """
locals {
  region = data.aws_region.current[0].name
  acl    = aws_s3_bucket.artefacts.acl
  right  = [data.aws_region.current.id, aws_iam_role.codebuild.name, aws_s3_bucket.artefacts.bucket]
}
"""
PLANTED = {
    "unknown type": ('resource "aws_s3_bukket" "x" {\n}\n', "aws_s3_bukket is not in the schema"),
    "unknown argument": (GOOD.replace("bucket =", "bukket ="), "bukket is unknown"),
    "missing argument": (GOOD.replace('  policy = "{}"\n', ""), "policy is missing"),
    "deprecated block": (DEPRECATED_BLOCK, "versioning is deprecated"),
    "deprecated argument": (ROLE, "managed_policy_arns is deprecated"),
    "deprecated block of a role": (ROLE, "inline_policy is deprecated"),
    "deprecated part of a block": (LOCKED_BUCKET, "object_lock_configuration.rule is deprecated"),
    "deprecated attribute that is read": (REFERENCES, "data.aws_region.current[0].name is deprecated"),
    "deprecated argument that is read": (REFERENCES, "aws_s3_bucket.artefacts.acl is deprecated"),
    "computed only": (ROLE, "arn is unknown"),
    "set by the provider": (ROLE, "tags_all is not to be set"),
    "in a nested block": (NESTED, "stage.action.nam is unknown"),
    "missing in a nested block": (NESTED, "stage.action.category is missing"),
    "in a dynamic block": (NESTED, "artifact_store.typo is unknown"),
    "block for an argument": (
        'resource "aws_cloudwatch_log_group" "x" {\n  tags {\n    a = "b"\n  }\n}\n',
        "tags is an argument, not a block",
    ),
}


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_newest_provider_knows_everything(folder: str) -> None:
    faults = []
    for file in sorted((ROOT / "terraform" / folder).glob("*.tf")):
        faults += [f"{file.name}: {fault}" for fault in faults_of(file.read_text(encoding="utf-8"))]
    assert faults == []


@pytest.mark.parametrize(("folder", "count"), [(MODULES[0], 15), (MODULES[1], 14)])
def test_the_module_is_what_was_checked(folder: str, count: int) -> None:
    texts = [file.read_text(encoding="utf-8") for file in (ROOT / "terraform" / folder).glob("*.tf")]
    assert len({kind for text in texts for kind, _, _ in blocks_of(parsed(text), "resource")}) == count


@pytest.mark.parametrize("name", PLANTED)
def test_the_checker_finds_a_planted_fault(name: str) -> None:
    text, fault = PLANTED[name]
    assert any(fault in each for each in faults_of(text)), faults_of(text)


def test_the_checker_is_silent_about_what_is_right() -> None:
    assert list(faults_of(GOOD)) == []
    assert len(faults_of(REFERENCES)) == 2


def test_no_document_shows_how_to_read_what_is_deprecated() -> None:
    files = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "cli/tfgen/recipes").rglob("*.*")]
    assert len(files) > 20
    found = {
        file.name: list(reads_of_deprecated(file.read_text(encoding="utf-8")))
        for file in files
        if file.suffix != ".pyc"
    }
    assert {name: reads for name, reads in found.items() if reads} == {}


#: A resource, and what 3.39 itself says about it.
OLD = {
    "good": (GOOD, []),
    "unknown": (GOOD.replace("bucket =", "bukket ="), ["Missing required argument", "Unsupported argument"]),
    "missing": (GOOD.replace('  policy = "{}"\n', ""), ["Missing required argument"]),
    "newer": (GOOD.replace("bucket_policy", "bucket_versioning"), ["Invalid resource type"]),
    "computed": (
        'resource "aws_iam_role" "x" {\n  assume_role_policy = "{}"\n  arn = "a"\n}\n',
        ["Computed attributes cannot be set"],
    ),
    "deprecated": (
        'resource "aws_flow_log" "x" {\n  traffic_type = "ALL"\n  log_group_name = "g"\n}\n',
        ["Deprecated Attribute"],
    ),
}


def test_provider_3_39_finds_each_planted_mistake(estate: Estate) -> None:
    """It finds none in the module: test_module_inputs.py has `terraform validate` of each folder."""
    folder = estate.folder.parent / "planted"
    folder.mkdir()
    for name, (text, _) in OLD.items():
        (folder / f"{name}.tf").write_text(text.replace('" "x" {', f'" "{name}" {{'), encoding="utf-8")
    (folder / "versions.tf").write_text((estate.folder / "versions.tf").read_text("utf-8"), encoding="utf-8")
    estate.init(folder)
    said = json.loads(estate.terraform("validate", "-json", cwd=folder, expect=1).stdout)["diagnostics"]
    found: dict[str, list[str]] = {name: [] for name in OLD}
    for each in said:
        found[each["range"]["filename"].removesuffix(".tf")].append(each["summary"])
    assert {name: sorted(texts) for name, texts in found.items()} == {name: texts for name, (_, texts) in OLD.items()}


def parsed(text: str) -> dict[str, Any]:
    """The file's blocks. A copy (tools/module_v1.py) is parsed once with the file that it was made from."""
    return _parsed(_HEADER.sub("", text))


@cache
def _parsed(text: str) -> dict[str, Any]:
    found: dict[str, Any] = hcl2.loads(text)  # takes seconds for a module
    return found


def faults_of(text: str) -> list[str]:
    document = parsed(text)
    faults = [f"{read} is deprecated" for read in reads_of_deprecated(text)]
    for section in ("resource", "data"):
        for kind, name, body in blocks_of(document, section):
            known = SCHEMA[section].get(kind)
            if known is None:
                faults.append(f"{kind} is not in the schema")
                continue
            found = check(body, known, deprecated=DEPRECATED.get(kind, set()))
            faults += [f"{kind}.{name}: {fault}" for fault in found]
    return faults


def check(body: dict[str, Any], known: dict[str, Any], *, path: str = "", deprecated: set[str]) -> Iterator[str]:
    """Hold a block's body against its schema; gives one text a fault."""
    given = {name: value for name, value in arguments(body) if path or name not in META}
    for name, schema in known.items():
        if schema["required"] and name not in given:
            yield f"{path}{name} is missing"
    for name, value in given.items():
        if name not in known:
            yield f"{path}{name} is unknown"
            continue
        if f"{path}{name}" in deprecated:
            yield f"{path}{name} is deprecated"
        if not path and name in _COMPUTED:
            yield f"{name} is not to be set"
        yield from check_value(value, known[name].get("block"), f"{path}{name}", deprecated)


def check_value(value: Any, block: dict[str, Any] | None, path: str, deprecated: set[str]) -> Iterator[str]:
    inner = [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
    if block is None:
        if any(each.get("__is_block__") for each in inner):
            yield f"{path} is an argument, not a block"
        return
    for each in inner:
        yield from check(each, block, path=f"{path}.", deprecated=deprecated)


def reads_of_deprecated(text: str) -> Iterator[str]:
    """Each expression that reads a deprecated attribute."""
    for kind, names in DEPRECATED.items():
        for found in re.finditer(rf"(?:\bdata\.)?\b{kind}\.[\w-]+(?:\[[^\]]*\])?\.({'|'.join(sorted(names))})\b", text):
            yield found[0]


def arguments(body: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give the arguments and nested blocks of a body, dynamic ones as if they were written out."""
    for name, value in body.items():
        if name == "dynamic":
            for dynamic in value:
                for label, inner in labelled(dynamic):
                    yield label, inner["content"]
        elif not name.startswith("__"):
            yield name, value


def blocks_of(document: dict[str, Any], section: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for block in document.get(section, []):
        for kind, named in labelled(block):
            for name, body in labelled(named):
                yield kind, name, body


def labelled(block: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for label, inner in block.items():
        if not label.startswith("__"):
            yield label.strip('"'), inner
