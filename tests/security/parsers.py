"""Everything that reads a text which a branch may bring: what may come of it, and texts to begin with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

import msgspec

from tests.conftest import JSON, TOML
from tfgen.codebuild.artifacts import _pattern as artifact_pattern
from tfgen.codebuild.buildspec import read_buildspec as read_local_buildspec
from tfgen_generators.ansible.reading.files import read_facts
from tfgen_generators.ansible.reading.model import DYNAMIC, FactsKind
from tfgen_generators.ansible.search import finder, role_finder
from tfgen_generators.ansible.search.vars_folder import _matches as matches_option
from tfgen_generators.errors import TfgenError
from tfgen_generators.generated.ownership import examine, sign
from tfgen_generators.hcl.blocks import UnreadableError, read_blocks
from tfgen_generators.lint.ignores import ignores_in
from tfgen_generators.module.interface import ModuleFiles, parse_module
from tfgen_generators.packer.discovery.ignore_patterns import IgnorePatterns
from tfgen_generators.packer.discovery.outcome import read_file
from tfgen_generators.packer.model import Format
from tfgen_generators.packer.syntax.actions import actions
from tfgen_generators.paths import buildspec, filesets, path_resolution
from tfgen_generators.paths.var_files import read_values
from tfgen_generators.root_module.backend import find_backends
from tfgen_generators.root_module.calls import file_facts, paths_in
from tfgen_generators.settings.read import parse_settings
from tfgen_generators.shell.commands import read_pipelines
from tfgen_generators.shell.variables import assigned_in, packer_variables
from tfgen_generators.shell.walk import walk
from tfgen_generators.trees import globs
from tfgen_generators.trees.linked import LinkedTree

#: What a parser may say of a text.
COMPLAINTS = (TfgenError, UnreadableError)
_PATH = "/".join(["a" * 200] * 20)


class Parser(msgspec.Struct, frozen=True):
    """`read` ends, whatever it is given, with a value or a complaint; `texts` are such as people write."""

    read: Callable[[str], object]
    texts: tuple[str, ...]


class _OneFile:
    """A tree with one file."""

    def __init__(self, text: str) -> None:
        self._data = text.encode("utf-8", "surrogatepass")

    def real(self, path: str) -> str:
        return path

    def content(self, _path: str) -> bytes:
        return self._data

    read = content


def _template(form: Format) -> Callable[[str], object]:
    return lambda text: read_file(_bytes(text), form, "digest", details=True)


def _facts(kind: FactsKind) -> Callable[[str], object]:
    return lambda text: read_facts(kind, _bytes(text))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _shell(text: str) -> object:
    return (read_pipelines(text), walk(text), list(assigned_in(text)), packer_variables(text))


def _buildspec(text: str) -> object:
    read = buildspec.read_buildspec(cast("LinkedTree", _OneFile(text)), "buildspec.yml")
    if not read.problem:
        read_local_buildspec(text)
    return read


def _ignoring(text: str) -> object:
    return [IgnorePatterns(text.split("\n")).leaves_out(path, folder=False) for path in (_PATH, "a/b.json")]


def _globbing(text: str) -> object:
    """Each kind of wildcard against a path as long as they can be; longer texts are names of no file."""
    text = text[: globs.LONGEST].replace("%", DYNAMIC)
    patterns = [
        artifact_pattern(text),
        filesets._expression(text),
        finder._pattern(text, True, True),
        finder._pattern(text, True, False),
        role_finder._pattern(text),
        path_resolution.glob(text, "(/.*)?"),
    ]
    return [pattern.fullmatch(path) for pattern in patterns if pattern for path in (_PATH, "a/b.sh")]


def _terraform(text: str) -> object:
    data = _bytes(text)
    found: list[object] = [paths_in(data)]
    for path in ("main.tf", "main.tf.json"):
        found.append(parse_module(ModuleFiles(folder="m", files={path: data})))
        for read in (read_blocks, file_facts):
            try:
                found.append(read(path, data))
            except UnreadableError as error:
                found.append(error)
        found.append(find_backends({path: data}))
    return found


def _settings(text: str) -> object:
    return parse_settings(_bytes(text).decode("utf-8", "replace"))


def _values(text: str) -> object:
    return [read_values(path, _bytes(text)) for path in ("a.pkrvars.hcl", "a.pkrvars.json")]


def _comments(text: str) -> object:
    return [ignores_in(path, _bytes(f"tfgen:ignore\n{text}")) for path in ("a.yml", "a.json")]


_TASK = "- name: x\n  copy: src=a dest=/b mode='0644'\n- include_tasks: '{{ os }}.yml'\n  loop: [a, b]\n"
_PLAY = (
    "- hosts: all\n  roles:\n  - {role: web, tags: x}\n  - '{{ kind }}_role'\n  tasks:\n  - debug: msg=\"{{ x }}\"\n"
)
_JINJA = "{% include 'a.j2' %}\n{{ lookup('file', 'x' + y) }}\n{% if a %}{# b #}{% endif %}\n"
_HCL = (
    'source "amazon-ebs" "x" {\n  ami_name = "a-${local.b}"\n  tags = { a = var.c["d"], e = f(g) }\n}\n'
    'locals {\n  b = <<-EOT\n    text ${upper("x")}\n  EOT\n}\nbuild {\n  sources = ["source.amazon-ebs.x"]\n}\n'
)
_MODULE = 'variable "a" {\n  default = "b"\n}\nmodule "c" {\n  source = "../d"\n}\nterraform {\n  backend "s3" {}\n}\n'
_SCRIPT = (
    "#!/bin/bash\nset -e\nfor f in a/*.sh; do\n  . \"$f\" || { echo 'no'; exit 1; }\ndone\ncat <<EOF > b\n$(c)\nEOF\n"
)
_SPEC = "version: 0.2\nenv: {variables: {A: b}}\nphases:\n  build:\n    commands:\n    - packer build -var a=b $P\n"

PARSERS: Mapping[str, Parser] = {
    "JSON template": Parser(_template("json"), (JSON, '{"builders": [{"type": "{{user `a`}}", "b": [1, null]}]}')),
    "HCL2 template": Parser(_template("hcl2"), (_HCL,)),
    "HCL2 template in JSON": Parser(
        _template("hcl2-json"), ('{"locals": {"a": "${b}"}, "build": {"sources": ["x"]}}',)
    ),
    "values": Parser(_values, ('a = "b"\nc = [1, {d = true}]\n', '{"a": "b"}')),
    "actions": Parser(lambda text: list(actions(text)), ("a{{ user `b` }}-{{timestamp | clean_ami_name}}",)),
    "playbook": Parser(_facts("playbook"), (_PLAY,)),
    "tasks": Parser(_facts("tasks"), (_TASK,)),
    "variables": Parser(_facts("vars"), ("a: b\nc: '{{ d }}/e'\n",)),
    "galaxy file": Parser(_facts("requirements"), ("roles:\n- src: a.b\n- {src: 'https://x/y.git', version: z}\n",)),
    "Jinja": Parser(_facts("template"), (_JINJA,)),
    "shell": Parser(_shell, (_SCRIPT,)),
    "buildspec": Parser(_buildspec, (_SPEC,)),
    "tfgen.toml": Parser(_settings, (TOML, f'{TOML}ignore = ["a*"]\n[inputs]\na = {{ b = [1, "c"] }}\n')),
    "Terraform": Parser(_terraform, (_MODULE, '{"variable": {"a": {}}, "module": {"b": {"source": "./c"}}}')),
    "generated file": Parser(
        lambda text: examine(_bytes(text).decode("utf-8", "replace")),
        ('# Generated by tfgen from a\nmodule "b" {\n}\n',),
    ),
    "ignoring comments": Parser(
        _comments, ("a # tfgen:ignore some-rule why\n", '{"_a": "tfgen:ignore some-rule why"}')
    ),
    ".gitignore": Parser(_ignoring, ("*.json\n!/a/**/b\n[a-c]?/\n",)),
    "wildcards": Parser(_globbing, ("a/**/{b,c}*.sh", "%/files/%")),
    "regular expression": Parser(lambda text: matches_option(text, "a" * 255, True), (r".*\.ya?ml$",)),
}
#: Where a repetition may stand in a text of each kind.
INSIDE: Mapping[str, tuple[str, ...]] = {
    "JSON template": ("@", '{"builders": [{"type": "a", "ami_name": "@"}]}', '{"builders": @', '{"a": "{{ user `@'),
    "HCL2 template": ("@", 'locals {\n  a = "@"\n}\n', "locals {\n  a = @\n}\n"),
    "playbook": ("@", "- hosts: all\n  vars_files: ['@']\n"),
    "tasks": ("@", "- copy: src=@\n", '- copy:\n    src: "@"\n', "- shell: |\n    @\n", '- copy: {src: "{{ @ }}"}\n'),
    "variables": ("@", "a: |\n  @\n"),
    "Jinja": ("@", "{{ @ }}", "{% include @ %}"),
    "buildspec": (
        "@",
        "version: 0.2\nphases: {build: {commands: @}}",
        "phases:\n  build:\n    commands:\n    - |\n      @\n",
    ),
    "tfgen.toml": (f"{TOML}@", f'{TOML}branch = "@"', f"{TOML}[inputs]\na = @\n"),
    "generated file": ("@", sign("packer/@", 'module "a" {\n}\n')),
    "Terraform": ("@", 'module "a" {\n  source = "@"\n}\n', 'locals {\n  a = "@"\n}\n', '{"a": @'),
}
#: Units of texts that are hard for somebody: brackets and quotes without an end, ambiguous wildcards, many of anything.
UNITS = (
    *(
        "(",
        "[",
        "{",
        ")",
        "}",
        "((",
        "$(",
        "${",
        "%{",
        "{{",
        "{%",
        "{#",
        "$((",
        "<(",
        "`",
        '"',
        "'",
        "\\",
        '\\"',
        '"\\',
    ),
    *(
        "/*",
        "#",
        "# ",
        "//",
        "../",
        "a/",
        "/",
        ":",
        "a:",
        "a: ",
        "- ",
        "? ",
        "&a ",
        "*a ",
        "<<",
        "<<A\n",
        "!",
        "|",
        ",",
        "=",
    ),
    *(
        "a=",
        "a.",
        ".a",
        "a ",
        "a\n",
        "a",
        " ",
        "\t",
        "\n",
        "\r\n",
        "\n\n ",
        "*",
        "**",
        "*a",
        "a*",
        "**/",
        "**/a/",
        "?",
        "[a",
    ),
    *(
        "[]",
        "{a,",
        "{a,b}",
        "[:",
        "-",
        "--",
        "+a",
        "%a",
        "f(",
        "f(a",
        "a ? b : ",
        "if a; then ",
        "case a in ",
        "for a in ",
    ),
    *("{{ user `", '{{ env "', "{{ lookup('file', ", "{% include ", "{% if a %}", "file(", "user ", "ansible-galaxy "),
    *(
        "# tfgen:ignore ",
        "# tfgen:ignore a-b c\n",
        "::",
        "a::",
        "a.b.c ",
        '"_":"',
        "[[a]]\n",
        "a = 1\n",
        "(a+)+",
        "(a|a)*",
        "a{1,9}",
    ),
    *("1", "1.", "1e", "\0", "\x01", "\ufeff", "\\ud800", "\\Uffffffff", "\ud800", "\u0300", "\U0001f600", "é"),
)
