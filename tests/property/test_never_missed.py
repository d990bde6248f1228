"""An image that a change affects is never missed: 1,000 generated repositories, judged by what real programs open."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.tools import require_tool
from tests.property.check import Outcome, check_many, judging
from tests.property.command import ask_command
from tests.property.generate import make
from tests.property.oracle import Ansible, scene
from tests.property.repository import write_all
from tests.property.traced import opened_by_ansible

_REPOSITORIES = 1000
_CHUNK = 125
#: For so many templates of a chunk Packer itself is run; a chunk has about so many new ways to write a path.
_PACKER_RUNS = 8


@pytest.mark.parametrize("first", range(0, _REPOSITORIES, _CHUNK))
def test_no_affected_image_is_missed(first: int) -> None:
    _require_programs()
    with judging(_PACKER_RUNS) as judge:
        outcomes = list(check_many(range(first, first + _CHUNK), judge))
    _expect_none_missed(outcomes)
    assert sum(len(one.named) for one in outcomes) < sum(one.images for one in outcomes), "everything is always named"


def test_the_command_misses_none_either() -> None:
    _require_programs()
    with judging(0, ask_command) as judge:
        _expect_none_missed(list(check_many(range(5000, 5012), judge)))


def test_a_blind_tfgen_would_be_caught() -> None:
    """The test can fail: an answer without any image is a miss in most repositories."""
    _require_programs()
    with judging(0, lambda root: frozenset()) as judge:
        outcomes = list(check_many(range(8), judge))
    assert sum(1 for one in outcomes if one.missed) > len(outcomes) / 2


def test_the_forked_ansible_opens_what_the_command_opens(tmp_path: Path) -> None:
    """ansible_server.py against `strace ansible-playbook`, for the playbooks of one seed."""
    _require_programs()
    compared = 0
    with Ansible() as ansible:
        for seed in (2,):
            repository = make(seed)
            root = tmp_path / str(seed) / "tree"
            root.mkdir(parents=True)
            write_all(root, repository.files)
            for image in repository.images:
                for number, settings in enumerate(image.steps):
                    if "playbook_file" not in settings:
                        continue
                    folder = tmp_path / str(seed) / f"{image.name}-{number}"
                    (folder / "scratch").mkdir(parents=True)
                    stage, argv, environment = scene(root, image, settings, folder)
                    answer = ansible.run(argv, cwd=stage.root, environment=environment)
                    seen = {path for how, path in answer["trace"] if how == "open" and Path(path).is_file()}
                    assert seen == opened_by_ansible(
                        argv, cwd=stage.root, environment=environment, scratch=folder / "scratch"
                    )
                    compared += len(seen)
    assert compared > 20


def _require_programs() -> None:
    for name in ("strace", "packer", "git"):
        require_tool(name)


def _expect_none_missed(outcomes: list[Outcome]) -> None:
    missed = [outcome.report() for outcome in outcomes if outcome.missed]
    assert not missed, "\n".join(missed)
    failing = sum(one.failed for one in outcomes)
    assert failing <= len(outcomes) / 20, f"{failing} of the generated images do not build, so that they say little"
