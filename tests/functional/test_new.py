"""`tfgen new`: what it creates, that it needs no work by hand, and what it refuses."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from pathlib import Path

import pytest
from yamllint import linter  # type: ignore[import-untyped]
from yamllint.config import YamlLintConfig  # type: ignore[import-untyped]

from tests.conftest import TOML, Command, Repo
from tests.e2e.tools import ROOT
from tfgen.new_image.model import Layout, TemplateFormat
from tfgen.new_image.names import role_of
from tfgen.new_image.render import template_text
from tfgen.new_image.systems import SYSTEMS, recognized, start_of

FORMATS = {"hcl2": ".pkr.hcl", "json": ".json"}


@pytest.fixture
def estate(repo: Repo, cli: Command) -> Path:
    """The shipped images, synchronized."""
    root = repo({"tfgen.toml": (ROOT / "tfgen.toml").read_text(encoding="utf-8")})
    for part in ("packer", "ansible", "terraform"):
        ignored = shutil.ignore_patterns(".terraform*", "*.tfstate*")
        shutil.copytree(ROOT / part, root / part, ignore=ignored)
    shutil.copyfile(ROOT / "buildspec.yml", root / "buildspec.yml")
    cli("sync").expect(0)
    return root


def tree(root: Path) -> dict[str, bytes]:
    """Every file but tfgen's own."""
    files = (path for path in root.rglob("*") if path.is_file())
    return {
        str(path.relative_to(root)): path.read_bytes() for path in files if ".tfgen" not in path.relative_to(root).parts
    }


def parents(cli: Command) -> dict[str, list[str]]:
    graph = json.loads(cli("graph", "--format", "json").expect(0).out)
    return {image["name"]: [parent["image"] for parent in image["parents"]] for image in graph["images"]}


