"""Templates in the shapes that public repositories have: their facts are tested, and both readers agree on them."""

from __future__ import annotations

LEGACY = r"""{
  "_comment": "builders for {{env `NOT_READ`}}",
  "variables": {
    "region": null,
    "name": "web",
    "subnet": "{{env `SUBNET_ID`}}",
    "spaced": "{{ env \"VPC_ID\" }}"
  },
  "sensitive-variables": ["name"],
  "builders": [
    {
      "type": "amazon-ebs",
      "ami_name": "{{user `name`}}-{{timestamp}}",
      "source_ami_filter": {
        "filters": {"name": "ubuntu/*", "state": "available"},
        "owners": ["099720109477"],
        "most_recent": true
      },
      "user_data_file": "cloud-init/web.yml",
      "tags": {"Role": "web", "Base": "{{ .SourceAMI }}"}
    },
    {"type": "amazon-ebs", "name": "second", "source_ami": "ami-0123", "ami_name": "second"},
    {"type": "docker", "image": "ubuntu", "commit": true}
  ],
  "provisioners": [
    {"type": "shell", "script": "scripts/install.sh", "override": {"second": {"script": "scripts/second.sh"}}},
    {"type": "shell", "inline": ["true"]},
    {"type": "file", "source": "files/motd", "destination": "/etc/motd"},
    {"type": "file", "source": "/var/log/x", "destination": "x.log", "direction": "download"},
    {
      "type": "ansible-local",
      "playbook_file": "{{template_dir}}/../ansible/web.yml",
      "role_paths": ["ansible/roles/common", "ansible/roles/web"],
      "galaxy_file": "ansible/requirements.yml"
    },
    {
      "type": "ansible",
      "playbook_file": "{{user `playbook`}}",
      "extra_arguments": ["-e", "@vars/web.yml", "--extra-vars=@vars/more.yml", "-e", "a=b", "-i", "hosts"],
      "ansible_env_vars": ["ANSIBLE_CONFIG=ansible.cfg", "ANSIBLE_ROLES_PATH=roles:more"]
    }
  ],
  "post-processors": [["compress", {"type": "shell-local", "scripts": ["after.sh"]}], "manifest"]
}
"""

HCL2 = r"""packer {
  required_plugins {
    amazon = {
      version = ">= 1.2"
      source  = "github.com/hashicorp/amazon"
    }
  }
}

variable "region" {
  type = string
}

variable "subnet" {
  type    = string
  default = env("SUBNET_ID")
}

variable "nothing" {
  type    = string
  default = null
}

variables {
  size    = 8
  sources = ["amazon-ebs.web"]
}

locals {
  stamp   = formatdate("YYYYMMDD", timestamp())
  scripts = ["scripts/one.sh", "scripts/two.sh"]
  folder  = "${path.root}/files"
  tags = {
    Role = "web"
    When = local.stamp
  }
}

local "secret" {
  expression = "x"
  sensitive  = true
}

data "amazon-ami" "base" {
  filters = {
    name                = "al2023-ami-*-x86_64"
    virtualization-type = "hvm"
  }
  owners      = ["amazon"]
  most_recent = true
  region      = var.region
}

source "amazon-ebs" "web" {
  ami_name   = "web-${local.stamp}"
  source_ami = data.amazon-ami.base.id
  user_data  = templatefile("${path.root}/user-data.tpl", { region = var.region })
  tags       = local.tags

  run_tag {
    key   = "a"
    value = "b"
  }
}

source "amazon-ebs" "filtered" {
  ami_name = "filtered"

  source_ami_filter {
    filters = {
      name = "x-${var.size}-*"
    }
    most_recent = true
    owners      = ["self", var.region]
  }

  tag {
    key   = "Env"
    value = "test"
  }
}

source "docker" "unused" {
  image = "x"
}

build {
  name    = "all"
  sources = var.sources

  source "source.amazon-ebs.filtered" {
    name     = "renamed"
    ami_name = "over-${local.stamp}"
  }

  provisioner "shell" {
    scripts = local.scripts
  }

  provisioner "file" {
    source      = "${local.folder}/motd"
    destination = "/tmp/motd"
  }

  provisioner "ansible" {
    playbook_file = "./ansible/web.yml"
    roles_path    = "ansible/roles"
  }

  provisioner "shell-local" {
    inline = [<<EOF
echo "${build.ID}"
EOF
    ]
  }

  error-cleanup-provisioner "shell" {
    script = "scripts/${var.region}.sh"
  }

  post-processors {
    post-processor "shell-local" {
      script = "after.sh"
    }
    post-processor "manifest" {
      output = "manifest.json"
    }
  }
}
"""

HCL2_JSON = r"""{
  "//": "a comment",
  "variable": {"region": {}, "zone": [{"default": null}]},
  "variables": {"x": "y"},
  "locals": [{"a": "files"}, {"b": "${local.a}/b"}],
  "source": [
    {"amazon-ebs": {"one": {"ami_name": "one", "source_ami": "ami-1"}}},
    {"amazon-ebs": [{"two": [{"ami_name": "two-${var.x}"}]}]}
  ],
  "build": {
    "sources": ["amazon-ebs.one", "source.amazon-ebs.two"],
    "provisioner": {"shell": [{"script": "a.sh"}, {"scripts": ["${local.b}.sh", "${env(\"NAME\")}"]}]},
    "provisioner": {"ansible-local": {"playbook_file": "${path.root}/play.yml"}},
    "post-processors": [{"post-processor": {"manifest": {}}}]
  }
}
"""

#: Native HCL2 that a reader may stumble over.
HARD = r"""locals {
  escaped   = "a \"quoted\" word, a \\ and $${not} %%{this}"
  unicode   = "gr\u00fc\u00df"
  nested    = "${upper("${var.a}-${lower("B")}")}"
  condition = var.a == "x" ? "yes" : "no"
  wrapped   = "${var.a}"
  chosen    = var.list[0]
  splat     = var.objects[*].name
  pairs     = { for k, v in var.map : k => upper(v) if v != "" }
  list      = [for item in var.list : "${item}.sh"]
  numbers   = [1, -2, 1.5, 1e3]
  logic     = !var.flag && (var.b || false)
  empty     = ""
  object = {
    "quoted key" = 1
    bare         = { inner = ["x", "y"] }
  }
  computed = { (var.a) = 2 }
  text = <<-EOT
    #!/bin/sh
    echo "${var.a}" $${HOME}
  EOT
}
variable "a" {
  default = "one"
  validation {
    condition     = length(var.a) > 2
    error_message = "Longer."
  }
}
variable "b" { default = true }
"""
