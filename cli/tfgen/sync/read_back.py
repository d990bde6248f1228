"""`tfgen sync --verify`: what was written, read back by another reader than ours."""

from __future__ import annotations

from msgspec.structs import replace

from tfgen.workspace import Workspace
from tfgen_generators.generated.files import join
from tfgen_generators.generated.ownership import file_name
from tfgen_generators.packer.model import Problem
from tfgen_generators.sync.model import SyncResult
from tfgen_generators.sync.verify import verify
from tfgen_generators.trees.files import read_text


def verified(workspace: Workspace, result: SyncResult, *, written: bool) -> SyncResult:
    """`result` with a problem for each generated file that does not read back as what was meant.

    Where nothing was `written`, only files that are as they should be are read.
    """
    there = {*result.changes.unchanged, *(c.path for c in result.changes.changes if written and c.after)}
    problems: list[Problem] = []
    for pipeline in result.pipelines:
        path = join(workspace.settings.terraform_dir, file_name(pipeline.name))
        if path in there and (said := verify(read_text(workspace.root / path), pipeline)):
            fix = "this is a bug in tfgen: please report it"
            problems.append(Problem(path=path, message=f"is not what tfgen meant to write: {said}", fix=fix))
    return replace(result, problems=(*result.problems, *problems))
