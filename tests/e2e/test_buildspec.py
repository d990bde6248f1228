"""buildspec.yml: its form, and its blocks run by bash with a stand-in for Packer; PACKER_SCRIPT is data everywhere."""

from __future__ import annotations

import hashlib
import json
import tomllib
from typing import TYPE_CHECKING

import pytest

from tests.e2e.archives import packer_release, session_manager_plugin
from tests.e2e.buildspec import PHASES, Build, blocks, document, variables
from tests.e2e.tools import ROOT, bare_environment, linked, require_tool, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fork_server import ForkServer

ALL_BLOCKS = [pytest.param(text, id=f"{phase}-{i}") for phase in PHASES for i, text in enumerate(blocks(phase))]
# Writes its arguments to packer.calls, each between bars, then does what the file packer.NAME beside it says.
STAND_IN = """#!/usr/bin/env bash
here="$(dirname "$(readlink -f "$0")")"
(IFS='|' && echo "$*") >>"$here/packer.calls"
if [ "$1" = version ]; then echo "Packer v$(cat "$here/packer.version")"; exit 0; fi
if [ -e "$here/packer.$1" ]; then . "$here/packer.$1"; fi
"""


def read(path: str) -> str:
    """What is in a file of this repository."""
    return (ROOT / path).read_text(encoding="utf-8")


class Machine:
    """A folder as CodeBuild's source, and a Packer that only takes notes."""

    def __init__(self, tmp_path: Path, version: str, python: ForkServer | None = None) -> None:
        self.tools = tmp_path / "tools"
        self.source = tmp_path / "source"
        for folder in (self.tools, self.source, self.source / "packer" / "folder", self.source / "packer" / "empty"):
            folder.mkdir(parents=True)
        (self.tools / "packer").write_text(STAND_IN, encoding="utf-8")
        (self.tools / "packer").chmod(0o755)
        (self.tools / "packer.version").write_text(version, encoding="utf-8")
        for name in ("web.json", "base.pkr.hcl", "with space.json", "folder/main.pkr.hcl", "folder/vars.json"):
            (self.source / "packer" / name).write_text("{}\n", encoding="utf-8")
        (tmp_path / "outside.json").write_text("{}\n", encoding="utf-8")
        (self.source / "link.json").symlink_to(tmp_path / "outside.json")
        self.own: dict[str, str] = {}
        if python:
            self.own["TFGEN_PYTHON"] = str(self.tools / "the python")
            python.write_python(self.tools / "the python")

    def build(self, script: str, **env: str) -> Build:
        bare = bare_environment(self.tools)
        bare["PATH"] = f"{self.tools}:{bare['PATH']}"
        return Build(self.source, {**bare, **self.own, "PACKER_SCRIPT": script, **env})

    def calls(self) -> list[str]:
        """What Packer was asked to do, but for its version."""
        noted = (self.tools / "packer.calls").read_text(encoding="utf-8").splitlines()
        return [call for call in noted if call != "version"]

    def answer(self, command: str, script: str) -> None:
        """Let Packer answer a command with a script."""
        (self.tools / f"packer.{command}").write_text(script, encoding="utf-8")


@pytest.fixture
def machine(tmp_path: Path, forked_python: ForkServer | None) -> Machine:
    return Machine(tmp_path, "1.6.6", forked_python)


@pytest.fixture
def modern(tmp_path: Path, forked_python: ForkServer | None) -> Machine:
    """A machine whose Packer bundles no plugins."""
    return Machine(tmp_path, "1.16.0", forked_python)


def test_form() -> None:
    whole = document()
    assert whole["version"] == 0.2
    assert whole["env"]["shell"] == "bash"
    assert whole["env"]["exported-variables"] == ["AMI_ID"]
    assert tuple(whole["phases"]) == PHASES
    attestations = ["**/*.provenance*.json", "**/*.sbom*.json"]
    assert whole["artifacts"]["files"] == ["packer-build.log", "packer-manifest.json", *attestations]


def test_the_guide_names_every_setting_and_its_default() -> None:
    guide = read("docs/images.md")
    for name, value in variables().items():
        assert f"| `{name}` | `{value}` |" in guide


