"""All rules, sorted by id. They are imported when they are asked for."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfgen_generators.lint.model import Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, sorted by id."""
    from tfgen_generators.lint.rules.ansible import galaxy, galaxy_lists, missing_references, not_uploaded, roles
    from tfgen_generators.lint.rules.names import ami_names, same_names
    from tfgen_generators.lint.rules.pipeline import (
        environment,
        links,
        network,
        own,
        parents,
        quota,
        refused_options,
        run_tags,
        working_dirs,
    )

    rules = [*template_rules()]
    ansible = (galaxy, galaxy_lists, missing_references, not_uploaded, roles)
    pipeline = (environment, links, network, own, parents, quota, refused_options, run_tags, working_dirs)
    for module in (*ansible, ami_names, same_names, *pipeline):
        rules += module.RULES
    return tuple(sorted(rules, key=lambda rule: rule.id))


def template_rules() -> tuple[Rule, ...]:
    """The rules about one Packer template."""
    from tfgen_generators.lint.rules.packer import (
        builds,
        end_of_life,
        images,
        invalid_settings,
        nothing_built,
        plugin_versions,
        secrets,
        shared_keys,
        source_filters,
        wildcards,
    )
    from tfgen_generators.lint.rules.scripts import scripts

    packer = (builds, end_of_life, images, invalid_settings, nothing_built, plugin_versions)
    modules = (*packer, secrets, shared_keys, source_filters, wildcards, scripts)
    return tuple(rule for module in modules for rule in module.RULES)
