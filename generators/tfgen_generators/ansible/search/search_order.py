"""Where Ansible searches for a name, in its order."""

from __future__ import annotations

from collections.abc import Iterator

from tfgen_generators.ansible.reading.model import DYNAMIC, Ref
from tfgen_generators.ansible.search.finder import Finder, joined, parent
from tfgen_generators.ansible.search.model import Visit

_NO_CONTENT = (".yml", ".yaml", ".json", ".md", ".cfg", ".ini", ".hcl", ".rst", ".retry", ".lock")
_DATA = (".yml", ".yaml", ".json", "")


def computed(name: str) -> bool:
    """Whether a part of the name is not known."""
    return DYNAMIC in name


def unknown(name: str) -> bool:
    """Whether nothing of the name is known."""
    return DYNAMIC in name and not name.strip("\0/. ")


def at(finder: Finder, folder: str, name: str, ref: Ref) -> tuple[str, ...]:
    """Files that a name means at one place of the search: in the folder for its kind, then in the place itself.

    A literal name means the first that is there, a computed one all.
    """
    globbed = ref.manner == "glob"
    found: list[str] = []
    if ref.where and name.split("/", 1)[0] != ref.where:
        found += finder.find(folder, f"{ref.where}/{name}", globbed=globbed)
    if computed(name):
        bare = finder.find(folder, name, globbed=globbed)
        found += bare if not unknown(name) or ref.load in ("tasks", "vars") else filter(_is_content, bare)
        found += _within(finder, folder, name)
        found += finder.find(folder, f"files/{name}") if unknown(name) and not ref.where else ()
    elif not found:
        found += finder.find(folder, name, globbed=globbed)
    return tuple(dict.fromkeys(found))


def _is_content(path: str) -> bool:
    """Whether a file that lies beside playbooks may be what is copied when nothing of its name is known."""
    return "." in path.rpartition("/")[2] and not path.endswith(_NO_CONTENT)


def _within(finder: Finder, folder: str, name: str) -> tuple[str, ...]:
    """What a name that starts with an unknown folder means when this is the one, or one above it."""
    rest = name.lstrip("\0")
    if not rest.startswith("/") or computed(rest) or not name.startswith(DYNAMIC):
        return ()
    found: dict[str, None] = {}
    while True:
        found |= dict.fromkeys(finder.find(folder, rest[1:]))
        if folder == ".":
            return tuple(found)
        folder = parent(folder)


def tasks_at(finder: Finder, folder: str, name: str, where: str) -> tuple[str, ...]:
    """Files of tasks that a name means in a role, or beside a playbook."""
    found: list[str] = []
    for inner in dict.fromkeys((where, "tasks")):
        if found and not computed(name):
            break
        found += finder.find(folder, f"{inner}/{name}")
    if computed(name) or not found:
        found += finder.find(folder, name)
        found += _within(finder, folder, name)
    return tuple(dict.fromkeys(found))


def included_from(visit: Visit, role: str, base: str) -> Iterator[str]:
    """Folders of the files that led here by includes, as Ansible adds them up, nearest first."""
    root = f"{role}/{visit.where}" if role else base
    sum_ = ""
    for folder in visit.includes:
        if folder.startswith("="):
            yield joined(folder[1:], sum_) or folder[1:]
            return
        sum_ = f"{folder}/{sum_}" if sum_ else folder
        path = joined(root, sum_) if sum_ else None
        if path is not None and path != root:
            yield path


def includes_of(visit: Visit, name: str, found: str) -> tuple[str, ...]:
    """The include folders of a file that was found by `name`."""
    if computed(name) or name[:1] in "\1\2/~":
        return (f"={parent(found)}",)
    folder = name.rpartition("/")[0]
    if not folder and not any(visit.includes):
        return ()
    return (folder, *visit.includes)[:4]


def main_files(finder: Finder, folder: str, name: str, *, folders: bool) -> tuple[str, ...]:
    """Files that a role loads from one of its folders: `main` (name "") or the one that is named.

    `folders`: a folder of that name is loaded as a whole (variables).
    """
    if not finder.is_folder(folder):
        return ()
    if computed(name):
        found = [path for ending in _DATA for path in finder.find(folder, name + ending, deep=True)]
        return tuple(dict.fromkeys(found))
    endings = ("", *_DATA[:3]) if name else _DATA
    return vars_files(finder, folder, name or "main", endings, folders=folders)


def vars_files(
    finder: Finder, folder: str, name: str, endings: tuple[str, ...] = ("", *_DATA[:3]), *, folders: bool = True
) -> tuple[str, ...]:
    """Files of variables of one name: the first ending that is there; a folder counts with what is in it."""
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
        odd = any(part.startswith(".") or part.endswith("~") for part in (*above, name))
        if not odd and not any("." in part for part in above) and _ending(name) in _DATA:
            yield path


def _ending(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    return dot + ending if stem else ""
