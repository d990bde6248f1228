"""Templates of other people: they know nothing of tfgen's tags, and build an AMI without a machine that speaks SSH."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.emulator import REGION, SOURCE_AMI

MANIFEST = {"type": "manifest", "output": "packer-manifest.json"}
VARIABLES = {"custom_endpoint_ec2": "", "skip_region_validation": "false", "ssh_host": "", "ssh_port": ""}


def builder(name: str = "amazon-ebs", **more: Any) -> dict[str, Any]:
    """A builder that needs nothing but EC2."""
    return {
        "type": "amazon-ebs",
        "name": name,
        "region": REGION,
        "custom_endpoint_ec2": "{{ user `custom_endpoint_ec2` }}",
        "skip_region_validation": "{{ user `skip_region_validation` }}",
        "source_ami": SOURCE_AMI["ami_id"],
        "instance_type": "t3.small",
        "communicator": "none",
        "ami_name": f"{name}-{{{{ timestamp }}}}",
        **more,
    }


def legacy(*builders: dict[str, Any], **more: Any) -> str:
    """A JSON template; `more` replaces or adds what stands at its top."""
    whole = {"variables": VARIABLES, "builders": builders, "post-processors": [MANIFEST], **more}
    return json.dumps(whole, indent=2)


def hcl2(provisioner: str = "", build_name: str = "") -> str:
    """An HCL2 template."""
    variables = "\n".join(f'variable "{name}" {{\n  type    = string\n  default = ""\n}}' for name in VARIABLES)
    return f"""
{variables}

source "amazon-ebs" "theirs" {{
  region                 = "{REGION}"
  custom_endpoint_ec2    = var.custom_endpoint_ec2
  skip_region_validation = true
  source_ami             = "{SOURCE_AMI["ami_id"]}"
  instance_type          = "t3.small"
  communicator           = "none"
  ami_name               = "theirs-${{formatdate("YYYYMMDDhhmmss", timestamp())}}"
}}

build {{
  {f'name = "{build_name}"' if build_name else ""}
  sources = ["source.amazon-ebs.theirs"]
  {provisioner}
  post-processor "manifest" {{
    output = "packer-manifest.json"
  }}
}}
"""
