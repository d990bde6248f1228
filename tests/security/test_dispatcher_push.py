"""The dispatcher's buildspec, run by a real shell and Python in pushes that want to be run themselves."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from tests import depth
from tests.conftest import write_tree
from tests.kept_venv import write_python

BUILDSPEC = Path(__file__).resolve().parents[2] / "terraform/modules/dispatcher/buildspec.yml"
WHEEL = "tfgen_ami-0.2.0-py3-none-any.whl"
#: Stands for tfgen: says with what it was called, and starts git as tfgen does, in the folder that it is told of.
STAND_IN = """\
import json, os, subprocess, sys, typing

def main():
    assert sys.argv[1] == "-C", sys.argv
    os.chdir(sys.argv[2])
    git = subprocess.run(["git", "--version"], capture_output=True, text=True).stdout
    print(json.dumps({"arguments": sys.argv[1:], "git": git, "path": sys.path, "PATH": os.environ["PATH"]}))
    print("dispatched")
"""
#: Names that Python, pip or a shell would look for in the folder that they are started in; each group by itself.
MODULES = {
    "venv": ("venv.py", "ensurepip/__init__.py", "setup.py"),
    "pip": ("pip.py", "sitecustomize.py", "tfgen/__init__.py"),
    "packages": ("pip/__init__.py", "encodings/__init__.py", "tfgen.py", "site.py"),
    "library": ("typing.py", "json.py", "subprocess.py", "usercustomize.py", "standin.py"),
}
#: A usual run tries all at once, with all programs, configurations and variables: each makes a virtual environment.
GROUPS = MODULES if depth.is_on() else {"all": tuple(itertools.chain(*MODULES.values()))}
PROGRAMS = (
    *("git", "python3", "python", "pip", "tfgen", "mktemp", "env", "sed"),
    *("bin/git", "bin/python3", "bin/pip", "bin/tfgen"),
)
#: They cannot stand beside modules of that name.
NO_PACKAGES = tuple(name for name in PROGRAMS if name not in ("pip", "tfgen"))
CONFIGURATION = {
    "pip.conf": "[global]\nindex-url = file:///nowhere\n[install]\ntarget = stolen\n",
    "pip/pip.conf": "[install]\ntarget = stolen\n",
    "setup.cfg": "[install]\nprefix = stolen\n[easy_install]\nindex_url = file:///nowhere\n",
    "pyproject.toml": '[build-system]\nrequires = ["evil"]\nbuild-backend = "evil"\nbackend-path = ["."]\n',
    "pydistutils.cfg": "[install]\nprefix = stolen\n",
    "pyvenv.cfg": "home = /nowhere\ninclude-system-site-packages = true\n",
    ".python-version": "evil\n",
    "evil.pth": "import evil\n",
    "requirements.txt": "evil\n",
    "constraints.txt": "tfgen-ami==9\n",
}
#: Variables of the environment that lead into the push.
VARIABLES = [
    {"PYTHONPATH": "PUSH", "PYTHONHOME": "PUSH", "PIP_TARGET": "PUSH/stolen"},
    {
        "PYTHONPATH": ".",
        "PYTHONUSERBASE": "PUSH",
        "PYTHONSTARTUP": "PUSH/site.py",
        "PIP_CONFIG_FILE": "PUSH/pip.conf",
    },
    {
        "PYTHONPLATLIBDIR": "PUSH",
        "PIP_PREFIX": "PUSH/stolen",
        "PIP_PYTHON": "PUSH/python3",
        "XDG_CONFIG_DIRS": "PUSH",
    },
    {"PIP_CONSTRAINT": "PUSH/constraints.txt", "PIP_REQUIREMENT": "PUSH/requirements.txt"},
]


class Push:
    """A folder as CodeBuild checks it out, with files that note when they are run."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.source, self.ran = folder, folder / "push", folder / "RAN"
        self.source.mkdir()
        (folder / "tmp").mkdir()
        (folder / "home").mkdir()
        (folder / "programs").mkdir()
        self.python = folder / "programs/python3"
        self.wheel = make_wheel(folder)

    def add_modules(self, *names: str) -> None:
        write_tree(self.source, dict.fromkeys(names, f"open({str(self.ran)!r}, 'a').write(__file__ + '\\n')\n"))

    def add_programs(self, *names: str) -> None:
        write_tree(self.source, dict.fromkeys(names, f"#!/bin/sh\necho {'$0'} >>{self.ran}\n"))
        for name in names:
            (self.source / name).chmod(0o755)

    def add_path(self, programs: Sequence[str]) -> str:
        """Gives a PATH that leads to these programs in every way."""
        self.add_programs(*programs)
        (self.folder / "link").symlink_to(self.source / "bin")
        return f".::bin:PUSH:PUSH/bin:PUSH/../push/bin:{self.folder}/link:KEPT:"

    def run(self, script: str, shell: str = "/bin/sh", **env: str) -> subprocess.CompletedProcess[str]:
        """Runs `script` in the push. PATH has the Python of the tests as python3, if there is no other yet."""
        if not self.python.exists():
            self.python.symlink_to(Path(sys.executable).resolve())
        given = {
            "PATH": f"{self.python.parent}{os.pathsep}{os.defpath}",
            "HOME": str(self.folder / "home"),
            "LANG": "C.UTF-8",
            "TMPDIR": str(self.folder / "tmp"),
            "TFGEN_REQUIREMENT": str(self.wheel),
        }
        for name, value in env.items():
            given[name] = value.replace("PUSH", str(self.source)).replace("KEPT", given.get(name, ""))
        return subprocess.run(
            [shell, "-e", "-c", script], cwd=self.source, env=given, capture_output=True, text=True, timeout=120
        )


