"""Rules about secrets: what is written into a template, and what Packer would print."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from tfgen_generators.lint.model import Edit, Finding, Rule
from tfgen_generators.lint.rules.packer.filtered import is_filtered
from tfgen_generators.lint.rules.packer.secret_words import (
    PATTERNS,
    PLACEHOLDER,
    WELL_KNOWN,
    is_plain_secret,
    sounds_secret,
)
from tfgen_generators.lint.templates.nodes import File, Node
from tfgen_generators.lint.templates.source import Component, Source, sources
from tfgen_generators.lint.templates.values import with_actions
from tfgen_generators.packer.syntax.values import Expression, Value
from tfgen_generators.settings.model import FILE_NAME
from tfgen_generators.settings.secrets import Variable, plain

if TYPE_CHECKING:
    from tfgen_generators.lint.scope import Scope

#: What an installer asks for, on a machine that no cloud has: everybody who runs it sets and sees it.
_INSTALLERS = re.compile(
    r"(^|[_-])(password|passwd|passphrase|license_?key|product_?key|private_?key)s?$", re.IGNORECASE
)
_CLOUDS = re.compile(
    r"^(amazon|azure|googlecompute|digitalocean|openstack|oracle|alicloud|hcloud|linode|vultr|scaleway|tencentcloud|yandex"
    r"|exoscale|ibmcloud|huaweicloud|ucloud|upcloud|profitbricks|cloudstack|oneandone|jdcloud|ncloud|outscale|osc)"
)
#: Vagrant's "insecure" key, which its documentation publishes.
_PUBLISHED = b"MIIEogIBAAKCAQEA6NF8iallvQVp22WDkTkyrtvp9eWW6A8YVr"
_EXAMPLE = re.compile(rb"EXAMPLE")
#: Lists of assignments: one in each text, or several between other words.
_ASSIGNING = dict.fromkeys(("ansible_env_vars", "environment_vars"), re.compile(r"^([A-Za-z_]\w*)=(.+)", re.DOTALL))
_ASSIGNING["extra_arguments"] = re.compile(r"(?<!\w)\d*([A-Za-z_]\w*)=([^\s'\"]+)")
_ASSIGNING["inline"] = re.compile(r"(?<![\w$.-])([A-Za-z_]\w*)=(\"[^\"`]*\"|'[^'`]*'|[^\s'\"`;&|()]+)(?![\w$`(])")
_LOGINS = ("winrm_password", "ssh_password", "communicator_password")
_SHOWN = 4


def _secrets(scope: Scope) -> Iterator[Finding]:
    seen: set[str] = set()
    for source in sources(scope):
        named = list(_named(source))
        yield from named
        lines = {(found.path, found.line) for found in named}
        for file in source.files:
            yield from (
                found for found in _patterns(file, source.template.name) if (found.path, found.line) not in lines
            )
        for use in scope.described(source.template).files:
            if use.use in ("script", "user_data", "upload") and use.resolved and use.resolved not in seen:
                seen.add(use.resolved)
                yield from _patterns(File(use.resolved, scope.read(use.resolved)), "")
        yield from _of_settings(scope, source.template.name)


def _of_settings(scope: Scope, image: str) -> Iterator[Finding]:
    """Plain text in [environment] for all, and for one image."""
    settings, own = scope.settings, scope.settings.templates.get(image)
    tables: dict[tuple[str, ...], Mapping[str, Variable]] = {("environment",): settings.environment}
    tables |= {("templates", image, "environment"): own.environment} if own else {}
    for path, table in tables.items():
        for name, text in plain(table).items():
            if is_plain_secret(name, text):
                line = settings.line(*path, name)
                yield _finding(FILE_NAME, line, f"{name} is hard-coded", image if len(path) > 1 else "")


def _patterns(file: File, image: str) -> Iterator[Finding]:
    for what, (marks, pattern) in PATTERNS.items():
        if not any(map(file.data.__contains__, marks)):
            continue
        for match in pattern.finditer(file.data):
            text = match[0].decode("utf-8", "replace")
            if _EXAMPLE.search(match[0]) or _is_placeholder(match):
                continue  # AWS's own in its documentation
            if "PRIVATE" in text and _PUBLISHED in file.data[match.end() : match.end() + 200]:
                continue
            shown = "" if "PRIVATE" in text or "address" in what else f" ({text[:_SHOWN]}...)"
            yield _finding(file.path, file.line(match.start()), f"{what} is hard-coded{shown}", image)


def _is_placeholder(match: re.Match[bytes]) -> bool:
    """Whether an address only shows where a password would stand."""
    password = match.groupdict().get("password", b"").decode("utf-8", "replace").lower()
    return bool(password) and bool(PLACEHOLDER.search(password) or password in WELL_KNOWN | {"pass", "secret"})


def _finding(path: str, line: int, message: str, image: str) -> Finding:
    return Finding(
        rule="secret-in-template",
        path=path,
        line=line,
        message=f"{message}; everyone who can read the repository can read it",
        fix="replace the secret (it stays in the git history), and let the build fetch the new one: in tfgen.toml,"
        ' [environment] NAME = { secret = "..." } or { parameter = "/..." }',
        image=image,
    )


def _named(source: Source) -> Iterator[Finding]:
    """What has a name that says secret and a value that is written out: settings, variables, locals, environment."""
    for component in (*source.builders, *source.data_sources, *source.provisioners, *source.post_processors):
        yield from _of_component(source, component)
    for name, node in _locals(source):
        if node.kids is None and _is_secret(name, source) and _is_written(source, node.value()):
            yield _finding(node.path, node.line, f"the local {name} is hard-coded", source.template.name)
    for variable in source.variables:
        default = source.default(variable)
        if default is None or default.kids is not None or not _is_secret(variable.name, source):
            continue
        if _is_written(source, default.value()):
            message = f"the default of the variable {variable.name} is hard-coded"
            yield _finding(default.path, default.line, message, source.template.name)


def _of_component(source: Source, component: Component) -> Iterator[Finding]:
    for setting, node in _written_out(component.node):
        for name, value in _pairs(setting, node):
            is_secret = _is_secret(name, source) and not _is_asked_for(component, name, source)
            if is_secret and _is_written(source, value) and not _is_of_installer(component, name, value, source):
                yield _finding(node.path, node.line, f"{name} is hard-coded", source.template.name)


def _written_out(node: Node) -> Iterator[tuple[str, Node]]:
    """Every value below a node whose setting may hold secrets, with that setting: the nearest name above."""
    pending: list[tuple[str, bool, Node]] = [("", False, node)]
    while pending:
        setting, is_wanted, node = pending.pop()
        if node.kids is None:
            if is_wanted:
                yield setting, node
            continue
        for key, kid in reversed(node.kids.items()):
            if isinstance(key, str):
                pending.append((key, key in _ASSIGNING or sounds_secret(key), kid))
            elif is_wanted or kid.kids is not None:
                pending.append((setting, is_wanted, kid))


def _locals(source: Source) -> Iterator[tuple[str, Node]]:
    """The values of `locals` and of every `local "NAME"`."""
    for block in source.blocks("locals"):
        yield from ((str(name), node) for name, node in (block.kids or {}).items())
    for block in source.blocks("local"):
        node = block.find("expression")
        if node is not None and block.labels:
            yield str(block.labels[0]), node


def _pairs(name: str, node: Node) -> Iterator[tuple[str, Value]]:
    """What a setting names: itself, or the variables in a list such as `environment_vars`."""
    value = node.value()
    if name not in _ASSIGNING:
        yield name, value
    elif isinstance(value, str):
        yield from _assigned(name, value)


@lru_cache(maxsize=1000)
def _assigned(name: str, text: str) -> list[tuple[str, str]]:
    """The variables that a text of such a list sets."""
    return [(match[1], match[2].strip("'\"")) for match in _ASSIGNING[name].finditer(text)]


def _is_secret(name: str, source: Source) -> bool:
    return sounds_secret(name) and not (_INSTALLERS.search(name) and _is_installer(source))


def _is_asked_for(component: Component, name: str, source: Source) -> bool:
    """Whether it is the password of a machine that an installer here makes, whatever the other builders make."""
    return component in source.builders and bool(_INSTALLERS.search(name)) and _installs(component.kind)


def _is_of_installer(component: Component, name: str, value: Value, source: Source) -> bool:
    """Whether a provisioner logs in again with the password of a machine that an installer here makes."""
    if component not in source.provisioners or name != "elevated_password":
        return False
    own = (builder.node.get(key) for builder in source.builders if _installs(builder.kind) for key in _LOGINS)
    return source.values.fixed(value) in [source.values.fixed(one) for one in own if one is not None]


def _is_installer(source: Source) -> bool:
    """Whether all machines are made by an installer here: no cloud, so no account that a password opens."""
    return bool(source.builders) and all(_installs(builder.kind) for builder in source.builders)


def _installs(kind: str) -> bool:
    return not (_CLOUDS.match(kind) or kind in ("null", "docker", "None", ""))


def _is_written(source: Source, value: Value) -> bool:
    """Whether a value is a text that is no placeholder, no reference and no path."""
    found = source.values.fixed(value)
    if not isinstance(found, str) or len(found) < 2 or "{{" in found or found.startswith(("$", "/", "arn:")):
        return False
    if found.lower() in WELL_KNOWN and _has_other_machines(source):
        return False
    return not PLACEHOLDER.search(found)


def _has_other_machines(source: Source) -> bool:
    """Whether some machine of the template is none of AWS's, for which a known password may be meant."""
    return not source.builders or any(not builder.makes_ami for builder in source.builders)


