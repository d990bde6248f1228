"""The module that a task calls, and which of its arguments name files of the repository."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from tfgen_generators.ansible.reading.model import Load
from tfgen_generators.ansible.reading.nodes import Map, Node, Scalar

_KEY = re.compile(r"([A-Za-z_]\w*)=")
_PLAIN = re.compile(r"[^\s{'\"]+")
#: What a word goes on with, white space and all, up to where it ends.
_ENCLOSED = {
    "{{": re.compile(r".*?\}\}", re.DOTALL),
    "{%": re.compile(r".*?%\}", re.DOTALL),
    '"': re.compile(r'(?:[^"\\]|\\.)*+"', re.DOTALL),
    "'": re.compile(r"(?:[^'\\]|\\.)*+'", re.DOTALL),
}
#: So many of these may have no end in one text; all others are signs like any other then.
_MOST_OPEN = 20

#: Keywords of tasks, blocks and handlers: all else is a module.
KEYWORDS = frozenset(
    [
        "action",
        "any_errors_fatal",
        "args",
        "async",
        "async_val",
        "become",
        "become_exe",
        "become_flags",
        "become_method",
        "become_user",
        "block",
        "changed_when",
        "check_mode",
        "collections",
        "connection",
        "debugger",
        "delay",
        "delegate_facts",
        "delegate_to",
        "diff",
        "environment",
        "failed_when",
        "ignore_errors",
        "ignore_unreachable",
        "listen",
        "local_action",
        "loop",
        "loop_control",
        "loop_with",
        "module_defaults",
        "name",
        "no_log",
        "notify",
        "poll",
        "port",
        "register",
        "remote_user",
        "rescue",
        "always",
        "retries",
        "run_once",
        "static",
        "tags",
        "throttle",
        "timeout",
        "until",
        "vars",
        "when",
    ]
)


class FileArgument(msgspec.Struct, frozen=True):
    """An argument that names a file, the folder in which it is searched first, and as what the file is read."""

    keys: tuple[str, ...]
    subdir: str = "files"
    load: Load = ""


FILE_ARGUMENTS = {
    "template": FileArgument(("src",), "templates", "template"),
    "win_template": FileArgument(("src",), "templates", "template"),
    "copy": FileArgument(("src",)),
    "win_copy": FileArgument(("src",)),
    "script": FileArgument(("cmd",)),
    "unarchive": FileArgument(("src",)),
    "assemble": FileArgument(("src",)),
    "patch": FileArgument(("src",)),
    "synchronize": FileArgument(("src",)),
    "uri": FileArgument(("src",)),
    "include_vars": FileArgument(("file",), "vars", "vars"),
}
#: Arguments of any other module that may name a file.
POSSIBLE_FILE_ARGUMENTS = (
    "src",
    "file",
    "path",
    "source",
    "template",
    "template_file",
    "definition_file",
    "body_file",
    "policy_file",
    "content_file",
)
#: Modules whose `src`, `path` and so on are paths of the managed machine.
REMOTE_MODULES = frozenset(
    [
        "file",
        "stat",
        "lineinfile",
        "blockinfile",
        "replace",
        "get_url",
        "fetch",
        "find",
        "slurp",
        "mount",
        "git",
        "command",
        "shell",
        "raw",
        "service",
        "systemd",
        "apt",
        "yum",
        "dnf",
        "package",
        "pip",
        "user",
        "group",
        "cron",
        "debug",
        "set_fact",
        "assert",
        "fail",
        "meta",
        "apt_repository",
        "apt_key",
        "yum_repository",
        "rpm_key",
        "hostname",
        "sysctl",
        "tempfile",
        "wait_for",
        "ini_file",
        "xml",
        "acl",
        "archive",
        "win_file",
        "win_stat",
        "win_lineinfile",
        "iptables",
        "known_hosts",
        "authorized_key",
        "add_host",
        "group_by",
        "setup",
        "ping",
        "pause",
        "reboot",
    ]
)


class Action(msgspec.Struct, frozen=True):
    """A task's module: its full name, the last part of that, its arguments and its free-form argument."""

    name: str
    short_name: str
    arguments: Map
    free_form: str
    line: int


def read_action(task: Map) -> Action | None:
    """The module that a task calls, in any form that Ansible knows; None when there is none."""
    for key in ("action", "local_action"):
        node = task.pairs.get(key)
        if node is not None:
            return _old_style(node, task)
    for key, node in task.pairs.items():
        if key not in KEYWORDS and not (key.startswith("with_") and "." not in key):
            return _action(key, node, task, task.lines[key])
    return None


def _old_style(node: Node, task: Map) -> Action | None:
    if isinstance(node, Map):
        name, _, rest = node.text("module").strip().partition(" ")
        inner = node.pairs.get("args")
        merged = _merged(node, inner, _pairs(rest, node.line)[0])
        return _action(name, merged, task, node.line) if name else None
    if isinstance(node, Scalar):
        name, _, rest = node.text.strip().partition(" ")
        return _action(name, Scalar(rest, node.line), task, node.line) if name else None
    return None


def _action(name: str, node: Node, task: Map, line: int) -> Action:
    free_form = ""
    own: Node | None = node
    if isinstance(node, Scalar):
        own, free_form = _pairs(node.text, node.line)
    arguments = _merged(own, task.pairs.get("args"))
    free_form = free_form or arguments.text("_raw_params")
    return Action(name, name.rsplit(".", 1)[-1], arguments, free_form, line)


def _merged(*nodes: Node | None) -> Map:
    """One map of all; the first that sets a key wins."""
    found = Map(0)
    for node in nodes:
        if isinstance(node, Map):
            for key, value in node.pairs.items():
                if key not in found.pairs:
                    found.pairs[key], found.lines[key] = value, node.lines[key]
    return found


def _pairs(text: str, line: int) -> tuple[Map, str]:
    """The `key=value` of a text, and the rest of it."""
    found, rest = Map(line), []
    for token in split_words(text):
        match = _KEY.match(token)
        if match:
            found.pairs[match[1]] = Scalar(_unquoted(token[match.end() :]), line)
            found.lines[match[1]] = line
        else:
            rest.append(token)
    return found, " ".join(rest)


def split_words(text: str) -> Iterator[str]:
    """The words of a text; what is in quotes or in `{{ }}` is not split."""
    at = start = missing = 0
    while at < len(text):
        if match := _PLAIN.match(text, at):
            at = match.end()
        elif text[at].isspace():
            if start < at:
                yield text[start:at]
            at = start = at + 1
        else:
            opening = text[at : at + 2] if text[at] == "{" else text[at]
            closed = _ENCLOSED[opening].match(text, at + len(opening)) if _may_close(opening, missing) else None
            missing += closed is None and opening in _ENCLOSED
            at = closed.end() if closed else at + 1
    if start < at:
        yield text[start:at]


def _may_close(opening: str, missing: int) -> bool:
    return opening in _ENCLOSED and missing < _MOST_OPEN


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def first_word(text: str) -> str:
    """The program of a command."""
    return _unquoted(next(split_words(text), ""))
