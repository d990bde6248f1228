"""Roles as people write them."""

from __future__ import annotations

from tests.property.pieces import write_tasks
from tests.property.places import SAY, Place
from tests.property.repository import Writer


def write_role(writer: Writer, folder: str, role: str, later: list[str]) -> None:
    """A role at `folder`, which may use those of `later`."""
    place = Place(writer, folder, role, later)
    ending = writer.random.choice(["yml", "yml", "yml", "yaml"])
    text = write_tasks(place, writer.random.choice([1, 1, 2, 2, 3]))
    place.add(f"tasks/main.{ending}", text)
    place.add("tasks/extra.yml", SAY.format("extra"))
    place.add("vars/extra.yml", "extra: 1\n")
    if later and writer.chance(4):
        writer.use("meta dependencies")
        first = place.pick()
        shape = writer.random.choice(
            [f"dependencies: [{first}]\n", f"dependencies:\n  - role: {first}\n    vars: {{a: 1}}\n"]
        )
        place.add("meta/main.yml", shape)
    if writer.chance(3):
        place.add(f"defaults/main{writer.random.choice(['.yml', '/a.yml'])}", f"{role}_port: 80\n")
    if writer.chance(4):
        place.add(f"vars/main{writer.random.choice(['.yml', '/a.yml', '/b.yaml'])}", f"{role}_x: 1\n")
    if writer.chance(3):
        place.add("README.md", f"# {role}\n")
    if writer.chance(5):
        place.add("molecule/default/converge.yml", "- hosts: all\n  roles: [x]\n")
    if writer.chance(6):
        place.add("meta/argument_specs.yml", "argument_specs: {main: {options: {}}}\n")
