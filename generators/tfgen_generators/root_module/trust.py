"""What of a root module's facts may not come from a branch that nobody has read: the judgement, pure.

`known` is what the base commit says already; without a commit to compare with, next to nothing is known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tfgen_generators.hcl.blocks import UnreadableError
from tfgen_generators.root_module.calls import (
    BUILT_IN,
    Call,
    Fact,
    FileFacts,
    file_facts,
    folder_of,
    is_local,
    providers,
)
from tfgen_generators.settings.model import FILE_NAME, Settings

MAINTAINER = "a maintainer must review it and plan without --untrusted"

#: Data sources (and ephemeral resources) that run a program or call somebody while Terraform plans.
ACTING = frozenset({"aws_lambda_invocation", "external", "http", "local_command", "shell_script", "tls_certificate"})
_ACTING_PREFIXES = ("dns_",)
#: Those that read what a branch should not choose: files of the machine, other states.
READING = frozenset(
    {
        "archive_file",
        "aws_kms_secrets",
        "local_file",
        "local_sensitive_file",
        "template_file",
        "terraform_remote_state",
    }
)
#: What may follow a prefix that --allow-module gives: a path, and which version of it.
_REST = re.compile(r"[A-Za-z0-9._~/-]*(?:\?ref=[A-Za-z0-9_][A-Za-z0-9._/-]*)?")

Modules = Mapping[str, Sequence[FileFacts]]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One reason to refuse. `line` is 0 where none is known."""

    path: str
    message: str
    line: int = 0
    fix: str = MAINTAINER

    @property
    def where(self) -> str:
        """As a message names it."""
        return f"{self.path}:{self.line}" if self.line else self.path


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the base says, or what is known without one. `name` is the base's, "" without."""

    name: str = ""
    providers: frozenset[str] = frozenset({BUILT_IN, "hashicorp/aws"})
    sources: frozenset[tuple[str, str]] = frozenset()
    guarded: frozenset[tuple[str, str]] | None = None
    readers: frozenset[str] = frozenset()


@dataclass
class Reached:
    """The modules that a root module reaches through local sources: folder -> its files' facts."""

    modules: dict[str, list[FileFacts]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def reach(
    root: str, calls: Iterable[Call], read: Callable[[str], Mapping[str, bytes]], follow: Callable[[str], str | None]
) -> Reached:
    """Reads the module in the folder `root`, what `calls` it, and what those call.

    `read` gives a folder's Terraform files, `follow` the folder that a path really is (None: outside).
    """
    reached = Reached()
    waiting = [(root, call) for call in calls]
    _read_folder(root, read, reached, waiting)
    while waiting:
        caller, call = waiting.pop()
        if call.source is None or not is_local(call.source):
            continue
        folder = follow(folder_of(caller, call.source))
        if folder is None:
            message = f"module {call.name!r} is outside the repository: {call.source}"
            reached.findings.append(Finding(path=call.path, line=call.line, message=message))
        elif folder not in reached.modules:
            _read_folder(folder, read, reached, waiting)
    return reached


def _read_folder(
    folder: str, read: Callable[[str], Mapping[str, bytes]], reached: Reached, waiting: list[tuple[str, Call]]
) -> None:
    facts = reached.modules[folder] = []
    for path, data in read(folder).items():
        try:
            facts.append(file_facts(path, data))
        except UnreadableError as error:
            message = f"{error}, so its effects are not known"
            reached.findings.append(Finding(path=path, line=error.line, message=message))
    waiting += [(folder, call) for file in facts for call in file.calls]


def knows(name: str, modules: Modules, calls: Iterable[Call]) -> Known:
    """What a base called `name` says."""
    files = [file for facts in modules.values() for file in facts]
    called = [*calls, *(call for file in files for call in file.calls)]
    return Known(
        name=name,
        providers=frozenset({BUILT_IN, *(source for facts in modules.values() for source in providers(facts))}),
        sources=frozenset((call.source or "", call.version or "") for call in called),
        guarded=frozenset((fact.name, text) for file in files for fact, text in file.guarded),
        readers=frozenset(fact.name for file in files for fact in file.readers),
    )


def judge(
    modules: Modules, calls: Iterable[Call], known: Known, allowed: Sequence[str], root: str
) -> Iterator[Finding]:
    """What is wrong with `modules`, and with the `calls` that tfgen generates. `allowed` are prefixes of sources.

    `root` is the folder of the root module: the variables of the others get what a branch writes into tfgen.toml.
    """
    files = [file for facts in modules.values() for file in facts]
    for fact in (fact for file in files for fact in file.actors):
        yield _at(fact, f"{fact.name} runs commands")
    for fact in (fact for file in files for fact in file.readers):
        yield from _reader(fact, known)
    for fact in (
        fact for folder, facts in modules.items() if folder != root for file in facts for fact in file.computed
    ):
        yield _at(fact, f"{fact.name}() reads a file whose path is a variable, so the branch could choose any file")
    for call in (*calls, *(call for file in files for call in file.calls)):
        yield from _call(call, known, allowed)
    for facts in modules.values():
        for source, fact in providers(facts).items():
            if source not in known.providers:
                yield _at(fact, f"provider {source} is new: Terraform would download and run it")
    for fact, text in (item for file in files for item in file.guarded):
        if known.guarded is not None and (fact.name, text) not in known.guarded:
            yield _at(fact, f"{fact.name} differs from {known.name}: state or credentials could go elsewhere")


def _reader(fact: Fact, known: Known) -> Iterator[Finding]:
    if fact.name in ACTING or fact.name.startswith(_ACTING_PREFIXES):
        yield _at(fact, f"data source {fact.name} runs a program or contacts a server during the plan")
    elif fact.name in READING and fact.name not in known.readers:
        yield _at(fact, f"data source {fact.name} reads something that a branch must not choose")


def _call(call: Call, known: Known, allowed: Sequence[str]) -> Iterator[Finding]:
    if call.source is None or call.version is None:
        yield _at(call, f"the source or the version of module {call.name!r} is not plain text")
    elif not is_local(call.source) and not is_allowed(call.source, call.version, known, allowed):
        version = f" {call.version}" if call.version else ""
        yield Finding(
            path=call.path,
            line=call.line,
            message=f"the source of module {call.name!r} is not on the allow-list: {call.source}{version}",
            fix="allow it with --allow-module PREFIX, or a maintainer must plan without --untrusted",
        )


def is_allowed(source: str, version: str, known: Known, allowed: Sequence[str]) -> bool:
    """Whether a module may come from `source`: the base uses just that, or it lies below one of `allowed`.

    A prefix ends where a part of a path does, and nothing behind it may climb out of it again.
    """
    if (source, version) in known.sources:
        return True
    for prefix in allowed:
        rest = source.removeprefix(prefix)
        if not prefix or not source.startswith(prefix):
            continue
        whole = rest == "" or prefix.endswith(("/", ":")) or rest.startswith(("/", "?"))
        if whole and _REST.fullmatch(rest) and ".." not in rest:
            return True
    return False


def generated_calls(settings: Settings) -> list[Call]:
    """The module calls that tfgen generates: those of the images as one, and the dispatcher's."""
    called = [("module", "of the images", settings.module.source, settings.module.version)]
    if settings.trigger == "affected":
        called.append(("dispatcher", "of the dispatcher", settings.dispatcher.source, settings.dispatcher.version))
    return [
        Call(path=FILE_NAME, line=settings.line(table, "source"), name=name, source=source, version=version or "")
        for table, name, source, version in called
    ]


def _at(fact: Fact, message: str) -> Finding:
    return Finding(path=fact.path, line=fact.line, message=message)