def _sensitive(scope: Scope) -> Iterator[Finding]:
    for source in sources(scope):
        marked = _marked(source)
        for variable in source.variables:
            secret = _is_secret(variable.name, source) and not _is_id(variable.name, source)
            if variable.name in marked or not (secret or _is_fetched(source, variable)):
                continue
            if is_filtered(source, variable.name):
                continue
            node = variable.node
            default = source.default(variable)
            is_text = default is None or not isinstance(default.scalar, bool | int)
            if not is_text or (node.labels and source.values.flag(node.get("sensitive")) is not False):
                continue
            yield Finding(
                rule="variable-not-sensitive",
                path=node.path,
                line=node.line,
                message=f"the variable {variable.name} is not sensitive, so its value may appear in the log",
                fix=f'add it to "sensitive-variables": ["{variable.name}"]'
                if source.legacy
                else "add sensitive = true",
                image=source.template.name,
                edits=_as_sensitive(source, variable),
            )


def _is_id(name: str, source: Source) -> bool:
    """Whether an access key is the public half of a pair: `access_key` beside `secret_key`."""
    half = re.fullmatch(r"(.*?)access_?key", name, re.IGNORECASE)
    other = rf"{re.escape(half[1])}(secret_?key|secret_?access_?key)" if half is not None else ""
    return bool(other) and any(re.fullmatch(other, one.name, re.IGNORECASE) for one in source.variables)


