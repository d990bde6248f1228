"""The folders that Ansible searches for a file, in its order."""

from __future__ import annotations

from collections.abc import Iterator

from tfgen_generators.ansible.reading.model import DYNAMIC, Reference
from tfgen_generators.ansible.search.finder import Finder, joined, parent
from tfgen_generators.ansible.search.model import LoadedFile

_NO_CONTENT = (".yml", ".yaml", ".json", ".md", ".cfg", ".ini", ".hcl", ".rst", ".retry", ".lock")
_DATA = (".yml", ".yaml", ".json", "")


def is_dynamic(name: str) -> bool:
    """Whether only a run knows a part of the name."""
    return DYNAMIC in name


def is_wholly_dynamic(name: str) -> bool:
    """Whether only a run knows anything of the name."""
    return DYNAMIC in name and not name.strip("\0/. ")


def files_at(finder: Finder, folder: str, name: str, ref: Reference) -> tuple[str, ...]:
    """Files that a name means in one folder of the search: below the folder's `ref.subdir`, then in itself.

    A literal name means the first that is there, a dynamic one all.
    """
    globbed = ref.kind == "glob"
    found: list[str] = []
    named = bool(ref.subdir) and name.split("/", 1)[0] == ref.subdir
    if (
        ref.subdir
    ):  # `vars/vars/x.yml` for `vars/x.yml` too: ansible-core compares bytes with text when it leaves that out
        found += finder.find(folder, f"{ref.subdir}/{name}", globbed=globbed)
    if is_dynamic(name):
        bare = finder.find(folder, name, globbed=globbed)
        found += bare if not is_wholly_dynamic(name) or ref.load in ("tasks", "vars") else filter(_is_content, bare)
        found += _within(finder, folder, name)
        found += finder.find(folder, f"files/{name}") if is_wholly_dynamic(name) and not ref.subdir else ()
    elif named or not found:
        found += finder.find(folder, name, globbed=globbed)
    return tuple(dict.fromkeys(found))


def _is_content(path: str) -> bool:
    """Whether a file beside playbooks may be what a wholly dynamic name copies."""
    return "." in path.rpartition("/")[2] and not path.endswith(_NO_CONTENT)


def _within(finder: Finder, folder: str, name: str) -> tuple[str, ...]:
    """What a name that starts with a dynamic folder means when that is `folder`, or one above it."""
    rest = name.lstrip("\0")
    if not rest.startswith("/") or is_dynamic(rest) or not name.startswith(DYNAMIC):
        return ()
    found: dict[str, None] = {}
    while True:
        found |= dict.fromkeys(finder.find(folder, rest[1:]))
        if folder == ".":
            return tuple(found)
        folder = parent(folder)


def tasks_at(finder: Finder, folder: str, name: str, section: str) -> tuple[str, ...]:
    """Task files that a name means in a role, or beside a playbook. `section` is `tasks` or `handlers`."""
    found: list[str] = []
    for inner in dict.fromkeys((section, "tasks")):
        if found and not is_dynamic(name):
            break
        found += finder.find(folder, f"{inner}/{name}")
    if is_dynamic(name) or not found:
        found += finder.find(folder, name)
        found += _within(finder, folder, name)
    return tuple(dict.fromkeys(found))


def include_folders(file: LoadedFile, role: str, basedir: str) -> Iterator[str]:
    """Folders of the includes that lead to a file, nearest first: Ansible joins each to those before it."""
    root = f"{role}/{file.section}" if role else basedir
    inner = ""
    for folder in file.include_dirs:
        if folder.startswith("="):
            yield joined(folder[1:], inner) or folder[1:]
            return
        inner = f"{folder}/{inner}" if inner else folder
        path = joined(root, inner) if inner else None
        if path is not None and path != root:
            yield path


def include_dirs_of(file: LoadedFile, name: str, found: str) -> tuple[str, ...]:
    """`include_dirs` of the file `found`, which `file` includes by `name`."""
    if is_dynamic(name) or name[:1] in "\1\2/~":
        return (f"={parent(found)}",)
    folder = name.rpartition("/")[0]
    if not folder and not any(file.include_dirs):
        return ()
    return (folder, *file.include_dirs)[:4]


def main_files(finder: Finder, folder: str, name: str, *, folders: bool) -> tuple[str, ...]:
    """Files that a role loads from one of its folders: `main` (name "") or the one that is named.

    `folders`: of a folder of that name every file is loaded (variables).
    """
    if not finder.is_folder(folder):
        return ()
    if is_dynamic(name):
        found = [path for ending in _DATA for path in finder.find(folder, name + ending, deep=True)]
        return tuple(dict.fromkeys(found))
    endings = ("", *_DATA[:3]) if name else _DATA
    return vars_files(finder, folder, name or "main", endings, folders=folders)


def vars_files(
    finder: Finder, folder: str, name: str, endings: tuple[str, ...] = ("", *_DATA[:3]), *, folders: bool = True
) -> tuple[str, ...]:
    """Files of variables of one name: the first ending that is there; of a folder, its files."""
    for ending in endings:
        path = joined(folder, name + ending)
        kind = finder.kind(path)
        if path is None or kind is None:
            continue
        if kind == "file":
            return (path,)
        if folders:
            return tuple(_in_folder(finder, path))
    return ()


def _in_folder(finder: Finder, folder: str) -> Iterator[str]:
    start = 0 if folder == "." else len(folder) + 1
    for path in finder.below(folder):
        *above, name = path[start:].split("/")
        ignored = any(part.startswith(".") or part.endswith("~") for part in (*above, name))
        if not ignored and not any("." in part for part in above) and _ending(name) in _DATA:
            yield path


def _ending(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    return dot + ending if stem else ""
