"""What the estate has of each thing that a quota counts, by place, and the setting that most of it comes from."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from tfgen_generators.lint.rules.pipeline.module_inputs import module_inputs
from tfgen_generators.lint.rules.pipeline.quota_places import Place, place_of
from tfgen_generators.lint.rules.pipeline.quota_sizes import policy_sizes
from tfgen_generators.lint.scope import Scope
from tfgen_generators.packer.model import Template
from tfgen_generators.pipeline.shared_inputs import reason, said, united
from tfgen_generators.settings.model import TemplateSettings
from tfgen_generators.settings.secrets import fetched

#: Modules of ours: what others make is not known.
_SHIPPED = ("codepipeline", "codepipeline_v1")
_OWN = TemplateSettings()
Path = tuple[str, ...]
#: Adds so many of a quota at a place, because of a setting.
Add = Callable[..., None]


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """One pipeline: where it is, its inputs, and what it shares."""

    name: str
    place: Place
    inputs: Mapping[str, object]
    shares: bool
    is_known: bool

    @property
    def is_pushed(self) -> bool:
        """Whether a push starts it by a rule of its own."""
        return self.inputs.get("source_type") != "codeconnections" and self.inputs.get("start_on_push") is not False


class Count(msgspec.Struct):
    """How many, and of which settings."""

    number: int = 0
    causes: Counter[Path] = msgspec.field(default_factory=Counter)

    def add(self, number: int, cause: Path) -> None:
        """`number` more, because of a setting."""
        if number:
            self.number += number
            self.causes[cause] += number

    @property
    def cause(self) -> Path:
        """The setting that most of them come from."""
        return max(self.causes, key=lambda path: (self.causes[path], path)) if self.causes else ()


def images(scope: Scope) -> tuple[Image, ...]:
    """Every image that tfgen.toml makes a pipeline of."""
    return scope.once("images and what they share", lambda: tuple(_images(scope)))


def _images(scope: Scope) -> Iterator[Image]:
    settings = scope.settings
    common = scope.shared_inputs
    known = posixpath.basename(settings.module.source.rstrip("/")) in _SHIPPED
    for template in scope.templates:
        own = settings.templates.get(template.name, _OWN)
        apart = (own.providers and {**settings.module.providers, **own.providers} != settings.module.providers) or (
            "shared" in own.inputs
        )
        yield Image(
            name=template.name,
            place=place_of(scope, {**settings.module.providers, **own.providers}),
            inputs=_with_expressions(scope, template),
            shares=settings.shared.is_on
            and not apart
            and not (settings.shared.roles and reason(settings, template.name, common)),
            is_known=known,
        )


def _with_expressions(scope: Scope, template: Template) -> Mapping[str, object]:
    """The inputs, with what CodeBuild fetches; an expression for one of three counts as given."""
    found = dict(module_inputs(scope, template))
    own = scope.settings.templates.get(template.name, _OWN).inputs
    for name in ("schedule", "notifications", "publish_parameter"):
        if found.get(name) is None and (name in own or name in scope.shared_inputs):
            found[name] = True
    environment = scope.settings.templates.get(template.name, _OWN).environment
    if secrets := fetched({**scope.settings.environment, **environment}):
        found["environment_secrets"] = {name: {each.kind: each.reference} for name, each in secrets.items()}
    return found


def count(scope: Scope) -> dict[str, dict[Place, Count]]:
    """By the quota's name in [quota]. What is of the account has a place without a region."""
    counted: dict[str, dict[Place, Count]] = {}
    settings = scope.settings

    def add(quota: str, place: Place, number: int, *cause: str) -> None:
        counted.setdefault(quota, {}).setdefault(place, Count()).add(number, cause)

    for image in images(scope):
        account = Place(account=image.place.account)
        add("pipelines", image.place, 1, "packer_dir")
        if not image.is_known:
            continue
        add("build_projects", image.place, 1, "packer_dir")
        starts = _rules(scope, image, add)
        roles = image.shares and settings.shared.roles
        session = image.inputs.get("network") == "session-manager" and not _has_profile(scope, image)
        add("iam_roles", account, 0 if roles else 2 + starts + session, "shared", "roles")
        add("iam_policies", account, 0 if roles else policy_sizes(image.inputs).made, "shared", "roles")
        bucket = image.shares and settings.shared.artefact_bucket
        add("buckets", account, 0 if bucket else 1, "shared", "artefact_bucket")
    _of_all(scope, add)
    return counted


def _has_profile(scope: Scope, image: Image) -> bool:
    """Whether an image's instance has a profile that the module does not make."""
    own = scope.settings.templates.get(image.name, _OWN).environment
    return "IAM_INSTANCE_PROFILE" in {**scope.settings.environment, **own}


def _rules(scope: Scope, image: Image, add: Add) -> bool:
    """Adds the rules of an image; whether one starts it."""
    settings = scope.settings
    own = settings.templates.get(image.name, _OWN).inputs
    pushed = image.is_pushed and settings.trigger == "push"

    def cause(name: str) -> Path:
        return ("templates", image.name, "inputs", name) if name in own else ("inputs", name)

    if pushed:
        add("event_rules", image.place, 1, "trigger")
    if image.inputs.get("schedule") is not None:
        add("event_rules", image.place, 1, *cause("schedule"))
    if image.inputs.get("notifications") is not None and not (image.shares and settings.shared.notifications):
        add("event_rules", image.place, 1, *cause("notifications"))
    return pushed or image.inputs.get("schedule") is not None


def _of_all(scope: Scope, add: Add) -> None:
    """What there is once: the dispatcher, and what is shared."""
    settings = scope.settings
    place = place_of(scope, settings.module.providers)
    account = Place(account=place.account)
    if settings.trigger == "affected" and any(image.is_pushed for image in images(scope)):
        add("event_rules", place, 3, "dispatcher")  # a push, the end of an execution, the clock
        add("iam_roles", account, 2, "dispatcher")
        add("build_projects", place, 1, "dispatcher")
    sharing: list[Mapping[str, Any]] = [image.inputs for image in images(scope) if image.shares]
    if sharing:
        given = {name: said(value) for name, value in settings.shared.inputs.items()}
        merged: dict[str, Any] = {**united(sharing), **given}
        session = merged.get("network") == "session-manager"  # the instance's role
        add("iam_roles", account, (3 + session) * settings.shared.roles, "shared", "roles")
        add("iam_policies", account, policy_sizes(merged).made * settings.shared.roles, "shared", "roles")
        add("event_rules", place, int(settings.shared.notifications), "shared", "notifications")
        add("buckets", account, int(settings.shared.artefact_bucket), "shared", "artefact_bucket")
