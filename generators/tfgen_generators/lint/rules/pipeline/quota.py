"""A rule about the quotas of an AWS account: what the pipelines need of them, counted before Terraform meets one.

Sources: Service Quotas (EventBridge, IAM, CodePipeline, CodeBuild, S3), "Working with builds in AWS CodeBuild" (the
queue). `[quota]` gives an account's own numbers; what else is in the account nobody here knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.rules.pipeline.quota_counts import Image, Path, count, images
from tfgen_generators.lint.rules.pipeline.quota_places import Place
from tfgen_generators.lint.rules.pipeline.quota_sizes import INLINE, MANAGED, Sizes, policy_sizes
from tfgen_generators.lint.scope import Scope
from tfgen_generators.pipeline.shared_inputs import united
from tfgen_generators.settings.model import FILE_NAME
from tfgen_generators.settings.secrets import fetched

#: Quota -> AWS's default, and what a message calls it.
_DEFAULTS = {
    "event_rules": (300, "EventBridge rules", "a bus takes"),
    "iam_roles": (1_000, "IAM roles", "an account takes"),
    "iam_policies": (1_500, "managed policies", "an account takes"),
    "pipelines": (1_000, "pipelines", "a region takes"),
    "build_projects": (5_000, "CodeBuild projects", "a region takes"),
    "buckets": (10_000, "buckets", "an account takes"),
}
_FEW_RULES = {"af-south-1": 100, "eu-south-1": 100}
_ATTACHED = 10
#: CodeBuild's queue, as a multiple of what may run, and the minutes after which it gives a build up.
_QUEUE, _WAITS = 5, 480
#: Inputs that make a policy long, the worst first.
_LONG = (
    *("instance_tags", "image_regions", "subnet_ids", "security_group_ids", "connection_arn"),
    *("share_with_accounts", "kms_key_arn", "vpc_config", "instance_profiles", "build_features", "build_policy_arns"),
)
_ASK = "ask AWS for more, and set {quota} in [quota]"


def _quota(scope: Scope) -> Iterator[Finding]:
    if not scope.has_settings:
        return
    yield from _counted(scope)
    yield from _policies(scope)
    yield from _builds(scope)


def _counted(scope: Scope) -> Iterator[Finding]:
    for quota, places in count(scope).items():
        default, what, takes = _DEFAULTS[quota]
        for place, found in sorted(places.items(), key=lambda item: (item[0].account, item[0].region)):
            given = getattr(scope.settings.quota, quota)
            limit = given or (_FEW_RULES.get(place.region, default) if quota == "event_rules" else default)
            if found.number > limit:
                message = f"{found.number:,} {what}{place.shown}, and {takes} {limit:,}{_by(given)}"
                yield _finding(scope, found.cause, message, _fix(scope, quota, found.cause))


def _by(given: int | None) -> str:
    return " by [quota]" if given else ""


def _fix(scope: Scope, quota: str, cause: Path) -> str:
    settings = scope.settings
    if quota == "event_rules" and cause == ("trigger",):
        return 'set trigger = "affected": the dispatcher has three rules for all (docs/dispatcher.md)'
    if quota == "event_rules" and cause[-1] == "notifications" and not settings.shared.notifications:
        return "set notifications = true in [shared]: one rule for all (docs/quotas.md)"
    if quota in ("iam_roles", "iam_policies") and not settings.shared.roles:
        return "set roles = true in [shared]: three roles for all (docs/quotas.md)"
    if quota == "buckets" and not settings.shared.artefact_bucket:
        return "set artefact_bucket = true in [shared]: one bucket for all (docs/quotas.md)"
    return _ASK.format(quota=quota)


def _policies(scope: Scope) -> Iterator[Finding]:
    """Each role of a build once: that of an image, or the one that several share."""
    known = [image for image in images(scope) if image.is_known]
    sharing = [image for image in known if image.shares and scope.settings.shared.roles]
    names = {image.name for image in sharing}
    for image in known:
        if image.name not in names:
            yield from _of_role(scope, f"the build of {image.name}", image, policy_sizes(image.inputs))
    if sharing:
        values: list[Mapping[str, Any]] = [dict(image.inputs) for image in sharing]
        first = values[0]
        alike = {name: first.get(name) for name in ("kms_key_arn", "connection_arn", "full_clone")}
        yield from _of_role(scope, "the shared build role", sharing[0], policy_sizes({**alike, **united(values)}))


def _of_role(scope: Scope, role: str, image: Image, sizes: Sizes) -> Iterator[Finding]:
    attached = scope.settings.quota.policies_per_role or _ATTACHED
    cause = _longest(scope, image)
    if sizes.inline > INLINE:
        message = f"the inline policy of {role} would have some {sizes.inline:,} characters, and IAM takes {INLINE:,}"
        yield _finding(scope, cause, message, f"give fewer {cause[-1]}", image.name)
    if sizes.managed > MANAGED:
        message = f"a managed policy of {role} would have some {sizes.managed:,} characters, and IAM takes {MANAGED:,}"
        yield _finding(scope, cause, message, f"give fewer {cause[-1]}", image.name)
    if sizes.secrets > MANAGED:
        message = (
            f"the policy of {role} for secrets would have some {sizes.secrets:,} characters, and IAM takes {MANAGED:,}"
        )
        fix = "keep several values in one secret (NAME:KEY), which counts once"
        yield _finding(scope, _of_secrets(scope, image), message, fix, image.name)
    if sizes.attached > attached:
        by = _by(scope.settings.quota.policies_per_role)
        message = f"{role} would have {sizes.attached} managed policies, and a role takes {attached}{by}"
        yield _finding(scope, cause, message, _ASK.format(quota="policies_per_role"), image.name)


def _longest(scope: Scope, image: Image) -> Path:
    """The input with the most in it: of the template's own table where it stands there."""
    values = {name: image.inputs.get(name) for name in _LONG}
    name = max(_LONG, key=lambda each: (len(str(values[each] or "")), -_LONG.index(each)))
    own = scope.settings.templates.get(image.name)
    return ("templates", image.name, "inputs", name) if own and name in own.inputs else ("inputs", name)


