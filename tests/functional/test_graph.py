"""`tfgen graph`: what it draws, in each format, and of which repository."""

from __future__ import annotations

import json
import os
import re
import shutil
from xml.etree import ElementTree

import jsonschema
import pytest

from tests.conftest import JSON, TOML, Command, Repo
from tests.e2e.tools import ROOT
from tests.functional import sixty_images

SCHEMA = json.loads((ROOT / "docs/graph.schema.json").read_text())
SHIPPED = ("ansible", "packer", "buildspec.yml", "tfgen.toml")

PARENT = """
source "amazon-ebs" "x" {
  ami_name   = "base-${formatdate("YYYYMMDD", timestamp())}"
  source_ami = "ami-0123456789abcdef0"
}
build {
  sources = ["source.amazon-ebs.x"]
  provisioner "shell" {
    script = "scripts/setup.sh"
  }
}
"""
CHILD = """
source "amazon-ebs" "x" {
  ami_name = "web-1"
  source_ami_filter {
    filters     = { name = "base-*" }
    owners      = ["self"]
    most_recent = true
  }
}
build {
  sources = ["source.amazon-ebs.x"]
  provisioner "ansible-local" {
    playbook_file = "ansible/site.yml"
    role_paths    = ["ansible/roles/web"]
  }
}
"""
FILES = {
    "packer/base.pkr.hcl": PARENT,
    "packer/web.pkr.hcl": CHILD,
    "scripts/setup.sh": "true\n",
    "ansible/site.yml": "- hosts: all\n  roles:\n    - web\n",
    "ansible/roles/web/tasks/main.yml": '- include_tasks: "{{ x }}.yml"\n',
    "ansible/roles/web/tasks/more.yml": "[]\n",
}


def texts(svg: str) -> list[str]:
    return [
        "".join(element.itertext()) for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("}text")
    ]


def shipped(repo: Repo) -> None:
    """A copy of this repository's own estate."""
    root = repo({})
    for name in SHIPPED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, root / name)


def test_mermaid_is_the_default(repo: Repo, cli: Command) -> None:
    repo(FILES)
    lines = cli("graph").expect(0).out.splitlines()
    assert lines[3] == "flowchart LR"
    cards = {
        name: text
        for line in lines
        if (found := re.match(r'  (n\d+)\["(.*)"\]', line))
        for name, text in [found.groups()]
    }
    by_title = {text.split("<br>")[0]: name for name, text in cards.items()}
    assert set(by_title) == {"ami-0123456789abcdef0", "base", "web"}
    assert f"  {by_title['ami-0123456789abcdef0']} --> {by_title['base']}" in lines
    assert f'  {by_title["base"]} -->|"name base-#42;"| {by_title["web"]}' in lines


def test_one_image_and_all_that_it_is_made_of(repo: Repo, cli: Command) -> None:
    repo(FILES)
    said = texts(cli("graph", "web", "--format", "svg").expect(0).out)
    assert "web" in said
    assert "base" in said
    assert "playbook site.yml" in said
    assert "role web" in said
    assert "tasks/main.yml" in said
    assert "tasks/more.yml" in said
    assert "roles: web (site.yml:3)" in said
    assert "scripts/setup.sh" not in said
    assert "1 image" not in said
    assert "scripts/setup.sh" in texts(cli("graph", "base", "--format", "svg").expect(0).out)


def test_json(repo: Repo, cli: Command) -> None:
    repo(FILES)
    document = json.loads(cli("graph", "--format", "json").expect(0).out)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    base, web = document["images"]
    assert (base["name"], base["children"], base["starts_from"][0]["status"]) == ("base", ["web"], "id")
    assert [parent["image"] for parent in web["parents"]] == ["base"]
    files = {file["file"] for unit in document["units"] for file in unit["files"]}
    assert {path for path in FILES if not path.endswith("tfgen.toml")} <= files
    alone = json.loads(cli("graph", "base", "--format", "json").expect(0).out)
    jsonschema.Draft202012Validator(SCHEMA).validate(alone)
    assert [image["name"] for image in alone["images"]] == ["base"]
    assert "ansible/site.yml" not in {file["file"] for unit in alone["units"] for file in unit["files"]}