def test_in_an_empty_repository(repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": TOML})
    shutil.copytree(
        ROOT / "terraform/modules", root / "terraform/modules", ignore=shutil.ignore_patterns(".terraform*")
    )
    shutil.copyfile(ROOT / "buildspec.yml", root / "buildspec.yml")
    for name in SYSTEMS:
        for form in FORMATS:
            cli("new", f"{name}-{form}", "--os", name, "--format", form).expect(0)
    assert cli("lint").expect(0).err.startswith("no findings in 8 templates")
    assert cli("sync", "--check").expect(0)
    files = {path for path in tree(root) if not path.startswith("terraform/modules")}
    assert {path for path in files if "rhel" in path} == {
        f"{place}"
        for form, ending in FORMATS.items()
        for place in (
            f"packer/rhel-{form}{ending}",
            f"ansible/rhel-{form}.yaml",
            *(f"ansible/roles/rhel_{form}/{part}" for part in ("README.md", "defaults/main.yml", "tasks/main.yml")),
            f"ansible/roles/rhel_{form}/meta/argument_specs.yml",
            f"terraform/pipelines/pipeline_rhel-{form}.gen.tf",
        )
    }
    for script in ("install-ansible.sh", "seal-image.sh", "start-ssm-agent.sh"):
        assert (root / f"packer/scripts/{script}").read_bytes() == (ROOT / f"packer/scripts/{script}").read_bytes()
        assert os.access(root / f"packer/scripts/{script}", os.X_OK)
    config = YamlLintConfig((ROOT / "ansible/.yamllint").read_text(encoding="utf-8"))
    for path in files:
        if path.startswith("ansible") and path.endswith(("yml", "yaml")):
            assert list(linter.run((root / path).read_text(encoding="utf-8"), config)) == [], path
    document = json.loads(cli("list", "--format", "json").expect(0).out)
    owners = {one["name"]: one["ami"]["sources"][0]["owners"] for one in document["templates"]}
    assert len(owners) == 8
    names = {one["name"]: one["ami"]["names"][0]["text"] for one in document["templates"]}
    assert {name for name, text in names.items() if text.startswith(f"{name}-")} == {*owners}


def settings(text: str) -> set[str]:
    """Names of variables and of the source's settings."""
    if text.startswith("{"):
        document = json.loads(text)
        return {*document["variables"], *document["builders"][0]}
    source = re.search(r"^source .*?^}", text, re.DOTALL | re.MULTILINE)
    assert source
    return {
        *re.findall(r'^variable "(\w+)"', text, re.MULTILINE),
        *re.findall(r"^ +(\w+) +[={]", source[0], re.MULTILINE),
    }


@pytest.mark.parametrize("template", ["base.pkr.hcl", "wordpress.json"])
def test_it_sets_what_the_shipped_templates_set(template: str) -> None:
    shipped = (ROOT / "packer" / template).read_text(encoding="utf-8")
    form: TemplateFormat = "json" if template.endswith(".json") else "hcl2"
    layout = Layout(packer_dir="packer", playbooks="ansible", roles="ansible/roles")
    made = template_text(layout, "web", "web", form, start_of("debian"))
    assert settings(made) == settings(shipped)
    for piece in ('"~> 1.8"', "encrypted", "required", "manifest"):
        assert made.count(piece) == shipped.count(piece)


@pytest.mark.parametrize("form", list(FORMATS))
def test_from_an_image(estate: Path, cli: Command, form: str) -> None:
    cli("new", "web", "--from", "base", "--format", form).expect(0)
    cli("new", "base-web", "--from", "web", "--format", form).expect(0)
    cli("new", "shop", "--from", "base-web").expect(0)
    found = parents(cli)
    assert {name: found[name] for name in ("web", "base-web", "shop")} == {
        "web": ["base"],
        "base-web": ["web"],
        "shop": ["base-web"],
    }
    assert cli("lint").expect(0).err.startswith("no findings")
    text = (estate / f"packer/web{FORMATS[form]}").read_text(encoding="utf-8")
    assert {"admin", "2.19.*", "self"} <= {*re.findall(r'"([^"]*)"', text)}
    assert "tag:Name" in text


def test_a_parent_that_says_otherwise_than_its_system(repo: Repo, cli: Command) -> None:
    template = """\
variable "ssh_username" {
  default = "deploy"
}
variable "volume_size" {
  default = 40
}
variable "instance_type" {
  default = "t4g.small"
}
source "amazon-ebs" "gold" {
  ami_name     = "gold ${timestamp()}"
  ssh_username = var.ssh_username
  source_ami_filter {
    filters     = { name = "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*" }
    owners      = ["099720109477"]
    most_recent = true
  }
}
build {
  sources = ["source.amazon-ebs.gold"]
}
"""
    root = repo({"tfgen.toml": TOML, "packer/gold.pkr.hcl": template})
    cli("new", "web", "--from", "gold").expect(0)
    text = (root / "packer/web.pkr.hcl").read_text(encoding="utf-8")
    for piece in ('"deploy"', '"t4g.small"', "default     = 40", '"2.16.*"', '"/dev/sda1"', '"gold *"', '"self"'):
        assert piece in text, piece
    assert "x86_64" not in text
    assert parents(cli)["web"] == ["gold"]


@pytest.mark.parametrize(
    ("ami_name", "source", "said"),
    [
        ("{{user `n`}}", '"source_ami": "ami-1"', "is not known before a build"),
        ("x-{{timestamp}}", '"source_ami": "ami-1"', "the system of odd is not known; say which it is: --os amzn2023|"),
    ],
)
def test_parents_that_cannot_be_found(repo: Repo, cli: Command, ami_name: str, source: str, said: str) -> None:
    builder = f'{{"type": "amazon-ebs", "ami_name": "{ami_name}", {source}}}'
    root = repo({"tfgen.toml": TOML, "packer/odd.json": f'{{"variables": {{"n": null}}, "builders": [{builder}]}}'})
    before = tree(root)
    result = cli("new", "web", "--from", "odd").expect(1)
    assert said in result.err
    assert "packer/odd.json" in result.err
    assert tree(root) == before
    if "system" in said:
        cli("new", "web", "--from", "odd", "--os", "rhel").expect(0)
        assert parents(cli)["web"] == ["odd"]


def test_a_filter_that_finds_the_new_image_too_is_told(repo: Repo, cli: Command) -> None:
    source = '"source_ami_filter": {"filters": {"name": "base-*"}, "owners": ["self"], "most_recent": true}'
    child = f'{{"builders": [{{"type": "amazon-ebs", "ami_name": "web-{{{{timestamp}}}}", {source}}}]}}'
    repo({"tfgen.toml": TOML, "packer/web.json": child})
    assert "warning: the source filter of web finds the AMIs of base-x, too" in cli("new", "base-x").expect(0).err
    assert "warning" not in cli("new", "other").expect(0).err


def test_like_an_image(estate: Path, cli: Command) -> None:
    result = cli("new", "blog", "--like", "wordpress").expect(0)
    old = (estate / "packer/wordpress.json").read_text(encoding="utf-8").splitlines()
    new = (estate / "packer/blog.json").read_text(encoding="utf-8").splitlines()
    changed = [number for number, (one, other) in enumerate(zip(old, new, strict=True), 1) if one != other]
    assert [old[number - 1].replace("wordpress", "blog") for number in changed] == [
        new[number - 1] for number in changed
    ]
    assert f"packer/blog.json: wordpress -> blog in lines {', '.join(map(str, changed))}\n" in result.err
    assert '"ansible/roles/wordpress"' in "\n".join(new)
    assert (estate / "ansible/blog.yaml").read_bytes() == (estate / "ansible/wordpress.yaml").read_bytes()
    assert "tfgen.toml:9: what it sets for wordpress is not copied" in result.err
    cli("new", "gold", "--like", "base").expect(0)
    text = (estate / "packer/gold.pkr.hcl").read_text(encoding="utf-8")
    shipped = (estate / "packer/base.pkr.hcl").read_text(encoding="utf-8")
    assert text == re.sub(r"\bbase(?=[\"./-])", "gold", shipped).replace("# The gold image", "# The base image")
    assert cli("lint").expect(0).err.startswith("no findings in 4 templates")


HCL = """\
# Built by: packer build images/web/image.pkr.hcl
variable "app" {
  default = "web"
}
variable "base_name" {
  default = "web-base-*"
}
locals {
  label = "${var.app} ${local.now}"
  now   = timestamp()
}
source "amazon-ebs" "web" {
  ami_name = local.label
  tags     = { Name = "web", Team = "web_team" }
  source_ami_filter {
    filters     = { name = var.base_name }
    owners      = ["self"]
    most_recent = true
  }
  tag {
    key   = "Role"
    value = "the web server"
  }
}
build {
  name    = "web"
  sources = ["source.amazon-ebs.web"]
  provisioner "shell" {
    only   = ["amazon-ebs.web"]
    script = "${path.root}/web.sh"
  }
  provisioner "ansible-local" {
    playbook_file = "play/${var.app}.yml"
    role_paths    = ["play/roles/web"]
  }
}
"""


def test_like_an_image_in_a_folder_of_its_own(repo: Repo, cli: Command) -> None:
    """Names behind variables and locals; what is called alike and is none of the image's stays."""
    files = {"images/web/image.pkr.hcl": HCL, "images/web/web.sh": "set -e\n", "play/web.yml": "- hosts: all\n"}
    root = repo({"tfgen.toml": f'{TOML}packer_dir = "images"\n', **files, "play/roles/web/tasks/main.yml": "[]\n"})
    result = cli("new", "shop", "--like", "web").expect(0)
    expected = HCL
    for old, new in {
        "images/web/image": "images/shop/image",
        'default = "web"': 'default = "shop"',
        'ebs" "web"': 'ebs" "shop"',
        'Name = "web"': 'Name = "shop"',
        "the web server": "the shop server",
        'name    = "web"': 'name    = "shop"',
        "amazon-ebs.web": "amazon-ebs.shop",
    }.items():
        assert old in expected
        expected = expected.replace(old, new)
    assert (root / "images/shop/image.pkr.hcl").read_text(encoding="utf-8") == expected
    assert (root / "images/shop/web.sh").read_text(encoding="utf-8") == "set -e\n"
    assert (root / "play/shop.yml").read_text(encoding="utf-8") == "- hosts: all\n"
    assert (root / "images/web/image.pkr.hcl").read_text(encoding="utf-8") == HCL
    assert "created  images/shop/image.pkr.hcl" in result.out


def test_like_an_image_in_a_folder_of_others(repo: Repo, cli: Command) -> None:
    """The folder is part of the name: a copy stays there where it can, and where it must."""
    text = '{{"builders": [{{"type": "amazon-ebs", "ami_name": "{} {{{{isotime}}}}", "user_data_file": "{}x.sh"}}]}}'
    files = {
        "packer/team/web.json": text.format("web", "{{template_dir}}/"),
        "packer/team/db.json": text.format("db", ""),
    }
    root = repo({"tfgen.toml": TOML, **files})
    cli("new", "team-shop", "--like", "team-web").expect(0)
    assert '"team-shop {{isotime}}"' in (root / "packer/team/shop.json").read_text(encoding="utf-8")
    assert "use a name that begins with team-" in cli("new", "shop", "--like", "team-web").expect(1).err
    assert "created  packer/shop.json" in cli("new", "shop", "--like", "team-db").expect(0).out


@pytest.mark.parametrize(
    ("values", "text"), [("x.auto.pkrvars.hcl", 'app = "web"\n'), ("x.auto.pkrvars.json", '{"app": "web"}')]
)
def test_like_an_image_whose_name_is_in_a_file_of_values(repo: Repo, cli: Command, values: str, text: str) -> None:
    files = {
        "packer/web/image.pkr.hcl": 'source "amazon-ebs" "x" {\n  ami_name = "${var.app} ${timestamp()}"\n}\n',
        "packer/web/build.pkr.hcl": 'build {\n  sources = ["source.amazon-ebs.x"]\n}\n',
        "packer/web/variables.pkr.hcl": 'variable "app" {\n}\n',
        f"packer/web/{values}": text,
        "packer/web/.hidden": "x",
    }
    root = repo({"tfgen.toml": TOML, **files})
    cli("new", "shop", "--like", "web").expect(0)
    assert (root / f"packer/shop/{values}").read_text(encoding="utf-8") == text.replace("web", "shop")
    copied = {path.name for path in (root / "packer/shop").iterdir()}
    assert copied == {"image.pkr.hcl", "build.pkr.hcl", "variables.pkr.hcl", values}
    assert (root / "packer/shop/image.pkr.hcl").read_text(encoding="utf-8") == files["packer/web/image.pkr.hcl"]
    assert len(cli("list").expect(0).out.splitlines()) == 3


def test_an_ami_name_that_does_not_name_the_image(repo: Repo, cli: Command) -> None:
    """Two images must not build AMIs of one name; the playbook is everybody's."""
    steps = '"provisioners": [{"type": "ansible-local", "playbook_file": "ansible/site.yml"}]'
    text = f'{{"builders": [{{"type": "amazon-ebs", "ami_name": "acme {{{{isotime}}}}", "name": "w"}}], {steps}}}'
    root = repo({"tfgen.toml": TOML, "packer/web.json": text, "ansible/site.yml": "- hosts: all\n"})
    result = cli("new", "shop", "--like", "web").expect(0)
    new = (root / "packer/shop.json").read_text(encoding="utf-8")
    assert new == text.replace("acme {{isotime}}", "shop-{{timestamp}}")
    assert "packer/shop.json:1: ami_name did not name web: it begins with shop now" in result.err
    assert "it runs the same playbook as web" in result.err
    assert not (root / "ansible/shop.yml").exists()


def test_playbooks_and_roles_go_where_the_others_are(repo: Repo, cli: Command) -> None:
    """Packer runs in a folder of its own here, and the template's paths are seen from there."""
    steps = (
        '"provisioners": [{"type": "ansible-local", "playbook_file": "../books/a.yml", "role_paths": ["../r/roles/a"]}]'
    )
    builder = '{"type": "amazon-ebs", "ami_name": "a {{isotime}}"}'
    settings = f'{TOML}packer_dir = "img"\nworking_dir = "img"\n'
    files = {"books/a.yml": "- hosts: all\n", "r/roles/a/tasks/main.yml": "[]\n"}
    root = repo({"tfgen.toml": settings, "img/a.json": f'{{"builders": [{builder}], {steps}}}', **files})
    cli("new", "web").expect(0)
    text = (root / "img/web.pkr.hcl").read_text(encoding="utf-8")
    used = re.findall(r'(?:playbook_file|role_paths|script)\s+= \[?"([^"]*)"', text)
    assert used == ["scripts/install-ansible.sh", "../books/web.yml", "../r/roles/web", "scripts/seal-image.sh"]
    assert (root / "books/web.yml").is_file()
    assert (root / "r/roles/web/tasks/main.yml").is_file()
    assert "# Run from img: packer init web.pkr.hcl && packer build web.pkr.hcl" in text


def test_in_a_repository_from_before_tfgen(repo: Repo, cli: Command) -> None:
    """Templates in the root, keys with capitals, a buildspec that adds the ending."""
    builder = '{"Builders": [{"type": "amazon-ebs", "ami_name": "{{user `stage`}}-web-{{timestamp}}"}]'
    text = (
        f'{builder}, "Variables": {{"stage": "dev"}}, "Provisioners": [{{"type": "shell", "inline": ["true"]}}]}}\r\n'
    )
    settings, commands = f'{TOML}packer_dir = "."\n', "[packer build $PACKER_SCRIPT.json]"
    buildspec = f"version: 0.2\nphases:\n  build:\n    commands: {commands}\n"
    root = repo({"tfgen.toml": settings, "buildspec.yml": buildspec, "ansible/roles/web/tasks/main.yaml": "[]\n"})
    text = f"\ufeff{text}"
    (root / "packer-web.json").write_bytes(text.encode())
    assert "created  packer-blog.json" in cli("new", "blog", "--like", "web").expect(0).out
    assert (root / "packer-blog.json").read_bytes() == text.replace("web", "blog").encode()
    assert "created  packer-shop.json" in cli("new", "shop").expect(0).out
    assert (root / "ansible/roles/shop/tasks/main.yml").is_file()
    assert "builds only JSON" in cli("new", "cart", "--format", "hcl2").expect(0).err
    assert {line.split()[0] for line in cli("list").expect(0).out.splitlines()[1:]} == {"blog", "cart", "shop", "web"}


@pytest.mark.parametrize("packer_dir", ["packer", "."])
def test_a_folder_that_is_one_template(repo: Repo, cli: Command, packer_dir: str) -> None:
    """A new file would be part of it."""
    files = {
        "sources.pkr.hcl": 'source "amazon-ebs" "x" {\n  ami_name = var.vpc_id\n}\n',
        "build.pkr.hcl": 'build {\n  sources = ["source.amazon-ebs.x"]\n}\n',
        "variables.pkr.hcl": 'variable "vpc_id" {\n}\n',
    }
    repo({"tfgen.toml": f'{TOML}packer_dir = "{packer_dir}"\n', **{f"{packer_dir}/{n}": t for n, t in files.items()}})
    before = cli("list").expect(0).out.splitlines()[1:]
    assert cli("new", "web").expect(0).out.startswith(f"created  {'packer/' * (packer_dir != '.')}web/image.pkr.hcl\n")
    assert cli("new", "shop", "--format", "json").expect(0)
    cli("new", "blog", "--like", "web").expect(0)
    after = [line.split() for line in cli("list").expect(0).out.splitlines()[1:]]
    assert before[0].split() in after
    assert {line[0] for line in after} == {before[0].split()[0], "blog", "shop", "web"}
    assert len(before) == 1


@pytest.mark.parametrize("form", list(FORMATS))
def test_text_is_data(repo: Repo, cli: Command, form: str) -> None:
    """Folders may have any name; none becomes an expression or ends a text."""
    folder = 'my "ima${ges} %{if}'
    root = repo({"tfgen.toml": f"{TOML}packer_dir = '{folder}'\n"})
    cli("new", "web", "--format", form).expect(0)
    (template,) = json.loads(cli("list", "--format", "json").expect(0).out)["templates"]
    scripts = [one["resolved"] for one in template["files"] if one["use"] == "script"]
    assert scripts == [f"{folder}/scripts/install-ansible.sh", f"{folder}/scripts/seal-image.sh"]
    assert (root / scripts[0]).is_file()
    repo({"tfgen.toml": f"{TOML}packer_dir = 'a {{{{b'\n"}, name="another")
    assert "Packer takes {{ for an action" in cli("new", "web").expect(3).err


@pytest.mark.parametrize(
    "there",
    [
        "packer/web.pkr.hcl",
        "ansible/web.yaml",
        "ansible/roles/web/tasks/main.yml",
        "terraform/pipelines/pipeline_web.gen.tf",
    ],
)
def test_nothing_is_overwritten(repo: Repo, cli: Command, there: str) -> None:
    root = repo({"tfgen.toml": TOML, "packer/other.json": '{"builders": [{"type": "null"}]}', there: "# mine\n"})
    before = tree(root)
    assert there in cli("new", "web").expect(3).err
    assert tree(root) == before


def test_after_a_kill_it_goes_on(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole files are there, or none, and the template is the last."""
    root = repo({"tfgen.toml": TOML})
    linked: list[str] = []

    def link(source: Path, target: Path) -> None:
        if len(linked) == 3:
            os._exit(9)
        linked.append(target.relative_to(root).as_posix())
        real(source, target)

    real = os.link
    monkeypatch.setattr("os.link", link)
    if (child := os.fork()) == 0:
        cli("new", "web")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    monkeypatch.undo()
    monkeypatch.chdir(root)
    left = {path for path in tree(root) if ".tfgen-new-" not in path}
    assert left == {
        "tfgen.toml",
        "ansible/web.yaml",
        "ansible/roles/web/README.md",
        "ansible/roles/web/defaults/main.yml",
    }
    cli("new", "web").expect(0)
    assert {path for path in tree(root) if ".tfgen-new-" in path} == set()
    assert (root / "packer/web.pkr.hcl").is_file()


def test_where_there_are_no_hard_links(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is there is not replaced, and what was begun goes."""
    root = repo({"tfgen.toml": TOML})

    def link(source: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted", str(source), None, str(target))

    monkeypatch.setattr("os.link", link)
    cli("new", "web").expect(0)
    assert (root / "packer/web.pkr.hcl").read_text()
    assert not [path for path in tree(root) if ".tfgen-new-" in path]
    before = tree(root)
    template = root / "packer/db.pkr.hcl"

    def taken(source: Path, target: Path) -> None:
        template.write_text("mine")
        link(source, target)

    monkeypatch.setattr("os.link", taken)
    assert "packer/db.pkr.hcl" in cli("new", "db").expect(3).err
    assert tree(root) == {**before, "packer/db.pkr.hcl": b"mine"}


def test_a_module_by_hand_has_the_name(repo: Repo, cli: Command) -> None:
    calls = {"a.tf": '# by hand\nmodule "web" {\n}\n', "b.tf.json": '{"module": {"shop": {}}}', "c.tf": "}"}
    root = repo({"tfgen.toml": TOML, **{f"terraform/pipelines/{name}": text for name, text in calls.items()}})
    before = tree(root)
    assert "terraform/pipelines/a.tf:2: the root module has a module web already" in cli("new", "web").expect(3).err
    assert "terraform/pipelines/b.tf.json: the root module has a module shop" in cli("new", "shop").expect(3).err
    assert tree(root) == before


def test_a_script_that_is_there_is_used(repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": TOML, "packer/scripts/seal-image.sh": "set -e\n"})
    result = cli("new", "web").expect(0)
    assert (root / "packer/scripts/seal-image.sh").read_text(encoding="utf-8") == "set -e\n"
    assert "seal-image.sh" not in result.out


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("1web", 64, "'1web' is not a valid image name; use letters, digits, - and _"),
        ("a b", 64, "'a b' is not a valid image name"),
        ("we${b}", 64, "is not a valid image name"),
        ("../web", 64, "'../web' is not a valid image name"),
        ("packer-web", 64, "a template called packer-web would get the name web"),
        ("w" * 101, 64, "has 101 characters; use at most 100"),
        ("tfgen-dispatcher", 64, "is reserved"),
        ("__", 64, "__ has no letter and no digit"),
        ("_web", 3, "no pipeline can be made: project_name would be '_web-ami-pipeline', but AWS allows"),
        ("tfgen-shared", 64, "is reserved"),
        ("base", 3, "base is already used by packer/base.json"),
        ("BASE", 3, "base is already used by packer/base.json"),
        ("pinned", 3, "tfgen.toml:2: pinned is the name of packer/x.json"),
        ("former", 3, "former is an old name of pinned (moved_from)"),
    ],
)
def test_names_that_are_refused(repo: Repo, cli: Command, name: str, code: int, said: str) -> None:
    pin = '[templates.pinned]\npath = "packer/x.json"\nmoved_from = ["former"]\n'
    builder = '{"builders": [{"type": "null"}]}'
    root = repo({"tfgen.toml": TOML + pin, "packer/base.json": builder})
    before = tree(root)
    assert said in cli("new", name).expect(code).err
    assert tree(root) == before


def test_wrong_wishes(repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": TOML, "packer/base.json": '{"builders": [{"type": "null"}]}'})
    before = tree(root)
    assert "image 'bse' not found; did you mean base?" in cli("new", "web", "--from", "bse").expect(64).err
    assert "image 'bse' not found" in cli("new", "web", "--like", "bse").expect(64).err
    assert "--os and --like exclude each other" in cli("new", "web", "--like", "base", "--os", "rhel").expect(64).err
    assert "base builds no AMI" in cli("new", "web", "--from", "base").expect(1).err
    cli("new", "web", "--os", "beos").expect(64)
    assert tree(root) == before


def test_pipelines_of_templates_that_are_gone_are_sync_s(estate: Path, cli: Command) -> None:
    """A new template is never taken for one that was renamed, and no pipeline is deleted on the way."""
    (estate / "packer/wordpress.json").unlink()
    before = tree(estate)
    assert "templates are gone since the last sync; run: tfgen sync" in cli("new", "web").expect(3).err
    shutil.rmtree(estate / "packer")
    cli("new", "web").expect(3)
    assert tree(estate) == {path: data for path, data in before.items() if not path.startswith("packer/")}


def test_a_file_in_the_place_of_a_folder_leaves_nothing(repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": TOML, "ansible": "a file\n"})
    before = tree(root)
    assert "ansible: already exists" in cli("new", "web").expect(3).err
    assert tree(root) == before
    assert not (root / "packer").exists()


@pytest.mark.parametrize(
    ("names", "system"),
    [
        (["al2023-ami-2023.6.20250101.0-kernel-6.1-x86_64"], "amzn2023"),
        (["amzn2-ami-hvm-*"], None),
        (["RHEL-8.*"], "rhel"),
        (["debian-12-*"], "debian"),
        (["ubuntu/images/*", "debian-13-*"], None),
        ([], None),
    ],
)
def test_systems_are_recognized(names: list[str], system: str | None) -> None:
    assert recognized(names) == system


@pytest.mark.parametrize(
    ("name", "role"), [("web", "web"), ("Web-1", "web_1"), ("_x", "image_x"), ("x", "image_x"), ("a.b", "a_b")]
)
def test_roles_have_names_that_ansible_takes(name: str, role: str) -> None:
    assert role_of(name) == role
