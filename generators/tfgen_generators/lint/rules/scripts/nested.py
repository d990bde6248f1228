"""A shell inside a shell's command: `sh -c "a | tee log"`, and the shell that `execute_command` starts."""

from __future__ import annotations

import re
from functools import lru_cache

from tfgen_generators.lint.rules.scripts.programs import ShellOptions, is_hidden_by, name_of, program, succeeds
from tfgen_generators.shell.commands import Command, Pipeline, read_pipelines
from tfgen_generators.shell.ran import SHELLS

_TEXT = re.compile(r"-[A-Za-z]*c[A-Za-z]*$")
_DEEPEST = 3
#: What stands for the script in `execute_command`, so that the shell's grammar takes it as a program.
_SCRIPT = "./packer-script"
#: What does something with the file, and does not run it.
_HANDLING = frozenset(["cat", "chmod", "chown", "cp", "dos2unix", "ls", "mv", "rm", "sed", "test", "["])
_PATH = re.compile(r"['\"]?\{\{-?\s*\.(Path|Script|ScriptPath)\s*-?\}\}['\"]?")
_VARS = re.compile(r"\{\{-?\s*\.(Vars|EnvVarFile|WorkingDirectory)\s*-?\}\}")


def inner_text(command: Command) -> tuple[str, tuple[str, ...]] | None:
    """The text that `sh -c` runs, and the options of that shell; None for another command."""
    words = program(command)[1]
    if name_of(command) not in SHELLS:
        return None
    for number, word in enumerate(words):
        if _TEXT.match(word):
            text = next((other for other in words[number + 1 :] if not other.startswith("-")), "")
            return text, (word.replace("c", ""), *words[:number], *words[number + 1 : number + 3])
        if not word.startswith(("-", "+")) and (not number or not words[number - 1].endswith("o")):
            return None
    return None


def hidden_inside(command: Command, depth: int = 0) -> str:
    """What a shell with a text of its own hides; "" for nothing."""
    inner = inner_text(command) if depth < _DEEPEST else None
    if inner is None:
        return ""
    text, words = inner
    state = ShellOptions(" ".join(word for word in words if word != text))
    for pipeline in read_pipelines(text).found:
        first = pipeline.commands[0]
        if first.words[0] == "set":
            state.take(first.words[1:])
        *left, last = pipeline.commands
        lost = next((one for one in left if is_hidden_by(one, last)), None)
        if lost is not None and not state.pipefail and not pipeline.condition and pipeline.after != "||":
            return f"a failure of {name_of(lost)!r} is hidden by the pipe into {name_of(last)!r} inside of `sh -c`"
        for one in pipeline.commands:
            if said := hidden_inside(one, depth + 1):
                return said
    return ""


@lru_cache(maxsize=2000)
def lost_exit_code(written: str) -> str:
    """How an `execute_command` loses the exit code of its script; "" where it does not."""
    if not _PATH.search(written):
        return ""
    return _lost(_VARS.sub("", _PATH.sub(_SCRIPT, written)), ShellOptions(""), 0)


def _lost(text: str, state: ShellOptions, depth: int) -> str:
    read = read_pipelines(text)
    last = 0
    for number, pipeline in enumerate(read.found):
        if pipeline.commands[0].words[0] == "set":
            state.take(pipeline.commands[0].words[1:])
        for place, command in enumerate(pipeline.commands):
            inner = inner_text(command)
            if inner is not None and _SCRIPT in inner[0] and depth < _DEEPEST:
                if said := _lost(inner[0], ShellOptions(" ".join(inner[1])), depth + 1):
                    return said
            elif name_of(command) in _HANDLING or not any(word.endswith(_SCRIPT) for word in command.words):
                continue
            last = number
            if place < len(pipeline.commands) - 1 and not state.pipefail:
                return f"the pipe into {name_of(pipeline.commands[-1])!r} takes its place"
            return _after(read.found, last, state)
    return ""


def _after(found: tuple[Pipeline, ...], number: int, state: ShellOptions) -> str:
    """What of the commands behind the script takes the place of its exit code."""
    rest = found[number + 1 :]
    if found[number].after == "&":
        return "it runs in the background"
    if not rest or any(_keeps(command) for one in rest for command in one.commands):
        return ""
    after = found[number].after
    if after == "||":
        return f"`|| {' '.join(rest[0].commands[0].words)}` takes its place" if _is_fine(rest[0]) else ""
    if after in (";", "") and not state.errexit:
        return f"{name_of(rest[-1].commands[-1])!r} after it decides"
    return ""


def _is_fine(pipeline: Pipeline) -> bool:
    return succeeds(pipeline.commands[0]) or name_of(pipeline.commands[-1]) in ("echo", "printf", "logger")


def _keeps(command: Command) -> bool:
    return command.words[0] in ("exit", "return") and command.words[1:] != ("0",)
