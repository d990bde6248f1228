"""The shell text that a template's provisioners run: inline commands and script files, each line with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from tfgen_generators.lint.templates.nodes import Node
from tfgen_generators.packer.syntax.values import Expression, Value, as_text, as_written
from tfgen_generators.shell.commands import Pipelines, read_pipelines

if TYPE_CHECKING:
    from tfgen_generators.lint.scope import Scope
    from tfgen_generators.lint.templates.source import Component, Source

SHELLS = frozenset({"shell", "shell-local"})
_SHELL = r"(?:\S*/)?(?:env\s+(?:-\S+\s+)*)?(?:ba|da|k|z|a)?sh"
_SHEBANG = re.compile(rf"#!\s*{_SHELL}\b(.*)")
#: A shell that is told which file to run, so that the file's own first line does not count.
_OPTIONS = r"((?:\s+-\S{1,100}(?:\s+(?:errexit|pipefail))?){0,50})"
_RUNS_PATH = re.compile(rf"(?:^|[\s;&|]){_SHELL}{_OPTIONS}\s+['\"]?\{{\{{-?\s*\.Path\b")
_LARGEST = 500_000
_OTHER = re.compile(
    r"(?:^|[\s;&|/])(?:python[\d.]*|pwsh(?:\.exe)?|powershell(?:\.exe)?|perl|ruby|node|php|fish|cmd(?:\.exe)?|osascript|lua)"
    r"(?:\s+[-/]\S+(?:\s+(?:Bypass|RemoteSigned|Unrestricted))?)*\s+['\"&. ]*\{\{-?\s*\.(?:Vars|Path|Script)\b",
    re.IGNORECASE,
)
_OTHER_ENDINGS = (".py", ".ps1", ".rb", ".pl", ".js", ".php", ".bat", ".cmd", ".psm1")


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """One text that a shell runs. `options` are the shell's own, `path` is that of its first line.

    `rows` are the nodes in which its lines stand, each with how far below; none where it is a file itself.

    `runner` is what names the shell: `setting`, "inline_shebang" or "execute_command"; None where that is the file.
    """

    text: str
    path: str
    rows: tuple[tuple[Node, int], ...] = ()
    options: str
    inline: bool
    runner: Node | None = None
    setting: str = "execute_command"

    def place(self, line: int) -> tuple[str, int]:
        """Path and line in the repository of the `line`th line, counted from 0."""
        if not self.rows:
            return self.path, min(line, self.text.count("\n")) + 1
        node, below = self.rows[min(line, len(self.rows) - 1)]
        return node.path, node.line + below

    def pipelines(self) -> Pipelines:
        """What it runs."""
        return read_pipelines(self.text)


def scripts(scope: Scope, source: Source) -> list[Script]:
    """Every text that the template's provisioners and post-processors have a Unix shell run."""
    return scope.passing(("packer scripts", source.template.path), lambda: list(_scripts(scope, source)))


def _scripts(scope: Scope, source: Source) -> Iterator[Script]:
    for component in (*source.provisioners, *source.post_processors):
        if component.kind in SHELLS and component.node.kids is not None:
            if _is_another_program(source, component):
                continue
            options, runner = _run_by(source, component)
            yield from _inline(source, component, options, runner)
            for path in _paths(scope, source, component):
                yield from _file(scope, path, options, runner)


def _is_another_program(source: Source, component: Component) -> bool:
    """Whether `execute_command` hands the script to Python, PowerShell and the like, or a Windows shell runs it."""
    systems = source.values.texts(component.node.get("only_on")) or []
    if systems and all(system == "windows" for system in systems):
        return True
    runner = component.node.find("execute_command")
    value = runner.value() if runner is not None else None
    written = " ".join(map(as_written, value)) if isinstance(value, list) else as_written(value) if value else ""
    return _is_other(written)


@lru_cache(maxsize=2000)
def _is_other(written: str) -> bool:
    return bool(_OTHER.search(written))


def _run_by(source: Source, component: Component) -> tuple[str | None, Node | None]:
    """The options of the shell that `execute_command` names with its setting, None when it names none."""
    runner = component.node.find("execute_command")
    if runner is None:
        return None, None
    value = runner.value()
    found = source.values.fixed(value)
    written = " ".join(map(as_written, found)) if isinstance(found, list) else as_written(value)
    match = _running(written)
    if match is None or re.search(r"\s-\w*c\b", match[1]):
        return None, None
    return match[1], runner


@lru_cache(maxsize=2000)
def _running(written: str) -> re.Match[str] | None:
    return _RUNS_PATH.search(written)


