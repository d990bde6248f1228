"""What the plays of a playbook, the dependencies of a role and a requirements file name."""

from __future__ import annotations

from collections.abc import Iterator

from tfgen_generators.ansible.reading.lookups import label_of, references_in_scalars, role_label
from tfgen_generators.ansible.reading.model import Reference, ReferenceKind
from tfgen_generators.ansible.reading.nodes import Map, Node, Scalar, Seq, scalars
from tfgen_generators.ansible.reading.possible_texts import has_jinja, possible_texts
from tfgen_generators.ansible.reading.tasks import references_in_task, references_in_tasks

_TASKS = ("pre_tasks", "tasks", "post_tasks")
_READ = (*_TASKS, "handlers", "roles", "vars_files", "import_playbook", "hosts")


def references_in_play(play: Map) -> Iterator[Reference]:
    """References of a play, or of an `import_playbook`."""
    for key, node in play.pairs.items():
        last = key.rsplit(".", 1)[-1]
        if last in ("import_playbook", "include") and isinstance(node, Scalar):
            yield from _import_references(last, node)
            return
    if "hosts" not in play.pairs:
        yield from references_in_task(play, "tasks")
    for key in _TASKS:
        yield from references_in_tasks(play.pairs.get(key))
    yield from references_in_tasks(play.pairs.get("handlers"), "handlers")
    yield from role_references(play.pairs.get("roles"), "roles")
    yield from _vars_files_references(play.pairs.get("vars_files"))
    for key, node in play.pairs.items():
        if key not in _READ:
            yield from references_in_scalars(scalars(node), {}, lazy=True)


def _import_references(key: str, node: Scalar) -> Iterator[Reference]:
    text = node.text.split()[0] if node.text.strip() and not has_jinja(node.text) else node.text
    names = possible_texts(text, {})
    if text and names:
        label = label_of(f"{key}: {text}")
        yield Reference(kind="playbook", names=names, label=label, line=node.line, optional=has_jinja(text))


def role_references(node: Node | None, key: str) -> Iterator[Reference]:
    """References of a list of roles: texts, or maps with `role`, `name` or (from Galaxy) `src`."""
    for item in node.items if isinstance(node, Seq) else [] if node is None else [node]:
        text, line = (item.text, item.line) if isinstance(item, Scalar) else ("", item.line)
        if isinstance(item, Map):
            text = item.text("role", "name")
            line = next((item.lines[k] for k in ("role", "name") if k in item.pairs), line)
            if not text and item.text("src"):
                text = galaxy_name(item.text("src"))
            yield from references_in_scalars(scalars(item), {}, lazy=True)
        text = text.strip()
        names = possible_texts(text, {}) if text else ()
        if names:
            yield Reference(kind="role", names=names, label=role_label(key, text), line=line, optional=has_jinja(text))


def _vars_files_references(node: Node | None) -> Iterator[Reference]:
    for item in node.items if isinstance(node, Seq) else [] if node is None else [node]:
        choices = item.items if isinstance(item, Seq) else [item]
        texts = [choice.text for choice in choices if isinstance(choice, Scalar)]
        names = tuple(name for text in texts for name in possible_texts(text, {}))
        if names:
            label, optional = label_of(f"vars_files: {', '.join(texts)}"), any(has_jinja(text) for text in texts)
            kind: ReferenceKind = "first" if isinstance(item, Seq) else "search"
            yield Reference(
                kind=kind, names=names, label=label, line=item.line, subdir="vars", load="vars", optional=optional
            )


def galaxy_name(source: str) -> str:
    """The name that Galaxy gives to a role: `ansible-role-x` to `git+https://host/ansible-role-x.git,v1`."""
    source = source.split(",", 1)[0].removeprefix("git+")
    name = source.rstrip("/").rsplit("/", 1)[-1] if "/" in source else source
    return name.removesuffix(".git").removesuffix(".tar.gz")


def requirements_names(root: Node | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
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