@pytest.mark.parametrize("block", ALL_BLOCKS)
def test_blocks_are_sound_bash(block: str, tmp_path: Path) -> None:
    script = tmp_path / "block.sh"
    script.write_text(block, encoding="utf-8")
    env = bare_environment(tmp_path)
    assert run(["bash", "-n", str(script)], env=env).returncode == 0
    done = run([require_tool("shellcheck"), "--shell=bash", str(script)], env=env)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("script", "template"),
    [
        ("packer/web.json", "packer/web.json"),
        ("packer/web", "packer/web.json"),
        ("./packer/web", "./packer/web.json"),
        ("packer/base", "packer/base.pkr.hcl"),
        ("packer/with space", "packer/with space.json"),
        ("packer/folder", "packer/folder"),
        ("packer/folder/", "packer/folder/"),
    ],
)
def test_the_template_is_found(machine: Machine, script: str, template: str) -> None:
    build = machine.build(script)
    done = build.run("pre_build")
    assert done.returncode == 0, done.stdout
    assert build.env["PACKER_TEMPLATE"] == template
    assert machine.calls() == [f"validate|{template}"]


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("", "PACKER_SCRIPT is empty"),
        ("packer/nothing", "names no file or folder"),
        ("../outside", "must not contain '..'"),
        ("packer/../../outside.json", "must not contain '..'"),
        ("link", "inside the repository"),
        ("/etc/passwd", "inside the repository"),
        (".", "inside the repository"),
        ("-help", "starts with a dash"),
        ("packer/empty", "a folder without"),
        ("a; touch pwned", "names no file or folder"),
        ("$(touch pwned)", "names no file or folder"),
        ("`touch pwned`", "names no file or folder"),
        ("packer/web.json && touch pwned", "names no file or folder"),
        ("packer/*", "names no file or folder"),
        ("two\nlines", "names no file or folder"),
        ("%s%n", "names no file or folder"),
    ],
)
def test_a_bad_script_is_refused_in_one_line(machine: Machine, script: str, reason: str) -> None:
    done = machine.build(script).run("pre_build")
    assert done.returncode == 1
    assert done.stdout.startswith("buildspec: ")
    assert done.stdout.count("\n") == 1
    assert reason in done.stdout
    assert not list(machine.source.rglob("pwned"))
    assert not (machine.tools / "packer.calls").exists()


def test_a_name_full_of_commands_is_only_a_name(machine: Machine) -> None:
    name = "packer/a; touch pwned; $(touch pwned) `touch pwned` 'x' \"y\".json"
    (machine.source / name).write_text("{}\n", encoding="utf-8")
    machine.answer("build", "touch packer-manifest.json")
    build = machine.build(name)
    assert [build.run(phase).returncode for phase in ("pre_build", "build")] == [0, 0]
    assert machine.calls() == [f"validate|{name}", f"build|-color=false|{name}"]
    assert not list(machine.source.rglob("pwned"))


def test_a_template_that_is_not_valid_stops_the_build(machine: Machine) -> None:
    machine.answer("validate", "echo 'Error: no'; exit 1")
    done = machine.build("packer/web").run("pre_build")
    assert done.returncode == 1
    assert done.stdout.splitlines()[1:] == [
        "Error: no",
        "buildspec: packer validate refuses packer/web.json; mend what it names (Error: no)",
    ]
    assert (machine.source / "packer-build.log").read_text(encoding="utf-8") == "Error: no\n"


def installed(*plugins: str) -> str:
    """A script that answers `packer plugins installed`; a plugin is `amazon 1.3.10`."""
    paths = [f"/x/github.com/hashicorp/{a}/packer-plugin-{a}_v{b}_x5.0_linux_amd64" for a, b in map(str.split, plugins)]
    return f"""if [ "$2" = installed ]; then printf '%s\\n' {" ".join(paths)}; fi"""


ASKED = "github.com/hashicorp/amazon@1.3.10 github.com/hashicorp/ansible@1.1.4"


