"""The texts of a new image's files. Text is data: whatever a path or a name holds, it stays text in HCL and JSON."""

from __future__ import annotations

import json
import posixpath
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.new_image.model import Layout, NewFile, Start, TemplateFormat
from tfgen_generators.errors import RefusedError
from tfgen_generators.hcl.write import comment, is_identifier, quote
from tfgen_generators.trees.files import read_bytes, read_text

if TYPE_CHECKING:
    from jinja2 import Environment

_AS_ROOT = "chmod +x '{{ .Path }}' && sudo env {{ .Vars }} '{{ .Path }}'"
_SCRIPTS = ("install-ansible.sh", "seal-image.sh")
#: Installs the agent of Session Manager, for systems that come without it.
_AGENT = "start-ssm-agent.sh"
_ROLE_FILES = ("README.md", "defaults/main.yml", "tasks/main.yml", "meta/argument_specs.yml")


def template_path(layout: Layout, name: str, form: TemplateFormat) -> str:
    """Where the template of a new image stands."""
    if layout.is_template and form == "hcl2":
        return _joined(layout.packer_dir, f"{name}/image.pkr.hcl")
    return _joined(layout.packer_dir, f"{layout.prefix}{name}{'.json' if form == 'json' else '.pkr.hcl'}")


def template_text(layout: Layout, name: str, role: str, form: TemplateFormat, start: Start) -> str:
    """The Packer template. Raises RefusedError for a folder whose name Packer would read as an expression."""
    path = template_path(layout, name, form)
    scripts = {script: _for_packer(layout, _script(layout, script)) for script in (*_SCRIPTS, _AGENT)}
    run = _for_packer(layout, path)
    folder = "the repository root" if layout.working_dir == "." else layout.working_dir
    how_to_run = f"Run from {folder}: packer init {run} && packer build {run}"
    plugins = "The amazon and ansible plugins must be installed first: buildspec.yml does it, with pinned versions."
    values: dict[str, object] = {
        "name": name,
        "start": start,
        "about": f"The image {name}, on {start.said}.",
        "how_to_run": how_to_run,
        "comment": f"Run from {folder}: packer build {run}. {plugins}",
        "description": f"{name} on {{{{ .SourceAMIName }}}}, built by Packer with Ansible",
        "owner_said": "Account that owns the source AMI.",
        "agent_said": (
            "Program of the first boot; the source AMI has the agent for Session Manager."
            if start.has_agent
            else f"{scripts[_AGENT]}, to connect by Session Manager: the source AMI has no agent for it."
        ),
        "ansible_said": f"Version of ansible-core, as apt or dnf understands it, in the packages of {start.said}.",
        "install_script": scripts["install-ansible.sh"],
        "seal_script": scripts["seal-image.sh"],
        "playbook": _for_packer(layout, playbook_path(layout, name)),
        "role_path": _for_packer(layout, _joined(layout.roles, role)),
        "galaxy_file": layout.galaxy_file and _for_packer(layout, layout.galaxy_file),
        "as_root": _AS_ROOT,
        **_filters(start, form),
    }
    return _render("template.json" if form == "json" else "template.pkr.hcl", values)


def playbook_path(layout: Layout, name: str) -> str:
    """Where the playbook of a new image stands."""
    return _joined(layout.playbooks, f"{name}{layout.ending}")


def ansible_files(layout: Layout, name: str, role: str) -> list[NewFile]:
    """The playbook, and the role that it runs."""
    values: dict[str, object] = {"name": name, "role": role}
    folder = _joined(layout.roles, role)
    return [
        NewFile(path=playbook_path(layout, name), data=_render("playbook.yaml", values).encode()),
        *(NewFile(path=f"{folder}/{one}", data=_render(f"role/{one}", values).encode()) for one in _ROLE_FILES),
    ]


def script_files(layout: Layout, start: Start) -> list[NewFile]:
    """The scripts that every template runs."""
    names = _SCRIPTS if start.has_agent else (*_SCRIPTS, _AGENT)
    return [NewFile(path=_script(layout, name), data=_shipped(name), is_shared=True, is_program=True) for name in names]


def _filters(start: Start, form: TemplateFormat) -> dict[str, object]:
    """The filters of the source AMI, as they are written."""
    variable = "var.source_ami_name" if form == "hcl2" else _json("{{ user `source_ami_name` }}")
    write = _json if form == "json" else quote
    found = [("name", variable), *((key, write(value)) for key, value in start.filters)]
    written = [(key if form == "hcl2" and is_identifier(key) else write(key), value) for key, value in found]
    return {"filters": written, "filter_width": max(len(key) for key, _ in written)}


def _for_packer(layout: Layout, path: str) -> str:
    """`path` as Packer must be given it. Raises RefusedError."""
    if "{{" in path:
        raise RefusedError("a folder with {{ in its name", where=path, fix="rename it: Packer takes {{ for an action")
    return posixpath.relpath(path, layout.working_dir)


def _script(layout: Layout, name: str) -> str:
    return _joined(layout.packer_dir, f"scripts/{name}")


def _joined(folder: str, name: str) -> str:
    return name if folder in ("", ".") else f"{folder}/{name}"


def _shipped(name: str) -> bytes:
    """One of the scripts that tfgen ships: in a clone those that its own images use."""
    package = Path(__file__).resolve().parents[1]
    places = (package.parents[1] / "packer/scripts", package / "estate/packer/scripts")
    return read_bytes(next(place / name for place in places if (place / name).is_file()))


def _json(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _render(name: str, values: dict[str, object]) -> str:
    text = read_text(Path(__file__).parent / "templates" / f"{name}.j2")
    return _environment().from_string(text).render(values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=False,  # noqa: S701 that is for HTML; here each value has its language's own filter
        undefined=StrictUndefined,
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"hcl": quote, "json": _json, "hash": comment, "ljust": str.ljust}
    return environment