#: A push, and how its buildspec ended.
Dispatched = tuple[Push, "subprocess.CompletedProcess[str]"]


def make_wheel(folder: Path, body: str = STAND_IN) -> Path:
    """A wheel that stands for tfgen's, so that no index is asked."""
    info = "tfgen_ami-0.2.0.dist-info"
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        wheel.writestr("standin.py", body)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tfgen-ami\nVersion: 0.2.0\n")
        tag = "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        wheel.writestr(f"{info}/WHEEL", tag)
        wheel.writestr(f"{info}/entry_points.txt", "[console_scripts]\ntfgen = standin:main\n")
        wheel.writestr(f"{info}/RECORD", "")
    return folder / WHEEL


def commands() -> str:
    """All commands of the buildspec, in order, for one shell."""
    phases = yaml.safe_load(BUILDSPEC.read_text(encoding="utf-8"))["phases"]
    return "\n".join(command for phase in phases.values() for command in phase["commands"])


@pytest.fixture
def push(tmp_path: Path) -> Push:
    return Push(tmp_path)


@pytest.fixture(scope="module")
def dispatched(tmp_path_factory: pytest.TempPathFactory) -> Dispatched | None:
    """How the buildspec ends in a push that wants everything to be run; under --deep, each test makes its own."""
    if depth.is_on():
        return None
    push = Push(tmp_path_factory.mktemp("push"))
    push.add_modules(*GROUPS["all"])
    path = push.add_path(NO_PACKAGES)
    write_tree(push.source, CONFIGURATION)
    variables = dict(itertools.chain(*map(dict.items, VARIABLES)))
    return push, push.run(commands(), "bash", **variables, PATH=path)


def expect_dispatched(push: Push, done: subprocess.CompletedProcess[str]) -> None:
    assert not push.ran.exists(), f"run: {push.ran.read_text()}"
    assert done.returncode == 0, done.stderr
    said, last = done.stdout.splitlines()[-2:]
    assert last == "dispatched"
    found = yaml.safe_load(said)
    assert found["arguments"] == ["-C", str(push.source), "dispatch", "--no-wait"]
    assert found["git"].startswith("git version")
    folders = [*found["path"], *found["PATH"].split(os.pathsep)]
    assert [folder for folder in folders if not folder.startswith("/") or inside(push.source, folder)] == []
    assert not list(push.source.rglob("stolen"))


