"""A real Terraform, a real provider and the emulator: what the tests of the estate's Terraform share."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import depth
from tests.conftest import GO, JSON, TOY, Command, Program, write_tree
from tests.functional.pr_hosts import running
from tests.once import once
from tests.terraform.attached_provider import attached_provider
from tests.terraform.ci_uses import Roles, plan_roles
from tests.terraform.direct_aws import direct
from tests.terraform.github_recipe import GitHubWithActions
from tests.terraform.module_on_aws import copy_terraform
from tests.terraform.module_uses import Policies, plan_uses
from tests.terraform.products import product, pytest_generate_tests  # noqa: F401 for the mark `both`
from tests.terraform.recipes import Repository, recipes, shared_state
from tests.terraform.state_estate import Aws
from tfgen.emulator import strict
from tfgen.emulator.environment import terraform_environment
from tfgen.emulator.override import override_text, write_override
from tfgen.emulator.provider import has_mirror, write_cli_config
from tfgen.emulator.server import Emulator
from tfgen.terraform.binary import find_terraform

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
#: What sync writes for the seed's example, so that the module is tested on exactly that.
BLOCK = (ROOT / "tests" / "golden" / "pipeline_wordpress.gen.tf").read_text(encoding="utf-8")


@dataclass(frozen=True, kw_only=True)
class Estate:
    """A copy of /terraform with one generated-like file, whose provider (3.39) talks to the emulator."""

    folder: Path
    emulator: Emulator
    environment: dict[str, str]
    program: tuple[str, ...]
    #: What makes Terraform use the provider that runs already.
    attached: dict[str, str]

    @property
    def generated(self) -> Path:
        return self.folder / "pipeline_wordpress.gen.tf"

    def terraform(
        self, *arguments: str, expect: int | None = 0, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run Terraform in the root module; fails with its output when the exit code is not `expect`."""
        done = subprocess.run(
            [*self.program, *arguments],
            cwd=cwd or self.folder,
            env={**self.environment, **self.attached},
            capture_output=True,
            text=True,
            timeout=120,
        )
        shown = f"terraform {' '.join(arguments)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert expect is None or done.returncode == expect, shown
        return done

    def init(self, cwd: Path | None = None) -> None:
        """Installs the provider, attached or not."""
        replace(self, attached={}).terraform("init", "-input=false", "-no-color", cwd=cwd)


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """Its EC2 has few AMIs: making the newest ones of a region, hundreds, takes longer than most tests."""
    from moto.ec2.models import amis

    with pytest.MonkeyPatch.context() as patch, Emulator() as running:
        patch.setattr(amis, "load_resource", _no_file)
        with direct(running.endpoint):
            yield running