def _of_secrets(scope: Scope, image: Image) -> Path:
    own = scope.settings.templates.get(image.name)
    return ("templates", image.name, "environment") if own and fetched(own.environment) else ("environment",)


def _builds(scope: Scope) -> Iterator[Finding]:
    """A push that starts every pipeline at once; the dispatcher holds back what does not fit."""
    running = scope.settings.quota.concurrent_builds
    if running is None or scope.settings.trigger != "push":
        return
    at_once: dict[Place, list[Image]] = {}
    for image in images(scope):
        if image.inputs.get("start_on_push") is not False:
            at_once.setdefault(image.place, []).append(image)
    fix = 'set trigger = "affected" (docs/dispatcher.md), or ask AWS for more, and set concurrent_builds in [quota]'
    for place, started in at_once.items():
        number, waiting = len(started), len(started) - running
        minutes = max((_timeout(image) for image in started), default=0)
        said = f"a push starts {number:,} builds at once{place.shown}"
        if waiting > _QUEUE * running:
            said += f": {running:,} run, {_QUEUE * running:,} wait in CodeBuild's queue, and the rest fails"
        elif waiting > 0 and (number - 1) // running * minutes > _WAITS:
            said += f", of which {running:,} run: with {minutes} minutes each some wait longer than 8 hours, and fail"
        elif waiting > 0:
            said += f", of which {running:,} run and {waiting:,} wait"
        else:
            continue
        yield _finding(scope, ("quota", "concurrent_builds"), said, fix)


def _timeout(image: Image) -> int:
    value = image.inputs.get("build_timeout")
    return value if isinstance(value, int) else 60


def _finding(scope: Scope, cause: Path, message: str, fix: str, image: str = "") -> Finding:
    """At the setting, or at the top of tfgen.toml where only a default says so."""
    line = scope.settings.line(*cause)
    return Finding(rule="quota", path=FILE_NAME, line=line, message=message, fix=fix, image=image)


RULES = (
    Rule(
        id="quota",
        severity="warning",
        summary="The pipelines need more than a quota of the AWS account gives",
        check=_quota,
    ),
)
