"""A rule about the tags by which a pipeline's IAM policy knows the build's own instances.

Source: `instance_tags` of the module `codepipeline` (its README), and the amazon plugin, which had a default of
`Name = "Packer Builder"` up to 1.0.8 (Packer 1.8.0).
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping

from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.rules.pipeline.module_inputs import module_input
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
            tags = _tags(source, builder, default=(packer_version(scope, source) or _NO_DEFAULT) < _NO_DEFAULT)
            if tags is None or any(_may_be(tags.get(key), values) for key, values in wanted.items()):
                continue
            node = builder.node.near("run_tags")
            shown = " or ".join(f"{key} = {value!r}" for key, values in sorted(wanted.items()) for value in values[:1])
            said = "run_tags has none" if builder.node.find("run_tags") is not None else "no run_tags, so none"
            yield Finding(
                rule="run-tags-refused",
                path=node.path,
                line=node.line,
                message=f"{said} of the tags that the module's IAM policy asks for ({shown}): EC2 refuses to start the"
                " build's instance",
                fix=f"add one of them to run_tags and run_volume_tags, or set {_INPUT} in [inputs]",
                image=source.template.name,
            )


def _tags(source: Source, builder: Component, *, default: bool) -> Mapping[str, Value] | None:
    """The tags of the instance that builds, None where they are not all known."""
    if not builder.makes_ami or builder.kind == "amazon-chroot":
        return None
    if any(block.labels == ("run_tag",) for block in builder.node.tables("dynamic")):
        return None
    written = builder.node.find("run_tags")
    found = source.values.known(written.value()) if written is not None else {}
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    pairs = [
        [source.values.known(block.get(key)) for key in ("key", "value")] for block in builder.node.tables("run_tag")
    ]
    if not isinstance(found, dict | None) or not all(isinstance(key, str) for key, _ in pairs):
        return None
    return {**({"Name": _DEFAULT_NAME} if default else {}), **(found or {}), **{str(key): one for key, one in pairs}}


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
        summary="run_tags has none of the tags that the pipeline's IAM policy asks for",
        check=_run_tags,
        by_template=True,
    ),
)