def test_modern_packer_gets_pinned_plugins_once(modern: Machine) -> None:
    modern.answer("plugins", installed("ansible 1.1.4"))
    done = modern.build("packer/web", PACKER_PLUGINS=ASKED).run("pre_build")
    assert done.returncode == 0, done.stdout
    assert modern.calls() == [
        "plugins|installed",
        "plugins|install|github.com/hashicorp/amazon|v1.3.10",
        "validate|packer/web.json",
    ]
    assert "buildspec: Packer uses the plugin github.com/hashicorp/amazon@1.3.10\n" in done.stdout
    assert "buildspec: Packer uses the plugin github.com/hashicorp/ansible@1.1.4\n" in done.stdout


def test_a_newer_plugin_that_is_there_is_named(modern: Machine) -> None:
    """Packer starts the newest one. What is older, or of another plugin, changes nothing."""
    modern.answer(
        "plugins", installed("amazon 1.3.10", "amazon 1.10.2", "amazon 1.8.2", "ansible 1.1.4", "ansible 1.0.9")
    )
    done = modern.build("packer/web", PACKER_PLUGINS=ASKED).run("pre_build")
    assert done.returncode == 0, done.stdout
    assert not any("install|" in call for call in modern.calls())
    asked = "buildspec: warning: PACKER_PLUGINS asks for github.com/hashicorp/amazon@1.3.10"
    assert f"{asked}, but Packer uses 1.10.2, which is installed\n" in done.stdout
    assert "buildspec: Packer uses the plugin github.com/hashicorp/ansible@1.1.4\n" in done.stdout


def required(*plugins: str) -> str:
    """A template's required_plugins; a plugin is `amazon ~> 1.8`."""
    pairs = (plugin.split(" ", 1) for plugin in plugins)
    entries = [f'    {a} = {{\n source = "github.com/hashicorp/{a}"\n version = "{b}"\n}}\n' for a, b in pairs]
    return f"packer {{\n  required_plugins {{\n{''.join(entries)}  }}\n}}\n"


@pytest.mark.parametrize(
    ("version", "plugins", "reason"),
    [
        (
            "1.13.1",
            "amazon@1.3.10",
            "PACKER_PLUGINS asks for the plugin amazon 1.3.10, which needs Packer 1.14 or newer",
        ),
        ("1.12.0", "ansible@1.10.0", "or ask for ansible up to 1.1.3"),
        ("1.10.0", "amazon@1.3.9", ""),
        ("1.14.0", "amazon@1.8.2", ""),
        ("1.10.0", "other@9.9.9", ""),
    ],
)
def test_a_plugin_that_this_packer_does_not_find(tmp_path: Path, version: str, plugins: str, reason: str) -> None:
    machine = Machine(tmp_path, version)
    done = machine.build("packer/web", PACKER_PLUGINS=f"github.com/hashicorp/{plugins}").run("pre_build")
    assert (done.returncode == 1) is bool(reason), done.stdout
    assert reason in done.stdout.splitlines()[-1]
    assert (f"plugins|install|github.com/hashicorp/{plugins.replace('@', '|v')}" in machine.calls()) is not bool(reason)


def test_a_newer_plugin_that_is_installed_already_is_not_refused(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "1.12.0")
    machine.answer("plugins", installed("amazon 1.8.2"))
    assert (
        machine.build("packer/web", PACKER_PLUGINS="github.com/hashicorp/amazon@1.8.2").run("pre_build").returncode == 0
    )


@pytest.mark.parametrize(
    ("version", "template", "reason"),
    [
        ("1.6.6", required("amazon ~> 1.8"), "the template has required_plugins, which Packer 1.6.6 does not know"),
        (
            "1.13.0",
            required("ansible ~> 1.1", "amazon ~> 1.8"),
            "asks for the plugin amazon 1.8, which needs Packer 1.14",
        ),
        (
            "1.13.0",
            required("amazon ~> 1.3", "ansible = 1.1.4"),
            "asks for the plugin ansible 1.1.4, which needs Packer",
        ),
        ("1.13.0", required("amazon >= 1.2.8, < 2", "ansible ~> 1.1"), ""),
        ("1.13.0", required("amazon < 2"), ""),
        ("1.16.0", required("amazon ~> 1.8"), ""),
    ],
)
def test_required_plugins_that_this_packer_does_not_find(
    tmp_path: Path, version: str, template: str, reason: str
) -> None:
    machine = Machine(tmp_path, version)
    (machine.source / "packer" / "base.pkr.hcl").write_text(template, encoding="utf-8")
    done = machine.build("packer/base").run("pre_build")
    assert (done.returncode == 1) is bool(reason), done.stdout
    assert reason in done.stdout.splitlines()[-1]
    assert not reason or not (machine.tools / "packer.calls").exists() or not machine.calls()


