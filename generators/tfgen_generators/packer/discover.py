"""Walks a Packer folder and says what is a template there, what is not, and why."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from tfgen_generators.packer.facts import BrokenTemplateError, NotATemplateError
from tfgen_generators.packer.folders import HclFile, group_folder
from tfgen_generators.packer.hcl_template import attribute_names
from tfgen_generators.packer.json_template import json_keys, read_legacy
from tfgen_generators.packer.model import Discovery, Problem, Skipped, Template
from tfgen_generators.packer.names import HCL_ENDING, JSON_ENDING, bucket_part, name_of, name_problem

#: Trees that hold other people's files or tools' state.
SKIPPED_FOLDERS = frozenset({"node_modules", "packer_cache"})
#: Files of values that Packer reads by itself, for a folder.
_AUTO = (".auto.pkrvars.hcl", ".auto.pkrvars.json")


@dataclass
class _Findings:
    packer_dir: str
    templates: list[Template] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    unreadable: list[Problem] = field(default_factory=list)

    def skip(self, path: str, reason: str) -> None:
        self.skipped.append(Skipped(path=path, reason=reason))


def discover(root: Path, packer_dir: str) -> Discovery:
    """Every template below `root/packer_dir`; one broken file never hides the others.

    Reads files, follows no symlinked folder, writes nothing. A folder that is not there is the caller's error.
    """
    findings = _Findings(packer_dir=packer_dir)
    for folder, names in _walk(root, packer_dir, findings):
        hcl_files: list[HclFile] = []
        for name in names:
            path = str(PurePosixPath(folder) / name)
            if name.endswith((HCL_ENDING, JSON_ENDING)):
                if (data := _read(root, path, findings)) is not None:
                    hcl_files.append(HclFile(path=path, data=data))
            elif name.endswith(".pkrvars.json"):
                findings.skip(path, "variable values, not a template")
            elif name.endswith(".json"):
                _legacy(root, path, findings)
            elif reason := _other(name):
                findings.skip(path, reason)
        preset = _preset(root, folder, names, findings) if hcl_files else frozenset()
        grouped = group_folder(folder, hcl_files, packer_dir, preset)
        findings.templates += grouped.templates
        findings.skipped += grouped.skipped
    return Discovery(
        templates=tuple(_checked_names(sorted(findings.templates, key=lambda template: template.path))),
        skipped=tuple(sorted(findings.skipped, key=lambda skipped: skipped.path)),
        unreadable=tuple(findings.unreadable),
    )


def _walk(root: Path, folder: str, findings: _Findings) -> Iterator[tuple[str, list[str]]]:
    pending = [folder]
    while pending:
        current = pending.pop()
        files: list[str] = []
        below: list[str] = []
        try:
            entries = sorted(os.scandir(root / current), key=lambda entry: entry.name)
        except OSError as error:
            findings.unreadable.append(_unreadable(current, error))
            continue
        for entry in entries:
            # Hidden: editors' locks and copies, macOS's shadows, tools' folders; but Packer reads values there.
            hidden = entry.name.startswith(".") and not entry.name.endswith(_AUTO)
            if hidden or entry.name in SKIPPED_FOLDERS:
                continue
            path = str(PurePosixPath(current) / entry.name)
            try:
                _sort(entry, path, files, below, findings)
            except OSError as error:
                findings.unreadable.append(_unreadable(path, error))
        pending.extend(reversed(below))
        yield current, files


def _sort(entry: os.DirEntry[str], path: str, files: list[str], below: list[str], findings: _Findings) -> None:
    if entry.is_dir(follow_symlinks=False):
        below.append(path)
    elif entry.is_file():
        files.append(entry.name)
    elif entry.is_dir():
        findings.skip(path, "a symlinked folder is not followed")
    elif entry.name.endswith((".json", HCL_ENDING)):
        findings.unreadable.append(Problem(path=path, message="a broken symlink or a special file"))


def _read(root: Path, path: str, findings: _Findings) -> bytes | None:
    try:
        return (root / path).read_bytes()
    except OSError as error:
        findings.unreadable.append(_unreadable(path, error))
        return None


def _unreadable(path: str, error: OSError) -> Problem:
    return Problem(path=path, message=f"cannot be read: {error.strerror}", fix="give yourself the right to read it")


def _preset(root: Path, folder: str, names: list[str], findings: _Findings) -> frozenset[str]:
    """The variables that the folder's `*.auto.pkrvars.*` files set."""
    found: set[str] = set()
    for name in names:
        if name.endswith(_AUTO):
            data = _read(root, str(PurePosixPath(folder) / name), findings)
            keys = json_keys if name.endswith(".json") else attribute_names
            found |= {f"var.{key}" for key in keys(data or b"")}
    return frozenset(found)


def _legacy(root: Path, path: str, findings: _Findings) -> None:
    data = _read(root, path, findings)
    if data is None:
        return
    template = Template(name=name_of(path, findings.packer_dir), path=path, format="json", kind="file")
    try:
        template = replace(template, builders=read_legacy(data).builders)
    except NotATemplateError as reason:
        findings.skip(path, str(reason))
        return
    except BrokenTemplateError as error:
        problem = Problem(path=path, line=error.line, message=error.message, fix=error.fix)
        template = replace(template, errors=(problem,))
    findings.templates.append(template)


def _other(name: str) -> str:
    if name.endswith(".pkrvars.hcl"):
        return "variable values, not a template"
    if name.endswith(".pkrtpl.hcl"):
        return "input of templatefile(), not a template"
    if name.endswith((".pkr.hcl.example", ".json.example")):
        return "an example, not a template"
    if name.endswith(".hcl"):
        return "HCL of another tool (Packer reads *.pkr.hcl)"
    return ""


def _checked_names(templates: list[Template]) -> Iterator[Template]:
    """Adds what only the whole shows: names that are no identifiers, and names given twice."""
    by_key: dict[str, list[Template]] = {}
    for template in templates:
        by_key.setdefault(bucket_part(template.name), []).append(template)
    for template in templates:
        problems = list(template.errors)
        if message := name_problem(template.name):
            problems.append(Problem(path=template.path, message=message, fix="rename it"))
        others = [other.path for other in by_key[bucket_part(template.name)] if other is not template]
        if others:
            message = f"the name {template.name!r} is given by {' and '.join(others)} too"
            problems.append(Problem(path=template.path, message=message, fix="rename one of them"))
        yield replace(template, errors=tuple(problems))