def inside(source: Path, folder: str) -> bool:
    return Path(folder).resolve().is_relative_to(source)


@depth.deep
@pytest.mark.parametrize("shell", ["/bin/sh", "bash"] if depth.is_on() else ["/bin/sh"])
def test_an_honest_push_is_dispatched(push: Push, shell: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """In a usual run, the pushes that want to be run are those which a new virtual environment is made for."""
    if not depth.is_on():
        write_python(push.python, tmp_path_factory)
    write_tree(push.source, {"README.md": "images\n", "packer/web.json": "{}"})
    expect_dispatched(push, push.run(commands(), shell))
    assert sorted(path.name for path in push.source.iterdir()) == ["README.md", "packer"]


@depth.deep
@pytest.mark.parametrize("names", GROUPS.values(), ids=GROUPS)
def test_no_module_of_the_push_is_imported(push: Push, dispatched: Dispatched | None, names: tuple[str, ...]) -> None:
    if dispatched:
        assert all((dispatched[0].source / name).exists() for name in names)
        return expect_dispatched(*dispatched)
    push.add_modules(*names)
    return expect_dispatched(push, push.run(commands()))


@depth.deep
def test_no_program_or_configuration_of_the_push_has_an_effect(push: Push, dispatched: Dispatched | None) -> None:
    if dispatched:
        assert all((dispatched[0].source / name).exists() for name in (*NO_PACKAGES, *CONFIGURATION))
        return expect_dispatched(*dispatched)
    path = push.add_path(PROGRAMS)
    write_tree(push.source, {name: text for name, text in CONFIGURATION.items() if name != "pip/pip.conf"})
    return expect_dispatched(push, push.run(commands(), "bash", PATH=path))


@depth.deep
@pytest.mark.parametrize("variables", VARIABLES if depth.is_on() else [{}], ids=str)
def test_no_variable_leads_python_or_pip_into_the_push(
    push: Push, dispatched: Dispatched | None, variables: dict[str, str]
) -> None:
    if dispatched:
        return expect_dispatched(*dispatched)
    push.add_modules("sitecustomize.py", "usercustomize.py", "site.py", "typing.py", "standin.py")
    push.add_programs("python3")
    write_tree(push.source, CONFIGURATION)
    return expect_dispatched(push, push.run(commands(), **variables))


def test_a_requirement_that_is_a_path_does_not_mean_the_push(
    push: Push, tmp_path_factory: pytest.TempPathFactory
) -> None:
    write_python(push.python, tmp_path_factory)
    body = f"open({str(push.ran)!r}, 'w')\ndef main(): pass\n"
    (push.source / "wheels").mkdir()
    make_wheel(push.source / "wheels", body)
    done = push.run(commands(), TFGEN_REQUIREMENT=f"wheels/{WHEEL}")
    assert done.returncode != 0
    assert not push.ran.exists()


def test_a_folder_for_temporary_files_in_the_push_is_refused(push: Push) -> None:
    (push.source / "tmp").mkdir()
    done = push.run(commands(), TMPDIR="PUSH/tmp")
    assert (done.returncode, done.stderr) == (1, "dispatcher: TMPDIR is in the source's folder; set another\n")


# That the traps above would close: the same pushes, with what stood here before.


def test_the_traps_are_set(push: Push) -> None:
    push.add_modules("venv.py")
    push.run('python3 -m venv "$TMPDIR/tfgen"')
    assert push.ran.read_text() == f"{push.source}/venv.py\n"
    push.ran.unlink()
    push.add_programs("git")
    push.run("git --version", PATH=".:KEPT")
    assert push.ran.exists()
    push.ran.unlink()
    push.add_modules("sitecustomize.py")
    push.run("python3 -c ''", PYTHONPATH="PUSH")
    assert push.ran.exists()
    shutil.rmtree(push.source)
