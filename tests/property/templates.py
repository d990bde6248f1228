"""Packer templates in each format, and beside each a twin with `null` builders that says what Packer makes of it.

In the twin a provisioner that needs a machine becomes a `shell-local` one with the same paths: it hands on the settings
as Packer has evaluated them, reads what would be uploaded, and runs scripts, which do nothing.
"""

from __future__ import annotations

import json
import os

from tests.property.repository import Image, Writer

#: What a twin prints its settings to.
OUT = "ORACLE_OUT"
Settings = dict[str, str | tuple[str, ...]]
_PATHS = {"playbook_file", "role_paths", "playbook_dir", "group_vars", "script", "scripts", "source"}
_COMMON = '  ami_name      = "{}"\n  region        = "eu-west-1"\n  source_ami    = "ami-0123456789abcdef0"\n'


class _Source:
    """One template that is being written. `root` is what path.root / template_dir stand for."""

    def __init__(self, writer: Writer, name: str) -> None:
        self.writer, self.name = writer, name
        random = writer.random
        self.form = random.choice(["json", "hcl", "folder"])
        self.parent = random.choice(["packer", "packer", "packer/team"])
        self.root = f"{self.parent}/{name}" if self.form == "folder" else self.parent
        self.variables: dict[str, str] = {}
        self.by_file: dict[str, str] = {}
        self.locals: dict[str, str] = {}
        self.plain: list[dict[str, list[str]]] = []
        self.traits: set[str] = set()

    def step(self, kind: str, settings: Settings) -> tuple[str, Settings]:
        """A provisioner whose paths (settings of `_PATHS`) are written in one way or another."""
        written: Settings = {}
        for key, value in settings.items():
            many = [value] if isinstance(value, str) else list(value)
            expressions = [self.path(one, f"{kind} {key}") for one in many] if key in _PATHS else many
            written[key] = expressions[0] if isinstance(value, str) else tuple(expressions)
        self.plain.append({key: [value] if isinstance(value, str) else list(value) for key, value in settings.items()})
        return kind, written

    def path(self, path: str, key: str) -> str:
        """An expression for a path of the repository, within a string of the template."""
        relative = os.path.relpath(path, self.root)
        way = self.writer.random.choice(["plain", "plain", "root", "root", "variable", "local", "pkrvars"])
        self.traits |= {f"{self.form} {key} {way}", f"{self.form} {self.parent} {way}"}
        if way == "plain":
            return path
        self.writer.use(f"path by {way}")
        if self.form == "json":
            if way == "root":
                return f"{{{{template_dir}}}}/{relative}"
            return f"{{{{user `{self._variable(path)}`}}}}"
        if way == "root":
            return f"${{path.root}}/{relative}"
        if way == "local":
            name = f"l{len(self.locals)}"
            self.locals[name] = f"${{path.root}}/{relative}"
            return f"${{local.{name}}}"
        name = self._variable(path)
        if way == "pkrvars" and self.form == "folder":
            self.by_file[name] = path
            self.variables[name] = "not/this/one"
        return f"${{var.{name}}}"

    def _variable(self, value: str) -> str:
        name = f"v{len(self.variables)}"
        self.variables[name] = value
        return name


def write_template(writer: Writer, name: str, kind: str, settings: Settings, facts: dict[str, str]) -> Image:
    """Writes the image's template, with scripts and uploads of its own besides; gives the image with its twin."""
    source = _Source(writer, name)
    steps = _steps(source, kind, settings)
    if source.form == "json":
        template, members, twin = f"{source.root}/{name}.json", {}, {}
        members[template], twin[template] = _json(source, steps, True), _json(source, steps, False)
    else:
        files = _hcl(source, steps, True), _hcl(source, steps, False)
        template = source.root if source.form == "folder" else f"{source.root}/{name}.pkr.hcl"
        members, twin = ({_member(source, path): text for path, text in one.items()} for one in files)
    for path, text in members.items():
        writer.add(path, text)
    return Image(
        name=f"{source.parent}/{name}".removeprefix("packer/").replace("/", "-"),
        template=template,
        members=tuple(members),
        twin={path: text.encode() for path, text in twin.items()},
        facts=facts,
        steps=tuple(source.plain),
        traits=frozenset(source.traits),
    )


def _member(source: _Source, stem: str) -> str:
    return f"{source.root}/{source.name}.pkr.hcl" if source.form == "hcl" else f"{source.root}/{stem}"