@pytest.fixture(autouse=True)
def _no_unknown_call(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails a test after which the emulator has refused a call that it does not know, unless it is marked so.

    An SDK may pass over such an answer: the test would be green for want of the thing that it is about.
    """
    yield
    if "emulator" not in request.fixturenames or request.node.get_closest_marker("unknown_calls"):
        return
    emulator: Emulator = request.getfixturevalue("emulator")
    if unknown := emulator.unknown:
        strict.UNKNOWN.clear()
        pytest.fail(f"the emulator does not know {', '.join(sorted(set(unknown)))}", pytrace=False)


def _no_file(name: str) -> None:
    raise FileNotFoundError(name)


@pytest.fixture(scope="session")
def cli_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cli_config(tmp_path_factory.mktemp("cli-config"))


@pytest.fixture
def aws(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """An empty emulator as the AWS of the commands; S3 as a person looks at it."""
    emulator.reset()
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.endpoint)
    monkeypatch.setenv("AWS_REGION", emulator.region)
    return Aws(emulator=emulator)


@pytest.fixture(scope="session")
def attached(cli_config: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What to add to Terraform's environment, so that it uses a provider which runs already; nothing under --deep."""
    if depth.is_on() or not has_mirror():
        yield {}
        return
    with attached_provider(cli_config.parent / "mirror", tmp_path_factory.mktemp("provider")) as environment:
        yield environment


@pytest.fixture
def estate(emulator: Emulator, cli_config: Path, tmp_path: Path, attached: dict[str, str]) -> Estate:
    """A fresh copy beside an empty emulator; not yet initialised."""
    return make_estate(emulator, cli_config, tmp_path, attached)


def make_estate(emulator: Emulator, cli_config: Path, folder: Path, attached: dict[str, str]) -> Estate:
    emulator.reset()
    copy_terraform(folder / "terraform", "*.gen.tf")
    home = folder / "home"
    home.mkdir()
    made = Estate(
        folder=folder / "terraform" / "pipelines",
        emulator=emulator,
        environment={**GO, **terraform_environment(home, cli_config)},
        program=find_terraform().argv,
        attached=attached,
    )
    made.generated.write_text(BLOCK, encoding="utf-8")
    write_override(made.folder, emulator)
    return made


@pytest.fixture(scope="session")
def policies(
    emulator: Emulator, cli_config: Path, tmp_path_factory: pytest.TempPathFactory, attached: dict[str, str]
) -> Policies:
    """What the module's roles may do, for each use of it, as planned."""
    folder = tmp_path_factory.mktemp("policies")
    return once(tmp_path_factory, "policies", lambda: plan_uses(make_estate(emulator, cli_config, folder, attached)))


@pytest.fixture(scope="session")
def ci_roles(
    emulator: Emulator, cli_config: Path, tmp_path_factory: pytest.TempPathFactory, attached: dict[str, str]
) -> dict[str, Roles]:
    """Who may take the roles of CI, and what they may do, for each use of the module, as planned."""
    folder = tmp_path_factory.mktemp("ci-roles")
    return once(tmp_path_factory, "ci-roles", lambda: plan_roles(make_estate(emulator, cli_config, folder, attached)))


@pytest.fixture
def repository(
    tmp_path: Path, cli: Command, tfgen: Command, forked_program: Program, monkeypatch: pytest.MonkeyPatch
) -> Repository:
    """The toy estate with the image web, and all three recipes, on main."""
    made = Repository(folder=tmp_path, tfgen=tfgen)
    forked_program(made.tools / "tfgen")
    monkeypatch.chdir(write_tree(made.origin, {"tfgen.toml": TOY["tfgen.toml"]}))
    files = {
        **TOY,
        **recipes(cli),
        "terraform/pipelines/backend.tf": shared_state(tmp_path),
        "packer/web.json": JSON,
        "packer/README.md": "",
    }
    made.commit("main", files)
    return made


@pytest.fixture
def real_estate(
    tmp_path: Path,
    cli: Command,
    tfgen: Command,
    forked_program: Program,
    monkeypatch: pytest.MonkeyPatch,
    emulator: Emulator,
    cli_config: Path,
    attached: dict[str, str],
) -> Repository:
    """This repository's own estate on main, whose provider talks to the emulator; nothing is applied yet."""
    emulator.reset()
    (tmp_path / "home").mkdir()
    environment = {**GO, **terraform_environment(tmp_path / "home", cli_config), **attached}
    made = Repository(folder=tmp_path, tfgen=tfgen, env=environment)
    forked_program(made.tools / "tfgen")
    copy_terraform(made.origin / "terraform")
    for name in ("packer", "ansible"):
        shutil.copytree(ROOT / name, made.origin / name)
    monkeypatch.chdir(write_tree(made.origin, {"tfgen.toml": TOY["tfgen.toml"]}))
    files = {
        **recipes(cli),
        "tfgen.toml": (ROOT / "tfgen.toml").read_text(),
        "terraform/pipelines/backend.tf": shared_state(tmp_path),
        "terraform/pipelines/emulator_override.tf": override_text(emulator),
    }
    made.commit("main", files)
    return made


@pytest.fixture
def github() -> Iterator[GitHubWithActions]:
    with running(GitHubWithActions) as server:
        yield server
