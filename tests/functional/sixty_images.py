"""An estate of sixty images, as companies have them: bases, platforms on those, and services on platforms."""

from __future__ import annotations

import json
from collections.abc import Iterator

BASES = {
    "base-debian": ("debian-12-amd64-*", "136693071363"),
    "base-ubuntu": ("ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-*", "099720109477"),
    "base-al2023": ("al2023-ami-2023.*-x86_64", "amazon"),
}
#: Platform -> what it starts from, and its role.
PLATFORMS = {
    "java-17": ("base-debian", "java"),
    "java-21": ("base-debian", "java"),
    "node-20": ("base-debian", "node"),
    "python-3.12": ("base-debian", "python"),
    "php-8.2": ("base-ubuntu", "php"),
    "nginx": ("base-ubuntu", "nginx"),
    "postgres": ("base-al2023", "postgres"),
    "docker": ("base-al2023", "docker"),
}
SERVICES = {
    "java-17": "billing ledger invoices payments tax-engine statements",
    "java-21": "orders catalog pricing stock search-indexer recommendations shipping returns",
    "node-20": "web-shop web-admin bff-mobile notifications chat",
    "python-3.12": "fraud-scoring forecasts etl-orders etl-stock reports",
    "php-8.2": "wordpress intranet legacy-shop",
    "nginx": "edge-eu edge-us static-assets",
    "postgres": "db-orders db-ledger db-catalog",
    "docker": "ci-runner build-cache registry agent-linux",
}
#: Others: what they start from, and the roles that they have besides `common`.
OTHERS = {
    "bastion": ("base-debian", "hardening"),
    "vpn": ("base-debian", "hardening"),
    "mail-relay": ("base-debian", "postfix"),
    "dns": ("base-debian", "hardening"),
    "ntp": ("base-debian", "hardening"),
    "gpu-training": ("docker", "cuda"),
    "gpu-inference": ("docker", "cuda"),
    "grafana": ("base-ubuntu", "monitoring"),
    "prometheus": ("base-ubuntu", "monitoring"),
    "loki": ("base-ubuntu", "monitoring"),
    "windows-agent": ("golden-windows", "agent"),  # which nobody builds
}
TOML = 'source_repository = "sixty-images"\n'


def files() -> dict[str, str]:
    """Path -> content of all files."""
    found = {"tfgen.toml": TOML, **dict(_role("common"))}
    for name, (wanted, owner) in BASES.items():
        found |= dict(_image(name, wanted, owner, "site"))
    for name, (parent, role) in PLATFORMS.items():
        found |= dict(_image(name, f"{parent}-*", "self", role))
    for parent, services in SERVICES.items():
        for name in services.split():
            found |= dict(_image(name, f"{parent}-*", "self", "service"))
    for name, (parent, role) in OTHERS.items():
        found |= dict(_image(name, f"{parent}-*", "self", role))
    found |= dict(_image("pilot", "java-${var.release}-*", "self", "service"))
    found |= dict(_image("long-lived", "long-lived-*", "self", "service"))
    return found


def _image(name: str, wanted: str, owner: str, role: str) -> Iterator[tuple[str, str]]:
    """A template with its playbook; every fourth is in the older format."""
    if len(name) % 4 or "$" in wanted:
        yield f"packer/{name}.pkr.hcl", _hcl(name, wanted, owner, role)
    else:
        yield f"packer/{name}.json", _legacy(name, wanted, owner, role)
    yield f"ansible/{role}.yml", f"- hosts: all\n  roles:\n    - common\n    - {role}\n"
    yield from _role(role)


def _role(name: str) -> Iterator[tuple[str, str]]:
    yield f"ansible/roles/{name}/tasks/main.yml", f"- debug: msg={name}\n"


def _hcl(name: str, wanted: str, owner: str, role: str) -> str:
    return f"""variable "release" {{
  type = string
}}
source "amazon-ebs" "x" {{
  ami_name = "{name}-${{formatdate("YYYYMMDDhhmm", timestamp())}}"
  source_ami_filter {{
    filters     = {{ name = "{wanted}" }}
    owners      = ["{owner}"]
    most_recent = true
  }}
}}
build {{
  sources = ["source.amazon-ebs.x"]
  provisioner "ansible-local" {{
    playbook_file = "ansible/{role}.yml"
    role_paths    = ["ansible/roles/common", "ansible/roles/{role}"]
  }}
}}
"""


def _legacy(name: str, wanted: str, owner: str, role: str) -> str:
    builder = {
        "type": "amazon-ebs",
        "ami_name": f"{name}-{{{{timestamp}}}}",
        "source_ami_filter": {"filters": {"name": wanted}, "owners": [owner], "most_recent": True},
    }
    provisioner = {
        "type": "ansible-local",
        "playbook_file": f"ansible/{role}.yml",
        "role_paths": ["ansible/roles/common", f"ansible/roles/{role}"],
    }
    return json.dumps({"builders": [builder], "provisioners": [provisioner]}, indent=2) + "\n"