def _inline(source: Source, component: Component, options: str | None, runner: Node | None) -> Iterator[Script]:
    for key in ("inline", "command"):
        node = component.node.find(key)
        if node is None or (key == "command" and component.kind != "shell-local"):
            continue
        elements = list(node.kids.values()) if node.is_list and node.kids else [node]
        texts = [_written(source, element) for element in elements]
        rows = tuple(row for pair in zip(elements, texts, strict=True) for row in _rows(*pair))
        shebang = component.node.find("inline_shebang")
        if options is None and shebang is not None:
            text = source.values.text(shebang.value())
            if text is None or not (match := _SHEBANG.match(f"#!{text}")):
                continue  # not known, or no shell
            yield Script(
                text="\n".join(texts),
                path=elements[0].path,
                rows=rows,
                options=match[1],
                inline=True,
                runner=shebang,
                setting="inline_shebang",
            )
        else:
            own = " -e" if options is None else options
            path = elements[0].path
            yield Script(text="\n".join(texts), path=path, rows=rows, options=own, inline=True, runner=runner)


def _rows(node: Node, text: str) -> list[tuple[Node, int]]:
    """Where each line of a text stands: those of a heredoc below its own line."""
    lines = text.count("\n") + 1
    return [(node, number) for number in range(1, lines + 1)] if _is_heredoc(node) else [(node, 0)] * lines


def _is_heredoc(node: Node) -> bool:
    return node.file.data.startswith(b"<<", node.start)


def _written(source: Source, node: Node) -> str:
    """A command with what is known of it filled in; the rest stands as `${}`."""
    value = node.value()
    if isinstance(value, str) and "{{" not in value:
        return value
    found = source.values.fixed(value)
    if isinstance(found, list):
        return "\n".join(_one(item) for item in found)
    return _one(value if isinstance(found, Expression) or isinstance(value, str) else found)


def _one(value: Value) -> str:
    if isinstance(value, Expression):
        parts = value.args if value.op == "template" else ()
        return "".join(part if isinstance(part, str) else "${x}" for part in parts)
    return as_text(value) if value is not None else ""


def _paths(scope: Scope, source: Source, component: Component) -> Iterator[str]:
    """The script files of one provisioner that are there."""
    nodes = [component.node.find("script")]
    if (listed := component.node.find("scripts")) is not None:
        nodes += list(listed.kids.values()) if listed.is_list and listed.kids else [listed]
    written = {as_written(node.value()) for node in nodes if node is not None}
    written |= {text for node in nodes if node is not None for text in source.values.texts(node.value()) or ()}
    if written:
        there = scope.passing(("scripts", source.template.path), lambda: _there(scope, source))
        yield from (path for text in sorted(written) for path in there.get(text, ()))


def _there(scope: Scope, source: Source) -> dict[str, list[str]]:
    """The script files that are there, by their path as it is written."""
    found: dict[str, list[str]] = {}
    for file in scope.described(source.template).files:
        if file.use == "script" and file.resolved:
            found.setdefault(file.path, []).append(file.resolved)
    return found


def _file(scope: Scope, path: str, options: str | None, runner: Node | None) -> Iterator[Script]:
    script = scope.once(("script file", path, options), lambda: _read_script(scope, path, options))
    if script is not None:
        yield script if runner is None else msgspec.structs.replace(script, runner=runner)


def _read_script(scope: Scope, path: str, options: str | None) -> Script | None:
    data = scope.read(path)
    if not data or b"\0" in data or len(data) > _LARGEST:
        return None
    text = data.decode("utf-8", "replace")
    first = text.partition("\n")[0]
    match = _SHEBANG.match(first)
    if first.startswith("#!") and match is None and options is None:
        return None  # Python, Perl ...
    if path.endswith(_OTHER_ENDINGS) and match is None:
        return None
    own = match[1] if match else ""
    return Script(text=text, path=path, options=own if options is None else options, inline=False)


def local_texts(scope: Scope, source: Source) -> Iterator[str]:
    """What the template's `shell-local` runs on the machine that builds: commands, and script files."""
    for component in (*source.provisioners, *source.post_processors):
        if component.kind == "shell-local" and component.node.kids is not None:
            for key in ("inline", "command"):
                node = component.node.find(key)
                if node is not None:
                    yield "\n".join(_written(source, one) for one in (node.kids or {}).values()) or _written(
                        source, node
                    )
            for path in _paths(scope, source, component):
                yield scope.read(path).decode("utf-8", "replace")
