"""The rules about one Packer template."""

from __future__ import annotations

from tfgen_generators.lint.rules.packer import builds as packer_build_rules
from tfgen_generators.lint.rules.packer import images as packer_image_rules
from tfgen_generators.lint.rules.packer import secrets as packer_secret_rules
from tfgen_generators.lint.rules.scripts import scripts as packer_script_rules

RULES = (
    *packer_build_rules.RULES,
    *packer_image_rules.RULES,
    *packer_script_rules.RULES,
    *packer_secret_rules.RULES,
)
