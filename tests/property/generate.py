"""A repository for a seed: roles in several places, playbooks, and a few images in different formats that use them."""

from __future__ import annotations

from random import Random

from tests.property.pieces import write_tasks
from tests.property.places import DISTRIBUTIONS, FAMILIES, Place
from tests.property.repository import Image, Repository, Writer
from tests.property.roles import write_role
from tests.property.templates import write_template

_ROLES = ("common", "web", "db", "java", "monitor", "app")
_COLLECTION = "acme.base"


class Layout:
    """Where things stand in one repository. `homes` maps a role to its folder."""

    def __init__(self, writer: Writer) -> None:
        random = writer.random
        self.writer = writer
        self.playbooks = random.choice(["ansible", "ansible", "playbooks", "deploy/ansible", "packer/ansible"])
        self.shared = (
            random.choice(["shared/roles", "roles", f"{self.playbooks}/../common-roles"])
            .replace(f"{self.playbooks}/..", self.playbooks.rpartition("/")[0] or ".")
            .removeprefix("./")
        )
        self.names = random.sample(_ROLES, random.choice([2, 3, 3, 4]))
        self.config = random.random() < 0.4  # else ANSIBLE_ROLES_PATH
        self.homes: dict[str, str] = {}
        self.collection = random.random() < 0.25

    def beside(self, role: str) -> str:
        return f"{self.playbooks}/roles/{role}"


def make(seed: int) -> Repository:
    """The repository of a seed, always the same."""
    writer = Writer(Random(seed))
    layout = Layout(writer)
    _write_roles(layout)
    if layout.config:
        writer.use("ansible.cfg")
        writer.add("ansible.cfg", f"[defaults]\nroles_path = {layout.shared}\n")
    images: list[Image] = []
    names = writer.random.sample(["base", "wordpress", "bastion", "worker"], writer.random.choice([1, 2, 2, 3]))
    for name in names:
        images.append(_image(layout, name))
    _surroundings(writer, [image.name for image in images])
    return Repository(files=writer.files, images=images, features=writer.features)


def _write_roles(layout: Layout) -> None:
    writer = layout.writer
    for number, role in enumerate(layout.names):
        folder = layout.beside(role) if writer.chance(2) else f"{layout.shared}/{role}"
        layout.homes[role] = folder
        if writer.chance(8):
            writer.use("symlinked role")
            real = f"vendor/ansible-{role}"
            write_role(writer, real, role, layout.names[number + 1 :])
            writer.link(folder, real)
        else:
            write_role(writer, folder, role, layout.names[number + 1 :])
    if layout.collection:
        writer.use("collection")
        home = f"{layout.playbooks}/collections/ansible_collections/{_COLLECTION.replace('.', '/')}"
        write_role(writer, f"{home}/roles/hardening", "hardening", [])
        writer.add(f"{home}/galaxy.yml", "namespace: acme\nname: base\nversion: 1.0.0\n")


def _image(layout: Layout, name: str) -> Image:
    writer = layout.writer
    random = writer.random
    family = random.choice(FAMILIES)
    facts = {"ansible_os_family": family, "ansible_distribution": random.choice(DISTRIBUTIONS[family])}
    kind = random.choice(["ansible", "ansible", "ansible-local", "ansible-local", "playbook_dir", "none"])
    settings: dict[str, str | tuple[str, ...]] = {}
    if kind != "none":
        playbook = f"{layout.playbooks}/{random.choice([name, name, 'site'])}.yml"
        _write_playbook(layout, playbook, kind)
        settings["playbook_file"] = playbook
        _scene(layout, kind, settings)
    return write_template(writer, name, "ansible-local" if kind == "playbook_dir" else kind, settings, facts)


