"""Rules about environment variables: what a template reads, and what its pipeline passes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache, partial

from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.rules.pipeline.network import VARIABLES, has_network
from tfgen_generators.lint.scope import Scope
from tfgen_generators.lint.templates.places import place_of
from tfgen_generators.packer.model import Template
from tfgen_generators.paths.pipeline_files import buildspec_of
from tfgen_generators.settings.inputs import Fact
from tfgen_generators.settings.model import FILE_NAME, TemplateSettings
from tfgen_generators.settings.secrets import Variable
from tfgen_generators.settings.variants import VAR_FILE

#: Set in every build: by CodeBuild, by the shell, and by tfgen.
_ALWAYS = frozenset(
    {"PACKER_SCRIPT", "PATH", "HOME", "USER", "PWD", "OLDPWD", "SHELL", "HOSTNAME", "LANG", "TMPDIR", "TERM", "CI"}
)
_ALWAYS_PREFIXES = ("CODEBUILD_", "AWS_")
#: Where none is set, none is needed.
_PROXY = re.compile(r"(https?|ftp|rsync|no|all)_proxy", re.IGNORECASE)
#: Windows' own: templates look there for where people keep files, and elsewhere if there is none.
_OF_WINDOWS = frozenset({"ALLUSERSPROFILE", "APPDATA", "COMPUTERNAME", "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES"})
_OF_WINDOWS |= {"SYSTEMROOT", "TEMP", "TMP", "USERNAME", "USERPROFILE", "WINDIR"}
#: What Packer, AWS's programs, Ansible, git, pip and the shell read by themselves.
_READ_BY_TOOLS = re.compile(
    r"(AWS|CODEBUILD|PACKER|PKR|ANSIBLE|TFGEN|PIP|PYTHON|GIT|SSH|SSL|CURL|REQUESTS|LC|DOCKER|VAULT|CONSUL|HCP|DEBIAN)_.*"
    r"|CHECKPOINT_DISABLE|PYTHON[A-Z]+|(https?|ftp|no|all)_proxy|LANG(UAGE)?|TZ|PATH|HOME|TMPDIR|TERM|COLUMNS|NO_COLOR|CI"
    r"|PS4|SHELLOPTS|BASHOPTS|BASH_ENV|ENV|CDPATH|IFS",
    re.IGNORECASE,
)
_VARIABLE = "PKR_VAR_"
#: A variable whose default is an environment variable, and what asks whether it is empty.
_READ_INTO = r'variable\s+"?([\w-]+)"?\s*\{{[^{{}}]*?\benv\(\s*"{}"'
_NOTHING, _CHOOSING = r'(?:""|null)', r"\b(?:coalesce(?:list)?|compact|length)"


def _passed(scope: Scope, template: Template) -> Mapping[str, Variable]:
    own = scope.settings.templates.get(template.name, TemplateSettings())
    return {**scope.settings.environment, **own.environment}


def _hands_over(scope: Scope, template: Template) -> bool:
    """Whether the module is given tfgen.toml's environment at all."""
    own = scope.settings.templates.get(template.name, TemplateSettings())
    inputs = {**scope.shared_inputs, **own.inputs}.values()
    return any(isinstance(item, Fact) and item.name in ("environment", "secrets") for item in inputs)


def _env_not_passed(scope: Scope) -> Iterator[Finding]:
    if not scope.has_settings:
        return
    for template in scope.part:
        if not _hands_over(scope, template):
            continue
        passed, buildspec = {*_passed(scope, template)}, _buildspec(scope, template)
        passed.add(scope.settings.packer_script.variable)
        if has_network(scope, template):
            passed |= VARIABLES
        for name in scope.described(template).environment:
            if name in passed or _is_there(name) or _sets(buildspec, name) or _is_optional(scope, template, name):
                continue
            path, line = place_of(scope, template.path, name)
            yield Finding(
                rule="env-not-passed",
                path=path,
                line=line,
                message=f"reads the environment variable {name}, which the pipeline of {template.name} does not pass",
                fix=f"add {name} to [environment], or to [templates.{template.name}] environment, in {FILE_NAME}",
                image=template.name,
            )


def _buildspec(scope: Scope, template: Template) -> bytes:
    """The buildspec of a template's builds; b"" when it is none of this repository's files."""
    found = buildspec_of(scope.tree, scope.settings, template)
    return scope.read(found[0]) if found else b""


def _is_there(name: str) -> bool:
    """Whether every build has it, or does well without it."""
    return (
        name in _ALWAYS
        or name.upper() in _OF_WINDOWS
        or name.startswith(_ALWAYS_PREFIXES)
        or bool(_PROXY.fullmatch(name))
    )


def _is_optional(scope: Scope, template: Template, name: str) -> bool:
    """Whether the template asks if it is empty: `var.x != "" ? ...`, `coalesce(var.x, ...)`, `or (env `X`) ...`."""
    if template.format == "json":
        return _is_chosen(scope.read(template.path), name)
    members = (path for path in template.members if path.endswith(".hcl"))
    text = "\n".join(scope.read(path).decode("utf-8", "replace") for path in members).replace("${", "")
    variables = re.findall(_READ_INTO.format(re.escape(name)), text)
    return bool(variables) and all(_is_asked_for(text, variable) for variable in variables)


