"""What is certain of a module whose files are not here: the variables of its block, and that its names exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tfgen.status.drift.calls import Call
from tfgen.status.drift.compare.differences import Differences
from tfgen.status.drift.compare.projects import variables_of
from tfgen.status.drift.live import missing
from tfgen.status.model import Drift


def certain_drift(call: Call, name: str, projects: Mapping[str, Mapping[str, Any]] | None) -> Iterator[Drift]:
    """`name` is that of the pipeline. Variables that the block does not give may be the module's own."""
    if projects is None:
        return
    project = projects.get(name)
    if project is None:
        yield from missing(f"project {name}")
        return
    have = variables_of(project.get("environment") or {})
    seen = Differences(f"project {name}")
    for variable, expected in sorted(call.variables.items()):
        if expected is not None or variable not in have:
            seen.variable(variable, expected if expected is not None else "(known to Terraform)", have.get(variable))
    yield from seen.found
