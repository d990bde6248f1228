"""A pipeline of CodePipeline held against the block that makes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tfgen.status.drift.compare.differences import HIDDEN, Differences, is_secret
from tfgen.status.model import Drift
from tfgen_generators.module.resources.model import Nested, Resource, is_decided
from tfgen_generators.packer.syntax.values import Value

_Found = Mapping[str, Any]
_KIND = {"category": "category", "owner": "owner", "provider": "provider", "version": "version"}


def pipeline_drift(resource: Resource, found: _Found, tags: Mapping[str, str] | None = None) -> list[Drift]:
    """What differs in a pipeline that exists; `found` is GetPipeline's `pipeline`."""
    seen = Differences(f"pipeline {found.get('name', '')}")
    seen.of("role_arn", resource.get("role_arn"), found.get("roleArn"))
    if "pipeline_type" in resource.attributes:
        seen.of("pipeline_type", resource.get("pipeline_type"), found.get("pipelineType") or "V1")
    if "execution_mode" in resource.attributes:
        seen.of("execution_mode", resource.get("execution_mode"), found.get("executionMode") or "SUPERSEDED")
    for block in resource.of("artifact_store") if "artifact_store" not in resource.ignored else ():
        _store(seen, block, found.get("artifactStore") or {})
    if "stage" not in resource.ignored:
        _stages(seen, list(resource.of("stage")), list(found.get("stages") or ()))
    if "trigger" not in resource.ignored:
        _triggers(seen, list(resource.of("trigger")), list(found.get("triggers") or ()))
    if "tags" not in resource.ignored:
        seen.tags(resource.get("tags"), tags)
    return seen.found


def transitions_drift(name: str, stages: Iterable[_Found]) -> list[Drift]:
    """A transition that somebody has disabled: Terraform neither makes nor sees one. Of GetPipelineState's stages."""
    seen = Differences(f"pipeline {name}")
    for stage in stages:
        transition = stage.get("inboundTransitionState") or {}
        if transition.get("enabled") is False:
            reason = str(transition.get("disabledReason") or "")
            seen.say(f"transition to {stage.get('stageName', '')}", "enabled", f"disabled: {reason}".removesuffix(": "))
    return seen.found


def _store(seen: Differences, block: Nested, found: _Found) -> None:
    seen.of("artifact_store.location", block.attributes.get("location"), found.get("location"))
    seen.of("artifact_store.type", block.attributes.get("type"), found.get("type"))
    keys = [each for each in block.blocks if each.kind == "encryption_key"]
    if all(each.certain for each in keys):
        expected = keys[0].attributes.get("id") if keys else None
        seen.of("artifact_store.encryption_key", expected, (found.get("encryptionKey") or {}).get("id"))


def _stages(seen: Differences, expected: list[Nested], found: list[_Found]) -> None:
    names = [block.attributes.get("name") for block in expected]
    if not all(block.certain for block in expected) or not is_decided(names):
        return
    have = [str(stage.get("name", "")) for stage in found]
    if names != have:
        seen.say("stages", ", ".join(map(str, names)), ", ".join(have))
    by_name = dict(zip(have, found, strict=True))
    for name, block in zip(names, expected, strict=True):
        if (stage := by_name.get(str(name))) is not None:
            _actions(seen, str(name), [each for each in block.blocks if each.kind == "action"], stage)


def _actions(seen: Differences, stage: str, expected: list[Nested], found: _Found) -> None:
    actions = {str(each.get("name", "")): each for each in found.get("actions") or ()}
    names = [each.attributes.get("name") for each in expected]
    if not all(each.certain for each in expected) or not is_decided(names):
        return
    if sorted(map(str, names)) != sorted(actions):
        seen.say(f"{stage}.actions", ", ".join(sorted(map(str, names))), ", ".join(sorted(actions)))
    for name, block in zip(names, expected, strict=True):
        if (action := actions.get(str(name))) is not None:
            _action(seen, f"{stage}.{name}", block.attributes, action)


def _action(seen: Differences, where: str, expected: Mapping[str, Value], found: _Found) -> None:
    kind = found.get("actionTypeId") or {}
    for name, field in _KIND.items():
        seen.of(f"{where}.{name}", expected.get(name), kind.get(field))
    if "namespace" in expected:
        seen.of(f"{where}.namespace", expected["namespace"], found.get("namespace"))
    for name, field in (("input_artifacts", "inputArtifacts"), ("output_artifacts", "outputArtifacts")):
        have = [each.get("name") for each in found.get(field) or ()]
        seen.of(f"{where}.{name}", expected.get(name), have)
    _configuration(seen, where, expected.get("configuration"), found.get("configuration") or {})


def _configuration(seen: Differences, where: str, expected: Value, found: _Found) -> None:
    """All of it: what the block does not set, nobody should have set."""
    if not isinstance(expected, dict):
        if expected is None and found:
            seen.say(f"{where}.configuration", "(none)", ", ".join(sorted(found)))
        return
    for key in sorted(expected.keys() | found.keys()):
        value = found.get(key)
        if value is not None and (key == "EnvironmentVariables" or is_secret(key, str(value))):
            value = HIDDEN if key not in expected or expected[key] != value else value
        seen.of(f"{where}.{key}", expected.get(key), value)


def _triggers(seen: Differences, expected: list[Nested], found: list[_Found]) -> None:
    """CodePipeline makes a trigger of its own for a connection without one: only those of a block are compared."""
    if not expected or not all(each.certain for each in expected):
        return
    if len(expected) != len(found):
        seen.say("trigger", f"{len(expected)} of them", f"{len(found)} of them")
        return
    for block, trigger in zip(expected, found, strict=True):
        git = trigger.get("gitConfiguration") or {}
        for inner in (each for each in block.blocks if each.kind == "git_configuration"):
            seen.of("trigger.source_action", inner.attributes.get("source_action_name"), git.get("sourceActionName"))
            pushes = [each for each in inner.blocks if each.kind == "push"]
            have = list(git.get("push") or ())
            if len(pushes) != len(have):
                seen.say("trigger.push", f"{len(pushes)} of them", f"{len(have)} of them")
            for push, real in zip(pushes, have, strict=False):
                _push(seen, push, real)


def _push(seen: Differences, push: Nested, real: _Found) -> None:
    for name, field in (("branches", "branches"), ("file_paths", "filePaths")):
        blocks = [each for each in push.blocks if each.kind == name]
        if not all(each.certain for each in blocks):
            continue
        for side in ("includes", "excludes"):
            wanted = blocks[0].attributes.get(side) if blocks else None
            seen.of_all(
                f"trigger.{name}.{side}", wanted if wanted is not None else [], (real.get(field) or {}).get(side) or ()
            )
