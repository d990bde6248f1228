"""From the settings of a provisioner to the runs of Ansible."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from tfgen_generators.ansible.resolving.run import AnsibleRun
from tfgen_generators.ansible.search.playbooks import is_playbook
from tfgen_generators.packer.ansible_settings import variable_use
from tfgen_generators.paths.model import Edge, Reached
from tfgen_generators.paths.path_resolution import PathResolver, ResolvedPath, glob
from tfgen_generators.paths.template_inputs import AnsibleRunPlan, Wanted
from tfgen_generators.trees.linked import LinkedTree

if TYPE_CHECKING:
    from tfgen_generators.graph.image_parts import ImageParts

_SOURCE = re.compile(
    rb"^[ \t]*(?:-[ \t]+)?(?:src|source|name|include)[ \t]*:[ \t]*[\"']?([^\"'\s#]*[/.][^\"'\s#]*)", re.MULTILINE
)
#: Of a role that is uploaded and not used: what no run could read.
_NOT_UPLOADED = re.compile(
    r"(^|/)(README[^/]*|[^/]*\.md|\.ansible-lint|\.yamllint)$|^(molecule|tests)/|^meta/argument_specs\."
)
_NOT_READ = re.compile(r"(^|/)(README[^/]*|[^/]*\.md)$|^(molecule|tests)/")
#: The setting whose folders are uploaded beside the playbook, whatever becomes of the rest.
_PLAYBOOK_PATHS = "playbook_paths"
#: Files that arguments of Ansible name.
_ARGUMENTS = frozenset({"inventory", "key", "library", "vars_file"})
_UPLOADED = frozenset(
    {"inventory", "group_vars", "host_vars", "galaxy_file", "key", "vars_file", "ansible_config", "library"}
)


class AnsibleRuns:
    """The runs of Ansible of one template."""

    def __init__(
        self,
        builder: ImageParts,
        tree: LinkedTree,
        path_resolver: PathResolver,
        folders: Sequence[str],
        environment: Mapping[str, str],
    ) -> None:
        self._builder, self._tree, self._path_resolver = builder, tree, path_resolver
        self._folders, self._environment = folders, environment

    def stage(self, plan: AnsibleRunPlan) -> None:
        """All that one provisioner uses: what is uploaded, and every playbook with what it reaches."""
        found = {
            id(wanted): self._builder.found(self._playbook_dir(wanted, plan), self._folders) for wanted in plan.wanted
        }
        self._upload(plan, found)
        reached: list[Reached] = []
        for wanted in plan.wanted:
            if wanted.use == "playbook":
                for place in found[id(wanted)]:
                    edge = self._builder.edge(wanted.label, widened=place.widened)
                    for playbook in self._playbooks(place):
                        reached += self._builder.ansible_run(self._ansible_run(plan, found, playbook), edge)
        self._unused(plan, found, reached)
        self._over_roles(plan, found)
        self._playbook_folders(plan, found, reached)

    def _playbook_dir(self, wanted: Wanted, plan: AnsibleRunPlan) -> Wanted:
        """With `playbook_dir` a playbook may be named from there; arguments are seen from where it is uploaded to."""
        is_argument = plan.kind == "ansible-local" and wanted.use in _ARGUMENTS and wanted.label.startswith("-")
        if wanted.use != "playbook" and not is_argument:
            return wanted
        folders = [text for one in plan.wanted if one.use == "playbook_dir" for text in one.texts]
        texts = list(wanted.texts)
        if is_argument:
            inside = [posixpath.join(folder, text) for folder in folders for text in texts if text[:1] not in "/~"]
            texts = [text for text in inside if self._path_resolver.find(text, self._folders)] or texts
        elif not any(self._path_resolver.find(text, self._folders) for text in texts):
            texts = [posixpath.join(folder, text) for folder in folders for text in texts] + texts
        return Wanted(wanted.use, wanted.label, wanted.written, tuple(texts))

    def _upload(self, plan: AnsibleRunPlan, found: Mapping[int, list[ResolvedPath]]) -> None:
        for wanted in plan.wanted:
            whole = wanted.use == "collection_path" and plan.kind == "ansible-local"
            beside = wanted.use == "playbook_dir" and wanted.label == _PLAYBOOK_PATHS
            if wanted.use in _UPLOADED or whole or beside:
                for place in found[id(wanted)]:
                    self._builder.place(place, self._builder.edge(wanted.label, widened=place.widened))
                    if wanted.use == "galaxy_file":
                        self._galaxy(place.path)

    def _galaxy(self, path: str) -> None:
        """Roles and collections of this repository that a requirements file takes by their path."""
        if self._tree.kind(path) != "file":
            return
        for match in _SOURCE.finditer(self._tree.read(path)):
            text = match.group(1).decode("utf-8", "replace").removeprefix("file://")
            for found in self._path_resolver.find(text, [*self._folders, posixpath.dirname(path) or "."]):
                if found.path != ".":
                    self._builder.place(found, Edge(path=path, label="requirements"))

    def _playbooks(self, place: ResolvedPath) -> Iterator[str]:
        if not place.widened:
            if self._tree.kind(place.path) == "file":
                yield place.path
            return
        for path in self._path_resolver.match(place.pattern):
            if is_playbook(self._tree, path):
                yield path

    def _ansible_run(self, plan: AnsibleRunPlan, found: Mapping[int, list[ResolvedPath]], playbook: str) -> AnsibleRun:
        def paths(use: str, *, more: bool = False) -> tuple[str, ...]:
            wanted = [one for one in plan.wanted if one.use == use and more == (one.label == _PLAYBOOK_PATHS)]
            named = [path for one in wanted for path in self._paths(found[id(one)])]
            return tuple(dict.fromkeys((*named, *(self._by_environment(use) if plan.kind == "ansible" else ()))))

        local = plan.kind == "ansible-local"
        roles, folders, more = paths("role_path"), paths("playbook_dir"), paths("playbook_dir", more=True)
        group_vars, host_vars = paths("group_vars"), paths("host_vars")
        for path in paths("inventory"):
            beside = path if self._tree.kind(path) == "folder" else posixpath.dirname(path) or "."
            group_vars += self._folder(f"{beside}/group_vars")
            host_vars += self._folder(f"{beside}/host_vars")
        return AnsibleRun(
            playbook=playbook,
            role_dirs=roles if local else (),
            role_paths=() if local else roles,
            collection_paths=paths("collection_path"),
            group_vars=group_vars,
            host_vars=host_vars,
            groups=plan.groups,
            playbook_dir=next(iter(folders), None),
            playbook_paths=more,
            config=self._config(plan, folders, paths("ansible_config")),
            galaxy_files=paths("galaxy_file"),
        )

    def _config(self, plan: AnsibleRunPlan, folders: Sequence[str], named: Sequence[str]) -> str | None:
        candidates = [path if self._tree.kind(path) == "file" else f"{path}/ansible.cfg" for path in named]
        if plan.kind == "ansible":
            candidates += [posixpath.normpath(f"{folder}/ansible.cfg") for folder in self._folders]
        else:
            candidates += [posixpath.normpath(f"{folder}/ansible.cfg") for folder in folders]
        return next((path for path in candidates if self._tree.kind(path) == "file"), None)

    def _folder(self, path: str) -> tuple[str, ...]:
        path = posixpath.normpath(path)
        return (path,) if self._tree.kind(path) == "folder" else ()

    def _paths(self, path_resolver: Sequence[ResolvedPath]) -> Iterator[str]:
        """Paths of places; of a pattern, every folder (or file) that it may mean."""
        for place in path_resolver:
            if not place.widened:
                yield place.path
                continue
            matches = glob(place.pattern).fullmatch
            files = self._path_resolver.match(place.pattern)
            above = dict.fromkeys(path for file in files for path in (file, *_folders_above(file)))
            yield from (path for path in above if matches(path))

    def _by_environment(self, use: str) -> Iterator[str]:
        """What tfgen.toml's [environment] tells Ansible on the machine that builds."""
        for name, value in self._environment.items():
            for part in value.split(":") if variable_use(name) == use else ():
                for folder in self._folders if part and not part.startswith(("/", "~")) else ():
                    path = posixpath.normpath(f"{folder}/{part}")
                    if self._tree.kind(path):
                        yield path

    def _playbook_folders(
        self, plan: AnsibleRunPlan, found: Mapping[int, list[ResolvedPath]], reached: Sequence[Reached]
    ) -> None:
        """All of a `playbook_dir`, where something in it may be read that no name in the play tells."""
        units = self._builder.reached_files(reached)
        is_told = bool(reached) and not plan.stays
        is_told = is_told and not any(edge.widened for unit in units for edge in unit.files.values())
        for wanted in () if is_told and not any(one.edge.widened for one in reached) else plan.wanted:
            if wanted.use == "playbook_dir" and wanted.label != _PLAYBOOK_PATHS:
                for place in found[id(wanted)]:
                    self._builder.place(place, self._builder.edge(wanted.label, widened=True))

    def _over_roles(self, plan: AnsibleRunPlan, found: Mapping[int, list[ResolvedPath]]) -> None:
        """A role is uploaded over the one of its name in `playbook_dir`: what only that has is a part of it, too."""
        wanted = plan.wanted if plan.kind == "ansible-local" else ()
        places = {
            use: [path for one in wanted if one.use == use for path in self._paths(found[id(one)])]
            for use in ("playbook_dir", "role_path")
        }
        for folder in places["playbook_dir"]:
            for role in places["role_path"]:
                under = posixpath.normpath(f"{folder}/roles/{posixpath.basename(role)}")
                if under != role and self._tree.kind(under) == "folder":
                    inner = ((path, path[len(under) + 1 :]) for path in self._path_resolver.below(under))
                    files = [path for path, rest in inner if not (self._tree.kind(f"{role}/{rest}") or _is_about(rest))]
                    edge = self._builder.edge("playbook_dir", widened=True)
                    self._builder.group(f"under {under} {role}", files, edge)

    def _unused(
        self, plan: AnsibleRunPlan, found: Mapping[int, list[ResolvedPath]], reached: Sequence[Reached]
    ) -> None:
        """Roles that are uploaded although no playbook of this template reaches them."""
        if plan.kind != "ansible-local":
            return
        units = list({unit.key: unit for unit in self._builder.reached_files(reached)}.values())
        for wanted in plan.wanted:
            for role in self._paths(found[id(wanted)]) if wanted.use == "role_path" else ():
                below = f"{role}/"
                if self._tree.kind(role) == "folder" and not any(
                    path.startswith(below) for unit in units for path in unit.files
                ):
                    files = [
                        path for path in self._path_resolver.below(role) if not _NOT_UPLOADED.search(path[len(below) :])
                    ]
                    self._builder.group(f"uploaded {role}", files, self._builder.edge(wanted.label, widened=True))


def _is_about(path: str) -> bool:
    return bool(_NOT_READ.search(path))


def _folders_above(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path
