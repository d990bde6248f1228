"""The rules about one Packer template."""

from __future__ import annotations

from tfgen_generators.lint import packer_build_rules, packer_image_rules, packer_script_rules, packer_secret_rules

RULES = (
    *packer_build_rules.RULES,
    *packer_image_rules.RULES,
    *packer_script_rules.RULES,
    *packer_secret_rules.RULES,
)