@pytest.mark.parametrize("version", ["1.10.3", "1.16.0"])
def test_two_folders_of_plugins(tmp_path: Path, version: str) -> None:
    """Packer 1.11 and newer refuse them, even to say their version."""
    machine = Machine(tmp_path, version)
    build = machine.build("packer/web", PACKER_VERSION=version, PACKER_PLUGIN_PATH="/one:/two")
    done = build.run("install")
    said = "buildspec: PACKER_PLUGIN_PATH names more than one folder, which Packer 1.11 and newer refuse: /one:/two; "
    assert done.stdout.startswith(said) is (version == "1.16.0")
    assert done.returncode == (1 if version == "1.16.0" else 0)


@pytest.mark.parametrize("script", ["packer/base", "packer/folder"])
def test_a_template_that_names_its_plugins_gets_those(modern: Machine, script: str) -> None:
    for name in ("base.pkr.hcl", "folder/main.pkr.hcl"):
        (modern.source / "packer" / name).write_text("packer {\n  required_plugins {}\n}\n", encoding="utf-8")
    build = modern.build(script)
    assert build.run("pre_build").returncode == 0
    template = build.env["PACKER_TEMPLATE"]
    assert modern.calls() == [f"init|{template}", f"validate|{template}"]


@pytest.mark.parametrize(
    ("command", "script", "reason"),
    [
        ("init", "packer/base", "the template's required_plugins"),
        ("plugins", "packer/web", "the plugin github.com/hashicorp/amazon@1.8.2"),
    ],
)
def test_a_plugin_that_cannot_be_had_is_red(modern: Machine, command: str, script: str, reason: str) -> None:
    (modern.source / "packer" / "base.pkr.hcl").write_text("packer {\n  required_plugins {}\n}\n", encoding="utf-8")
    modern.answer(command, "echo 'no route.\tto host'; echo at all >&2; exit 1")
    done = modern.build(script).run("pre_build")
    assert done.returncode == 1
    said = f"buildspec: cannot install {reason}; is there a network? (no route. to host at all)"
    assert done.stdout.splitlines()[-1] == said


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (
            "Plugin host rate limited the plugin getter. Try again in 59m",
            "set PACKER_GITHUB_API_TOKEN",
        ),
        ("could not get sha256 checksum file for v9.9.9", "is there such a version for this system?"),
        (
            "proxyconnect tcp: dial tcp 127.0.0.1:9: connection refused",
            "do HTTPS_PROXY and NO_PROXY name the right proxy?",
        ),
    ],
)
def test_why_a_plugin_cannot_be_had(modern: Machine, error: str, hint: str) -> None:
    modern.answer("plugins", f"echo '{error}'; exit 1")
    done = modern.build("packer/web").run("pre_build")
    assert done.returncode == 1
    named = "buildspec: cannot install the plugin github.com/hashicorp/amazon@1.8.2"
    assert done.stdout.splitlines()[-1] == f"{named}; {hint} ({error})"


def test_a_log_that_cannot_be_written_is_red(machine: Machine) -> None:
    (machine.source / "packer-build.log").mkdir()
    build = machine.build("packer/web", PACKER_VERSION="1.6.6")
    done = build.run("install")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("buildspec: packer-build.log and packer-manifest.json are the build")
    done = build.run("pre_build")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("buildspec: cannot write packer-build.log into ")
    assert "validate|packer/web.json" not in machine.calls()


def test_a_plugin_without_a_version_is_refused(modern: Machine) -> None:
    done = modern.build("packer/web", PACKER_PLUGINS="github.com/hashicorp/amazon").run("pre_build")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("buildspec: PACKER_PLUGINS has an entry that is not ADDRESS@VERSION")