def test_the_documented_json_is_that_of_the_schema() -> None:
    section = (ROOT / "docs/json.md").read_text().split("## `tfgen graph`")[1]
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(section.split("```json\n")[1].split("```")[0]))


def test_a_wrong_name(repo: Repo, cli: Command) -> None:
    repo(FILES)
    assert "image 'wep' not found; did you mean web?" in cli("graph", "wep").expect(64).err


def test_what_nobody_builds_and_circles_are_said(repo: Repo, cli: Command) -> None:
    lost = CHILD.replace("base-*", "bass-*").replace("web-1", "lost-1")
    first = CHILD.replace("base-*", "second-*").replace("web-1", "first-1")
    second = CHILD.replace("base-*", "first-*").replace("web-1", "second-1")
    repo({**FILES, "packer/lost.pkr.hcl": lost, "packer/first.pkr.hcl": first, "packer/second.pkr.hcl": second})
    result = cli("graph").expect(0)
    assert "name bass-*: no template builds this image; did you mean base?" in result.err
    assert "these images depend on each other: first, second" in result.err
    assert "These images depend on each other: first, second." in result.out
    assert "lost" not in cli("graph", "web").expect(0).err


def test_a_broken_template_is_drawn_as_such(repo: Repo, cli: Command) -> None:
    repo({**FILES, "packer/bad.json": '{"builders": [\n'})
    result = cli("graph").expect(1)
    assert "bad<br>cannot be read" in result.out
    assert "error: packer/bad.json:2" in result.err
    assert "web" in result.out
    cli("graph", "web").expect(0)


def test_nothing_to_draw(repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": TOML, "packer/readme.txt": ""})
    assert "no images" in cli("graph").expect(0).err
    ElementTree.fromstring(cli("graph", "--format", "svg").expect(0).out)
    assert "packer: folder of Packer templates not found" in cli("-C", "/", "graph").expect(1).err


def test_names_never_become_markup(repo: Repo, cli: Command) -> None:
    repo({'packer/<b>"x" & [y]/web.json': JSON, "tfgen.toml": TOML})
    (name,) = [image["name"] for image in json.loads(cli("graph", "--format", "json").out)["images"]]
    svg = cli("graph", "--format", "svg").out
    assert name in texts(svg)
    assert "<b>" not in svg
    assert "<b>" not in cli("graph").out
    assert texts(cli("graph", name, "--format", "svg").out)


def test_it_works_as_a_process_and_twice_the_same(repo: Repo, tfgen: Command) -> None:
    repo({**FILES, "tfgen.toml": TOML})
    first = tfgen("graph", "--format", "svg").expect(0)
    assert first.err == ""
    assert tfgen("graph", TFGEN_FORMAT="svg").expect(0).out == first.out


@pytest.mark.parametrize("name", ["estate", "sixty"])
def test_the_golden_pictures_in_docs(repo: Repo, cli: Command, name: str) -> None:
    if name == "estate":
        shipped(repo)
    else:
        repo(sixty_images.files())
    svg = cli("graph", "--format", "svg").expect(0).out
    picture = ROOT / f"docs/img/{name}.svg"
    if os.environ.get("TFGEN_GOLDEN") == "write":
        picture.parent.mkdir(exist_ok=True)
        picture.write_text(svg)
    assert svg == picture.read_text(), "if that is meant, run: make golden"


def test_sixty_images_all_stand_there_once(repo: Repo, cli: Command) -> None:
    repo(sixty_images.files())
    names = [image["name"] for image in json.loads(cli("graph", "--format", "json").expect(0).out)["images"]]
    said = texts(cli("graph", "--format", "svg").expect(0).out)
    assert len(names) > 60
    assert {name: said.count(name) for name in names} == dict.fromkeys(names, 1)
