"""Rules about builds that make no image, or one that lacks what a provisioner should have done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.templates.source import sources
from tfgen_generators.paths.pipeline_files import buildspec_of

if TYPE_CHECKING:
    from tfgen_generators.lint.scope import Scope
    from tfgen_generators.lint.templates.nodes import Node
    from tfgen_generators.lint.templates.source import Source


def _no_sources(scope: Scope) -> Iterator[Finding]:
    for source in sources(scope):
        for build in source.builds if not source.legacy and source.complete else ():
            written = build.find("sources")
            known = source.values.known(written.value()) if written is not None else None
            alone = isinstance(known, str | bool | int | float)
            if alone or not (known or _has_blocks(source, build)):
                place = written if written is not None and alone else build
                said = "sources is no list" if alone else "the build has no sources, so it makes nothing"
                yield Finding(
                    rule="build-without-sources",
                    path=place.path,
                    line=place.line,
                    message=f"{said}, and Packer refuses it",
                    fix='add sources = ["source.TYPE.NAME"]',
                    image=source.template.name,
                )


def _has_blocks(source: Source, build: Node) -> bool:
    if build.find("source") is not None:
        return True
    dynamic = [block for block in build.tables("dynamic") if "source" in block.labels or not block.labels]
    return any(source.values.known(block.get("for_each")) not in ([], {}) for block in dynamic)


def _no_ami(scope: Scope) -> Iterator[Finding]:
    """A builder that makes no AMI on purpose: the buildspec fails without one, unless another builder makes it."""
    for source in sources(scope):
        makers = [builder for builder in source.builders if builder.makes_ami]
        # A variable may be another in the pipeline: its default is for tries.
        skipping = [one for one in makers if source.values.fixed(one.node.get("skip_create_ami")) in (True, "true")]
        if not skipping or len(skipping) != len(makers) or not _wants_ami(scope, source):
            continue
        for builder in skipping:
            node = builder.node.near("skip_create_ami")
            yield Finding(
                rule="no-ami",
                path=node.path,
                line=node.line,
                message=f"{builder.kind}.{builder.name} makes no AMI (skip_create_ami), so the build fails at its end",
                fix="remove skip_create_ami",
                image=source.template.name,
            )


def _wants_ami(scope: Scope, source: Source) -> bool:
    """Whether the build looks for an AMI: tfgen's own buildspec does."""
    found = buildspec_of(scope.tree, scope.settings, source.template)
    return found is None or b"packer-manifest.json" in scope.read(found[0])


def _continues(scope: Scope) -> Iterator[Finding]:
    for source in sources(scope):
        for step in source.steps:
            node = step.node.find("continue_on_error")
            if node is None or not (source.legacy or source.values.flag(node.value()) is True):
                continue
            said = (
                f"the provisioner {step.kind} has continue_on_error, which Packer refuses in a JSON template"
                if source.legacy
                else f"a failure of the provisioner {step.kind} is only logged (continue_on_error), and the image is"
                " made all the same"
            )
            yield Finding(
                rule="continue-on-error",
                path=node.path,
                line=node.line,
                message=said,
                fix="remove continue_on_error",
                image=source.template.name,
            )


RULES = (
    Rule(
        id="build-without-sources",
        severity="error",
        summary="A build has no sources, and Packer refuses it",
        check=_no_sources,
        by_template=True,
    ),
    Rule(
        id="continue-on-error",
        severity="error",
        summary="A provisioner's failure does not fail the build",
        check=_continues,
        by_template=True,
    ),
    Rule(
        id="no-ami",
        severity="error",
        summary="No builder makes an AMI, so the build fails at its end",
        check=_no_ami,
        by_template=True,
    ),
)
