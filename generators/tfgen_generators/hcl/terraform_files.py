"""Which files of a module's folder Terraform (or OpenTofu) reads."""

from __future__ import annotations

from collections.abc import Iterable

_ENDINGS = (".tf", ".tf.json", ".tofu", ".tofu.json")


def is_terraform(name: str) -> bool:
    """Whether Terraform would read a file of that name: of editors' left-overs, `#x.tf#` and `x.tf~` end otherwise."""
    return name.endswith(_ENDINGS) and not name.startswith(".")


def read_by(product: str, names: Iterable[str]) -> list[str]:
    """Of a folder's `names` those that `product` reads, in their order.

    Terraform reads no `.tofu`; OpenTofu reads `x.tofu` in the place of `x.tf` (internal/configs/parser_config_dir.go).
    """
    files = [name for name in names if is_terraform(name)]
    if product != "tofu":
        return [name for name in files if not name.endswith((".tofu", ".tofu.json"))]
    there = frozenset(files)
    return [name for name in files if _alternative(name) not in there]


def _alternative(name: str) -> str:
    """What OpenTofu reads in its place, where that is there."""
    for ending in (".tf", ".tf.json"):
        if name.endswith(ending):
            return f"{name.removesuffix(ending)}{ending.replace('.tf', '.tofu')}"
    return ""


def is_override(name: str) -> bool:
    """Whether Terraform merges the file's blocks into those of other files, by its name."""
    stem = name.partition(".")[0]
    return stem == "override" or stem.endswith("_override")