def test_packer_that_is_there_is_not_downloaded(machine: Machine) -> None:
    done = machine.build("packer/web", PACKER_VERSION="1.6.6", PACKER_RELEASES="file:///nowhere").run("install")
    assert done.returncode == 0
    assert done.stdout == "buildspec: Packer 1.6.6 is there already\n"


def test_cracklib_s_packer_is_not_run(machine: Machine) -> None:
    """It would take the word `version` for the name of a dictionary, which it writes."""
    other = machine.tools / "cracklib-packer"
    other.write_text('#!/bin/sh\ntouch "$1.pwd"\n', encoding="utf-8")
    other.chmod(0o755)
    (machine.tools / "packer").unlink()
    (machine.tools / "packer").symlink_to(other)
    done = machine.build("packer/web", PACKER_RELEASES="file:///nowhere").run("install")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("buildspec: cannot download file:///nowhere/")
    assert not (machine.source / "version.pwd").exists()


def test_packer_that_does_not_even_tell_its_version_is_replaced(machine: Machine) -> None:
    (machine.tools / "packer").write_text("#!/bin/sh\nexit 126\n", encoding="utf-8")
    done = machine.build("packer/web", PACKER_RELEASES="file:///nowhere").run("install")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("buildspec: cannot download file:///nowhere/")


@pytest.mark.parametrize(
    ("python", "reason"),
    [
        ("/no/python", "there is no /no/python"),
        ("/bin/false", "neither Python's boto3 nor the program aws is there to tag the AMI"),
    ],
)
def test_nothing_is_built_that_could_not_be_tagged(machine: Machine, python: str, reason: str) -> None:
    path = linked(machine.tools / "bare", "bash rm env")
    done = machine.build("packer/web", PATH=path, TFGEN_PYTHON=python).run("install")
    assert done.returncode == 1
    assert done.stdout.startswith(f"buildspec: {reason}; ")
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize("sums", ["right", "wrong", "missing"])
@pytest.mark.parametrize("pin", ["", "right", "wrong"])
def test_packer_is_installed_only_when_its_checksum_is_right(
    machine: Machine, tmp_path: Path, sums: str, pin: str
) -> None:
    archive = packer_release(tmp_path / "releases")
    digests = {"right": hashlib.sha256(archive.read_bytes()).hexdigest(), "wrong": "0" * 64, "": ""}
    if sums != "missing":
        listed = f"{'1' * 64}  other.zip\n{digests[sums]}  {archive.name}\n"
        archive.with_name("packer_9.8.7_SHA256SUMS").write_text(listed, encoding="utf-8")
    target = tmp_path / "bin"
    build = machine.build(
        "packer/web",
        PACKER_VERSION="9.8.7",
        PACKER_RELEASES=(tmp_path / "releases").as_uri(),
        PACKER_SHA256=digests[pin],
        PACKER_INSTALL_DIR=str(target),
    )
    done = build.run("install")
    good = (pin or sums) == "right"
    assert (done.returncode == 0) is good, done.stdout
    assert (target / "packer").exists() is good
    if good:
        assert run(["packer", "version"], env=build.env).stdout == "Packer v9.8.7\n"
    else:
        assert done.stdout.splitlines()[-1].startswith("buildspec: ")


TUNNEL = {"SSH_INTERFACE": "session_manager", "SESSION_MANAGER_PLUGIN_VERSION": "1.2.3.4"}
READS = '{"ssh_interface": "{{ env `SSH_INTERFACE` }}"}'


@pytest.mark.parametrize("pin", ["right", "wrong", ""])
def test_the_program_for_a_tunnel_is_installed_only_when_its_checksum_is_right(
    machine: Machine, tmp_path: Path, pin: str
) -> None:
    archive = session_manager_plugin(tmp_path / "releases")
    digests = {"right": hashlib.sha256(archive.read_bytes()).hexdigest(), "wrong": "0" * 64, "": ""}
    (machine.source / "packer/web.json").write_text(READS, encoding="utf-8")
    more = {"SESSION_MANAGER_PLUGIN_SHA256": digests[pin], "PACKER_INSTALL_DIR": str(tmp_path / "bin")}
    more["SESSION_MANAGER_PLUGIN_RELEASES"] = (tmp_path / "releases").as_uri()
    build = machine.build("packer/web", **TUNNEL, **more)
    done = build.run("pre_build")
    assert (done.returncode == 0) is (pin == "right"), done.stdout
    assert (tmp_path / "bin/session-manager-plugin").exists() is (pin == "right")
    if pin == "right":
        assert run(["session-manager-plugin"], env=build.env).stdout == "1.2.3.4\n"
    else:
        assert "SESSION_MANAGER_PLUGIN_SHA256" in done.stdout.splitlines()[-1]
        assert machine.calls() == [], "before anything is validated or built"


