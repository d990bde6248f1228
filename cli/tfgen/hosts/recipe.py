"""The recipes that plan, comment and apply in CI: their texts with what is known of the repository."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen_generators.errors import TfgenError, UsageError
from tfgen_generators.trees.files import read_text

if TYPE_CHECKING:
    from tfgen_generators.settings.requirement import Requirement

#: Host -> the recipe in `tfgen/recipes`, and where CI looks for it.
RECIPES = {
    "github": ("github.yml", ".github/workflows/tfgen.yml"),
    "bitbucket": ("bitbucket.yml", "bitbucket-pipelines.yml"),
    "codecommit": ("codecommit.yml", "buildspec-plan.yml"),
}

#: Lines of a recipe that are for one tool, between `# @TOFU` and `# @END`.
_FOR_ONE = re.compile(r"^ *# @(TERRAFORM|TOFU)\n(.*?)^ *# @END\n", re.DOTALL | re.MULTILINE)


def template(host: str) -> str:
    """The recipe's text before anything is filled in."""
    return read_text(Path(__file__).resolve().parents[1] / "recipes" / RECIPES[host][0])


def for_tool(text: str, tool: str) -> str:
    """A recipe without the lines that are for the other one of terraform and tofu."""
    return _FOR_ONE.sub(lambda found: found[2] if found[1].lower() == tool else "", text)


def given(install: str) -> Requirement:
    """What `--install` says. Raises UsageError."""
    from tfgen_generators.settings.requirement import parse_requirement

    try:
        return parse_requirement(f"file://{install}" if install.startswith("/") else install)
    except TfgenError as error:
        raise UsageError(f"--install REQUIREMENT: {error.message}", fix=error.fix) from None


def found() -> Requirement:
    """Where this tfgen was installed from, if CI gets exactly the same from there. Raises UsageError."""
    from tfgen.distribution.installed import origin
    from tfgen_generators.settings.requirement import TWO_WAYS

    here = origin()
    if here.requirement is None:
        raise UsageError(
            f"what CI is to install is not certain: this tfgen comes from {here.said}",
            fix=f"use --install with {TWO_WAYS}",
        )
    return here.requirement


def recipe(branch: str, host: str, requirement: Requirement, tool: str = "terraform") -> str:
    """The recipe's text for tfgen.toml's `branch`, which installs `requirement` and runs `tool`."""
    import json
    from shlex import quote

    text = for_tool(template(host), tool)
    values = {
        "BRANCH": json.dumps(branch),  # a YAML string too, whatever a branch is called
        "BASE": quote(f"refs/remotes/origin/{branch}"),  # whatever a pull request or a tag is called
        "NAME": requirement.name if tool == "terraform" else requirement.without_terraform,
        "ADDRESS": requirement.address,
    }
    # At once: a branch may be called like one of these.
    return re.sub("@([A-Z]+)@", lambda name: values[name[1]], text)
