"""The differences of one place, each with what was expected and what was found.

Without `full` nothing is asked but GetPipeline of the few pipelines that look like ours and have no image: what `facts`
has is compared, projects, rules and whichever definitions of pipelines are there. `full` asks for everything else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tfgen.aws.failures import AwsError, is_about_credentials
from tfgen.aws.pool import Pool
from tfgen.aws.resources.model import RuleFacts
from tfgen.aws.resources.read import ACTIONS, Reader
from tfgen.status.drift.amis import DIRTY, ami_drift, newest_amis
from tfgen.status.drift.calls import Call, Calls, read_calls
from tfgen.status.drift.commits import Commits
from tfgen.status.drift.compare.pipelines import pipeline_drift, transitions_drift
from tfgen.status.drift.compare.projects import project_drift
from tfgen.status.drift.compare.rules import rule_drift
from tfgen.status.drift.files import file_drift
from tfgen.status.drift.live import live_drift, missing
from tfgen.status.drift.orphans import orphans_of
from tfgen.status.drift.own_modules import certain_drift
from tfgen.status.facts import Drifts, Expected, PlaceFacts
from tfgen.status.model import Drift, Unreadable
from tfgen_generators.module.resources.model import Place

if TYPE_CHECKING:
    from tfgen.aws.session import Account
    from tfgen.workspace import Workspace
    from tfgen_generators.sync.model import SyncResult

__all__ = ["ACTIONS", "drift"]
#: What belongs to no image: the module `shared`, files of images that are gone.
PLACE = ""
_AT_ONCE = 8
#: What is compared without a question more.
_LISTED = ("aws_codebuild_project", "aws_codepipeline", "aws_cloudwatch_event_rule")


def drift(
    workspace: Workspace,
    found: SyncResult,
    facts: PlaceFacts,
    account: Account,
    *,
    full: bool,
    images: Collection[str] = (),
    planned: Mapping[str, Sequence[Drift]] | None = None,
) -> Drifts:
    """What differs in one place; with `images` AWS is asked about those alone.

    `planned` is what Terraform says, by image: then AWS is not asked. Raises AwsError where it would refuse every
    question.
    """
    place = Place(account=facts.place.account_id, partition=facts.place.partition, region=facts.place.region)
    chosen = [image for image in facts.expected if not images or image.image in images]
    calls = read_calls(workspace, [image.image for image in chosen], place, () if full else _LISTED)
    work = _Work(account, facts, calls, place, full=full)
    work.planned = planned
    drifts: dict[str, list[Drift]] = {}
    for name, differences in file_drift(found).items():
        drifts.setdefault(name, []).extend(differences)
    orphans = () if images else tuple(orphans_of(facts, workspace.settings, work.definition))
    with Pool(_AT_ONCE if full else 1) as pool:
        for image, differences in zip(chosen, pool.map(work.image, chosen), strict=True):
            drifts.setdefault(image.image, []).extend(differences)
    drifts.setdefault(PLACE, []).extend(work.shared())
    newest = newest_amis(facts)
    commits = Commits(workspace.root, ((ami.commit.removesuffix(DIRTY), image.template) for image, ami in newest))
    for name, one in ami_drift(facts, commits.has, commits.is_same):
        drifts.setdefault(name, []).append(one)
    return Drifts(
        by_image={name: tuple(each) for name, each in drifts.items() if each},
        orphans=orphans,
        unreadable={name: tuple(each) for name, each in work.unreadable.items()},
    )


class _Work:
    """What is compared with AWS, and what of it could not be read."""

    def __init__(self, account: Account, facts: PlaceFacts, calls: Calls, place: Place, *, full: bool) -> None:
        self._account, self._facts, self._calls, self._place, self._full = account, facts, calls, place, full
        self.planned: Mapping[str, Sequence[Drift]] | None = None
        self.unreadable: dict[str, list[Unreadable]] = {}
        listed = facts.rules
        self._rules = None if listed is None else {str(rule.get("Name", "")): _rule(rule) for rule in listed}

    def _reader(self, image: str) -> Reader:
        def note(what: str, action: str, error: AwsError) -> None:
            if is_about_credentials(error):
                raise error
            cell = Unreadable(cell=f"drift: {what}", action=action, error=error.message)
            self.unreadable.setdefault(image, []).append(cell)

        return Reader(self._account, note)

    def definition(self, name: str) -> Mapping[str, Any] | None:
        """Of a pipeline of no image."""
        return self._reader(PLACE).pipeline(name)

    def image(self, image: Expected) -> list[Drift]:
        """The differences of one image that has a generated file and a pipeline."""
        call = self._calls.by_image.get(image.image)
        known = self._facts.pipelines.get(image.pipeline)
        if call is None or not image.pipeline or (known is not None and known.exists is False):
            return []
        found = list(transitions_drift(image.pipeline, known.stages or ())) if known else []
        return [*found, *(self._compared(image, call) if self.planned is None else self.planned.get(image.image, ()))]

    def _compared(self, image: Expected, call: Call) -> Iterator[Drift]:
        projects = self._facts.projects
        if call.resources is None:
            yield from certain_drift(call, image.pipeline, projects)
            return
        for resource in call.resources.of("aws_codebuild_project"):
            name = resource.text("name")
            if projects is None or not name:
                continue
            if name in projects:
                yield from project_drift(resource, projects[name])
            elif name == image.pipeline:
                yield from missing(f"project {name}")
        yield from self._pipelines(image, call)
        if self._full:
            beside, reader = self._calls.beside, self._reader(image.image)
            yield from live_drift(call.resources, reader, self._place, beside)
        else:
            yield from self._listed_rules(call)

    def _pipelines(self, image: Expected, call: Call) -> Iterator[Drift]:
        for resource in call.resources.of("aws_codepipeline") if call.resources else ():
            name = resource.text("name")
            known = self._facts.pipelines.get(name)
            answer = known.definition if known else None
            definition: Mapping[str, Any] | None = answer.get("pipeline", answer) if answer else None
            tags = None
            if self._full and name:
                reader = self._reader(image.image)
                definition = reader.pipeline(name) if definition is None else definition
                if resource.attributes.get("tags"):
                    place = self._place
                    tags = reader.pipeline_tags(
                        f"arn:{place.partition}:codepipeline:{place.region}:{place.account}:{name}"
                    )
            if definition:
                yield from pipeline_drift(resource, definition, tags)

    def _listed_rules(self, call: Call) -> Iterator[Drift]:
        if self._rules is None or call.resources is None:
            return
        for resource in call.resources.of("aws_cloudwatch_event_rule"):
            if name := resource.text("name"):
                rule = self._rules.get(name)
                yield from missing(f"rule {name}") if rule is None else rule_drift(resource, call.resources, rule)

    def shared(self) -> list[Drift]:
        """The differences of the module `shared`."""
        if self.planned is not None:
            return [*self.planned.get(PLACE, ())]
        call = self._calls.shared
        if call is None or call.resources is None or not self._full:
            return []
        return [*live_drift(call.resources, self._reader(PLACE), self._place, self._calls.beside)]


def _rule(found: Mapping[str, Any]) -> RuleFacts:
    return RuleFacts(
        state=str(found.get("State") or ""),
        pattern=str(found.get("EventPattern") or ""),
        schedule=str(found.get("ScheduleExpression") or ""),
        description=str(found.get("Description") or ""),
    )
