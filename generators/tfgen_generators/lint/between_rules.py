"""The rules about what lies between files: Packer's, Ansible's, the buildspec and tfgen.toml."""

from __future__ import annotations

from tfgen_generators.lint import (
    environment_rules,
    galaxy_rules,
    gap_rules,
    name_rules,
    own_rules,
    parent_rules,
    role_rules,
)
from tfgen_generators.lint.model import Rule

RULES: tuple[Rule, ...] = (
    *environment_rules.RULES,
    *galaxy_rules.RULES,
    *gap_rules.RULES,
    *name_rules.RULES,
    *own_rules.RULES,
    *parent_rules.RULES,
    *role_rules.RULES,
)
