"""`tfgen --version`."""

from __future__ import annotations

from tfgen.console import out


def show_version() -> None:
    """tfgen's version, then Terraform's and which binary it is."""
    from tfgen.distribution import version
    from tfgen.terraform.binary import find_terraform
    from tfgen.terraform.version import identify
    from tfgen_generators.errors import TerraformError

    out(f"tfgen {version()}")
    try:
        binary, said = identify(find_terraform())
        out(f"{binary.product} {said} ({binary.shown})")
    except TerraformError as error:
        out(f"terraform: none ({error})")
