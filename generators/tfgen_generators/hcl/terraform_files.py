"""Which files of a module's folder Terraform (or OpenTofu) reads."""

from __future__ import annotations

_ENDINGS = (".tf", ".tf.json", ".tofu", ".tofu.json")


def is_terraform(name: str) -> bool:
    """Whether Terraform would read a file of that name: of editors' left-overs, `#x.tf#` and `x.tf~` end otherwise."""
    return name.endswith(_ENDINGS) and not name.startswith(".")
