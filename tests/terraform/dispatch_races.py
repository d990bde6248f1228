"""Dispatchers whose every call to AWS is a step: killed at any of them, or interleaved with another's at random."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tests.terraform.pipelines_on_aws import Pipelines
from tfgen.aws.failures import Who, explained
from tfgen.aws.pipelines.dispatch_state import Item, StateTable
from tfgen.aws.session import Account
from tfgen.dispatch.assess import Assessor
from tfgen.dispatch.model import Job, Outcome
from tfgen.dispatch.plan import make_plan
from tfgen.dispatch.run import Dispatch
from tfgen.emulator.pipeline_run import HEADS
from tfgen.emulator.server import Emulator

TABLE, REPOSITORY = "races", "r"
PARENTS = {"web": ("base",)}
IMAGES = ("base", "other", "web")
START = "start_pipeline_execution"
CHANGES = (START, "put_item", "transact_write_items")
Gate = Callable[[str], None]


class KilledError(BaseException):
    """What nothing of ours catches: the end of the dispatcher."""


@dataclass
class World:
    """Commits (the version of each image's files in it), pipelines, and all that dispatchers did, in order."""

    emulator: Emulator
    commits: dict[str, Mapping[str, int]] = field(default_factory=dict)
    log: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.emulator.reset()
        self.client = cache(self.emulator.client)
        made = Pipelines(client=self.client)
        for name in IMAGES:
            made.make(name)
        key = {"AttributeName": "image"}
        self.client("dynamodb").create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{**key, "AttributeType": "S"}],
            KeySchema=[{**key, "KeyType": "HASH"}],
        )
        first = self.push()
        table = StateTable(self.account(lambda _: None), TABLE)
        for name in IMAGES:
            assert table.swap(Item(image=name), Item(image=name, good=first))

    def push(self, *changed: str) -> str:
        """A commit that changes the files of these images; CodeCommit's branch is at it."""
        commit = f"{len(self.commits) + 1:040x}"
        before = self.commits[HEADS[REPOSITORY]] if self.commits else dict.fromkeys(IMAGES, 0)
        self.commits[commit] = {name: before[name] + (name in changed) for name in IMAGES}
        HEADS[REPOSITORY] = commit
        return commit

    def dispatch(self, commit: str, gate: Gate = lambda _: None) -> list[Outcome]:
        """One whole dispatch; `gate` is asked before each call, and after it with a `+`."""
        job = Job(commit=commit, pipelines={name: name for name in IMAGES}, parents=PARENTS, order=IMAGES)

        def since(older: str) -> Mapping[str, str]:
            now, then = self.commits[commit], self.commits.get(older, {})
            return {name: "changed" for name in IMAGES if now[name] != then.get(name)}

        assessor = Assessor(job, StateTable(self.account(gate), TABLE), since, lambda: 0)
        return Dispatch(assessor, make_plan(assessor), lambda *_: None, lambda: 0).run()

    def account(self, gate: Gate) -> Account:
        return _Account(self, gate)  # type: ignore[return-value] # all that is asked of one

    @property
    def items(self) -> dict[str, Item]:
        return StateTable(self.account(lambda _: None), TABLE).read(IMAGES)

    @property
    def starts(self) -> dict[str, int]:
        codepipeline = self.client("codepipeline")
        return {
            name: len(codepipeline.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"])
            for name in IMAGES
        }

    def check(self, commit: str) -> None:
        """All is built as `commit` has it, the child on top of its parent, and nothing is open."""
        for name, item in self.items.items():
            assert (item.token, item.due) == ("", frozenset()), item
            assert self.commits[item.good][name] == self.commits[commit][name], item
        built = [at for at, each in enumerate(self.log) if each == ("Succeeded", "base")]
        begun = [at for at, each in enumerate(self.log) if each == ("start", "web")]
        assert not built or begun[-1] > built[0], self.log


class _Account:
    id, partition = "123456789012", "aws"

    def __init__(self, world: World, gate: Gate) -> None:
        self.world, self.gate, self.region = world, gate, world.emulator.region

    def call(self, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
        self.gate(operation)
        with explained(Who(profile="", region=self.region), service, operation):
            answer: dict[str, Any] = getattr(self.world.client(service), operation)(**arguments)
        if operation == START:
            self.world.log.append(("start", arguments["name"]))
        elif operation == "get_pipeline_execution":
            name, status = arguments["pipelineName"], answer["pipelineExecution"]["status"]
            if status != "InProgress" and ("start", name) in self.world.log:
                self.world.log.append((status, name))
        if operation in CHANGES:
            self.gate(f"{operation}+")
        return answer


class KilledAt:
    """A gate that ends its dispatcher once it has changed so many things; reading changes nothing."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, operation: str) -> None:
        if operation.endswith("+"):
            self.left -= 1
        if self.left == 0:
            raise KilledError


class Interleaved:
    """A gate for several threads: one goes on at a time, and which one, the seed says."""

    def __init__(self, seed: int, count: int) -> None:
        self._random, self._changed = random.Random(seed), threading.Condition()
        self._alive, self._waiting, self._turn = count, set[str](), ""

    def __call__(self, operation: str) -> None:
        if operation.endswith("+"):
            return
        me = threading.current_thread().name
        with self._changed:
            self._waiting.add(me)
            self._next()
            assert self._changed.wait_for(lambda: self._turn == me, timeout=60)
            self._turn = ""

    def ended(self) -> None:
        with self._changed:
            self._alive -= 1
            self._next()

    def _next(self) -> None:
        """When all are at a gate, one of them goes on; called with the condition held."""
        if not self._turn and self._waiting and len(self._waiting) == self._alive:
            self._turn = self._random.choice(sorted(self._waiting))
            self._waiting.discard(self._turn)
            self._changed.notify_all()

    def run(self, *dispatches: Callable[[Gate], object]) -> None:
        """All at once; raises what one of them raised."""
        errors: list[BaseException] = []

        def one(dispatch: Callable[[Gate], object]) -> None:
            try:
                dispatch(self)
            except BaseException as error:  # noqa: BLE001 the test's thread raises it
                errors.append(error)
            finally:
                self.ended()

        threads = [
            threading.Thread(target=one, args=(each,), name=str(number), daemon=True)
            for number, each in enumerate(dispatches)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        if errors:
            raise errors[0]
