"""Rules about what a template has a shell run: who would notice that a command failed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from tfgen_generators.lint.model import Edit, Finding, Rule
from tfgen_generators.lint.rules.scripts.find import SHELLS, Script, scripts
from tfgen_generators.lint.rules.scripts.loops import lost_tries
from tfgen_generators.lint.rules.scripts.nested import hidden_inside, lost_exit_code
from tfgen_generators.lint.rules.scripts.programs import (
    ShellOptions,
    does_something,
    is_answer,
    is_cleanup,
    is_hidden_by,
    name_of,
    succeeds,
)
from tfgen_generators.lint.templates.nodes import Node
from tfgen_generators.lint.templates.source import Source, sources
from tfgen_generators.packer.syntax.values import Value, as_written
from tfgen_generators.shell.commands import Pipeline, read_pipelines

if TYPE_CHECKING:
    from tfgen_generators.lint.scope import Scope

#: Exit codes of a script that a signal ends (SIGHUP, SIGKILL, SIGTERM); of Chef where all is well.
_BY_RESTART, _OF_CHEF = (129, 137, 143), (35, 37, 213)
_FIX_PIPE = "avoid the pipe, or use bash with `set -o pipefail` (inline_shebang = /bin/bash -e)"
_FIX_INNER = "run bash with `-o pipefail -c`"
_FIX_SET = "add `set -e` where failures must end the script again"
_FIX_LIST = "write each command on its own line"
_FIX_ERREXIT = "begin the script with `set -e` (bash: `set -euo pipefail`)"


def _hidden(scope: Scope) -> Iterator[Finding]:
    for script, image in _each(scope):
        for pipeline, message, fix in hidden_failures(script.text, script.options):
            yield _finding("hidden-failure", script, pipeline, image, message, fix)
        tries = lost_tries(script.text)
        for command, line in tries if tries and _ends_early(script, script.pipelines().found) else ():
            path, number = script.place(line)
            yield Finding(
                rule="hidden-failure",
                path=path,
                line=number,
                message=f"when {name_of(command)!r} fails in every try, the loop ends as if it had succeeded",
                fix="after the loop, test whether it succeeded, or exit in the last try",
                image=image,
            )
    yield from _runners(scope)


def _runners(scope: Scope) -> Iterator[Finding]:
    """Where `execute_command` does not end with the script's exit code."""
    for source in sources(scope):
        for component in source.provisioners:
            node = component.node.find("execute_command") if component.kind in SHELLS else None
            value = node.value() if node is not None else None
            words = value if isinstance(value, list) else [value]
            said = next(filter(None, (lost_exit_code(as_written(word)) for word in words if word)), "")
            if said and node is not None:
                yield Finding(
                    rule="hidden-failure",
                    path=node.path,
                    line=node.line,
                    message=f"execute_command loses the exit code of the script: {said}",
                    fix="let the script be the last that runs, without a pipe behind it",
                    image=source.template.name,
                )


@lru_cache(maxsize=1000)
def hidden_failures(text: str, options: str) -> list[tuple[Pipeline, str, str]]:
    """Where a shell with these options does not end although a command fails: what is said of it, and what to do."""
    state = ShellOptions(options)
    read = read_pipelines(text)
    found = read.found
    ends = _ends(found)
    hidden: list[tuple[Pipeline, str, str]] = []
    for number, pipeline in enumerate(found):
        message = fix = ""
        if _is_set(pipeline):
            before = state.errexit
            state.take(pipeline.commands[0].words[1:])
            if before and not state.errexit and read.is_whole and "$?" not in text and _goes_on(found, number):
                message, fix = "after `set +e`, failures do not end the script", _FIX_SET
        elif state.errexit and not pipeline.condition:
            message, fix = "" if state.pipefail else _in_pipe(pipeline), _FIX_PIPE
            if not message and ends[number] < len(found) - 1:
                message, fix = _in_list(pipeline, found[ends[number]]), _FIX_LIST
            if not message and (message := next(filter(None, map(hidden_inside, pipeline.commands)), "")):
                fix = _FIX_INNER
        if message:
            hidden.append((pipeline, message, fix))
    return hidden


