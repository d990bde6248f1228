"""What a playbook's plays, a role's dependencies and a requirements file name."""

from __future__ import annotations

from collections.abc import Iterator

from tfgen_generators.ansible.reading.lookups import of_nodes, short
from tfgen_generators.ansible.reading.model import Manner, Ref
from tfgen_generators.ansible.reading.names import patterns
from tfgen_generators.ansible.reading.nodes import Map, Node, Scalar, Seq, scalars
from tfgen_generators.ansible.reading.tasks import of_task, of_tasks

_TASKS = ("pre_tasks", "tasks", "post_tasks")
_READ = (*_TASKS, "handlers", "roles", "vars_files", "import_playbook", "hosts")


def of_play(play: Map) -> Iterator[Ref]:
    """Refs of a play, or of an `import_playbook`."""
    for key, node in play.pairs.items():
        last = key.rsplit(".", 1)[-1]
        if last in ("import_playbook", "include") and isinstance(node, Scalar):
            yield from _of_import(last, node)
            return
    if "hosts" not in play.pairs:
        yield from of_task(play, "tasks")
    for key in _TASKS:
        yield from of_tasks(play.pairs.get(key))
    yield from of_tasks(play.pairs.get("handlers"), "handlers")
    yield from of_roles(play.pairs.get("roles"), "roles")
    yield from _of_vars_files(play.pairs.get("vars_files"))
    for key, node in play.pairs.items():
        if key not in _READ:
            yield from of_nodes(scalars(node), {}, roaming=True)


def _of_import(key: str, node: Scalar) -> Iterator[Ref]:
    text = node.text.split()[0] if node.text.strip() and "{{" not in node.text else node.text
    names = patterns(text, {})
    if text and names:
        label = short(f"{key}: {text}")
        yield Ref(manner="playbook", names=names, label=label, line=node.line, quiet="{{" in text)


def of_roles(node: Node | None, key: str) -> Iterator[Ref]:
    """Refs of a list of roles: texts, or maps with `role`, `name` or (from Galaxy) `src`."""
    for item in node.items if isinstance(node, Seq) else [] if node is None else [node]:
        text, line = (item.text, item.line) if isinstance(item, Scalar) else ("", item.line)
        if isinstance(item, Map):
            text = item.text("role", "name")
            line = next((item.lines[k] for k in ("role", "name") if k in item.pairs), line)
            if not text and item.text("src"):
                text = galaxy_name(item.text("src"))
            yield from of_nodes(scalars(item), {}, roaming=True)
        text = text.strip()
        names = patterns(text, {}) if text else ()
        if names:
            yield Ref(manner="role", names=names, label=short(f"{key}: {text}"), line=line, quiet="{{" in text)


def _of_vars_files(node: Node | None) -> Iterator[Ref]:
    for item in node.items if isinstance(node, Seq) else [] if node is None else [node]:
        choices = item.items if isinstance(item, Seq) else [item]
        texts = [choice.text for choice in choices if isinstance(choice, Scalar)]
        names = tuple(name for text in texts for name in patterns(text, {}))
        if names:
            label, quiet = short(f"vars_files: {', '.join(texts)}"), any("{{" in text for text in texts)
            manner: Manner = "first" if isinstance(item, Seq) else "search"
            yield Ref(manner=manner, names=names, label=label, line=item.line, where="vars", load="vars", quiet=quiet)


def galaxy_name(source: str) -> str:
    """The name that Galaxy gives to a role: `git+https://host/ansible-role-x.git,v1` is `ansible-role-x`."""
    source = source.split(",", 1)[0].removeprefix("git+")
    name = source.rstrip("/").rsplit("/", 1)[-1] if "/" in source else source
    return name.removesuffix(".git").removesuffix(".tar.gz")


def of_requirements(root: Node | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the roles and of the collections that a requirements file asks for."""
    roles: Node | None = root if isinstance(root, Seq) else root.pairs.get("roles") if isinstance(root, Map) else None
    collections = root.pairs.get("collections") if isinstance(root, Map) else None
    return _names(roles), _names(collections)


def _names(node: Node | None) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for item in node.items if isinstance(node, Seq) else []:
        text = item.text if isinstance(item, Scalar) else ""
        if isinstance(item, Map):
            text = item.text("name", "role") or galaxy_name(item.text("src"))
        if text:
            found[galaxy_name(text)] = None
    return tuple(found)
