"""The shipped templates for Packer 1.6.6, which is what Debian has: without what it does not know, for tests only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.tools import packer_version

if TYPE_CHECKING:
    from pathlib import Path

#: Template -> what Packer 1.6.6 refuses of it, as it is written there.
LACKING = {
    "packer/base.pkr.hcl": {
        "required_version": '  required_version = ">= 1.14.0"\n',
        "required_plugins": """\
  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = "~> 1.8"
    }
    ansible = {
      source  = "github.com/hashicorp/ansible"
      version = "~> 1.1"
    }
  }
""",
        "metadata_options": """\
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
""",
        "imds_support": '  imds_support = "v2.0"\n',
        "temporary_security_group_source_public_ip": (
            '  temporary_security_group_source_public_ip = var.ssh_source_cidr == ""\n'
        ),
    },
    "packer/wordpress.json": {
        "metadata_options": """\
      "metadata_options": {
        "http_endpoint": "enabled",
        "http_tokens": "required",
        "http_put_response_hop_limit": 1
      },
""",
        "imds_support": '      "imds_support": "v2.0",\n',
        "temporary_security_group_source_public_ip": ('      "temporary_security_group_source_public_ip": true,\n'),
    },
}


def is_old() -> bool:
    """Whether the Packer that is there cannot build the templates as they are shipped."""
    return tuple(map(int, packer_version().split("."))) < (1, 14, 0)


def downlevel(template: str, text: str, keep: str = "") -> str:
    """The template without what Packer 1.6.6 lacks, but for `keep`."""
    for name, piece in LACKING[template].items():
        assert text.count(piece) == 1, f"{template} has another {name} than tests/e2e/downlevel.py"
        if name != keep:
            text = text.replace(piece, "")
    return text


def downlevel_like(template: str, text: str) -> str:
    """A template that says what a shipped one of its format says, for the Packer that is there."""
    if not is_old():
        return text
    return downlevel("packer/wordpress.json" if template.endswith(".json") else "packer/base.pkr.hcl", text)


def fit(folder: Path) -> None:
    """Make the templates below `folder` such as the Packer that is there can build."""
    if is_old():
        for template in LACKING:
            file = folder / template
            file.write_text(downlevel(template, file.read_text(encoding="utf-8")), encoding="utf-8")
