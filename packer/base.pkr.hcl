# The base image: Debian, up to date, with the packages that every machine of ours has.
# Run from the repository root: packer init packer/base.pkr.hcl && packer build packer/base.pkr.hcl

packer {
  required_version = ">= 1.14.0"
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
}

variable "aws_region" {
  type    = string
  default = env("AWS_REGION")
}

variable "aws_default_region" {
  type    = string
  default = env("AWS_DEFAULT_REGION")
}

variable "vpc_id" {
  type    = string
  default = env("VPC_ID")
}

variable "subnet_id" {
  type    = string
  default = env("SUBNET_ID")
}

variable "instance_type" {
  type    = string
  default = "t3.small"
}

variable "volume_size" {
  type        = number
  default     = 8
  description = "Size of the root volume, in GiB."
}

variable "kms_key_id" {
  type        = string
  default     = ""
  description = "KMS key of the volume and the AMI; empty: the account's default key for EBS."
}

variable "source_ami_name" {
  type    = string
  default = "debian-13-amd64-*"
}

variable "source_ami_owner" {
  type        = string
  default     = "136693071363"
  description = "Account that owns the source AMI; the default is Debian's."
}

variable "ssh_username" {
  type    = string
  default = "admin"
}

# The next five are the network's (docs/networks.md): the module sets what its input `network` needs, and left empty they
# are a public address and a port that is open to the build machine's own address alone.
variable "associate_public_ip" {
  type        = string
  default     = env("ASSOCIATE_PUBLIC_IP")
  description = "true or false: whether the build instance gets a public address; empty: as the subnet has it."
}

variable "ssh_interface" {
  type        = string
  default     = env("SSH_INTERFACE")
  description = "What Packer connects to: private_ip, session_manager, ...; empty: the public address, else the private one."
}

variable "ssh_source_cidr" {
  type        = string
  default     = env("SSH_SOURCE_CIDR")
  description = "Who may reach the build instance's port while it lives, with commas between; empty: this machine's public address."
}

variable "iam_instance_profile" {
  type        = string
  default     = env("IAM_INSTANCE_PROFILE")
  description = "Instance profile of the build instance; Session Manager needs one."
}

variable "user_data_file" {
  type        = string
  default     = env("USER_DATA_FILE")
  description = "packer/scripts/start-ssm-agent.sh where the source AMI has no agent for Session Manager, as Debian's."
}

variable "spot_price" {
  type        = string
  default     = env("SPOT_PRICE")
  description = "auto, or the most USD an hour: a spot instance, for which build_features has spot; empty: none."
}

variable "ansible_core_version" {
  type        = string
  default     = "2.19.*"
  description = "Version of ansible-core, as apt or dnf understands it: Debian 13's; ansible/README.md lists others'."
}

variable "manifest" {
  type    = string
  default = "packer-manifest.json"
}

variable "codebuild_build_id" {
  type    = string
  default = env("CODEBUILD_BUILD_ID")
}

# The next four are for a build against an AWS emulator; leave them alone for AWS itself.
variable "custom_endpoint_ec2" {
  type    = string
  default = ""
}

variable "skip_region_validation" {
  type    = bool
  default = false
}

variable "ssh_host" {
  type    = string
  default = ""
}

variable "ssh_port" {
  type    = number
  default = 22
}

locals {
  region   = var.aws_region != "" ? var.aws_region : var.aws_default_region
  built_at = timestamp()

  # The build's IAM policy asks for BuiltBy on all that a build makes, and `tfgen reap` finds by it what a killed one left.
  run_tags = {
    Name             = "packer-build-base"
    BuiltBy          = "Packer"
    CodeBuildProject = coalesce(var.codebuild_build_id, "none")
  }
  # buildspec.yml adds the tags that say when, from what and by which build (docs/images.md).
  tags = {
    Name = "base"
  }
}

source "amazon-ebs" "base" {
  region                 = local.region
  vpc_id                 = var.vpc_id
  subnet_id              = var.subnet_id
  custom_endpoint_ec2    = var.custom_endpoint_ec2
  skip_region_validation = var.skip_region_validation
  instance_type          = var.instance_type
  user_data_file         = var.user_data_file

  # EC2 refuses a profile that is not there; to ask IAM first would need a way to IAM, which has no endpoint in most regions.
  iam_instance_profile    = var.iam_instance_profile
  skip_profile_validation = true

  associate_public_ip_address = var.associate_public_ip != "" ? var.associate_public_ip : null

  # The launch template that a spot instance comes of has these tags alone.
  spot_price = var.spot_price
  spot_tags  = var.spot_price != "" ? local.run_tags : null

  source_ami_filter {
    filters = {
      name                = var.source_ami_name
      architecture        = "x86_64"
      root-device-type    = "ebs"
      virtualization-type = "hvm"
    }
    owners      = [var.source_ami_owner]
    most_recent = true
  }

  # Both the build's instance and the machines of the image answer to IMDSv2 only.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
  imds_support = "v2.0"

  ssh_username              = var.ssh_username
  ssh_interface             = var.ssh_interface
  ssh_host                  = var.ssh_host
  ssh_port                  = var.ssh_port
  ssh_timeout               = "10m"
  ssh_clear_authorized_keys = true
  temporary_key_pair_type   = "ed25519"

  # Never 0.0.0.0/0, which is Packer's default. With Session Manager no port is opened.
  temporary_security_group_source_cidrs     = compact(split(",", var.ssh_source_cidr))
  temporary_security_group_source_public_ip = var.ssh_source_cidr == ""

  launch_block_device_mappings {
    device_name           = "/dev/xvda"
    volume_type           = "gp3"
    iops                  = 3000
    throughput            = 125
    volume_size           = var.volume_size
    encrypted             = true
    kms_key_id            = var.kms_key_id
    delete_on_termination = true
  }

  ami_name        = "base-${formatdate("YYYYMMDDhhmmss", local.built_at)}"
  ami_description = "Base image on {{ .SourceAMIName }}, built by Packer with Ansible"
  run_tags        = local.run_tags
  run_volume_tags = local.run_tags
  tags            = local.tags
  snapshot_tags   = local.tags
}

build {
  sources = ["source.amazon-ebs.base"]

  provisioner "shell" {
    script           = "packer/scripts/install-ansible.sh"
    environment_vars = ["ANSIBLE_CORE_VERSION=${var.ansible_core_version}"]
    execute_command  = "chmod +x '{{ .Path }}' && sudo env {{ .Vars }} '{{ .Path }}'"
  }

  provisioner "ansible-local" {
    command                 = "ANSIBLE_NOCOLOR=1 PYTHONUNBUFFERED=1 ansible-playbook"
    playbook_file           = "ansible/base.yaml"
    role_paths              = ["ansible/roles/common"]
    galaxy_file             = "ansible/requirements.yml"
    clean_staging_directory = true
  }

  provisioner "shell" {
    script          = "packer/scripts/seal-image.sh"
    execute_command = "chmod +x '{{ .Path }}' && sudo env {{ .Vars }} '{{ .Path }}'"
  }

  post-processor "manifest" {
    output     = var.manifest
    strip_path = true
  }
}
