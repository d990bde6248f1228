"""buildspec.yml, version 0.2: read, checked, and with the lines of what it says."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import TYPE_CHECKING, Literal

import msgspec

from tfgen.codebuild.document import Reader

if TYPE_CHECKING:
    import yaml

FILE_NAME = "buildspec.yml"
#: The phases that a buildspec may have, in the order in which they run.
PHASES = ("install", "pre_build", "build", "post_build")
#: Shell of the buildspec -> the program.
_SHELLS = {"bash": "bash", "/bin/sh": "/bin/sh", "sh": "/bin/sh"}
#: How often `RETRY` without a number tries again.
_RETRIES = 3
_MOST_RETRIES = 100

_TOP = frozenset({"version", "run-as", "env", "proxy", "batch", "phases", "reports", "artifacts", "cache"})
_ENV = frozenset(
    {"shell", "variables", "parameter-store", "secrets-manager", "exported-variables", "git-credential-helper"}
)
_PHASE = frozenset({"run-as", "on-failure", "runtime-versions", "commands", "finally"})
_ONE_ARTIFACT = frozenset(
    {"files", "name", "discard-paths", "base-directory", "exclude-paths", "enable-symlinks", "s3-prefix", "type"}
)
#: Known, without effect here, and why.
_IGNORED = {
    "proxy": "no CodeBuild proxy",
    "batch": "no batch builds",
    "reports": "test reports are not collected",
    "cache": "nothing is cached between builds",
    "git-credential-helper": "git uses your own credentials",
    "run-as": "commands run as you",
    "runtime-versions": "programs are those on your PATH",
    "name": "CodePipeline sets the artifact's name",
    "s3-prefix": "nothing is uploaded",
    "enable-symlinks": "no ZIP file is created",
    "type": "no effect in version 0.2",
}

OnFailure = Literal["", "ABORT", "CONTINUE", "RETRY"]


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of `commands` or `finally`, and the line on which it starts."""

    text: str
    line: int


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """`retries` and `pattern` count with `on_failure` RETRY alone; "" is CodeBuild's own order of phases."""

    name: str
    commands: tuple[Command, ...] = ()
    last: tuple[Command, ...] = ()
    on_failure: OnFailure = ""
    retries: int = 0
    pattern: str = ""


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a build; `identifier` is "" of the first one."""

    files: tuple[str, ...]
    identifier: str = ""
    base_directory: str = ""
    discard_paths: bool = False
    exclude_paths: tuple[str, ...] = ()


class Buildspec(msgspec.Struct, frozen=True, kw_only=True):
    """`needed` are variables that CodeBuild fetches: name -> where from, and the line. `notes` are warnings."""

    phases: tuple[Phase, ...]
    shell: str = "/bin/sh"
    variables: dict[str, str] = {}
    needed: dict[str, tuple[str, int]] = {}
    exported: tuple[str, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    notes: tuple[str, ...] = ()


def read_buildspec(text: str, path: str = FILE_NAME) -> Buildspec:
    """What `text` says. Raises TfgenError with the line."""
    return _Parser(path).read(text)


class _Parser(Reader):
    def read(self, text: str) -> Buildspec:
        root = self.compose(text)
        if root is None:
            self._fail("is empty", 1, "add version: 0.2 and phases")
        top = self.known(root, "the buildspec", _TOP)
        self._version(top, root)
        if "phases" not in top:
            self.fail("has no phases", root, f"add phases with one of {', '.join(PHASES)}")
        self._ignore(top)
        env = self.known(top["env"][1], "env", _ENV) if "env" in top else {}
        self._ignore(env)
        needed = self._needed(env)
        return Buildspec(
            shell=self._shell(env),
            variables=self._variables(env),
            needed=needed,
            exported=self._exported(env, needed),
            phases=self._phases(top["phases"][1]),
            artifacts=self._artifacts(top["artifacts"][1]) if "artifacts" in top else (),
            notes=tuple(self.notes),
        )

    def _version(self, top: dict[str, tuple[int, yaml.Node]], root: yaml.Node) -> None:
        if "version" not in top:
            self.fail("has no version", root, "add version: 0.2")
        node = top["version"][1]
        version = self.text(node, "version")
        if version == "0.1":
            self.fail("is of version 0.1; tfgen supports version 0.2", node, "use version: 0.2")
        if version != "0.2":
            self.fail(f"version {version!r} is not known", node, "use version: 0.2")

    def _ignore(self, found: dict[str, tuple[int, yaml.Node]], prefix: str = "") -> None:
        for name, (where, _) in found.items():
            if name in _IGNORED:
                self.notes.append(f"{self.path}:{where}: {prefix}{name} is ignored in a local build: {_IGNORED[name]}")

    def _shell(self, env: dict[str, tuple[int, yaml.Node]]) -> str:
        if "shell" not in env:
            return "/bin/sh"
        node = env["shell"][1]
        shell = self.text(node, "env.shell")
        if shell not in _SHELLS:
            self.fail(
                f"env.shell {shell!r} is not bash or /bin/sh", node, "use bash or /bin/sh: tfgen runs Linux builds"
            )
        return _SHELLS[shell]

    def _variables(self, env: dict[str, tuple[int, yaml.Node]]) -> dict[str, str]:
        return {name: self.text(node, name) for name, _, node in self._named(env, "variables")}

    def _needed(self, env: dict[str, tuple[int, yaml.Node]]) -> dict[str, tuple[str, int]]:
        needed: dict[str, tuple[str, int]] = {}
        for key, title in (("parameter-store", "Parameter Store"), ("secrets-manager", "Secrets Manager")):
            for name, where, node in self._named(env, key):
                needed[name] = (f"{self.text(node, name)} in {title}", where)
        return needed

    def _named(self, env: dict[str, tuple[int, yaml.Node]], key: str) -> list[tuple[str, int, yaml.Node]]:
        """The variables below `key`: name, line, value."""
        if key not in env:
            return []
        found = []
        for name, (where, node) in self.mapping(env[key][1], f"env.{key}").items():
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
                self._fail(f"{name!r} is not a valid variable name", where)
            if name.startswith("CODEBUILD_"):
                self.notes.append(f"{self.path}:{where}: {name}: names that begin with CODEBUILD_ are reserved by AWS")
            found.append((name, where, node))
        return found

    def _exported(self, env: dict[str, tuple[int, yaml.Node]], secret: Container[str]) -> tuple[str, ...]:
        if "exported-variables" not in env:
            return ()
        names = []
        for name, where in self.texts(env["exported-variables"][1], "exported-variables"):
            if name.startswith("AWS_") or name in secret:
                what = "secrets" if name in secret else "AWS_ variables"
                self.notes.append(f"{self.path}:{where}: {name} is not exported: AWS does not export {what}")
            else:
                names.append(name)
        return tuple(names)

    def _phases(self, node: yaml.Node) -> tuple[Phase, ...]:
        found = {}
        for name, (where, content) in self.mapping(node, "phases").items():
            if name not in PHASES:
                self._fail(f"{name!r} is not a phase", where, f"use one of {', '.join(PHASES)}")
            found[name] = self._phase(name, content)
        if not found:
            self.fail("has no phases", node, f"add one of {', '.join(PHASES)}")
        return tuple(found[name] for name in PHASES if name in found)

    def _phase(self, name: str, node: yaml.Node) -> Phase:
        found = self.known(node, f"phase {name}", _PHASE)
        self._ignore(found, f"{name}: ")
        if "commands" not in found and name != "install":
            self.fail(f"phase {name} has no commands", node, "add commands, or remove the phase")
        on_failure, retries, pattern = self._on_failure(found)
        return Phase(
            name=name,
            commands=self._commands(found, "commands"),
            last=self._commands(found, "finally"),
            on_failure=on_failure,
            retries=retries,
            pattern=pattern,
        )

    def _commands(self, found: dict[str, tuple[int, yaml.Node]], key: str) -> tuple[Command, ...]:
        if key not in found:
            return ()
        return tuple(Command(text=text, line=where) for text, where in self.texts(found[key][1], key))

    def _on_failure(self, found: dict[str, tuple[int, yaml.Node]]) -> tuple[OnFailure, int, str]:
        if "on-failure" not in found:
            return "", 0, ""
        node = found["on-failure"][1]
        said = self.text(node, "on-failure")
        if said in ("ABORT", "CONTINUE"):
            return said, 0, ""  # type: ignore[return-value] # it is one of the two
        match = re.fullmatch(r"(?i:RETRY)(?:-(\d+))?(?:-(.+))?", said, re.DOTALL)
        if not match:
            self.fail(f"on-failure {said!r} is not ABORT, CONTINUE, RETRY, RETRY-count or RETRY-count-regex", node)
        retries = int(match[1]) if match[1] else _RETRIES
        if retries > _MOST_RETRIES:
            self.fail(f"on-failure: {retries} retries are more than {_MOST_RETRIES}", node)
        try:
            re.compile(match[2] or "")
        except re.error as error:
            self.fail(f"on-failure: {match[2]!r} is not a regular expression: {error}", node)
        return "RETRY", retries, match[2] or ".*"

    def _artifacts(self, node: yaml.Node) -> tuple[Artifact, ...]:
        first = self._artifact(node, "", _ONE_ARTIFACT | {"secondary-artifacts"})
        found = self.mapping(node, "artifacts")
        if "secondary-artifacts" not in found:
            return (first,)
        others = self.mapping(found["secondary-artifacts"][1], "secondary-artifacts")
        for name, (where, _) in others.items():
            if not re.fullmatch(r"\w+", name, re.ASCII):
                self._fail(f"{name!r} is not an artifact identifier (letters, digits and _)", where)
        return (first, *(self._artifact(content, name, _ONE_ARTIFACT) for name, (_, content) in others.items()))

    def _artifact(self, node: yaml.Node, identifier: str, names: frozenset[str]) -> Artifact:
        what = f"artifact {identifier}" if identifier else "artifacts"
        found = self.known(node, what, names)
        self._ignore(found, f"{what}: ")
        if "files" not in found:
            self.fail(f"{what} has no files", node, "add files, or remove it")
        return Artifact(
            identifier=identifier,
            files=self._paths(found, "files"),
            base_directory=self.text(found["base-directory"][1], "base-directory") if "base-directory" in found else "",
            discard_paths=self.flag(found["discard-paths"][1], "discard-paths") if "discard-paths" in found else False,
            exclude_paths=self._paths(found, "exclude-paths"),
        )

    def _paths(self, found: dict[str, tuple[int, yaml.Node]], key: str) -> tuple[str, ...]:
        return tuple(text for text, _ in self.texts(found[key][1], key)) if key in found else ()