def _is_chosen(data: bytes, name: str) -> bool:
    """Whether legacy JSON reads a variable only as one of those that Go's `or` chooses from."""
    text, written = data.decode("utf-8", "replace").replace('\\"', '"'), rf"env\s+[`\"]{re.escape(name)}[`\"]"
    chosen = re.findall(rf"\{{\{{-?\s*or\s(?:(?!\}}\}}).)*?\(\s*{written}\s*\)", text)
    return bool(chosen) and len(chosen) == len(re.findall(written, text))


def _is_asked_for(text: str, variable: str) -> bool:
    aliases = re.findall(rf"([\w-]+)\s*=\s*var\.{variable}\s*$", text, re.MULTILINE)
    one = rf"(?:{'|'.join([f'var[.]{variable}', *(f'local[.]{alias}' for alias in aliases)])})(?![\w-])"
    patterns = (rf"{one}\s*[!=]=\s*{_NOTHING}", rf"{_NOTHING}\s*[!=]=\s*{one}", rf"{_CHOOSING}\([^()]*{one}")
    return any(re.search(pattern, text) for pattern in patterns)


@lru_cache(maxsize=2000)
def _sets(buildspec: bytes, name: str) -> bool:
    """Whether the buildspec gives `name` a value: under `env`, or in a command."""
    return bool(re.search(rb"\b" + re.escape(name.encode("utf-8", "surrogateescape")) + rb"\s*[:=]", buildspec))


def _env_unused(scope: Scope) -> Iterator[Finding]:
    if not scope.has_settings:
        return
    settings, reads = scope.settings, partial(_reads, scope)
    templates = [template for template in scope.templates if _hands_over(scope, template)]
    if len(templates) != len(scope.discovery.templates) or not all(_can_know(scope, one) for one in templates):
        return  # who cannot be read may read anything
    for name in settings.environment if templates else ():
        if not _is_read(name, templates, reads):
            yield _unused(scope, ("environment", name), f"no image reads {name}, which every pipeline passes", "")
    by_name = {template.name: template for template in templates}
    for image, own in settings.templates.items():
        for name in own.environment if image in by_name else ():
            if not _is_read(name, [by_name[image]], reads):
                message = f"{image} does not read {name}, which its pipeline passes"
                yield _unused(scope, ("templates", image, "environment", name), message, image)
    for template in templates:
        if template.var_file and not reads(template, VAR_FILE):
            yield _without_values(scope, template)


def _without_values(scope: Scope, template: Template) -> Finding:
    """All images of a template would be the same; said once for all of them."""
    variant = scope.settings.origin.variants.of_name(template.name)
    table = f"[templates.{variant.template}]" if variant else template.name
    return Finding(
        rule="env-unused",
        path=FILE_NAME,
        line=scope.settings.line("templates", template.name, "environment", VAR_FILE),
        message=f"the buildspec does not read {VAR_FILE}, so the images of {table} are all built without their files",
        fix=f'add -var-file="${VAR_FILE}" to its packer build',
        image=template.name,
    )


def _unused(scope: Scope, key: tuple[str, ...], message: str, image: str) -> Finding:
    line = scope.settings.line(*key)
    fix = "remove it, or use it"
    return Finding(rule="env-unused", path=FILE_NAME, line=line, message=message, fix=fix, image=image)


def _can_know(scope: Scope, template: Template) -> bool:
    """Whether the build's commands can be read: those of a buildspec here, or of a module in this repository."""
    is_local = scope.settings.module.source.startswith(("./", "../"))
    return is_local or bool(_buildspec(scope, template))


def _is_read(name: str, templates: Iterable[Template], reads: partial[bool]) -> bool:
    return (bool(_READ_BY_TOOLS.fullmatch(name)) and not name.startswith(_VARIABLE)) or any(
        reads(template, name) for template in templates
    )


def _reads(scope: Scope, template: Template, name: str) -> bool:
    described = scope.described(template)
    if name in described.environment or name.removeprefix(_VARIABLE) in (*described.required, *described.optional):
        return True
    image = scope.graph.image(template.name)
    units = [scope.graph.units[reached.unit].files for reached in image.reached] if image else []
    return any(name in _words(scope, path) for files in (template.members, *units) for path in files)


def _words(scope: Scope, path: str) -> frozenset[str]:
    """Which of the environment's names a file reads, looked for once for all images."""

    def find() -> frozenset[str]:
        if path == FILE_NAME or path.endswith((".gen.tf", ".md")):
            return frozenset()  # what passes them, and what is only said about them
        found = _names_pattern(scope).findall(scope.read(path))
        return frozenset(word.decode() for word in found)

    return scope.once(("environment words", path), find)


def _names_pattern(scope: Scope) -> re.Pattern[bytes]:
    def compile_names() -> re.Pattern[bytes]:
        names = {
            *scope.settings.environment,
            *(n for own in scope.settings.templates.values() for n in own.environment),
        }
        return re.compile(rb"\b(?:" + b"|".join(sorted(map(str.encode, names), reverse=True)) + rb")\b")

    return scope.once("environment names", compile_names)


RULES = (
    Rule(
        id="env-not-passed",
        severity="warning",
        summary="A template reads an environment variable that its pipeline does not pass",
        check=_env_not_passed,
        by_template=True,
    ),
    Rule(
        id="env-unused",
        severity="warning",
        summary="A pipeline passes an environment variable that its image does not read",
        check=_env_unused,
    ),
)