@pytest.mark.parametrize(
    ("version", "releases", "said"),
    [
        ("latest", "file:///nowhere", "SESSION_MANAGER_PLUGIN_VERSION is not a version such as 1.2.835.0: latest"),
        ("1.2.835.0", "file:///nowhere", "cannot download file:///nowhere/1.2.835.0/"),
    ],
)
def test_the_program_for_a_tunnel_cannot_be_had(machine: Machine, version: str, releases: str, said: str) -> None:
    (machine.source / "packer/web.json").write_text('{"ssh_interface": "session_manager"}', encoding="utf-8")
    more = {"SESSION_MANAGER_PLUGIN_VERSION": version, "SESSION_MANAGER_PLUGIN_RELEASES": releases}
    done = machine.build("packer/web", **more).run("pre_build")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith(f"buildspec: {said}")


def test_the_program_for_a_tunnel_is_taken_where_it_is_and_only_for_one(machine: Machine) -> None:
    nowhere = {"SESSION_MANAGER_PLUGIN_RELEASES": "file:///nowhere", **TUNNEL}
    done = machine.build("packer/web", **nowhere).run("pre_build")
    assert done.returncode == 0, "this template does not read it"
    (machine.source / "packer/web.json").write_text(READS, encoding="utf-8")
    done = machine.build("packer/web", **{**nowhere, "SSH_INTERFACE": "private_ip"}).run("pre_build")
    assert done.returncode == 0, done.stdout
    (machine.tools / "session-manager-plugin").write_text("#!/bin/sh\n", encoding="utf-8")
    (machine.tools / "session-manager-plugin").chmod(0o755)
    done = machine.build("packer/web", **nowhere).run("pre_build")
    assert (done.returncode, "session-manager-plugin is there already" in done.stdout) == (0, True)


#: Stands for the program aws: what EC2 knows of a subnet and its VPC.
AWS = """#!/bin/sh
case "$*" in
  *describe-subnets*subnet-1*) echo '{"Subnets": [{"VpcId": "vpc-1"}]}' ;;
  *describe-vpcs*vpc-1*) echo '{"Vpcs": [{"CidrBlockAssociationSet": [
    {"CidrBlock": "10.0.0.0/16", "CidrBlockState": {"State": "associated"}},
    {"CidrBlock": "10.9.0.0/16", "CidrBlockState": {"State": "disassociated"}},
    {"CidrBlock": "100.64.0.0/16", "CidrBlockState": {"State": "associated"}}]}]}' ;;
  *) echo "An error occurred (UnauthorizedOperation)" >&2; exit 254 ;;
esac
"""


