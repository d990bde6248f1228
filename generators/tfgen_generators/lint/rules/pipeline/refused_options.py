"""A rule about options of a builder that need rights which a pipeline's role has only by an input of its module.

Source: `build_features` and `instance_profiles` of the module `codepipeline` (its README), and the amazon plugin 1.8.2.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping

import msgspec

from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.rules.pipeline.module_inputs import given_input, module_input
from tfgen_generators.lint.rules.pipeline.network import features_of_network
from tfgen_generators.lint.scope import Scope
from tfgen_generators.lint.templates.nodes import Node
from tfgen_generators.lint.templates.source import Component, Source, sources
from tfgen_generators.packer.syntax.values import Expression, Value
from tfgen_generators.settings.inputs import Literal
from tfgen_generators.settings.lines import dotted

_PROFILE = "iam_instance_profile"
_EBS = frozenset({"amazon-ebs"})
_IMAGES = _EBS | {"amazon-ebssurrogate"}
_INSTANCES = _IMAGES | {"amazon-ebsvolume", "amazon-instance"}
#: Options by which a build has other rights than those of its role.
_OTHER_RIGHTS = ("access_key", "assume_role", "profile", "vault_aws_engine")
#: Functions whose text is never empty.
_NEVER_EMPTY = frozenset({"formatdate", "legacy_isotime", "legacy_strftime", "timeadd", "timestamp", "uuidv4"})
_DEEPEST = 10


class _Option(msgspec.Struct, frozen=True, kw_only=True):
    """An option that needs `feature` in build_features, for builders of these kinds, and when its lack is noticed.

    `key` is that in a block which says that the block is used, `wanted` the one value that needs the right.
    """

    name: str
    feature: str
    kinds: frozenset[str]
    failing: str
    key: str = ""
    wanted: str = ""


_AT_ITS_END = "the build fails at its end"
_AT_ITS_START = "the build fails when it starts its instance"
_OPTIONS = (
    _Option(name="deprecate_at", feature="deprecation", kinds=_IMAGES, failing=_AT_ITS_END),
    _Option(
        name="deregistration_protection",
        feature="deregistration_protection",
        kinds=_IMAGES,
        failing=_AT_ITS_END,
        key="enabled",
    ),
    _Option(name="fast_launch", feature="fast_launch", kinds=_EBS, failing=_AT_ITS_END, key="enable_fast_launch"),
    _Option(
        name="ssh_interface",
        feature="session_manager",
        kinds=_INSTANCES,
        failing="the build fails when it connects",
        wanted="session_manager",
    ),
    _Option(name="spot_price", feature="spot", kinds=_INSTANCES, failing=_AT_ITS_START),
    _Option(name=_PROFILE, feature="", kinds=_INSTANCES, failing=_AT_ITS_START),
)


def _refused(scope: Scope) -> Iterator[Finding]:
    for source in sources(scope) if scope.has_settings else ():
        used = [one for builder in source.builders for one in _used(source, builder)]
        if not used or _has_own_policies(scope, source):
            continue
        yield from _features(scope, source, [(option, node) for option, node in used if option.feature])
        yield from _profiles(scope, source, [(option, node) for option, node in used if not option.feature])


def _features(scope: Scope, source: Source, used: list[tuple[_Option, Node]]) -> Iterator[Finding]:
    allowed = module_input(scope, source.template, "build_features")
    if not isinstance(allowed, list):
        return
    by_network = features_of_network(scope, source.template)
    wanted = json.dumps(sorted({*map(str, allowed), *(option.feature for option, _ in used)} - {*by_network}))
    for option, node in used:
        if option.feature not in (*allowed, *by_network):
            yield _finding(scope, source, option, node, f"build_features = {wanted}")


def _profiles(scope: Scope, source: Source, used: list[tuple[_Option, Node]]) -> Iterator[Finding]:
    allowed = module_input(scope, source.template, "instance_profiles")
    if not isinstance(allowed, Mapping):
        return
    for option, node in used:
        name = source.values.text(node.value())
        if allowed and (name is None or any(_is_of(str(arn), name) for arn in allowed)):
            continue
        shown = name or "NAME"
        added = f'"arn:aws:iam::ACCOUNT:instance-profile/{shown}" = "arn:aws:iam::ACCOUNT:role/ROLE"'
        given = "beside what is there, " if allowed else ""
        yield _finding(scope, source, option, node, f"{given}instance_profiles = {{ {added} }}")


def _is_of(arn: str, name: str) -> bool:
    """Whether the ARN of a profile may be that of a name; IAM takes wildcards."""
    return any(sign in arn for sign in "*?$") or posixpath.basename(arn).lower() == name.lower()


def _finding(scope: Scope, source: Source, option: _Option, node: Node, added: str) -> Finding:
    table = dotted(("templates", source.template.name, "inputs"))
    own = scope.settings.templates.get(source.template.name)
    name = "build_features" if option.feature else "instance_profiles"
    also = "" if own is not None and name in own.inputs else " ([inputs] instead: for all templates)"
    return Finding(
        rule="option-refused",
        path=node.path,
        line=node.line,
        message=f"{option.name} needs a right that the pipeline's role does not have: {option.failing}",
        fix=f"add to tfgen.toml: [{table}] {added}{also}",
        image=source.template.name,
    )


def _used(source: Source, builder: Component) -> Iterator[tuple[_Option, Node]]:
    """The options of a builder that certainly need a right of the role, each where it stands."""
    if not all(_is_unset(source, builder.node.find(key)) for key in _OTHER_RIGHTS):
        return
    skipped = builder.node.find("skip_create_ami")
    makes_image = skipped is None or source.values.flag(skipped.value()) is False
    for option in _OPTIONS:
        at_end = option.failing == _AT_ITS_END
        if builder.kind in option.kinds and (makes_image or not at_end):
            node = _set(source, builder.node, option)
            if node is not None:
                yield option, node


def _set(source: Source, node: Node, option: _Option) -> Node | None:
    """The node of an option that is set to what needs the right; None where it is not, or that is not known."""
    if option.key:
        for block in node.tables(option.name):
            switch = block.find(option.key)
            if switch is not None and source.values.flag(switch.value()) is True:
                return block
        return None
    found = node.find(option.name)
    if found is None:
        return None
    if option.wanted:
        return found if source.values.text(found.value()) == option.wanted else None
    value = source.values.known(found.value())
    is_no_price = option.name == "spot_price" and str(value) in ("0", "0.0")
    return found if not is_no_price and _is_filled(source, value) else None


def _is_unset(source: Source, node: Node | None) -> bool:
    return node is None or source.values.known(node.value()) in (None, "")


def _is_filled(source: Source, value: Value, depth: int = 0) -> bool:
    """Whether a value is certainly a text that is not empty, also where the text itself is not known."""
    if not isinstance(value, Expression):
        return isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""
    if depth > _DEEPEST:
        return False
    if value.op == "template":
        return any(_is_filled(source, part, depth + 1) for part in value.args)
    if value.op == "call":
        return value.args[0] in _NEVER_EMPTY
    if value.op == "ref" and len(value.args) == 2:
        root, name = map(str, value.args)
        written = source.values.written(root, name) if root in ("local", "var") else None
        return _is_filled(source, source.values.known(written), depth + 1)
    return False


def _has_own_policies(scope: Scope, source: Source) -> bool:
    """Whether the role has policies that may give the right."""
    given = given_input(scope, source.template, "build_policy_arns")
    return given is not None and not (isinstance(given, Literal) and not given.value)


RULES = (
    Rule(
        id="option-refused",
        severity="warning",
        summary="An option needs a right that the pipeline's role does not have",
        check=_refused,
        by_template=True,
    ),
)
