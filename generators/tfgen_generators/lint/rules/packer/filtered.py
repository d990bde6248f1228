"""Variables whose values Packer takes out of its log by itself, sensitive or not."""

from __future__ import annotations

from collections.abc import Iterator

from tfgen_generators.lint.templates.nodes import Node
from tfgen_generators.lint.templates.source import Source
from tfgen_generators.lint.templates.values import with_actions
from tfgen_generators.packer.syntax.values import expressions

#: What the amazon builders hand to LogSecretFilter (builder/amazon/ebs/builder.go and its like).
_OF_AMAZON = frozenset({"access_key", "secret_key", "token"})


def is_filtered(source: Source, name: str) -> bool:
    """Whether a variable is used for nothing but the credentials of amazon builders."""
    known = {
        place
        for builder in source.builders
        if builder.kind.startswith("amazon-")
        for keys, node in builder.node.walk()
        if keys and keys[-1] in _OF_AMAZON
        for place in _uses(node, name)
    }
    if not known:
        return False
    everywhere = {place for root in source.roots for _, node in root.walk() for place in _uses(node, name)}
    return everywhere <= known


def _uses(node: Node, name: str) -> Iterator[tuple[str, int]]:
    """Where a node's own value has the variable."""
    if node.kids is None:
        value = node.value()
        for one in expressions(with_actions(value) if isinstance(value, str) else value):
            if one.op == "ref" and one.args[:2] == ("var", name):
                yield node.path, node.start
