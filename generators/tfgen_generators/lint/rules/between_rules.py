"""The rules about what lies between files: Packer's, Ansible's, the buildspec and tfgen.toml."""

from __future__ import annotations

from tfgen_generators.lint.model import Rule
from tfgen_generators.lint.rules.ansible import galaxy as galaxy_rules
from tfgen_generators.lint.rules.ansible import missing_references as gap_rules
from tfgen_generators.lint.rules.ansible import roles as role_rules
from tfgen_generators.lint.rules.names import ami_names as name_rules
from tfgen_generators.lint.rules.pipeline import environment as environment_rules
from tfgen_generators.lint.rules.pipeline import own as own_rules
from tfgen_generators.lint.rules.pipeline import parents as parent_rules

RULES: tuple[Rule, ...] = (
    *environment_rules.RULES,
    *galaxy_rules.RULES,
    *gap_rules.RULES,
    *name_rules.RULES,
    *own_rules.RULES,
    *parent_rules.RULES,
    *role_rules.RULES,
)