def _steps(source: _Source, kind: str, settings: Settings) -> list[tuple[str, Settings]]:
    writer, random = source.writer, source.writer.random
    steps: list[tuple[str, Settings]] = []
    if kind == "none" or writer.chance(2):
        writer.use("script")
        scripts = random.sample(["setup", "clean", "swap"], random.choice([1, 2]))
        paths = [writer.add(f"packer/scripts/{one}.sh", "#!/bin/sh\ntrue\n") for one in scripts]
        steps.append(source.step("shell", {"scripts": tuple(paths)}))
    if writer.chance(4):
        writer.use("file upload")
        if writer.chance(2):
            upload = writer.add(f"packer/files/{source.name}.conf", "x\n")
        else:
            upload = "packer/files/etc"
            writer.add(f"{upload}/a.conf", "x\n")
            writer.add(f"{upload}/deep/b.conf", "x\n")
        steps.append(source.step("file", {"source": upload, "destination": "/tmp/x"}))
    if kind != "none":
        steps.append(source.step(kind, settings))
    if source.form != "json" and writer.chance(4):
        writer.use("file()")
        writer.add(f"packer/texts/{source.name}.txt", "x")
        way = os.path.relpath(f"packer/texts/{source.name}.txt", source.root)
        steps.append(("shell", {"environment_vars": (f'TEXT=${{file("{way}")}}',), "inline": ("true",)}))
        source.plain.append({"scripts": [f"packer/texts/{source.name}.txt"]})  # as good as a script: opened
        source.traits.add(f"{source.form} file()")
    return steps


def _real(number: int, kind: str, settings: Settings, real: bool) -> tuple[str, Settings]:
    """The provisioner itself, or what stands for it in the twin."""
    if real:
        return kind, settings
    if kind == "shell":
        return "shell-local", settings
    pairs: list[str] = []
    for key, value in settings.items():
        many = [(str(index), one) for index, one in enumerate(value)] if isinstance(value, tuple) else [("", value)]
        pairs += [f"TWIN_{number}_{key}__{index}={one}" for index, one in many]
    upload = f"$TWIN_{number}_source__"
    inline = [f'cat "{upload}" > /dev/null || find "{upload}/" -type f -exec cat {{}} +']
    if kind != "file":
        inline = [f'env | grep "^TWIN_{number}_" >> "${OUT}"']
    return "shell-local", {"environment_vars": tuple(pairs), "inline": tuple(inline)}


def _json(source: _Source, steps: list[tuple[str, Settings]], real: bool) -> str:
    builder = {
        "type": "amazon-ebs",
        "ami_name": source.name,
        "region": "eu-west-1",
        "source_ami": "ami-0123456789abcdef0",
    }
    provisioners = []
    for number, (kind, settings) in enumerate(steps):
        name, written = _real(number, kind, settings, real)
        provisioners.append({"type": name, **written})
    document = {
        "variables": source.variables,
        "builders": [builder if real else {"type": "null", "communicator": "none"}],
        "provisioners": provisioners,
    }
    return json.dumps(document, indent=2) + "\n"


def _hcl(source: _Source, steps: list[tuple[str, Settings]], real: bool) -> dict[str, str]:
    kind = "amazon-ebs" if real else "null"
    body = _COMMON.format(source.name) if real else '  communicator = "none"\n'
    variables = "".join(
        f"variable {_quoted(name)} {{\n  type    = string\n  default = {_quoted(value)}\n}}\n"
        for name, value in source.variables.items()
    )
    if source.locals:
        variables += (
            "locals {\n" + "".join(f"  {key} = {_quoted(value)}\n" for key, value in source.locals.items()) + "}\n"
        )
    build = f'source "{kind}" "{source.name}" {{\n{body}}}\n\nbuild {{\n  sources = ["source.{kind}.{source.name}"]\n'
    for number, (step, settings) in enumerate(steps):
        name, written = _real(number, step, settings, real)
        build += f'\n  provisioner "{name}" {{\n'
        build += "".join(f"    {key} = {_hcl_value(value)}\n" for key, value in written.items()) + "  }\n"
    build += "}\n"
    if source.form == "hcl":
        return {"": variables + "\n" + build}
    files = {"build.pkr.hcl": build}
    if variables:
        files["variables.pkr.hcl"] = variables
    if source.by_file:
        files["values.auto.pkrvars.hcl"] = "".join(
            f"{name} = {_quoted(value)}\n" for name, value in source.by_file.items()
        )
    return files


def _hcl_value(value: str | tuple[str, ...]) -> str:
    return _quoted(value) if isinstance(value, str) else "[" + ", ".join(_quoted(one) for one in value) + "]"


def _quoted(text: str) -> str:
    """As HCL writes it; interpolations stay, with the quotes inside them."""
    plain = text.split("${", 1)[0]
    if plain == text:
        return json.dumps(text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + "${" + text.split("${", 1)[1] + '"'
