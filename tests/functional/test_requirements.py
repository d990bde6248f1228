"""Nothing in this repository and nothing that tfgen says installs tfgen by a name; all else is a known dependency."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from importlib import metadata
from typing import Any

import pytest
import yaml

from tests.conftest import TOML, Command, Repo
from tests.documented import ROOT
from tests.pinned import ADDRESS, OLD, REQUIREMENT
from tfgen.emulator import provider
from tfgen.git import remotes
from tfgen.hosts.recipe import RECIPES
from tfgen_generators.errors import TfgenError
from tfgen_generators.settings.requirement import DISTRIBUTION, parse_requirement

_INSTALLER = re.compile(
    r"\b(?:pip3?|pipx|uvx?)\b[\"']?((?: +(?:-\S+|pip|tool))* +(?:install|inject|wheel|run|download))(?= )([^\n]*)"
)
_MAKE = re.compile(r"\t(\$\(PIP\))([^\n]*)")
#: Of an option, a file.
_VALUE = re.compile(r"(?<=--constraint) \S+")
_WORD = re.compile(r" +(?:'([^']*)'|\"([^\"]*)\"|([^\s'\"`;)]+))")
_SETTING = re.compile(r"tfgen_requirement\s*= *\"([^\"]+)\"")
#: Ours with a version or an extra and no address; the old name with an address too.
_BARE = re.compile(rf"\b{OLD}([-_.]ami)?(\[[\w,-]+\])?(?:[=~<>!]=|(?<=\])(?! @))|\b{OLD}(\[[\w,-]+\])? ?@ ")
#: What stands in the place of a requirement where a program is made of text -> what it is then.
STANDS_FOR = {
    "{HELPER}": remotes.HELPER,
    "{_WHEEL}==0.0.12": f"{provider._WHEEL}==0.0.12",
    "$TFGEN": REQUIREMENT,  # of recipes, below
    "$TFGEN_REQUIREMENT": REQUIREMENT,  # of the dispatcher, whose setting is checked
    "$wanted": "ansible-core",
    "@NAME@ @ $address": REQUIREMENT,
    "{quote(str(with_extra(found.requirement.address": REQUIREMENT,  # tests/unit/test_distribution.py
    "{": ".",  # a folder, the same
    "tfgen-ami[embedded] @ {wheel.resolve().as_uri()}#sha256={digest}": REQUIREMENT,  # tests/functional/test_wheel.py
}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def known() -> set[str]:
    """All that pyproject.toml and constraints.txt name, and pip itself."""
    whole = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = whole["project"]
    named = [*whole["build-system"]["requires"], *project["dependencies"]]
    named += [each for extra in project["optional-dependencies"].values() for each in extra]
    named += [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    names = {normal(found[0]) for each in named if (found := re.match(r"[A-Za-z0-9._-]+", each))}
    return {*names, "pip"} - {normal(DISTRIBUTION)}


KNOWN = known()


def requirements(text: str) -> Iterator[str]:
    """What `text` tells an installer to install, and tfgen to let others install."""
    for found in [*_INSTALLER.finditer(_VALUE.sub("", text.replace("\\\n", " "))), *_MAKE.finditer(text)]:
        for word in _WORD.finditer(found[2]):
            said = word[1] or word[2] or word[3] or ""
            if said.startswith(("(", "#", "\\", "&")):
                break
            if not said.startswith("-") or said == "-":
                yield said if word[3] is None else said.rstrip(".,") or said
                if word[3] is not None and "@" not in said:
                    break  # the rest may be prose
    yield from _SETTING.findall(text)


def is_allowed(said: str) -> bool:
    """Whether it says which bytes are meant, is a known dependency by name, or the folder itself."""
    said = STANDS_FOR.get(said, said)
    if said.startswith("."):
        return True
    try:
        parse_requirement(said)
    except TfgenError:
        name = re.match(r"[A-Za-z0-9._-]+", said)
        return name is not None and normal(name[0]) in KNOWN and bool(re.fullmatch(r"[\w.-]+(==[\w.]+)?", said))
    return True


def tracked() -> Iterator[tuple[str, str]]:
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in names.split("\0"):
        if name and "tests" not in name.split("/") and (ROOT / name).is_file():
            yield name, (ROOT / name).read_bytes().decode(errors="replace")


def test_every_requirement_of_the_repository() -> None:
    found = {(name, said) for name, text in tracked() for said in requirements(text)}
    assert {(name, said) for name, said in found if not is_allowed(said)} == set()
    places = {name for name, _ in found}
    assert places >= {
        *("README.md", "Makefile", "CONTRIBUTING.md", "docs/dispatcher.md", "docs/tfgen.toml.md", "docs/remotes.md"),
        *(
            "cli/tfgen/git/remotes.py",
            "cli/tfgen/emulator/provider.py",
            "cli/tfgen/distribution/installed.py",
            "buildspec.yml",
        ),
        *(f"cli/tfgen/recipes/{recipe}" for recipe, _ in RECIPES.values()),
        *(f"terraform/modules/dispatcher/{name}" for name in ("README.md", "buildspec.yml", "examples/basic/main.tf")),
    }
    for name in {normal(said.partition("==")[0]) for _, said in found} & KNOWN:
        try:
            assert normal(metadata.metadata(name)["Name"]) == name
        except metadata.PackageNotFoundError:
            continue


def test_no_name_of_ours_stands_alone() -> None:
    found = [(name, hit[0]) for name, text in tracked() for hit in _BARE.finditer(text)]
    assert found == [("pyproject.toml", f"{DISTRIBUTION}[demo]")]  # of itself, which pip has already
    pinned = {name: re.findall(r"^ +rev: (.*)", text, re.MULTILINE) for name, text in tracked()}
    assert all(re.match("[0-9a-f]{40}( #|$)", revision) for revisions in pinned.values() for revision in revisions)
    assert pinned["docs/lint.md"]


@pytest.mark.parametrize(
    "line",
    [
        f"pip install {OLD}",
        f"python3 -m pip install -q --upgrade '{OLD}[embedded]'",
        f"pipx install {OLD}==0.1.0",
        f"pipx run {OLD} sync",
        f"uv tool install {DISTRIBUTION}",
        f'"$venv/bin/pip" install "{DISTRIBUTION}==0.2.0"',
        f"run: pip --isolated install 'boto3' '{OLD}'",
        f"pip install '{DISTRIBUTION} @ https://example.com/tfgen_ami-0.2.0-py3-none-any.whl'",
        "pip install git+https://example.com/tfgen@main",
        "pip install somebody-elses",
        f'inputs = {{ tfgen_requirement = "{OLD}" }}',
        f"\t$(PIP) {DISTRIBUTION}",
    ],
)
def test_a_planted_name_is_found(line: str) -> None:
    assert not all(is_allowed(said) for said in requirements(line))


@pytest.mark.parametrize(
    "line", [f"{OLD}==1", f"{OLD}[demo]", f"{DISTRIBUTION}>=0.2", f"{DISTRIBUTION}[demo]", f"{OLD} @ x"]
)
def test_a_planted_name_that_stands_alone_is_found(line: str) -> None:
    assert _BARE.search(line)


#: For Python: makes a venv whose Python is `echo`, else says what it is told.
STAND_IN = """\
if [ "$3" = venv ]; then
  mkdir -p "$4/bin" && ln -s /bin/echo "$4/bin/python"
