"""What a task's module does with files of the repository."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from tfgen_generators.ansible.reading.model import Load
from tfgen_generators.ansible.reading.nodes import Map, Node, Scalar

_KEY = re.compile(r"([A-Za-z_]\w*)=")
_TOKEN = re.compile(r"""(?:\{\{.*?\}\}|\{%.*?%\}|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s])+""", re.DOTALL)

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


class Source(msgspec.Struct, frozen=True):
    """An argument that names a file, the folder in which it is searched first, and how the file is read on."""

    keys: tuple[str, ...]
    where: str = "files"
    load: Load = ""


SOURCES = {
    "template": Source(("src",), "templates", "template"),
    "win_template": Source(("src",), "templates", "template"),
    "copy": Source(("src",)),
    "win_copy": Source(("src",)),
    "script": Source(("cmd",)),
    "unarchive": Source(("src",)),
    "assemble": Source(("src",)),
    "patch": Source(("src",)),
    "synchronize": Source(("src",)),
    "uri": Source(("src",)),
    "include_vars": Source(("file",), "vars", "vars"),
}
#: Arguments of any other module that may name a file, when one is there.
MAYBE = (
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
#: Modules whose `src`, `path` and so on are those of the machine that is set up.
REMOTE = frozenset(
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
    """A task's module: its full name, the last part of it, its arguments and its free text."""

    name: str
    short: str
    arguments: Map
    raw: str
    line: int


def action_of(task: Map) -> Action | None:
    """The module that a task calls, in any of the forms that Ansible knows; None when there is none."""
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
    raw = ""
    own: Node | None = node
    if isinstance(node, Scalar):
        own, raw = _pairs(node.text, node.line)
    arguments = _merged(own, task.pairs.get("args"))
    raw = raw or arguments.text("_raw_params")
    return Action(name, name.rsplit(".", 1)[-1], arguments, raw, line)


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
    for token in tokens(text):
        match = _KEY.match(token)
        if match:
            found.pairs[match[1]] = Scalar(_unquoted(token[match.end() :]), line)
            found.lines[match[1]] = line
        else:
            rest.append(token)
    return found, " ".join(rest)


def tokens(text: str) -> Iterator[str]:
    """The words of a text; quotes and `{{ }}` hold together."""
    for match in _TOKEN.finditer(text):
        yield match[0]


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def first_word(text: str) -> str:
    """The program of a command."""
    return _unquoted(next(tokens(text), ""))