def _scene(layout: Layout, kind: str, settings: dict[str, str | tuple[str, ...]]) -> None:
    """How Packer is to run Ansible: paths as from the repository's root, which templates.py writes in some way."""
    writer = layout.writer
    writer.use(kind)
    if kind == "ansible":
        if not layout.config:
            settings["ansible_env_vars"] = (f"ANSIBLE_ROLES_PATH={layout.shared}",)
        if writer.chance(3):
            settings["groups"] = ("web",)
        return
    settings["role_paths"] = tuple(layout.homes.values())
    if kind == "playbook_dir":
        settings["playbook_dir"] = layout.playbooks
        settings["role_paths"] = tuple(
            home for home in layout.homes.values() if not home.startswith(layout.playbooks + "/")
        )
    elif writer.chance(3):
        writer.use("group_vars setting")
        writer.add("inventory/group_vars/all.yml", "everywhere: 1\n")
        settings["group_vars"] = "inventory/group_vars"
    if writer.chance(3):
        settings["inventory_groups"] = ("web",)


def _write_playbook(layout: Layout, path: str, kind: str) -> None:
    writer, random = layout.writer, layout.writer.random
    if path in writer.files:
        return
    stem = path.rpartition("/")[2].removesuffix(".yml")
    whole = kind != "ansible-local"  # else it is uploaded alone, with its roles
    text = "---\n"
    if whole and writer.chance(4):
        writer.use("import_playbook")
        folder = f"{layout.playbooks}/parts"
        roles = [
            role for role in layout.names[-1:] if kind == "ansible" and layout.homes[role].startswith(layout.shared)
        ]
        writer.add(f"{folder}/{stem}.yml", _play(layout, roles, folder, True))
        text += f"- import_playbook: parts/{stem}.yml\n"
    roles = random.sample(layout.names, random.choice([1, 1, 2]))
    if whole and layout.collection and writer.chance(2):
        writer.use("collection role")
        roles = [f"{_COLLECTION}.hardening", *roles[:1]]
    writer.add(path, text + _play(layout, roles, layout.playbooks, whole).removeprefix("---\n"))


def _play(layout: Layout, roles: list[str], folder: str, whole: bool) -> str:
    writer, random = layout.writer, layout.writer.random
    written = [random.choice([role, "{role: " + role + "}", "{role: " + role + ", tags: [x]}"]) for role in roles]
    text = f"---\n- hosts: all\n  gather_facts: false\n  roles: [{', '.join(written)}]\n"
    if not whole:
        return text
    if writer.chance(3):
        writer.use("vars_files")
        shape = random.choice(["literal", "fact", "alternatives"])
        for name in (*FAMILIES, "main"):
            writer.add(f"{folder}/vars/{name}.yml", f"from_file: {name}\n")
        text += (
            "  vars_files:\n"
            + {
                "literal": "    - vars/main.yml\n",
                "fact": '    - "vars/{{ ansible_os_family }}.yml"\n',
                "alternatives": '    - ["vars/{{ ansible_distribution }}.yml", "vars/main.yml"]\n',
            }[shape]
        )
    if writer.chance(3):
        writer.use("group_vars")
        for name in random.sample(["all", "web", "db"], 2):
            if any(path.startswith(f"{folder}/group_vars/{name}") for path in writer.files):
                continue
            writer.add(f"{folder}/group_vars/{name}{random.choice(['.yml', '/x.yml', ''])}", f"group_{name}: 1\n")
    if writer.chance(6):
        writer.use("host_vars")
        writer.add(f"{folder}/host_vars/default.yml", "host: 1\n")
    if writer.chance(2):
        writer.use("tasks of a play")
        place = Place(writer, folder, "", [])
        place.count = random.randrange(10, 10000)
        body = write_tasks(place, 1).removeprefix("---\n")
        section = random.choice(["tasks", "pre_tasks", "post_tasks"])
        text += f"  {section}:\n" + "".join(f"    {line}\n" for line in body.splitlines())
    return text


def _surroundings(writer: Writer, names: list[str]) -> None:
    """What belongs to no image, or to all."""
    writer.add("README.md", "# AMIs\n")
    writer.add("docs/how-to.md", "# How\n")
    writer.add(
        "buildspec.yml",
        "version: 0.2\nphases:\n  build:\n    commands:\n      - packer build $PACKER_SCRIPT\n",
    )
    text = 'source_repository = "ami-builder"\n\n[environment]\nSTAGE = "test"\n'
    for name in sorted(names):
        text += f'\n[templates.{name}]\nenvironment = {{ SIZE = "small" }}\n' if writer.chance(2) else ""
    writer.add("tfgen.toml", text)
