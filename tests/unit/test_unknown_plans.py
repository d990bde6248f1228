"""Random plans and streams: whatever is not known is counted, in whatever pieces it comes, and nothing breaks."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import depth
from tfgen.plan.gate import require_plan_allowed
from tfgen.plan.markdown import compose
from tfgen.plan.shown import remarks, require_readable
from tfgen.terraform.reports.images import RootModules
from tfgen.terraform.reports.merged import with_shown
from tfgen.terraform.reports.record import Record
from tfgen.terraform.reports.show import ShownPlan
from tfgen.terraform.reports.unknown import KNOWN_EVENTS
from tfgen_generators.errors import RefusedError, TfgenError

EXAMPLES = settings(max_examples=depth.amount(60, 3000), deadline=None)
MODULES = RootModules(images=("web",), shared=frozenset())
#: All that a plan holds at its top level: Terraform 1.17.0-dev and OpenTofu 1.12.6, internal/command/jsonplan/plan.go.
KNOWN_KEYS = (
    *("format_version", "terraform_version", "variables", "planned_values", "resource_drift", "resource_changes"),
    *("deferred_changes", "deferred_action_invocations", "output_changes", "action_invocations", "prior_state"),
    *("configuration", "relevant_attributes", "checks", "timestamp", "applyable", "complete", "errored"),
)
KNOWN_ACTIONS = ("no-op", "create", "read", "update", "delete", "forget")

plain = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=5))
values = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
words = st.text("abcxyz_", min_size=1, max_size=8)
new_keys = words.map(lambda word: f"new_{word}")
addresses = st.sampled_from(["module.web.a.b", "a.b", "module.other.a.b[0]"])
actions = st.lists(st.sampled_from(KNOWN_ACTIONS), min_size=1, max_size=2)
changes = st.fixed_dictionaries(
    {"address": addresses, "change": st.fixed_dictionaries({"actions": actions, "before": values, "after": values})}
)


def read(document: bytes, cuts: list[int] | None = None) -> ShownPlan:
    plan = ShownPlan()
    places = sorted({0, len(document), *(cut % (len(document) + 1) for cut in cuts or ())})
    for start, end in pairwise(places):
        plan.feed(document[start:end])
    plan.end()
    return plan


def unknown(plan: ShownPlan) -> dict[str, int]:
    return {item.type: item.count for item in plan.unknown.result()}


def size(value: object) -> int:
    return max(1, len(value)) if isinstance(value, list | dict) else 1


@depth.deep
@EXAMPLES
@given(
    known=st.dictionaries(st.sampled_from(["variables", "prior_state", "configuration", "output_changes"]), values),
    new=st.dictionaries(new_keys, values, max_size=4),
    items=st.lists(changes, max_size=4),
    cuts=st.lists(st.integers(0, 5000), max_size=5),
    ordered=st.randoms(use_true_random=False),
)
def test_every_unknown_key_is_counted(
    known: dict[str, Any], new: dict[str, Any], items: list[Any], cuts: list[int], ordered: Any
) -> None:
    pairs = [*known.items(), *new.items(), ("resource_changes", items)]
    ordered.shuffle(pairs)
    plan = read(json.dumps(dict(pairs)).encode(), cuts)
    assert plan.is_whole
    assert unknown(plan) == {key: size(value) for key, value in new.items()}
    assert [change.address for change in plan.changes] == [item["address"] for item in items]
    told = "\n".join(remarks(plan, limited=False))
    assert all(f"not understood: {size(value)} of {key}" in told for key, value in new.items())


@depth.deep
@EXAMPLES
@given(
    items=st.lists(changes, max_size=3),
    odd=st.lists(st.lists(words, min_size=1, max_size=3), min_size=1, max_size=3),
    keys=st.dictionaries(new_keys, values, max_size=2),
)
def test_every_unknown_kind_of_action_is_counted_and_refused(
    items: list[Any], odd: list[list[str]], keys: dict[str, Any]
) -> None:
    strange = [{"address": "a.b", **keys, "change": {"actions": [f"new-{word}" for word in kind]}} for kind in odd]
    plan = read(json.dumps({"resource_changes": [*items, *strange]}).encode())
    kinds = Counter(f"resource_changes {', '.join(f'new-{word}' for word in kind)}" for kind in odd)
    found = unknown(plan)
    assert {name: found[name] for name in kinds} == {name[:80]: count for name, count in kinds.items()}
    assert not plan.is_whole
    with pytest.raises(TfgenError) as refused:
        require_readable(plan)
    assert all(f"not understood: {count} of {name}" in str(refused.value) for name, count in kinds.items())


@depth.deep
@EXAMPLES
@given(document=st.dictionaries(st.sampled_from(KNOWN_KEYS) | new_keys, values, max_size=8), cut=st.integers(0, 2000))
def test_no_plan_breaks_anything(document: dict[str, Any], cut: int) -> None:
    """Known keys with any value: what cannot be read is refused, and nothing ends in a traceback."""
    text = json.dumps(document).encode()
    for data in (text, text[: cut % (len(text) + 1)], b"[" + text + b"]", b"\xff" + text):
        plan = read(data, [cut])
        assert plan.is_whole <= (data == text)
        list(remarks(plan, limited=False))
        with suppress(TfgenError):
            require_readable(plan)
            require_plan_allowed(plan.changes, (), ["web", "other", "(shared)"], {}, invoked=plan.actions)
        summary = with_shown(Record(MODULES).summarizer.result(changed=True), plan, {}, ())
        compose(summary, target="t")


FIELDS = ("change", "hook", "invocation", "changes", "outputs", "diagnostic", "list_complete", "ui", "@message")
events = st.fixed_dictionaries(
    {"type": st.sampled_from(sorted(KNOWN_EVENTS)) | new_keys}, optional=dict.fromkeys(FIELDS, values)
)


@depth.deep
@EXAMPLES
@given(stream=st.lists(events, max_size=8), junk=st.lists(st.binary(min_size=1, max_size=20), max_size=3))
def test_no_event_is_dropped(stream: list[dict[str, Any]], junk: list[bytes]) -> None:
    record = Record(MODULES)
    for event in stream:
        record.line(json.dumps(event).encode() + b"\n")
    for line in junk:
        record.line(line)
    if record.too_much is not None:
        return
    summary = record.summarizer.result(changed=True)
    found = {item.type: item.count for item in summary.not_understood}
    new = Counter(event["type"] for event in stream if event["type"] not in KNOWN_EVENTS)
    assert {name: found[name] for name in new} == new
    compose(summary, target="t")


def test_a_saved_plan_with_something_unknown_that_it_would_do_is_refused() -> None:
    plan = ShownPlan()
    plan.feed(b'{"format_version": "1.99", "applyable": true, "resource_changes": [], "planned_things": [1, 2]}')
    plan.end()
    with pytest.raises(RefusedError, match="not understood: 2 of planned_things"):
        require_readable(plan)


@pytest.mark.parametrize("cut", [1, 7, 1000])
def test_warnings_before_the_document_are_passed_over(cut: int) -> None:
    """As OpenTofu 1.12.6 writes them, where TF_CLI_CONFIG_FILE names no file."""
    said = b'\nWarning: Unable to open CLI configuration file\n\nThe file at "/x{" does not exist.\n'
    said += b'{"format_version":"1.2",'
    said += b'"resource_changes":[{"address":"module.web.a.b","change":{"actions":["delete"]}}]}\n'
    plan = ShownPlan()
    for at in range(0, len(said), cut):
        plan.feed(said[at : at + cut])
    plan.end()
    require_readable(plan)
    assert [change.action for change in plan.changes] == ["delete"]


@pytest.mark.parametrize("said", [b"\nWarning: x\n", b"[]", b"\xef\xbb\xbf{}"])
def test_warnings_alone_are_no_plan(said: bytes) -> None:
    plan = ShownPlan()
    plan.feed(said)
    plan.end()
    assert not plan.is_whole


@pytest.mark.parametrize("kind", ["state_lock_acquire", "state_lock_release"])
def test_a_slow_lock_is_nothing_unknown(kind: str) -> None:
    """As OpenTofu 1.12.6 says where a lock takes long."""
    record = Record(RootModules(images=("web",), shared=frozenset()))
    event = {"@level": "info", "@message": "Acquiring state lock. This may take a few moments...", "type": kind}
    record.line(json.dumps(event).encode() + b"\n")
    assert not record.summarizer.unknown
