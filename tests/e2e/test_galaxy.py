"""Ansible on the build machine: only for the "ansible" provisioner, and what it takes from Galaxy too."""

from __future__ import annotations

import os
import shutil
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests import depth
from tests.conftest import write_tree
from tests.e2e.archives import role_requirements
from tests.e2e.buildspec import Build
from tests.e2e.tools import bare_environment, linked, require_tool
from tests.kept_venv import write_python

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    #: Called with a word for what is required.
    Once = Callable[[str], None]

NOWHERE = "http://127.0.0.1:9"
USING = {
    "a.json": '{"provisioners": [{"type": "ansible", "playbook_file": "p.yml"}]}\n',
    "b.json": '{\n  "provisioners": [\n    {"inline": "a/b", "type" :\t"ansible"}\n  ]\n}\n',
    "a.pkr.hcl": 'build {\n  provisioner "ansible" {\n    playbook_file = "p.yml"\n  }\n}\n',
    "a.pkr.json": '{"build": {"provisioner": [{"ansible": {"playbook_file": "p.yml"}}]}}\n',
}
NOT_USING = {
    "none.json": '{"builders": [], "description": "no ansible here"}\n',
    "local.json": '{"provisioners": [{"type": "ansible-local", "galaxy_file": "ansible/requirements.yml"}]}\n',
    "own.json": '{"provisioners": [{"type": "ansible", "galaxy_file": "ansible/requirements.yml"}]}\n',
    "local.pkr.hcl": 'build {\n  # provisioner "ansible" {\n  provisioner "ansible-local" {\n  }\n}\n',
}
#: Does what the real one did when it was called with the same for the first time.
REPEATING = """\
#!/bin/sh
if [ ! -e {kept}/code ]; then
  mkdir {kept}
  {real} "$@" >{kept}/out 2>{kept}/err
  code=$?
  if [ -e "$HOME/.ansible/roles" ]; then cp -a "$HOME/.ansible/roles" {kept}; fi
  echo "$@" >{kept}/arguments
  echo $code >{kept}/code
elif [ "$*" = "$(cat {kept}/arguments)" ] && [ -e {kept}/roles ]; then
  mkdir -p "$HOME/.ansible"
  cp -a {kept}/roles "$HOME/.ansible"
fi
cat {kept}/out
cat {kept}/err >&2
exit "$(cat {kept}/code)"
"""
PACKER = '#!/bin/sh\nif [ "$1" = version ]; then echo Packer v1.6.6; fi\n'


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """A machine with a stand-in for Packer, real Ansible, and no Galaxy."""
    require_tool("ansible-galaxy", "pip install -e '.[test]' brings")
    source, tools = tmp_path / "source", tmp_path / "tools"
    (source / "ansible").mkdir(parents=True)
    tools.mkdir()
    (tools / "packer").write_text(PACKER, encoding="utf-8")
    (tools / "packer").chmod(0o755)
    for name, text in {**USING, **NOT_USING}.items():
        (source / name).write_text(text, encoding="utf-8")
    env = bare_environment(tmp_path, {"ANSIBLE_GALAXY_SERVER": NOWHERE})
    return Build(source, {**env, "PATH": f"{tools}:{env['PATH']}"})


def require(build: Build, text: str) -> None:
    (build.folder / "ansible" / "requirements.yml").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def galaxies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("galaxies")


@pytest.fixture
def once(build: Build, galaxies: Path) -> Once:
    """In a usual run the real ansible-galaxy is started for the first build that requires something: it is slow."""

    def use(required: str) -> None:
        if depth.is_on():
            return
        program = build.folder.parent / "tools/ansible-galaxy"
        real = require_tool("ansible-galaxy", "pip install -e '.[test]' brings")
        program.write_text(REPEATING.format(kept=galaxies / required, real=real), encoding="utf-8")
        program.chmod(0o755)

    return use


def without_ansible(build: Build, factory: pytest.TempPathFactory) -> None:
    """PATH without any ansible: links to a few programs; and Python."""
    bare = linked(
        build.folder.parent / "bare", "bash sh cat cp grep sed sort find mkdir mktemp realpath readlink tr tee env rm"
    )
    build.env["PATH"] = f"{build.folder.parent / 'tools'}:{bare}"
    python = build.folder.parent / "python"
    write_python(python, factory)
    build.env["TFGEN_PYTHON"] = str(python)


@depth.deep
@pytest.mark.parametrize("name", USING)
@pytest.mark.parametrize(
    "requirements",
    [
        "collections:\n  - name: community.nowhere\n    version: 1.2.3\n",
        f"roles: [{{name: nowhere, src: '{NOWHERE}/x.tar.gz'}}]\n",
    ],
    ids=["collection", "role"],
)
def test_no_network_for_galaxy_is_red(build: Build, once: Once, name: str, requirements: str) -> None:
    require(build, requirements)
    once(requirements.partition(":")[0])
    build.env["PACKER_SCRIPT"] = name
    done = build.run("pre_build")
    assert done.returncode == 1
    said = done.stdout.splitlines()
    assert len(said) == 2
    assert said[1].startswith("buildspec: cannot install what ansible/requirements.yml asks for; is there a network? (")
    assert "nowhere" in said[1] or "x.tar.gz" in said[1]


