"""Ways in which scripts read files: each is run in a real build, and its template's graph has what was opened."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests import depth
from tests.conftest import TOML
from tests.property.idioms import IDIOMS, repository
from tests.property.local_builds import Build, trace
from tests.unit.test_graph_template import graph

#: How many of them are run.
_NAMES = list(IDIOMS)[:: depth.amount(5, 1)]
#: What files of an idiom tfgen may have more than the run opened: of a folder that `make` runs in, all count.
_MOST_MORE = 10


def _template(names: list[str]) -> str:
    steps = [{"type": "shell-local", "script": f"scripts/{name}.sh"} for name in names]
    return json.dumps({"builders": [{"type": "null", "communicator": "none"}], "provisioners": steps})


def _spec(template: str) -> str:
    return f"version: 0.2\nphases: {{build: {{commands: [cd packer, packer build {template}]}}}}\n"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    """What one build of all scripts opens."""
    files = {**repository(), "packer/web.json": _template(_NAMES), "buildspec.yml": _spec("web.json")}
    build = Build(
        files=files, toml=TOML, template="packer/web.json", folder="packer", argument="web.json", used=frozenset()
    )
    traced = trace(build, 0, tmp_path_factory.mktemp("build"))
    assert not traced.failed
    return traced.opened


@pytest.fixture(scope="module")
def made_of(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """What tfgen says of each script alone."""
    templates = {f"packer/t/{name}.json": _template([name]) for name in _NAMES}
    files = {**repository(), **templates, "buildspec.yml": _spec("$PACKER_SCRIPT")}
    found = graph(tmp_path_factory.mktemp("graph") / "tree", files)
    return {Path(image.template).stem: set(found.made_of(image.name)) for image in found.images}


@depth.deep
@pytest.mark.parametrize("name", _NAMES)
def test_the_graph_has_what_a_script_opens(name: str, opened: frozenset[str], made_of: dict[str, set[str]]) -> None:
    own = re.compile(rf"packer/{name}(/|\.(sh|awk|lib|lst|py|txt)$)")
    read = {path for path in opened if own.match(path)}
    assert read - made_of[name] == set()
    assert read
    assert len({path for path in made_of[name] if path.startswith("packer/")} - read) <= _MOST_MORE
