"""Actions, imports, checks, deferred changes, and what is not known: from events and from the saved plan.

What Terraform 1.15.5 has said (tests/data/terraform-1.15), and events after the structs of its source.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tfgen.plan.gate import require_allowed, require_plan_allowed
from tfgen.plan.markdown import compose, verdict
from tfgen.plan.shown import completed, may_say_more, remarks, require_readable
from tfgen.plan.table import show_plan
from tfgen.terraform.binary import Binary
from tfgen.terraform.interruption import again, failed_actions
from tfgen.terraform.reports.actions import Invocation
from tfgen.terraform.reports.images import RootModules
from tfgen.terraform.reports.plan import PlanSummary
from tfgen.terraform.reports.record import Record
from tfgen.terraform.reports.show import ShownPlan
from tfgen_generators.errors import RefusedError

RECORDED = Path(__file__).parents[1] / "data" / "terraform-1.15"
MODULES = RootModules(images=("db", "web"), shared=frozenset())
NOTIFY = "module.web.action.toy_call.notify"
THING = "module.web.toy_thing.t"
TERRAFORM = Binary(argv=("terraform",), file=Path("terraform"))
SUMMARY = {"type": "change_summary", "@message": "Plan: 0 to add.", "changes": {"add": 0, "change": 0, "remove": 0}}


def recorded(name: str) -> Record:
    record = Record(MODULES)
    for line in (RECORDED / name).read_bytes().splitlines(keepends=True):
        record.line(line)
    return record


def fed(*events: dict[str, Any] | bytes) -> Record:
    record = Record(MODULES)
    for event in events:
        record.line(event if isinstance(event, bytes) else json.dumps(event).encode() + b"\n")
    return record


def shown(document: dict[str, Any]) -> ShownPlan:
    plan = ShownPlan()
    plan.feed(json.dumps(document).encode())
    plan.end()
    return plan


def planned(record: Record, *, changed: bool = True) -> PlanSummary:
    return record.summarizer.result(changed=changed)


def unknown(summary: PlanSummary | ShownPlan) -> dict[str, int]:
    found = summary.unknown.result() if isinstance(summary, ShownPlan) else summary.not_understood
    return {item.type: item.count for item in found}


def change(address: str, *actions: str, **more: Any) -> dict[str, Any]:
    return {"address": address, "change": {"actions": list(actions), **more}}


def test_a_plan_with_actions() -> None:
    record = recorded("actions_plan.jsonl")
    summary = planned(record)
    (image,) = summary.images
    assert (image.name, image.action, len(image.drift)) == ("web", "changed", 1)
    assert image.actions == (
        Invocation(address=NOTIFY, event="BeforeUpdate", resource=THING),
        Invocation(address=NOTIFY, event="AfterUpdate", resource=THING),
    )
    assert [action.when for action in image.actions] == [f"before {THING} is changed", f"after {THING} is changed"]
    assert record.has_changes()
    assert summary.not_understood == ()
    assert not may_say_more(record.summarizer, TERRAFORM, "1.15.5", ())
    plan = shown(json.loads((RECORDED / "actions_show.json").read_text()))
    assert (plan.is_whole, tuple(plan.actions), unknown(plan)) == (True, image.actions, {})


def test_an_action_alone_is_a_row_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    record = recorded("actions_invoke.jsonl")
    summary = planned(record)
    (image,) = summary.images
    assert (image.name, image.action, summary.invoked, summary.unchanged) == ("web", "invoked", 1, ("db",))
    assert record.has_changes(), "or a plan with exit code 2 would be believed to have none"
    show_plan(summary)
    table = capsys.readouterr().out
    assert table.splitlines()[0].split() == [
        "IMAGE",
        "ACTION",
        "CREATED",
        "CHANGED",
        "REPLACED",
        "DESTROYED",
        "INVOKED",
    ]
    assert f"{NOTIFY} is invoked because it was asked for (-invoke)" in table
    text = compose(summary, target="t", acting=["web"]).text
    assert verdict(summary) == "1 invoked, 1 unchanged"
    assert "**Refused:** actions of 1 image would be invoked without permission: `web`." in text
    assert "as in `--allow-action web`" in text
    assert f"- invoked `{NOTIFY}` `because it was asked for (-invoke)`" in text


@pytest.mark.parametrize("file", ["actions_plan.jsonl", "actions_invoke.jsonl"])
def test_the_gate_asks_for_actions(file: str) -> None:
    summary = planned(recorded(file))
    with pytest.raises(RefusedError) as refused:
        require_allowed(summary, ["web"], {}, actions=["db"])
    assert str(refused.value).startswith(
        f"the plan invokes actions without permission: web ({summary.invoked} invoked)"
    )
    assert refused.value.fix == "to allow it, add: --allow-action web"
    require_allowed(summary, [], {}, actions=["web"])


def test_the_gate_tells_both_at_once() -> None:
    lost = shown({"resource_changes": [change("module.db.a.b", "delete")]}).changes
    with pytest.raises(RefusedError) as refused:
        require_plan_allowed(lost, (), [], {}, invoked=[Invocation(address=NOTIFY)])
    assert str(refused.value).startswith(
        "the plan destroys or replaces resources without permission: db (1 destroyed), and invokes actions without "
        "permission: web (1 invoked)"
    )
    assert refused.value.fix == "to allow it, add: --allow-destroy db; to allow it, add: --allow-action web"
    require_plan_allowed(lost, (), ["db"], {}, invoked=[Invocation(address=NOTIFY)], actions=["web"])


def test_an_action_of_the_root_module_is_of_the_image_that_triggers_it() -> None:
    trigger = {"triggering_resource": {"addr": "module.db.a.b"}, "triggering_event": "AfterCreate"}
    invocation = {"action_addr": {"addr": "action.a.b"}, "lifecycle_trigger": trigger}
    summary = planned(fed({"type": "planned_action_invocation", "invocation": invocation}))
    assert [image.name for image in summary.images] == ["db"]


def test_a_failed_action_names_its_image_and_is_not_repeated() -> None:
    record = recorded("actions_apply_after.jsonl")
    assert record.began
    assert record.in_flight == {}
    assert list(failed_actions(record)) == [
        f"action {NOTIFY} of image web failed after {THING} is created, and no later plan repeats it"
    ]
    assert f"-- -invoke={NOTIFY}, then: tfgen apply FILE --allow-action web" in "; ".join(again(record))
    assert list(record.applied()) == ["web (1 of 1)"]


def test_an_action_that_was_never_begun_is_named() -> None:
    """Two actions follow one creation, and the first one fails; one of another resource, which was not made."""
    second = Invocation(address="module.web.action.toy_call.second", event="AfterCreate", resource=THING)
    other = Invocation(address=NOTIFY, event="AfterCreate", resource="module.web.toy_thing.other")
    first = Invocation(address=NOTIFY, event="AfterCreate", resource=THING)
    record = Record(MODULES, actions=[first, second, other])
    for line in (RECORDED / "actions_apply_after.jsonl").read_bytes().splitlines(keepends=True):
        record.line(line)
    assert list(record.missed_actions()) == [("web", second)]
    assert list(failed_actions(record))[1:] == [
        f"action {second.address} of image web was not invoked after {THING} is created, and no later plan invokes it"
    ]


def test_an_action_that_fails_before_its_change_comes_again() -> None:
    record = recorded("actions_apply_before.jsonl")
    (said,) = failed_actions(record)
    assert said == (
        f"action {NOTIFY} of image web failed before {THING} is created, so {THING} was left as it is, "
        "and the next plan has both again"
    )
    assert list(again(record)) == []


@pytest.mark.parametrize(
    ("event", "on_failure", "lost"),
    [
        ("AfterCreate", "", True),
        ("AfterUpdate", "ActionOnFailureHalt", True),
        ("AfterCreate", "ActionOnFailureTaint", False),
        ("AfterUpdate", "ActionOnFailureTaint", True),
        ("BeforeCreate", "ActionOnFailureHalt", False),
        ("BeforeUpdate", "ActionOnFailureContinue", True),
        ("BeforeDestroy", "", False),
        ("", "", True),
        ("SomethingNew", "", True),
    ],
)
def test_what_a_failure_means(event: str, on_failure: str, *, lost: bool) -> None:
    """Terraform 1.16.0-rc2: internal/configs/action.go, internal/command/views/hook_json_test.go."""
    action = Invocation(address=NOTIFY, event=event, resource=THING if event else "", on_failure=on_failure)
    assert action.is_lost is lost
    assert ("no later plan repeats it" in action.consequence) is lost
    assert action.when


def test_an_import_shows_its_id(capsys: pytest.CaptureFixture[str]) -> None:
    summary = planned(recorded("import_plan.jsonl"))
    shared = summary.images[-1]
    assert ("toy_thing.imp", "update", "i-123") in [
        (item.address, item.action, item.imported) for item in shared.changes
    ]
    show_plan(summary)
    assert "toy_thing.imp is changed: imported by i-123" in capsys.readouterr().out
    assert "changed `toy_thing.imp`, imported by `i-123`" in compose(summary, target="t").text


def test_failed_checks_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    warning = {"severity": "warning", "summary": "Check block assertion failed", "detail": "secret"}
    snippet = {"context": 'check "health"', "code": "", "start_line": 1}
    record = fed({"type": "diagnostic", "diagnostic": {**warning, "snippet": snippet}}, SUMMARY)
    summary = planned(record, changed=False)
    assert summary.failed_checks == ('check "health"',)
    show_plan(summary)
    said = capsys.readouterr().out + compose(summary, target="t").text
    assert 'Failed checks: check "health"' in said
    assert '**Failed checks:** `check "health"`.' in said
    assert "secret" not in said
    checks = [
        {"address": {"to_display": f"check.{word}"}, "status": word} for word in ("pass", "fail", "error", "unknown")
    ]
    assert shown({"checks": checks}).failed_checks == ["check.fail", "check.error"]


def test_deferred_changes_are_not_silent(capsys: pytest.CaptureFixture[str]) -> None:
    """Terraform 1.15.5: internal/command/jsonplan/resource.go and action_invocations.go."""
    plan = shown(
        {
            "format_version": "1.2",
            "complete": False,
            "deferred_changes": [
                {"reason": "instance_count_unknown", "resource_change": change("module.db.a.b", "delete")},
                {"reason": "new_reason", "resource_change": change("a.b", "create", importing={"unknown": True})},
            ],
            "deferred_action_invocations": [{"reason": "deferred_prereq", "action_invocation": {"address": NOTIFY}}],
        }
    )
    record = fed(SUMMARY)
    assert may_say_more(record.summarizer, TERRAFORM, "1.15.5", ["-allow-deferral"])
    summary = completed(planned(record, changed=False), plan, record.summarizer, ())
    assert [(image.name, image.action) for image in summary.images] == [
        ("db", "deferred"),
        ("web", "deferred"),
        ("(shared)", "deferred"),
    ]
    assert summary.unchanged == ()
    require_allowed(summary, [], {})
    require_readable(plan)
    told = "\n".join(remarks(plan, limited=False))
    show_plan(summary)
    table, text = capsys.readouterr().out, compose(summary, target="t").text
    for said in (told, table):
        assert "module.db.a.b is deferred (delete): its count or for_each is not known yet" in said
        assert "after the apply, run tfgen plan again" in said
    assert "AWS matches the templates" not in table
    assert verdict(summary) == "No changes; 3 deferred"
    assert "- deferred `a.b`: new reason" in text
    assert "**Not complete:**" in text


def test_a_plan_with_targets_is_incomplete_on_purpose() -> None:
    plan = shown({"complete": False, "resource_changes": []})
    assert list(remarks(plan, limited=True)) == []
    assert list(remarks(plan, limited=False)) == ["this plan is not complete: after the apply, run tfgen plan again"]


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"format_version": "2.0"}, "the plan has format 2.0, and this tfgen knows 1.x"),
        ({"format_version": "x"}, "the plan has format x, and this tfgen knows 1.x"),
        ({"errored": True}, "was left by a run that failed"),
        ({"applyable": False, "resource_changes": [change("a.b", "create")]}, "this plan cannot be applied"),
        ({"applyable": False, "action_invocations": [{"address": NOTIFY}]}, "this plan cannot be applied"),
        ({"resource_changes": [change("a.b", "smash", "x")]}, "not understood: 1 of resource_changes smash, x"),
        ({"action_invocations": ["?"]}, "what this plan does cannot be read"),
    ],
)
def test_a_plan_that_is_not_applied(document: dict[str, Any], says: str) -> None:
    with pytest.raises(RefusedError) as refused:
        require_readable(shown(document))
    assert says in str(refused.value)
    assert refused.value.fix


@pytest.mark.parametrize("document", [{"applyable": False}, {"applyable": False, "resource_changes": []}])
def test_a_plan_without_changes_may_be_applied(document: dict[str, Any]) -> None:
    require_readable(shown(document))


def test_a_newer_format_is_accepted_and_what_is_new_is_named() -> None:
    plan = shown({"format_version": "1.99", "new_things": [1, 2], "new_flag": True, "resource_changes": []})
    require_readable(plan)
    assert list(remarks(plan, limited=False)) == [
        "the plan has format 1.99, and this tfgen knows 1.2: what is new in it is named below",
        "not understood: 1 of new_flag",
        "not understood: 2 of new_things",
    ]


@pytest.mark.parametrize(
    ("actions", "word"),
    [
        (["create"], "create"),
        (["forget"], "forget"),
        (["delete", "create"], "replace"),
        (["create", "forget"], "replace"),
        (["forget", "create"], "replace"),
    ],
)
def test_words_of_the_plan(actions: list[str], word: str) -> None:
    (found,) = shown({"resource_changes": [change("a.b", *actions)]}).changes
    assert found.action == word


def test_what_opentofu_forgets_and_makes_anew_is_a_replacement() -> None:
    """OpenTofu 1.12.6, internal/command/jsonentities/change.go: its event says noop."""
    noop = {"type": "planned_change", "change": {"resource": {"addr": "module.web.a.b"}, "action": "noop"}}
    record = fed(noop, SUMMARY)
    plan = shown({"resource_changes": [change("module.web.a.b", "forget", "create")]})
    summary = completed(planned(record), plan, record.summarizer, ())
    assert [(image.name, image.action) for image in summary.images] == [("web", "replaced")]
    assert summary.not_understood == ()
    with pytest.raises(RefusedError, match="web"):
        require_allowed(summary, [], {})


def test_what_is_not_known_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    smash = {"type": "planned_change", "change": {"resource": {"addr": "module.web.a.b"}, "action": "smash"}}
    record = fed(
        {"type": "version", "ui": "1.99"},
        {"type": "quantum"},
        {"type": "quantum", "hook": 7},
        {"type": "apply_start", "hook": {"action": ["new form"]}},
        {"type": "planned_change"},
        smash,
        b'{"type": "apply_st\n',
        b"plain words\n",
        {"no": "type"},
        SUMMARY,
    )
    summary = planned(record)
    assert unknown(summary) == {
        "quantum": 2,
        "apply_start": 1,
        "planned_change": 1,
        "planned_change smash": 1,
        "line that is not JSON": 2,
        "event without a type": 1,
    }
    assert may_say_more(record.summarizer, TERRAFORM, "1.15.5", ())
    show_plan(summary)
    table, text = capsys.readouterr().out, compose(summary, target="t").text
    assert "not understood: 2 of quantum\n" in table
    assert "`2 of quantum`" in text
    with pytest.raises(RefusedError, match="1 of planned_change, 1 of planned_change smash"):
        require_allowed(summary, [], {})


@pytest.mark.parametrize("version", ["1.17.0", "1.20.1", "2.0.0-alpha1"])
def test_a_newer_terraform_is_asked_for_the_plan_itself(version: str) -> None:
    assert may_say_more(fed(SUMMARY).summarizer, TERRAFORM, version, ())
    assert not may_say_more(fed(SUMMARY).summarizer, TERRAFORM, "1.16.0-rc2", ())


def test_events_of_another_format_are_refused() -> None:
    record = fed({"type": "version", "@message": "Terraform 3.0.0", "ui": "2.0"}, SUMMARY)
    assert record.too_much is not None
    assert str(record.too_much).startswith("Terraform 3.0.0 reports in format 2.0, and this tfgen knows 1.x")


def test_policies_and_queries_are_shown() -> None:
    """Terraform 1.17.0-dev: internal/command/views/json_view.go, json/query.go."""
    found = {"severity": "error", "summary": "no public AMI", "detail": ""}
    record = fed(
        {"type": "policy_diagnostic", "policy_diagnostic": found},
        {"type": "list_complete", "list_complete": {"address": "list.a.b", "resource_type": "a", "total": 3}},
        {"type": "policy_result", "result": "deny"},
    )
    assert [(item.severity, item.summary) for item in record.diagnostics] == [("policy error", "no public AMI")]
    assert record.errors() == []
    assert unknown(planned(record)) == {"policy_result": 1}


def test_many_unknown_types_are_bounded() -> None:
    record = fed(*({"type": f"new-{number}" + "x" * 1000} for number in range(300)))
    counts = unknown(planned(record))
    assert len(counts) == 101
    assert sum(counts.values()) == 300
    assert max(map(len, counts)) <= 80


def test_older_manifests_keep_their_digest() -> None:
    """What is new is left out where there is none of it."""
    import msgspec

    old = {"images": [{"name": "web"}], "changed": True, "counts": {"add": 1, "change": 0, "remove": 0, "import": 0}}
    again_ = msgspec.json.encode(msgspec.json.decode(json.dumps(old).encode(), type=PlanSummary))
    assert json.loads(again_) == old
