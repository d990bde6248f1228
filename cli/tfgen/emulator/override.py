"""The override file that sends the provider of a working copy to the emulator."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from tfgen.emulator.provider import mirrored_version

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "tfgen_emulator_override.tf"
# Names that the oldest and the newest provider both know.
_SERVICES = (
    "cloudwatchevents",
    "cloudwatchlogs",
    "codebuild",
    "codecommit",
    "codepipeline",
    "dynamodb",
    "ec2",
    "iam",
    "kms",
    "s3",
    "sns",
    "ssm",
    "sts",
)


_LOCKED = re.compile(r'^provider "[^"]+/hashicorp/aws" \{\n\s*version\s*=\s*"([^"]+)"', re.MULTILINE)


class Endpoint(Protocol):
    """What is asked of an emulator here."""

    @property
    def endpoint(self) -> str: ...

    @property
    def region(self) -> str: ...


def write_override(terraform_dir: Path, emulator: Endpoint) -> Path:
    """Write the override file into `terraform_dir`, which must be a working copy, and return its path.

    Terraform merges it over the `provider "aws"` block that is there. An environment variable would do for
    provider 5 and newer; 3.39 takes endpoints from its block alone. The version is what the folder's lock file
    has, else what `override_text` assumes.
    """
    path = terraform_dir / FILE_NAME
    path.write_text(override_text(emulator, provider=locked_version(terraform_dir)), encoding="utf-8")
    return path


def locked_version(terraform_dir: Path) -> str | None:
    """The version of the AWS provider in the folder's lock file; None without one."""
    try:
        found = _LOCKED.search((terraform_dir / ".terraform.lock.hcl").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
    return found[1] if found else None


def override_text(emulator: Endpoint, *, provider: str | None = None) -> str:
    """Return the override's HCL in the words of that version of the AWS provider.

    None: of the mirror's, "" or without a mirror: of the newest.
    """
    version = mirrored_version() if provider is None else provider
    # Names of 3 that 4 gave up or renamed. The second spares the emulator to load all of EC2 (2 s).
    old = version.partition(".")[0] in ("2", "3")
    named = ("s3_force_path_style", "skip_get_ec2_platforms") if old else ("s3_use_path_style",)
    settings = {
        "access_key": '"test"',
        "secret_key": '"test"',
        "region": f'"{emulator.region}"',
        "skip_credentials_validation": "true",
        "skip_metadata_api_check": "true",
        "skip_region_validation": "true",
        "skip_requesting_account_id": "false",
    } | dict.fromkeys(named, "true")
    endpoints = dict.fromkeys(_SERVICES, f'"{emulator.endpoint}"')
    inner = "\n".join(_aligned(endpoints, "    "))
    outer = "\n".join(_aligned(settings, "  "))
    return f'provider "aws" {{\n{outer}\n\n  endpoints {{\n{inner}\n  }}\n}}\n'


def _aligned(values: dict[str, str], indent: str) -> list[str]:
    width = max(map(len, values))
    return [f"{indent}{name:<{width}} = {value}" for name, value in values.items()]
