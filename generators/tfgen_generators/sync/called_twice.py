"""One template, or one label, must not have two calls: a hand-written one and a generated one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen_generators.paths.packer_script import PackerScripts, named_by
from tfgen_generators.sync.model import Refusal
from tfgen_generators.trees.disk import DiskTree

if TYPE_CHECKING:
    from tfgen_generators.root_module.hand_written import HandWritten
    from tfgen_generators.sync.desired import Desired


def called_twice(hand_written: HandWritten, desired: Desired, root: Path) -> Iterator[Refusal]:
    """A refusal for each hand-written call that a generated one would stand beside."""
    if not hand_written.calls and not hand_written.others:
        return
    settings = desired.settings
    made = {pipeline.template_path: pipeline.name for pipeline in desired.pipelines}
    names = {pipeline.name: pipeline.template_path for pipeline in desired.pipelines}
    templates = [template for template in desired.discovery.templates if template.path in made]
    scripts = PackerScripts(DiskTree(root), settings)
    for call in (*hand_written.calls, *hand_written.others):
        named = named_by(call.script, templates, settings.packer_dir, scripts) if call.script else []
        for template in named:
            yield Refusal(
                path=call.place,
                reason=f"module {call.label!r} builds {template.path} ({settings.packer_script.variable} = "
                f"{call.script!r}), and so would {desired.file(made[template.path])}",
                fix="run: tfgen adopt",
            )
        if call.label in names and not named:
            yield Refusal(
                path=call.place,
                reason=f"module {call.label!r} has the label of the pipeline of {names[call.label]}, "
                f"{desired.file(call.label)}",
                fix="rename one of them (tfgen rename), or run: tfgen adopt",
            )
