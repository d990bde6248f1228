"""What the dependency lock file, `.terraform.lock.hcl`, does not let pass."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tfgen.terraform.failure import Failure
from tfgen.terraform.inputs import LOCK_FILE, locked_providers
from tfgen_generators.errors import TerraformError, TfgenError

# Terraform breaks its lines where it likes, and draws a bar in front of them.
OTHER_CHECKSUMS = re.compile(
    r"package\W+for\W+(\S+)(?:(?!package\W+for).){1,200}?match\W+any\W+of\W+the\W+checksums", re.DOTALL
)
#: `locked provider ADDRESS VERSION does not match configured version constraint CONSTRAINT; must use ... -upgrade`.
EXCLUDED = re.compile(
    r"locked\W+provider\W+(\S+)\s+(\d\S*)\W+does\W+not\W+match\W+configured\W+version\W+constraints?\s+"
    r"(.{1,300}?);\W+must",
    re.DOTALL,
)
#: How the hosts end from which each product's providers come, unless a source says otherwise.
_TERRAFORM, _OPENTOFU = ".terraform.io", ".opentofu.org"
#: Go's names of machines, where they are not the kernel's.
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "i686": "386", "i386": "386", "armv7l": "arm", "armv6l": "arm"}


def other_checksums(failure: Failure, match: re.Match[str]) -> TfgenError:
    """A lock file that was written on another platform, most often; else a package that is not what it was."""
    import platform

    machine = platform.machine().lower()
    system = f"{platform.system().lower()}_{_MACHINES.get(machine, machine)}"
    return TerraformError(
        f"{failure.what}: .terraform.lock.hcl has no checksum of this platform's package ({system}) of {match[1]} "
        f"(log: {failure.log})",
        fix=f"if it was written on another platform, run: {_enter(failure)}{failure.product} providers lock "
        f"-platform={system}; then commit it",
    )


def of_opentofu(folder: Path, product: str) -> str:
    """What is said before Terraform's init where OpenTofu's providers alone are locked; "" else.

    OpenTofu takes Terraform's versions over, and says so itself.
    """
    hosts = {address.partition("/")[0] for address in locked_providers(folder)}
    theirs, ours = (any(host.endswith(end) for host in hosts) for end in (_OPENTOFU, _TERRAFORM))
    if product != "terraform" or ours or not theirs:
        return ""
    return f"warning: {LOCK_FILE} locks OpenTofu's providers: Terraform chooses versions of its own, and writes it anew"


def excluded(failure: Failure, match: re.Match[str]) -> TfgenError:
    """A constraint that was changed, and a lock file that was not."""
    constraint = " ".join(match[3].replace("│", " ").split())
    return TerraformError(
        f"{failure.what}: .terraform.lock.hcl has {match[1]} {match[2]}, which the constraint {constraint} excludes "
        f"(log: {failure.log})",
        fix=f"to take a version that it allows, run: {_enter(failure)}{failure.product} init -upgrade; then commit "
        ".terraform.lock.hcl",
    )


def _enter(failure: Failure) -> str:
    return "" if failure.folder in ("", ".") else f"cd {shlex.quote(failure.folder)} && "