@pytest.mark.parametrize(
    ("env", "cidr", "said"),
    [
        ({"SUBNET_ID": "subnet-1"}, "10.0.0.0/16,100.64.0.0/16", "the instance's port is open to 10.0.0.0/16,"),
        ({"VPC_ID": "vpc-1"}, "10.0.0.0/16,100.64.0.0/16", "the instance's port is open to 10.0.0.0/16,"),
        ({"SUBNET_ID": "subnet-1", "SSH_SOURCE_CIDR": "10.1.0.0/24"}, "10.1.0.0/24", ""),
        ({}, "", "a private network without VPC_ID and SUBNET_ID; set SSH_SOURCE_CIDR"),
        ({"VPC_ID": "vpc-2"}, "", "cannot learn the VPC's addresses; set SSH_SOURCE_CIDR"),
    ],
)
def test_a_private_network_opens_to_its_own_addresses(
    machine: Machine, env: dict[str, str], cidr: str, said: str
) -> None:
    python = "import sys; sys.modules['boto3'] = None; sys.argv = sys.argv[1:]; exec(sys.stdin.read())"
    for name, text in {"aws": AWS, "python": f'#!/bin/sh\nexec /usr/bin/python3 -I -c "{python}" "$@"\n'}.items():
        (machine.tools / name).write_text(text, encoding="utf-8")
        (machine.tools / name).chmod(0o755)
    (machine.source / "packer/web.json").write_text('{"a": "{{ env `SSH_SOURCE_CIDR` }}"}', encoding="utf-8")
    python_there = {"TFGEN_PYTHON": str(machine.tools / "python"), "AWS_REGION": "eu-west-1"}
    build = machine.build("packer/web", SSH_INTERFACE="private_ip", **python_there, **env)
    done = build.run("pre_build")
    assert (done.returncode == 0) is bool(cidr), done.stdout
    assert build.env.get("SSH_SOURCE_CIDR", "") == cidr
    assert (said in done.stdout) if said else "port is open" not in done.stdout


def test_a_version_that_is_none_is_refused(machine: Machine) -> None:
    done = machine.build("packer/web", PACKER_VERSION="1.0/../x").run("install")
    assert done.returncode == 1
    assert "PACKER_VERSION is not a version" in done.stdout


def test_packer_s_failure_gets_through_the_pipe(machine: Machine) -> None:
    machine.answer("build", "echo \"Build 'web' errored after 1 second: no luck\"; exit 1")
    build = machine.build("packer/web")
    assert [build.run(phase).returncode for phase in ("pre_build", "build")] == [0, 1]
    done = build.run("post_build")
    assert done.returncode == 1
    said = "buildspec: the build failed: Build 'web' errored: no luck; packer-build.log says more\n"
    assert done.stdout == said


FAILURES = {each["what"]: each for each in tomllib.loads(read("tests/data/packer_failures.toml"))["failure"]}


@pytest.mark.parametrize("what", FAILURES)
def test_the_reason_is_the_failed_builder_s(machine: Machine, what: str) -> None:
    (machine.source / "packer-build.log").write_text(FAILURES[what]["log"], encoding="utf-8")
    env = {"CODEBUILD_BUILD_SUCCEEDING": "0", **FAILURES[what].get("env", {})}
    done = machine.build("packer/web", **env).run("post_build")
    said = f"buildspec: the build failed: {FAILURES[what]['reason']}; packer-build.log says more\n"
    assert done.stdout == said


def manifest(*builds: tuple[str, str]) -> str:
    """A manifest of (run, artifact) pairs, whose last run is `now`."""
    found = [
        {"name": "x", "builder_type": "y", "packer_run_uuid": run, "artifact_id": artifact} for run, artifact in builds
    ]
    return json.dumps({"builds": found, "last_run_uuid": "now"})


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("echo built", "there is no packer-manifest.json"),
        ("echo built; echo '{' >packer-manifest.json", "packer-manifest.json cannot be read"),
        ("echo built; echo '{}' >packer-manifest.json", "packer-manifest.json cannot be read"),
        (f"echo built; echo '{manifest(('before', 'eu-west-1:ami-0'))}' >packer-manifest.json", "no AMI of this run"),
        (f"echo built; echo '{manifest(('now', 'some-file'))}' >packer-manifest.json", "no AMI of this run"),
    ],
)
def test_a_build_without_an_ami_is_red(machine: Machine, answer: str, reason: str) -> None:
    (machine.source / "packer-manifest.json").write_text(manifest(("now", "eu-west-1:ami-old")), encoding="utf-8")
    machine.answer("build", answer)
    build = machine.build("packer/web", PACKER_VERSION="1.6.6")
    assert [build.run(phase).returncode for phase in ("install", "pre_build", "build")] == [0, 0, 0]
    done = build.run("post_build")
    assert done.returncode == 1
    assert reason in done.stdout
    assert done.stdout.count("\n") == 1
    assert "AMI_ID" not in build.env


def test_post_build_alone_is_red(machine: Machine) -> None:
    done = machine.build("packer/web").run("post_build")
    assert done.returncode == 1
    assert "Packer never ran" in done.stdout
