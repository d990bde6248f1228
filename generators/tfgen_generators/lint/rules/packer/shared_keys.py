"""A rule on AMIs that other accounts cannot start: `[publish]` shares them, and AWS's own key encrypts them.

Source: EC2 user guide, "Share an AMI with specific accounts": only with a customer managed key.
"""

from __future__ import annotations

from collections.abc import Iterator

from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.scope import Scope
from tfgen_generators.lint.templates.nodes import Node
from tfgen_generators.lint.templates.source import Source, sources

#: Who is asked for the key: a builder's own, of a disk, and of each copy.
_ROOT, _DISK = "encrypt_boot", "encrypted"
_MANAGED = ("", "alias/aws/ebs")


def _managed(scope: Scope) -> Iterator[Finding]:
    if not scope.has_settings or not scope.settings.publish.is_shared:
        return
    for source in sources(scope):
        for builder in (one for one in source.builders if one.makes_ami):
            places = [(builder.node, _ROOT)]
            places += [(one, _DISK) for one in builder.node.tables("launch_block_device_mappings")]
            root_key = _has_key(source, builder.node)
            for node, key in places:
                if _is_on(source, node, key) and not (_has_key(source, node) or (key == _DISK and root_key)):
                    place = node.near(key)
                    yield Finding(
                        rule="shared-with-managed-key",
                        path=place.path,
                        line=place.line,
                        message=f"{builder.kind}.{builder.name} encrypts with the key that AWS manages, and "
                        "[publish] shares its AMIs with accounts that cannot use that key",
                        fix="set kms_key_id to a key of your own that these accounts may use",
                        image=source.template.name,
                    )


def _is_on(source: Source, node: Node, key: str) -> bool:
    found = node.find(key)
    return found is not None and source.values.flag(found.value()) is True


def _has_key(source: Source, node: Node) -> bool:
    """Whether a key of its own is given, or one that only the build knows."""
    found = node.find("kms_key_id")
    return found is not None and source.values.text(found.value()) not in _MANAGED


RULES = (
    Rule(
        id="shared-with-managed-key",
        severity="error",
        summary="[publish] shares an AMI that AWS's own key encrypts",
        check=_managed,
        by_template=True,
    ),
)
