"""`packer validate` on the templates: with an empty home, no credentials and no variable of the user's."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from tests import depth
from tests.conftest import TOML
from tests.e2e.downlevel import LACKING, downlevel, downlevel_like, fit, is_old
from tests.e2e.tools import ROOT, bare_environment, packer_version, require_packer, require_tool, run
from tests.unit.samples import BROKEN, VALID
from tests.unit.spellings import SPELLINGS
from tests.unit.test_packer_functions import RECORDED
from tests.unit.test_spellings import BUILD, LAZY, SOURCE
from tfgen.new_image.systems import SYSTEMS
from tfgen_generators.packer.describe import describe
from tfgen_generators.packer.details import decode_details
from tfgen_generators.packer.discovery.discover import discover
from tfgen_generators.packer.discovery.facts_cache import FactsCache

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.conftest import Command, Repo

# Packer 1.6.6 says nothing of these: it takes the block for one of a plugin, or looks later.
LENIENT = {"misspelt block"}
#: Templates with required and optional variables in every way of writing them.
REQUIRED = {
    "legacy": (
        "a.json",
        (
            '{"variables": {"needed": null, "asked": null, "empty": "", "known": "{{env `HOME`}}"},'
            ' "builders": [{"type": "null", "communicator": "none"}]}'
        ),
    ),
    "hcl2": (
        "a.pkr.hcl",
        (
            'variable "needed" {\n}\nvariable "asked" {\n  type = string\n}\n'
            'variable "nothing" {\n  default = null\n}\n'
            'variables {\n  empty = ""\n  number = 1\n}\nsource "null" "x" {\n  communicator = "none"\n}\n'
            'build {\n  sources = ["null.x"]\n}\n'
        ),
    ),
    "hcl2-json": (
        "a.pkr.json",
        (
            '{"variable": [{"needed": {}}, {"asked": [{"type": "string"}], "nothing": {"default": null}}],'
            ' "variables": {"empty": ""}, "source": {"null": {"x": {"communicator": "none"}}},'
            ' "build": {"sources": ["null.x"]}}'
        ),
    ),
}
#: Functions that Packer 1.6.6 has not.
NEWER = re.compile(
    r"\b(?:alltrue|anytrue|endswith|index|regex|regexall|rfc3339_parse|startswith|strcontains|sum"
    r"|textdecodebase64|textencodebase64|unix_timestamp_parse)\b|merge\((?:\)|\[\])"
)
TEMPLATES = ["packer/wordpress.json", "packer/base.pkr.hcl"]


#: What the module's input `network` sets, and what somebody sets beside it (docs/networks.md).
NETWORKS = {
    "private": {
        "ASSOCIATE_PUBLIC_IP": "false",
        "SSH_INTERFACE": "private_ip",
        "SSH_SOURCE_CIDR": "10.0.0.0/16,100.64.0.0/16",
    },
    "session-manager": {
        "ASSOCIATE_PUBLIC_IP": "false",
        "SSH_INTERFACE": "session_manager",
        "IAM_INSTANCE_PROFILE": "web-instance",
        "USER_DATA_FILE": "packer/scripts/start-ssm-agent.sh",
    },
    "spot": {"SPOT_PRICE": "auto", "ASSOCIATE_PUBLIC_IP": "true", "SSH_SOURCE_CIDR": "192.0.2.7/32"},
}


def validate(
    template: str, tmp_path: Path, cwd: Path = ROOT, more: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    return run([require_packer(), "validate", template], env={**bare_environment(home), **(more or {})}, cwd=cwd)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The templates and what they name, fit for the Packer that is there."""
    for folder in ("packer", "ansible"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    fit(tmp_path)
    return tmp_path


@pytest.mark.parametrize("template", TEMPLATES)
def test_valid(template: str, copied: Path) -> None:
    done = validate(template, copied, cwd=copied)
    assert done.returncode == 0, done.stdout


@depth.deep
@pytest.mark.parametrize("form", ["hcl2", "json"])
def test_new_images_are_valid(form: str, repo: Repo, cli: Command, tmp_path: Path) -> None:
    """What `tfgen new` makes for each system, on another image, and like one; in a usual run each in one form."""
    root = repo({"tfgen.toml": TOML})
    for name in SYSTEMS:
        cli("new", f"{name}-x", "--os", name, "--format", form).expect(0)
    cli("new", "child", "--from", "debian-x", "--format", form).expect(0)
    cli("new", "twin", "--like", "child").expect(0)
    templates = sorted(path for path in (root / "packer").iterdir() if path.is_file())
    assert len(templates) == 6
    for file in templates if depth.is_on() else templates[form == "json" :: 2]:
        file.write_text(downlevel_like(file.name, file.read_text(encoding="utf-8")), encoding="utf-8")
        done = validate(f"packer/{file.name}", tmp_path, cwd=root)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("template", TEMPLATES)
def test_valid_in_each_network(template: str, copied: Path) -> None:
    refused = {name: validate(template, copied, copied, env) for name, env in NETWORKS.items()}
    assert [done.stdout for done in refused.values() if done.returncode] == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_tunnel_needs_a_profile(template: str, copied: Path) -> None:
    done = validate(template, copied, copied, {"SSH_INTERFACE": "session_manager"})
    assert done.returncode == 1
    assert "no iam_instance_profile defined" in done.stdout


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_network_s_variables_are_read(template: str, copied: Path) -> None:
    for name, wrong in {"ASSOCIATE_PUBLIC_IP": "perhaps", "SSH_INTERFACE": "pigeon", "SSH_SOURCE_CIDR": "home"}.items():
        done = validate(template, copied, copied, {name: wrong})
        assert done.returncode == 1, name


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("lost", ["ansible/{name}.yaml", "ansible/roles/common", "packer/scripts/install-ansible.sh"])
def test_invalid_without_what_it_names(template: str, lost: str, copied: Path) -> None:
    gone = lost.format(name=template.removeprefix("packer/").partition(".")[0])
    (copied / gone).rename(copied / "elsewhere")
    done = validate(template, copied, cwd=copied)
    assert done.returncode == 1
    assert gone in done.stdout


@pytest.mark.parametrize(("template", "name"), [(each, name) for each in LACKING for name in LACKING[each]])
def test_the_old_packer_lacks_each_thing_that_is_taken_away_for_it(template: str, name: str, copied: Path) -> None:
    if not is_old():
        pytest.skip(f"Packer {packer_version()} builds the templates as they are")
    text = (ROOT / template).read_text(encoding="utf-8")
    (copied / template).write_text(downlevel(template, text, keep=name), encoding="utf-8")
    done = validate(template, copied, cwd=copied)
    assert done.returncode == 1
    assert name in done.stdout


def test_scripts_pass_shellcheck(tmp_path: Path) -> None:
    scripts = [*ROOT.glob("packer/scripts/*.sh"), *ROOT.glob("tests/e2e/*.sh")]
    done = run([require_tool("shellcheck"), *map(str, scripts)], env=bare_environment(tmp_path))
    assert scripts
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", VALID)
def test_packer_takes_what_tfgen_takes(name: str, tmp_path: Path) -> None:
    assert says_packer(VALID[name], tmp_path) == 0


@pytest.mark.parametrize("name", sorted(set(BROKEN) - LENIENT))
def test_packer_refuses_what_tfgen_refuses(name: str, tmp_path: Path) -> None:
    assert says_packer(BROKEN[name][0], tmp_path) == 1


def says_packer(text: str, tmp_path: Path) -> int:
    (tmp_path / "a.pkr.hcl").write_bytes(text.encode())
    return validate("a.pkr.hcl", tmp_path, cwd=tmp_path).returncode


@pytest.mark.parametrize("name", SPELLINGS)
def test_packer_reads_keys_in_these_spellings(name: str, tmp_path: Path) -> None:
    text, valid = SPELLINGS[name]
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    assert (validate("a.json", tmp_path, cwd=tmp_path).returncode == 0) is valid


@pytest.mark.parametrize("name", LAZY)
def test_packer_looks_at_the_names_that_tfgen_demands(name: str, tmp_path: Path) -> None:
    text, refused = LAZY[name]
    refused |= name == "can" and not is_old()  # 1.16 wants every local that a local names, whatever is made of it
    assert says_packer(SOURCE + text, tmp_path) == (1 if refused else 0)


def test_packer_gives_the_recorded_values(tmp_path: Path) -> None:
    """All in one expression, since the console shows the last one only. 1.6.6 has no `regex`, and not the newest."""
    texts = [text for text in RECORDED["values"] if not (is_old() and NEWER.search(text)) and "null" not in text]
    texts = [text for text in texts if "\n" not in text]
    pieces = "".join(f"@{number}@${{jsonencode({text})}}" for number, text in enumerate(texts))
    (tmp_path / "a.pkr.hcl").write_text(SOURCE + BUILD)
    (tmp_path / "input").write_text(f'"{pieces}"\n', encoding="utf-8")
    console = [*("sh", "-c", 'exec "$0" console --config-type=hcl2 a.pkr.hcl < input'), require_packer()]
    done = run(console, env=bare_environment(tmp_path), cwd=tmp_path)
    found = re.findall(r"@(\d+)@(.*?)(?=@\d+@|$)", done.stdout.strip(), re.DOTALL)
    assert {texts[int(number)]: json.loads(value) for number, value in found} == {
        text: RECORDED["values"][text] for text in texts
    }


@pytest.mark.parametrize("name", REQUIRED)
def test_packer_demands_the_variables_that_tfgen_calls_required(name: str, tmp_path: Path) -> None:
    """One at a time is left out: Packer then complains of just this one."""
    file_name, text = REQUIRED[name]
    (tmp_path / file_name).write_text(text)
    template = discover(tmp_path, ".", cache=FactsCache(details=True)).templates[0]
    facts = describe(tmp_path, template, [decode_details(details) for details in template.details])
    assert facts.required
    assert facts.optional
    values = [f"-var={name}=x" for name in facts.required]
    packer = [require_packer(), "validate"]
    env = bare_environment(tmp_path)
    done = run([*packer, *values, file_name], env=env, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    for number, variable in enumerate(facts.required):
        done = run([*packer, *values[:number], *values[number + 1 :], file_name], env=env, cwd=tmp_path)
        assert done.returncode == 1
        assert variable in done.stdout
        assert not any(other in done.stdout for other in facts.optional), done.stdout
