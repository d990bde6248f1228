"""What the tests of discovery share."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Files, write_tree
from tfgen_generators.packer.discovery.discover import discover
from tfgen_generators.packer.model import Discovery

VARIABLES = 'variable "region" {\n  type = string\n}\n'


NEEDY = 'source "amazon-ebs" "x" {\n  region = var.region\n}\nbuild {\n  sources = ["source.amazon-ebs.x"]\n}\n'


def found(root: Path, files: Files) -> Discovery:
    return discover(write_tree(root, files), "packer")


def names(discovery: Discovery) -> dict[str, str]:
    return {template.name: template.path for template in discovery.templates}


def errors(discovery: Discovery) -> list[str]:
    return [str(problem) for template in discovery.templates for problem in template.errors]
