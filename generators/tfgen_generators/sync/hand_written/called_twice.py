"""One template, or one label, must not have two calls: a hand-written one and a generated one."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen_generators.hcl.terraform_files import is_override
from tfgen_generators.paths.packer_script import PackerScripts, built_by
from tfgen_generators.sync.model import Refusal
from tfgen_generators.trees.disk import DiskTree

if TYPE_CHECKING:
    from tfgen_generators.packer.model import Template
    from tfgen_generators.root_module.hand_written import HandWritten
    from tfgen_generators.settings.model import Settings


def called_twice(
    root: Path,
    settings: Settings,
    hand_written: HandWritten,
    made: Sequence[Template],
    file: Callable[[str], str],
) -> Iterator[Refusal]:
    """A refusal for each hand-written call that a generated one would stand beside.

    `made` are the templates with a pipeline, `file` gives the generated file of a name.
    """
    if not hand_written.calls and not hand_written.others:
        return
    names: Mapping[str, str] = {template.name: template.path for template in made}
    scripts, variable = PackerScripts(DiskTree(root), settings), settings.packer_script.variable
    for call in (*hand_written.calls, *hand_written.others):
        if is_override(posixpath.basename(call.path)):
            continue  # what it says is merged into the call of its label
        built = built_by(call, made, settings.packer_dir, scripts)
        for template in built:
            reason = f"module {call.label!r} builds {template.path} ({variable} = {call.script!r}), and so would "
            yield Refusal(path=call.place, reason=reason + file(template.name), fix="run: tfgen adopt")
        if call.label in names and not built:
            reason = f"module {call.label!r} has the label of the pipeline of {names[call.label]}, {file(call.label)}"
            fix = "rename one of them (tfgen rename), or run: tfgen adopt"
            yield Refusal(path=call.place, reason=reason, fix=fix)
