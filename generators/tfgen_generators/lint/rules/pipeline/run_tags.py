"""A rule about the tags by which a pipeline's IAM policy knows the build's own instances.

Source: `instance_tags` of the module `codepipeline` (its README), and the amazon plugin, which had a default of
`Name = "Packer Builder"` up to 1.0.8 (Packer 1.8.0). A spot instance comes from a launch template, which has the tags
of `spot_tags` alone (plugin 1.8.2, `common/step_run_spot_instance.go`); `run_tags` are those of its instance.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping

from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.rules.pipeline.module_inputs import module_input
from tfgen_generators.lint.rules.pipeline.refused_options import has_other_rights, is_spot
from tfgen_generators.lint.scope import Scope
from tfgen_generators.lint.templates.source import Component, Source, sources
from tfgen_generators.lint.templates.versions import packer_version
from tfgen_generators.packer.model import Template
from tfgen_generators.packer.syntax.values import Expression, Value

_INPUT = "instance_tags"
_DEFAULT_NAME = "Packer Builder"
#: The first Packer whose amazon plugin tags nothing by itself.
_NO_DEFAULT = (1, 8, 1)


def _run_tags(scope: Scope) -> Iterator[Finding]:
    for source in sources(scope) if scope.has_settings else ():
        wanted = _wanted(scope, source.template)
        for builder in source.builders if wanted else ():
            if not builder.makes_ami or builder.kind == "amazon-chroot" or has_other_rights(source, builder):
                continue
            old = (packer_version(scope, source) or _NO_DEFAULT) < _NO_DEFAULT
            if _lacks(_tags(source, builder, "run_tag", {"Name": _DEFAULT_NAME} if old else {}), wanted):
                yield _found(source, builder, "run_tags", wanted, "start the build's instance", "and run_volume_tags")
            if is_spot(source, builder) and _lacks(_tags(source, builder, "spot_tag", {}), wanted):
                asked = "make the launch template of the spot instance"
                yield _found(source, builder, "spot_tags", wanted, asked, "beside run_tags")


def _found(
    source: Source, builder: Component, key: str, wanted: Mapping[str, list[str]], asked: str, besides: str
) -> Finding:
    node = builder.node.near(key)
    shown = " or ".join(f"{key} = {value!r}" for key, values in sorted(wanted.items()) for value in values[:1])
    said = f"{key} has none" if builder.node.find(key) is not None else f"no {key}, so none"
    return Finding(
        rule="run-tags-refused",
        path=node.path,
        line=node.line,
        message=f"{said} of the tags that the module's IAM policy asks for ({shown}): EC2 refuses to {asked}",
        fix=f"add one of them to {key} {besides}, or set {_INPUT} in [inputs]",
        image=source.template.name,
    )


def _lacks(tags: Mapping[str, Value] | None, wanted: Mapping[str, list[str]]) -> bool:
    return tags is not None and not any(_may_be(tags.get(key), values) for key, values in wanted.items())


def _tags(source: Source, builder: Component, block: str, default: Mapping[str, Value]) -> Mapping[str, Value] | None:
    """The tags that blocks of this kind and the map of the same name give, None where not all are known."""
    if any(one.labels == (block,) for one in builder.node.tables("dynamic")):
        return None
    written = builder.node.find(f"{block}s")
    found = source.values.known(written.value()) if written is not None else {}
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    pairs = [[source.values.known(one.get(key)) for key in ("key", "value")] for one in builder.node.tables(block)]
    if not isinstance(found, dict | None) or not all(isinstance(key, str) for key, _ in pairs):
        return None
    return {**default, **(found or {}), **{str(key): one for key, one in pairs}}


def _may_be(value: Value, wanted: list[str]) -> bool:
    if isinstance(value, Expression) or (isinstance(value, str) and "{{" in value):
        return True
    return isinstance(value, str) and any(fnmatch.fnmatchcase(value, pattern) for pattern in wanted)


def _wanted(scope: Scope, template: Template) -> Mapping[str, list[str]]:
    """What the module asks for; {} where it asks for nothing or is not known."""
    return _lists(module_input(scope, template, _INPUT))


def _lists(value: object) -> Mapping[str, list[str]]:
    if not isinstance(value, Mapping) or not all(isinstance(item, list) for item in value.values()):
        return {}
    return {str(key): [str(one) for one in item] for key, item in value.items() if isinstance(item, list)}


RULES = (
    Rule(
        id="run-tags-refused",
        severity="warning",
        summary="run_tags or spot_tags has none of the tags that the pipeline's IAM policy asks for",
        check=_run_tags,
        by_template=True,
    ),
)
