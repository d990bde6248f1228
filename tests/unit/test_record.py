"""What is kept of a run: counts by image, diagnostics once and bounded."""

from __future__ import annotations

import json

import pytest

from tfgen.terraform.reports.images import RootModules
from tfgen.terraform.reports.record import LONGEST_TEXT, Record

MODULES = RootModules(images=("db", "web"), shared=frozenset({"network"}))
TARGETING = ["Resource targeting is in effect", "Applied changes may be incomplete"]


def fed(*events: dict[str, object], targeted: bool = False) -> Record:
    record = Record(MODULES, targeted=targeted)
    for event in events:
        record.line(json.dumps(event).encode() + b"\n")
    return record


def planned(address: str, action: str) -> dict[str, object]:
    return {"type": "planned_change", "change": {"resource": {"addr": address}, "action": action}}


def hook(kind: str, address: str, action: str) -> dict[str, object]:
    return {"type": kind, "hook": {"resource": {"addr": address}, "action": action}}


def diagnostic(severity: str, summary: str, detail: str = "") -> dict[str, object]:
    return {"type": "diagnostic", "diagnostic": {"severity": severity, "summary": summary, "detail": detail}}


def test_what_was_applied_by_image() -> None:
    record = fed(
        planned("module.web.a.x", "create"),
        planned("module.web.a.y", "replace"),
        planned("module.network.a.z", "update"),
        planned("data.a.d", "read"),
        hook("apply_start", "module.web.a.x", "create"),
        hook("apply_complete", "module.web.a.x", "create"),
        hook("apply_start", "module.web.a.y", "delete"),
        hook("apply_complete", "module.web.a.y", "delete"),
        hook("apply_start", "module.web.a.y", "create"),
        hook("apply_start", "module.network.a.z", "update"),
        hook("apply_complete", "module.network.a.z", "update"),
        hook("apply_complete", "data.a.d", "read"),
        hook("apply_errored", "module.web.a.y", "create"),
        hook("apply_start", "module.web.a.w", "create"),
    )
    assert list(record.applied()) == ["(shared) (1 of 1)", "web (2 of 3)"]
    assert record.done == 3
    assert record.in_flight == {"module.web.a.w": "create"}
    assert record.began


def test_a_diagnostic_is_kept_once_and_not_without_end() -> None:
    record = fed(diagnostic("error", "x", "y" * 100_000), diagnostic("error", "x", "y" * 100_000))
    (kept,) = record.errors()
    assert len(kept.detail) < LONGEST_TEXT + 100
    assert kept.detail.endswith("(cut; see the log)")


@pytest.mark.parametrize("targeted", [True, False])
def test_terraforms_warnings_of_targets_are_ours_to_word(*, targeted: bool) -> None:
    record = fed(*(diagnostic("warning", summary) for summary in [*TARGETING, "Deprecated"]), targeted=targeted)
    assert [kept.summary for kept in record.diagnostics] == ([] if targeted else TARGETING) + ["Deprecated"]


def test_warnings_among_plain_lines() -> None:
    record = Record(MODULES)
    text = b"Initializing modules...\nWarning: One\n\n  detail\n\nWarning: Two\nmore\nTerraform has been done!\nend\n"
    for line in text.splitlines(keepends=True):
        record.line(line)
    assert record.warnings() == ["Warning: One\n\n  detail", "Warning: Two\nmore"]
    assert record.other().endswith("Terraform has been done!\nend")
