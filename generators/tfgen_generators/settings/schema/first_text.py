"""The first text of a tfgen.toml: with no key that has its default."""

from __future__ import annotations

from collections.abc import Sequence

from tfgen_generators.settings.lines import in_toml
from tfgen_generators.settings.model import Settings


def first_text(
    header: Sequence[str],
    repository: Sequence[str],
    *,
    branch: str = "",
    packer_dir: str = "",
    terraform_dir: str = "",
    tables: Sequence[str] = (),
) -> str:
    """`header` and `repository` are whole lines, the latter with `source_repository`; `tables` are those at the end.

    Of the other keys "" stands for the default.
    """
    usual = Settings()
    keys = [("branch", branch, usual.branch)]
    keys += [("packer_dir", packer_dir, usual.packer_dir), ("terraform_dir", terraform_dir, usual.terraform_dir)]
    lines = [f"{key} = {in_toml(value)}" for key, value, default in keys if value not in ("", default)]
    return "\n".join([*header, "", *repository, *lines, *tables]) + "\n"
