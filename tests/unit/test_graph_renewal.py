"""A graph that is renewed is the one that would be made anew, whatever has changed."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.conftest import TOML, write_tree
from tfgen_generators.graph.graph import Graph
from tfgen_generators.graph.incremental import IncrementalGraph
from tfgen_generators.graph.state import State
from tfgen_generators.packer.discovery.facts_cache import FactsCache
from tfgen_generators.settings.read import parse_settings
from tfgen_generators.sync.survey import Outside, find_templates
from tfgen_generators.trees.disk import DiskTree
from tfgen_generators.trees.overlay import Other, OverlayTree
from tfgen_generators.trees.store import Store

TASKS = (
    "- include_tasks: {0}.yml\n- template: {{src: {0}.j2, dest: /x}}\n- copy: {{src: '{{{{ x }}}}/{0}', dest: /x}}\n"
)
ROLES = ("web", "db", "common")


def files() -> dict[str, str]:
    found = {"buildspec.yml": "version: 0.2\nphases: {build: {commands: [bash ci.sh]}}\n", "ci.sh": "", "README.md": ""}
    for name in ROLES:
        found |= {
            f"packer/{name}.json": '{"builders": [{"type": "null"}], "provisioners": [{"type": "ansible", '
            f'"playbook_file": "ansible/{name}.yml"}}, {{"type": "shell", "script": "scripts/{name}.sh"}}, '
            '{"type": "file", "source": "{{user `files`}}"}], "variables": {"files": "{{env `FILES`}}"}}\n',
            f"ansible/{name}.yml": f"- hosts: all\n  roles: [{name}]\n",
            f"ansible/roles/{name}/tasks/main.yml": TASKS.format("more"),
            f"ansible/roles/{name}/tasks/more.yml": "[]\n",
            f"ansible/roles/{name}/templates/more.j2": "x\n",
            f"ansible/roles/{name}/meta/main.yml": "dependencies: [common]\n" if name != "common" else "{}\n",
            f"scripts/{name}.sh": "x\n",
        }
    return found


def built(name: str, *inner: str) -> str:
    """A template that builds others on its way, and a script that it needs itself."""
    commands = ", ".join(f'"packer build packer/{one}.json"' for one in inner)
    return (
        '{"builders": [{"type": "null"}], "provisioners": [{"type": "shell-local", "inline": [' + commands + "]}, "
        f'{{"type": "shell", "script": "scripts/{name}.sh"}}]}}\n'
    )


#: Templates that build templates: the last of each chain reads a variable, and one leads to what is not there yet.
NESTED = {
    "packer/outer.json": built("web", "web"),
    "packer/top.json": built("common", "outer", "new"),
    "packer/more.json": built("db", "db", "top"),
}


CONTENTS = (
    "[]\n",
    "- hosts: all\n  roles: [web, db]\n",
    "dependencies: [db]\n",
    TASKS.format("other"),
    "# another comment\n",
    "a: [\n",
    '{"builders": [{"type": "null"}], "provisioners": [{"type": "shell", "script": "scripts/other.sh"}]}\n',
    "version: 0.2\nphases: {build: {commands: [bash scripts/other.sh]}}\n",
    built("web", "db"),
    built("other", "outer"),
    "{}\n",
)
SETTINGS = (
    TOML,
    f'{TOML}[environment]\nFILES = "scripts"\n',
    f'{TOML}[environment]\nX = "ci.sh"\n',
    f"\n{TOML}",
    f'{TOML}[templates.outer.environment]\nFILES = "ansible"\n',
    f'{TOML}[templates.top.environment]\nFILES = "notes"\n',
    f'{TOML}ignore = ["packer/web.json"]\n',
)
PLACES = (
    "ansible/roles/web/tasks/other.yml",
    "ansible/roles/new/tasks/main.yml",
    "ansible/group_vars/all.yml",
    "ansible.cfg",
    "scripts/other.sh",
    "packer/new.json",
    "buildspec.yaml",
    "roles/web/tasks/main.yml",
    "notes/x",
)


def renewal(root: Path, tree: DiskTree | OverlayTree, toml: str, store: Store, started: int) -> IncrementalGraph:
    settings = parse_settings(toml)
    found = find_templates(root, "packer", settings, Outside(cache=FactsCache(details=True)))
    return IncrementalGraph(tree, found.templates, settings, store, started)


def shown(graph: Graph) -> dict[str, object]:
    return {
        **{image.name: (image.problem, graph.made_of(image.name)) for image in graph.images},
        "gaps": sorted(repr(missing) for missing in graph.missing_references if missing.templates),
    }


def change(root: Path, chance: random.Random) -> None:
    """One edit: other content, a file that is gone, a new one."""
    there = sorted(
        str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and ".git" not in path.parts
    )
    path = root / chance.choice([*there, *PLACES])
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and chance.random() < 0.3:
        path.unlink()
    elif not path.is_symlink():
        path.write_text(chance.choice(CONTENTS))


@pytest.mark.parametrize("seed", range(8))
def test_a_renewed_graph_is_the_one_that_would_be_made_anew(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    write_tree(tmp_path, files() | (NESTED if seed % 2 else {}))
    store, toml, state = Store(), TOML, None
    for _ in range(12):
        state = renewal(tmp_path, DiskTree(tmp_path), toml, store, 1).state(state)
        anew = renewal(tmp_path, DiskTree(tmp_path), toml, Store(), 1).state(None)
        assert shown(state.graph()) == shown(anew.graph())
        for _ in range(chance.randrange(1, 3)):
            change(tmp_path, chance)
        toml = chance.choice(SETTINGS) if chance.random() < 0.2 else toml


@pytest.mark.parametrize("seed", range(8))
def test_the_graph_of_another_commit_by_way_of_this_one(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    base, head = tmp_path / "base", tmp_path / "head"
    for root in (base, head):
        write_tree(root, files())
    for _ in range(chance.randrange(1, 6)):
        change(head, chance)
    blobs: dict[str, bytes] = {}
    differing: dict[str, Other | None] = {}
    for root in (base, head):
        for path in (path for path in root.rglob("*") if path.is_file()):
            name = str(path.relative_to(root))
            if not (base / name).is_file():
                differing[name] = None
            elif not (head / name).is_file() or (base / name).read_bytes() != (head / name).read_bytes():
                blobs[name] = (base / name).read_bytes()
                differing[name] = Other(entry="file", blob=name)
    store = Store()
    now = renewal(head, DiskTree(head), TOML, store, 1).state(None)
    tree = OverlayTree(DiskTree(head), differing, blobs.__getitem__, str(head))
    then = renewal(base, tree, TOML, store, 0).state(now, differing)
    assert shown(then.graph()) == shown(renewal(base, DiskTree(base), TOML, Store(), 0).state(None).graph())


def test_nothing_is_made_again_where_nothing_has_changed(tmp_path: Path) -> None:
    write_tree(tmp_path, files())
    store = Store()
    first: State = renewal(tmp_path, DiskTree(tmp_path), TOML, store, 1).state(None)
    (tmp_path / "ansible/roles/web/templates/more.j2").write_text("y\n")
    (tmp_path / "ansible/roles/web/tasks/more.yml").write_text("[]\n# the same\n")
    (tmp_path / "README.md").write_text("y\n")
    assert renewal(tmp_path, DiskTree(tmp_path), TOML, store, 1).state(first) is first