def _goes_on(found: Sequence[Pipeline], number: int) -> bool:
    """Whether something is done behind a `set +e`; not where -e comes back."""
    last_set = _last(found, lambda one: _is_set(one) and ShellOptions(" ".join(one.commands[0].words[1:])).errexit)
    return last_set < number < _last(found, lambda one: any(map(does_something, one.commands)))


def _ends(found: Sequence[Pipeline]) -> list[int]:
    """For each pipeline where the list of `&&` ends that it stands in."""
    ends = list(range(len(found)))
    for number in range(len(found) - 2, -1, -1):
        if found[number].after == "&&":
            ends[number] = ends[number + 1]
    return ends


def _last(found: Sequence[Pipeline], wanted: Callable[[Pipeline], bool]) -> int:
    return next((number for number in range(len(found) - 1, -1, -1) if wanted(found[number])), -1)


def _is_set(pipeline: Pipeline) -> bool:
    return pipeline.commands[0].words[0] == "set"


def _in_pipe(pipeline: Pipeline) -> str:
    if len(pipeline.commands) < 2:
        return ""
    *left, last = pipeline.commands
    hidden = next((command for command in left if is_hidden_by(command, last)), None)
    if hidden is None or pipeline.after == "||":
        return ""
    return f"a failure of {name_of(hidden)!r} is hidden by the pipe into {name_of(last)!r}"


def _in_list(pipeline: Pipeline, end: Pipeline) -> str:
    """`a && b` in the middle of a script: `sh -e` goes on when a fails. `end` is the last of the list."""
    command = pipeline.commands[-1]
    if pipeline.after != "&&" or not does_something(command) or is_cleanup(command):
        return ""
    if end.after in ("&&", "||", ")", "}") or end.condition or is_answer(end.commands[0]):
        return ""
    return f"a failure of {name_of(command)!r} is hidden by the && after it: `sh -e` continues with the next line"


def _ignored(scope: Scope) -> Iterator[Finding]:
    for script, image in _each(scope):
        for pipeline, message in _ignored_in(script.text):
            fix = "let the command fail, or test for the expected case"
            yield _finding("ignored-failure", script, pipeline, image, message, fix)
    for source in sources(scope):
        for component in source.provisioners:
            node = component.node.find("valid_exit_codes") if component.kind in SHELLS else None
            bad = _failures(source.values.known(node.value())) if node is not None else []
            bad = [code for code in bad if not _is_expected(code, component.node, source)]
            if bad and node is not None:
                yield Finding(
                    rule="ignored-failure",
                    path=node.path,
                    line=node.line,
                    message=f"valid_exit_codes accepts the failure codes {', '.join(map(str, bad))}",
                    fix="test for the expected case in the script",
                    image=source.template.name,
                )


@lru_cache(maxsize=1000)
def _ignored_in(text: str) -> list[tuple[Pipeline, str]]:
    """Where a text ignores a failure on purpose, and what is said of it."""
    read = read_pipelines(text)
    found: list[tuple[Pipeline, str]] = []
    for number, (tried, pipeline) in enumerate(pairwise(read.found), start=2):
        if pipeline.before != "||":
            continue
        last, failed = pipeline.commands[0], tried.commands[-1]
        says = read.is_whole and does_something(failed) and _only_says(pipeline, read.found[number:])
        if (succeeds(last) or says) and not is_cleanup(failed):
            said = " ".join(last.words) if succeeds(last) else f"{name_of(last)} ..."
            found.append((pipeline, f"a failure of {name_of(failed)!r} is ignored by `|| {said}`"))
    return found


def _only_says(pipeline: Pipeline, rest: Sequence[Pipeline]) -> bool:
    """Whether nothing but a message comes of a failure; not where the script may end, or decide, behind it."""
    last = pipeline.commands[-1]
    says = name_of(last) in ("echo", "printf", "logger") and not pipeline.condition and pipeline.after != "&&"
    ends = (one.commands[0].words for one in rest if one.commands[0].words[1:] != ("0",))
    return says and not any(words[:1] in (("exit",), ("return",), ("false",)) for words in ends)


