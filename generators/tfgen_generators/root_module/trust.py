"""Which modules a root module reaches, and where what a branch may say (values) would get somewhere that acts.

An untrusted plan runs the Terraform of the base commit, with values of the branch: inputs of the modules. So a module
that makes a file's name or a program's arguments of its inputs would do what the branch says. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tfgen_generators.hcl.blocks import UnreadableError
from tfgen_generators.root_module.calls import Call, Fact, FileFacts, Reader, file_facts, folder_of, is_local
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
#: References that lead to nothing of a branch's; in the root module a variable is the pipeline's own.
_OWN = frozenset({"path", "terraform"})
_OWN_IN_ROOT = _OWN | {"var"}
#: References that surely hold what a branch says.
_FED = frozenset({"each", "module", "var"})
_FED_IN_ROOT = frozenset({"module"})
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


def judge(modules: Modules, root: str) -> Iterator[Finding]:
    """Where values of a branch would act in `modules`, which are the base's. `root` is the root module's folder."""
    for folder, files in modules.items():
        in_root = folder == root
        roots = frozenset(one for file in files for one in file.local_roots)
        for reader in (reader for file in files for reader in file.readers):
            yield from _reader(reader, roots, in_root=in_root)
        for fact in (fact for file in files for fact in file.computed if not in_root):
            yield _at(fact, f"{fact.name}() reads a file whose path is a variable, so the branch could choose any file")


def _reader(reader: Reader, local_roots: frozenset[str], *, in_root: bool) -> Iterator[Finding]:
    """In JSON every word before a dot may be a reference."""
    roots = reader.roots | local_roots if "local" in reader.roots else reader.roots
    if reader.name in ACTING or reader.name.startswith(_ACTING_PREFIXES):
        if roots - (_OWN_IN_ROOT if in_root else _OWN) - {"local"}:
            message = f"data source {reader.name} runs a program or contacts a server during the plan"
            yield _at(reader, f"{message}, with arguments that the branch may choose")
    elif reader.name in READING and roots & (_FED_IN_ROOT if in_root else _FED):
        yield _at(reader, f"data source {reader.name} reads what the branch may choose through the module's inputs")


def is_allowed(source: str, allowed: Iterable[str]) -> bool:
    """Whether `source` lies below one of the prefixes that --allow-module gives.

    A prefix ends where a part of a path does, and nothing behind it may climb out of it again.
    """
    for prefix in allowed:
        rest = source.removeprefix(prefix)
        if not prefix or not source.startswith(prefix):
            continue
        whole = rest == "" or prefix.endswith(("/", ":")) or rest.startswith(("/", "?"))
        if whole and _REST.fullmatch(rest) and ".." not in rest:
            return True
    return False


def generated_calls(settings: Settings) -> list[Call]:
    """The module calls that tfgen generates: those of the images as one, the dispatcher's, what is shared."""
    called = [("module", "of the images", settings.module.source, settings.module.version)]
    if settings.trigger == "affected":
        called.append(("dispatcher", "of the dispatcher", settings.dispatcher.source, settings.dispatcher.version))
    if settings.shared.is_on:
        called.append(("shared", "of what is shared", settings.shared.source, settings.shared.version))
    return [
        Call(path=FILE_NAME, line=settings.line(table, "source"), name=name, source=source, version=version or "")
        for table, name, source, version in called
    ]


def _at(fact: Fact, message: str) -> Finding:
    return Finding(path=fact.path, line=fact.line, message=message)
