"""The text of one template, as people write them: variables, locals, sources, provisioners; sized by chance."""

from __future__ import annotations

import random

ROLES = ("nginx", "postgres", "bastion", "jenkins", "kafka", "worker", "grafana")
SCRIPTS = ("packer/scripts/update.sh", "packer/scripts/harden.sh", "packer/scripts/cleanup.sh")

_OWNER = "136693071363"
_EXTRAS = ("volume_size", "kms_key_id", "ssh_interface", "iam_instance_profile", "security_group", "app_version",
           "proxy", "timezone", "log_group", "role_arn", "channel", "release", "owner", "cost_centre")  # fmt: skip


def legacy(name: str, system: str, chance: random.Random) -> dict[str, object]:
    """A legacy JSON template."""
    extras = chance.sample(_EXTRAS, chance.randrange(1, len(_EXTRAS)))
    role = name.rpartition("-")[0]
    return {
        "_comment": f"{name}: owned by the {role} team",
        "variables": {
            "aws_region": "{{env `AWS_REGION`}}",
            "subnet_id": "{{env `SUBNET_ID`}}",
            "vpc_id": None,
            "instance_type": chance.choice(["t3.small", "m6i.large", "c6i.xlarge"]),
            **{extra: str(chance.randrange(10**6)) for extra in extras},
        },
        "sensitive-variables": ["subnet_id"],
        "builders": [
            _legacy_builder(f"{name}-{number}", system, chance) for number in range(chance.choice([1, 1, 1, 2, 3]))
        ],
        "provisioners": [
            {"type": "shell", "scripts": list(SCRIPTS[: chance.randrange(1, 4)])},
            *[{"type": "shell", "inline": [f"echo {extra}={{{{user `{extra}`}}}} >> /tmp/facts"]} for extra in extras],
            {
                "type": "ansible",
                "playbook_file": f"ansible/{role}.yml",
                "extra_arguments": ["--extra-vars", "region={{user `aws_region`}}"],
                "ansible_env_vars": ["ANSIBLE_ROLES_PATH=ansible/roles"],
            },
        ],
        "post-processors": [{"type": "manifest", "output": f"{name}.manifest.json", "strip_path": True}],
    }


def _legacy_builder(name: str, system: str, chance: random.Random) -> dict[str, object]:
    return {
        "type": "amazon-ebs",
        "name": name,
        "region": "{{user `aws_region`}}",
        "vpc_id": "{{user `vpc_id`}}",
        "subnet_id": "{{user `subnet_id`}}",
        "instance_type": "{{user `instance_type`}}",
        "source_ami_filter": {
            "filters": {"name": f"{system}-*-amd64-*", "root-device-type": "ebs", "virtualization-type": "hvm"},
            "owners": [_OWNER],
            "most_recent": True,
        },
        "ssh_username": "admin",
        "ami_name": f"{name}-{{{{timestamp}}}}",
        "launch_block_device_mappings": [
            {"device_name": f"/dev/sd{letter}", "volume_size": chance.randrange(8, 200), "volume_type": "gp3"}
            for letter in "abcd"[: chance.randrange(1, 5)]
        ],
        "tags": {"Name": name, "System": system, "Base": "{{ .SourceAMI }}", "Build": "{{isotime}}"},
    }


def hcl(name: str, system: str, chance: random.Random) -> tuple[str, str]:
    """An HCL2 template in two parts that need each other: its variables, and the rest."""
    extras = chance.sample(_EXTRAS, chance.choice([0, 1, 2, 4, 6, 8]))
    variables = ['variable "region" {\n  type    = string\n  default = env("AWS_REGION")\n}\n']
    variables.append('variable "subnet_id" {\n  type = string\n}\n')
    variables += [_variable(extra, chance) for extra in extras]
    role = name.rpartition("-")[0]
    tags = "".join(f"    {extra} = var.{extra}\n" for extra in extras)
    mappings = "".join(_mapping(letter, chance) for letter in "abcd"[: chance.randrange(1, 3)])
    provisioners = "".join(_inline(name, extra) for extra in extras[:4])
    rest = f"""# {name}: owned by the {role} team
locals {{
  name = "{name}-${{formatdate("YYYYMMDDhhmmss", timestamp())}}"
  tags = {{
    Name   = "{name}"
    System = "{system}"
{tags}  }}
}}

source "amazon-ebs" "{role}" {{
  region        = var.region
  subnet_id     = var.subnet_id
  instance_type = "{chance.choice(["t3.small", "m6i.large", "c6i.xlarge"])}"
  ami_name      = local.name
  ssh_username  = "admin"
  tags          = merge(local.tags, {{ Serial = "{chance.randrange(10**9)}" }})
  source_ami_filter {{
    filters     = {{ name = "{system}-*-amd64-*", root-device-type = "ebs" }}
    owners      = ["{_OWNER}"]
    most_recent = true
  }}
{mappings}}}

build {{
  sources = ["source.amazon-ebs.{role}"]
{provisioners}
  provisioner "shell" {{ scripts = ["{'", "'.join(SCRIPTS[: chance.randrange(1, 4)])}"] }}
  provisioner "ansible" {{
    playbook_file   = "ansible/{role}.yml"
    extra_arguments = ["--extra-vars", "region=${{var.region}}"]
  }}
}}
"""
    return "\n".join(variables), rest


def _variable(name: str, chance: random.Random) -> str:
    described = f'  description = "What {name} is, for this image alone."\n' if chance.random() < 0.6 else ""
    return f'variable "{name}" {{\n  type    = string\n{described}  default = "{chance.randrange(10**6)}"\n}}\n'


def _mapping(letter: str, chance: random.Random) -> str:
    size = chance.randrange(8, 200)
    return f"""  launch_block_device_mappings {{
    device_name = "/dev/sd{letter}"
    volume_size = {size}
  }}
"""


def _inline(name: str, extra: str) -> str:
    return f"""
  provisioner "shell" {{
    environment_vars = ["{extra.upper()}=${{var.{extra}}}"]
    inline = [<<-EOT
      command -v cloud-init && cloud-init status --wait
      echo "{extra}=${{var.{extra}}}" >> /etc/{name}.env
    EOT
    ]
  }}
"""