def _is_fetched(source: Source, variable: Component) -> bool:
    """Whether its value comes from an environment variable that CodeBuild fetches."""
    if not source.secrets:
        return False
    if f"PKR_VAR_{variable.name}" in source.secrets and not source.legacy:
        return True
    default = source.default(variable)
    value = default.value() if default is not None and default.kids is None else None
    value = with_actions(value) if isinstance(value, str) else value
    return isinstance(value, Expression) and value.args[:1] == ("env",) and value.args[1:] in _singles(source.secrets)


def _singles(names: frozenset[str]) -> list[tuple[str, ...]]:
    return [(name,) for name in names]


def _marked(source: Source) -> set[str]:
    """The variables that a legacy template hides."""
    listed = (root.get("sensitive-variables") for root in source.roots if source.legacy)
    return {str(name) for names in listed if isinstance(names, list) for name in names}


def _as_sensitive(source: Source, variable: Component) -> tuple[Edit, ...]:
    """`sensitive = true` as the last line of a variable's block that has lines of its own."""
    node = variable.node
    block = node.file.data[node.start : node.end]
    if source.legacy or not node.labels or not node.path.endswith(".hcl") or node.find("sensitive") is not None:
        return ()
    brace = block.rfind(b"}")
    row = block.rfind(b"\n", 0, brace) + 1
    if row <= 0 or block[row:brace].strip():
        return ()
    at = node.start + row
    return (Edit(path=node.path, start=at, end=at, text=f"  sensitive = true{node.file.newline}"),)


RULES = (
    Rule(
        id="secret-in-template",
        severity="error",
        summary="A secret is hard-coded in a template or its script",
        check=_secrets,
        by_template=True,
    ),
    Rule(
        id="variable-not-sensitive",
        severity="warning",
        summary="A variable for a secret is not marked sensitive",
        check=_sensitive,
        by_template=True,
    ),
)