else
  /bin/echo "$@"
fi
"""


def installs(host: str, recipe: dict[Any, Any]) -> list[tuple[str, dict[str, str]]]:
    """The steps of a recipe that install tfgen, each with its environment."""
    if host == "github":
        steps = [step for job in recipe["jobs"].values() for step in job["steps"]]
        return [(step["run"], recipe["env"]) for step in steps if step.get("name") == "Install tfgen"]
    if host == "bitbucket":
        return [(recipe["definitions"]["scripts"][0]["script"], {})]
    return [(recipe["phases"]["install"]["commands"][0], {**recipe["env"]["variables"], "CODEBUILD_SRC_DIR": "/"})]


@pytest.mark.parametrize("host", sorted(RECIPES))
@pytest.mark.parametrize("given", [ADDRESS, f"{DISTRIBUTION} @ git+https://example.com/x@{'0a' * 20}"])
def test_what_a_recipe_gives_to_pip(host: str, given: str, repo: Repo, cli: Command) -> None:
    """As the host's shell hands it over: one argument, and no option."""
    repo({"tfgen.toml": TOML})
    steps = installs(host, yaml.safe_load(cli("ci", host, "--install", given, "--output", "-").expect(0).out))
    assert len(steps) == (2 if host == "github" else 1)
    python = f"python() {{\n{STAND_IN}}}\n"
    for script, env in steps:
        done = subprocess.run(
            ["bash", "-ec", python + script], env={"PATH": "/usr/bin:/bin", **env}, capture_output=True
        )
        *options, last = done.stdout.decode().removesuffix("\n").partition(" install ")[2].split("tfgen-ami")
        assert f"tfgen-ami{last}" == (REQUIREMENT if given == ADDRESS else given)
        assert all(option.startswith("--") for option in "".join(options).split())
