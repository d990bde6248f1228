"""An image that a change affects is never missed: many generated repositories, judged by what real programs open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import depth
from tests.conftest import Command
from tests.e2e.tools import bare_environment, require_tool
from tests.property.check import Judge, Outcome, check_many
from tests.property.command import ask_command
from tests.property.generate import make
from tests.property.oracle import Ansible, scene
from tests.property.packer_trace import Packer, with_every_way
from tests.property.repository import write_all
from tests.property.traced import opened_by_ansible

_REPOSITORIES = 1000
_CHUNK = 125
#: How many of each chunk are judged.
_JUDGED = depth.amount(7, _CHUNK)
_PACKER_PARTS = depth.amount(2, 3)
#: How many of Packer's runs; the first ones show most.
_RUNS = depth.amount(12, 1000)
#: A seed, and the playbook of it that a usual run compares: it opens most for its time.
_SEED, _PLAYBOOK = depth.amount(13, 6), ("worker", 1)


@pytest.fixture(scope="module")
def ansible(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ansible]:
    """The program that runs playbooks: it is slow to start, and forks for each."""
    for name in ("strace", "packer", "git"):
        require_tool(name)
    with Ansible(bare_environment(tmp_path_factory.mktemp("ansible"))) as program:
        yield program


@depth.deep
@pytest.mark.parametrize("first", range(0, _REPOSITORIES, _CHUNK))
def test_no_affected_image_is_missed(first: int, ansible: Ansible) -> None:
    outcomes = list(check_many(range(first, first + _JUDGED), Judge(ansible, Packer(0))))
    _expect_none_missed(outcomes)
    assert sum(len(one.named) for one in outcomes) < sum(one.images for one in outcomes), "everything is always named"


@depth.deep
@pytest.mark.parametrize("part", range(_PACKER_PARTS))
def test_packer_opens_what_the_repositories_say(part: int, tmp_path: Path) -> None:
    """A real `packer build` for every way in which a template of the 1,000 repositories writes a path."""
    chosen = with_every_way((seed, image) for seed in range(_REPOSITORIES) for image in make(seed).images)[:_RUNS]
    packer = Packer()
    for number, (seed, image) in enumerate(chosen[part::_PACKER_PARTS]):
        write_all(tmp_path / str(number), make(seed).files)
        packer.prove(tmp_path / str(number), image)
    assert packer.runs == len(chosen[part::_PACKER_PARTS]) > 5


def test_the_command_misses_none_either(ansible: Ansible, tfgen: Command) -> None:
    judge = Judge(ansible, Packer(0), lambda root: ask_command(root, tfgen))
    _expect_none_missed(list(check_many(range(5000, 5012), judge)))


def test_a_blind_tfgen_would_be_caught(ansible: Ansible) -> None:
    """The test can fail: an answer without any image is a miss in most repositories."""
    outcomes = list(check_many(range(8), Judge(ansible, Packer(0), lambda root: frozenset())))
    assert sum(1 for one in outcomes if one.missed) > len(outcomes) / 2


@depth.deep
def test_the_forked_ansible_opens_what_the_command_opens(tmp_path: Path, ansible: Ansible) -> None:
    """ansible_server.py against `strace ansible-playbook`, for the playbooks of one seed."""
    compared = 0
    repository = make(_SEED)
    root = tmp_path / "tree"
    root.mkdir()
    write_all(root, repository.files)
    for image in repository.images:
        for number, settings in enumerate(image.steps):
            is_chosen = depth.is_on() or (image.name, number) == _PLAYBOOK
            if "playbook_file" not in settings or not is_chosen:
                continue
            folder = tmp_path / f"{image.name}-{number}"
            (folder / "scratch").mkdir(parents=True)
            stage, argv, environment = scene(root, image, settings, folder)
            answer = ansible.run(argv, cwd=stage.root, environment=environment)
            seen = {path for how, path in answer["trace"] if how == "open" and Path(path).is_file()}
            assert seen == opened_by_ansible(argv, cwd=stage.root, environment=environment, scratch=folder / "scratch")
            compared += len(seen)
    assert compared > 20


def _expect_none_missed(outcomes: list[Outcome]) -> None:
    missed = [outcome.report() for outcome in outcomes if outcome.missed]
    assert not missed, "\n".join(missed)
    failing = sum(one.failed for one in outcomes)
    assert failing <= len(outcomes) / 20, f"{failing} of the generated images do not build, so that they say little"