def _failures(codes: Value) -> list[int]:
    return [code for code in codes if isinstance(code, int) and 0 < code < 256] if isinstance(codes, list) else []


def _is_expected(code: int, node: Node, source: Source) -> bool:
    """Whether a code says no failure: of a machine that restarts, of Chef (RFC 062), of `puppet apply`."""
    if code in _BY_RESTART and source.values.flag(node.get("expect_disconnect")):
        return True
    text = str(node.file.data[node.start : node.end])
    return ("chef" in text.lower() and code in _OF_CHEF) or (code == 2 and "--detailed-exitcodes" in text)


def _no_errexit(scope: Scope) -> Iterator[Finding]:
    for script, image in _each(scope):
        read = script.pipelines()
        found = read.found
        early = not read.is_whole or _ends_early(script, found)
        ends = _ends(found)  # of `a && b` at the end, a decides as well
        lost = [each for number, each in enumerate(found) if ends[number] < len(found) - 1]
        if early or not any(does_something(one) for each in lost for one in each.commands):
            continue
        if script.runner is None:
            message = "the script continues after a failed command, and only the last command decides"
            yield _finding("no-errexit", script, found[0], image, message, _FIX_ERREXIT)
            continue
        yield Finding(
            rule="no-errexit",
            path=script.runner.path,
            line=script.runner.line,
            message=f"{script.setting} runs the shell without -e: only the last command decides",
            fix="add -e, or begin the script with `set -e`",
            image=image,
            edits=_with_option(script) if script.setting == "inline_shebang" else (),
        )


def _ends_early(script: Script, found: Sequence[Pipeline]) -> bool:
    """Whether a failure ends the script, from its beginning or from some line on."""
    options = ShellOptions(script.options)
    for pipeline in found:
        words = pipeline.commands[0].words
        if words[0] == "set":
            options.take(words[1:])
        if options.errexit or (words[0] == "trap" and "ERR" in words):
            return True
    return options.errexit


def _with_option(script: Script) -> tuple[Edit, ...]:
    """`-e` behind the shell, where the setting is a plain text."""
    runner = script.runner
    if runner is None or not isinstance(runner.scalar, str):
        return ()
    shell, _, options = runner.scalar.rstrip().partition(" ")
    written = runner.file.data[runner.start : runner.end]
    plain = written == f'"{runner.scalar}"'.encode() and "\\" not in runner.scalar
    if not plain or not re.fullmatch(r"(-[a-z]+)?", options) or options.endswith("o"):
        return ()
    # The kernel hands everything behind the shell over as one argument: -x becomes -ex, never -e -x.
    at = runner.start + 1 + len(shell.encode()) + (2 if options else 0)
    return (Edit(path=runner.path, start=at, end=at, text="e" if options else " -e"),)


def _each(scope: Scope) -> Iterator[tuple[Script, str]]:
    """Every shell text once, with the image that it is a part of ("" for a file that any template may use)."""
    seen: set[tuple[str, str]] = set()
    for source in sources(scope):
        for script in scripts(scope, source):
            key = (script.path, script.options)
            if script.inline or script.runner is not None or key not in seen:
                yield script, source.template.name if script.inline else ""
            seen.add(key)


def _finding(rule: str, script: Script, pipeline: Pipeline, image: str, message: str, fix: str) -> Finding:
    path, line = script.place(pipeline.line)
    return Finding(rule=rule, path=path, line=line, message=message, fix=fix, image=image)


RULES = (
    Rule(
        id="hidden-failure",
        severity="error",
        summary="A script hides the failure of a command",
        check=_hidden,
        by_template=True,
    ),
    Rule(
        id="ignored-failure",
        severity="warning",
        summary="A command's failure is ignored on purpose",
        check=_ignored,
        by_template=True,
    ),
    Rule(
        id="no-errexit",
        severity="warning",
        summary="A script continues after a failed command",
        check=_no_errexit,
        by_template=True,
    ),
)