@pytest.mark.parametrize("name", NOT_USING)
def test_galaxy_is_not_asked_when_packer_does_it_or_nobody_needs_it(build: Build, name: str) -> None:
    require(build, "collections:\n  - name: community.nowhere\n")
    build.env["PACKER_SCRIPT"] = name
    done = build.run("pre_build")
    assert done.returncode == 0
    assert done.stdout == f"buildspec: the template is {name}\n"


@depth.deep
@pytest.mark.parametrize("name", USING)
def test_what_is_asked_for_is_there_for_the_playbook(build: Build, once: Once, name: str) -> None:
    """A role from an archive, as one from Galaxy comes."""
    require(build, role_requirements(build.folder.parent / "role.tar.gz"))
    once("archive")
    build.env["PACKER_SCRIPT"] = name
    done = build.run("pre_build")
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("buildspec: installed what ansible/requirements.yml asks for\n")
    assert (build.folder.parent / ".ansible" / "roles" / "theirs" / "meta" / "main.yml").is_file()


def test_lists_that_are_empty_reach_for_nothing(build: Build) -> None:
    require(build, "roles: []\ncollections: []\n")
    build.env["PACKER_SCRIPT"] = "a.json"
    done = build.run("pre_build")
    assert done.returncode == 0, done.stdout


def test_no_requirements_at_all(build: Build) -> None:
    build.env["PACKER_SCRIPT"] = "a.json"
    done = build.run("pre_build")
    assert done.returncode == 0, done.stdout
    assert "asks for" not in done.stdout


def stand_in(build: Build) -> str:
    """A folder with a stand-in for the package; the index is out of reach."""
    wheels = build.folder.parent / "wheels"
    wheels.mkdir()
    version = build.env["ANSIBLE_CORE_VERSION"]
    info = f"ansible_core-{version}.dist-info"
    with zipfile.ZipFile(wheels / f"ansible_core-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr("ansible_stand_in.py", "def main():\n    print('it is me')\n")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: ansible-core\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/entry_points.txt", "[console_scripts]\nansible-playbook = ansible_stand_in:main\n")
        wheel.writestr(f"{info}/RECORD", "")
    build.env |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PACKER_SCRIPT": "own.json"}
    return version


def test_ansible_is_installed_at_the_pinned_version_when_it_is_missing(
    build: Build, tmp_path_factory: pytest.TempPathFactory
) -> None:
    without_ansible(build, tmp_path_factory)
    version = stand_in(build)
    done = build.run("pre_build")
    assert done.returncode == 0, done.stdout
    assert f"buildspec: installed ansible-core=={version}\n" in done.stdout
    assert os.access(shutil.which("ansible-playbook", path=build.env["PATH"]) or "/nowhere", os.X_OK)


def pretended(folder: Path, said: str) -> None:
    """A Python that makes environments whose pip says this, and then does not install."""
    pip = f'#!/bin/sh\necho "{said}"\ntest -z "{said}"\n'
    making = f"#!/bin/sh\nfor last; do :; done\nmkdir -p $last/bin\ncp {folder}/pip $last/bin/pip\n"
    for name, text in (("python3", making), ("pip", pip)):
        write_tree(folder, {name: text})
        (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    "error",
    [
        "ERROR: Ignored the following versions that require a different python version: 2.20.0 Requires-Python >=3.12",
        "ERROR: Package 'ansible-core' requires a different Python: 3.11.7 not in '>=3.12'",
    ],
)
def test_a_python_that_is_too_old_for_ansible(
    build: Build, tmp_path_factory: pytest.TempPathFactory, error: str
) -> None:
    """A newer one of pyenv is taken, unless TFGEN_PYTHON says which. The errors are those of pip."""
    without_ansible(build, tmp_path_factory)
    del build.env["TFGEN_PYTHON"]
    build.env |= {"PYENV_ROOT": str(build.folder.parent / "pyenv"), "PACKER_SCRIPT": "own.json"}
    pretended(build.folder.parent / "tools", error)
    asked = f"ansible-core=={build.env['ANSIBLE_CORE_VERSION']}"
    red = f"buildspec: cannot install {asked}; set TFGEN_PYTHON to a Python that it takes, or ANSIBLE_CORE_VERSION ("
    assert build.run("pre_build").stdout.splitlines()[-1].startswith(red)
    for number, said in (("3.9.25", "no"), ("3.12.13", ""), ("3.14.3", error)):
        pretended(build.folder.parent / "pyenv/versions" / number / "bin", said)
    assert build.run("pre_build").stdout.splitlines()[-1] == f"buildspec: installed {asked}"
    build.env["TFGEN_PYTHON"] = str(build.folder.parent / "tools" / "python3")
    assert build.run("pre_build").stdout.splitlines()[-1].startswith(red)


def test_ansible_that_cannot_be_had_is_red(build: Build, tmp_path_factory: pytest.TempPathFactory) -> None:
    without_ansible(build, tmp_path_factory)
    build.env |= {"PIP_NO_INDEX": "1", "PACKER_SCRIPT": "a.json"}
    done = build.run("pre_build")
    assert done.returncode == 1
    version = build.env["ANSIBLE_CORE_VERSION"]
    said = done.stdout.splitlines()[-1]
    assert said.startswith(f"buildspec: cannot install ansible-core=={version}; is there a network? (ERROR: ")
