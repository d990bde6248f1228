"""The folders that an ansible.cfg names: those of roles, collections and plugins."""

from __future__ import annotations

import msgspec

from tfgen_generators.ansible.search.finder import Finder, joined, parent

_PLUGINS = ("library", "module_utils")


class Configuration(msgspec.Struct, frozen=True):
    """Folders of the repository. `problem` is why the file cannot be read."""

    role_paths: tuple[str, ...] = ()
    collection_paths: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    problem: str = ""


def read_configuration(finder: Finder, path: str) -> Configuration:
    """The folders that the `[defaults]` of an ansible.cfg name; those outside of the repository are left out."""
    import configparser

    parser = configparser.RawConfigParser(strict=False, interpolation=None, inline_comment_prefixes=(";",))
    try:
        parser.read_string(finder.tree.read(path).decode("utf-8"))
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        return Configuration(problem=str(error).splitlines()[0])
    defaults = dict(parser["defaults"]) if parser.has_section("defaults") else {}
    plugins = [key for key in defaults if key in _PLUGINS or key.endswith("_plugins")]
    here = parent(path)
    collections = defaults.get("collections_path") or defaults.get("collections_paths") or ""
    return Configuration(
        role_paths=_folders(finder, here, defaults.get("roles_path", "")),
        collection_paths=_folders(finder, here, collections),
        plugins=tuple(folder for key in plugins for folder in _folders(finder, here, defaults[key])),
    )


def _folders(finder: Finder, here: str, text: str) -> tuple[str, ...]:
    found = []
    for part in text.split(":"):
        inner = part.strip().strip("'\"")
        root = here
        if inner.startswith("{{CWD}}"):
            root, inner = ".", inner.removeprefix("{{CWD}}").lstrip("/")
        path = joined(root, inner) if part.strip() else None
        if path and finder.is_folder(path):
            found.append(path)
    return tuple(dict.fromkeys(found))
