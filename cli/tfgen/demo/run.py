"""The story that `tfgen demo` tells: every step is the code that the command of that name runs.

Nothing is assumed: what the emulator holds afterwards is asked through boto3, and a step that did not do what
it says ends the demo with exit code 1.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tfgen.console import note, out, out_table
from tfgen.emulator.environment import terraform_environment
from tfgen.emulator.override import write_override
from tfgen.emulator.provider import mirrored_version, write_cli_config
from tfgen.emulator.server import Emulator
from tfgen.plan.apply import apply_plan
from tfgen.plan.make import PlanRequest, make_plan
from tfgen.plan.table import show_plan
from tfgen.sync.report import render
from tfgen.sync.run import synchronize
from tfgen.terraform.reports.plan import PlanSummary
from tfgen.workspace import open_workspace
from tfgen_generators.errors import RefusedError, TfgenError
from tfgen_generators.sync.model import SyncResult

#: What the story is told with: of a clone, only what it came with.
_TEMPLATES = ("packer/base.pkr.hcl", "packer/wordpress.json")
_PARTS = (*_TEMPLATES, "packer/scripts", "ansible", "terraform/modules", "terraform/pipelines", "buildspec.yml")
#: State, plans and what other templates made; a backend would reach out of this machine, the default stays here.
_LEFT_OUT = shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfplan", "*.gen.tf", "*_override.tf", "backend.tf")
_REPOSITORY = "ami-builder"
_ADDED = "packer/blog.json"


@dataclass(frozen=True, kw_only=True)
class _Network:
    vpc: str
    subnets: tuple[str, str]


def run_demo(*, keep: bool = False, terraform: str | None = None) -> None:
    """Tells the story in a temporary folder; `keep` leaves that folder. Raises TfgenError when a step fails."""
    terraform = _absolute(terraform)
    folder = Path(tempfile.mkdtemp(prefix="tfgen-demo-"))
    try:
        with _private_environment(folder), Emulator() as emulator:
            repository = _working_copy(folder)
            with contextlib.chdir(repository):
                _tell(emulator, repository, terraform)
    finally:
        if keep:
            note(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    note("\nDone; all files were removed." if not keep else "\nDone.", style="green")


def _tell(emulator: Emulator, repository: Path, terraform: str | None) -> None:
    _step("Prepare an emulated AWS account: a CodeCommit repository, a VPC and two subnets")
    network = _furnish(emulator)
    _say(f"aws codecommit create-repository --repository-name {_REPOSITORY}")
    _say("aws ec2 create-vpc ... ; aws ec2 create-subnet ...")
    _say("cat tfgen.toml")
    settings, reason = _settings(network, mirrored_version())
    (repository / "tfgen.toml").write_text(settings, "utf-8")
    out(settings.rstrip())
    note(reason)
    write_override(open_workspace().terraform_dir, emulator)

    _step("Generate Terraform from the templates")
    _say("tfgen sync")
    _sync()

    _step("Plan, and apply the saved plan (init runs automatically)")
    _say("tfgen plan --out images.tfplan")
    _plan(Path("images.tfplan"), terraform)
    _say("tfgen apply images.tfplan")
    _apply(Path("images.tfplan"), terraform)

    _step("Show the pipelines in AWS")
    _show_pipelines(emulator, expected={"base-ami-pipeline", "wordpress-ami-pipeline"})

    _step("Add an image: the plan changes nothing else")
    _say(f"cp {_TEMPLATES[1]} {_ADDED}")
    shutil.copyfile(_TEMPLATES[1], _ADDED)
    _say("tfgen sync")
    _require(
        [change.path for change in _sync().changes.changes] == ["terraform/pipelines/pipeline_blog.gen.tf"], "sync"
    )
    _say("tfgen plan --out blog.tfplan")
    planned = _plan(Path("blog.tfplan"), terraform)
    _require([(image.name, image.action) for image in planned.images] == [("blog", "created")], "plan")
    _say("tfgen apply blog.tfplan")
    _apply(Path("blog.tfplan"), terraform)
    _show_pipelines(emulator, expected={"base-ami-pipeline", "blog-ami-pipeline", "wordpress-ami-pipeline"})

    _step("Plan again: no changes")
    _say("tfgen plan")
    _require(not _plan(Path("none.tfplan"), terraform).changed, "plan")

    _step("Delete a template: destroying its pipeline must be allowed with --allow-destroy")
    _say(f"rm {_ADDED}; tfgen sync")
    Path(_ADDED).unlink()
    _sync()
    _say("tfgen plan --out gone.tfplan; tfgen apply gone.tfplan")
    _require([image.action for image in _plan(Path("gone.tfplan"), terraform).images] == ["destroyed"], "plan")
    try:
        _apply(Path("gone.tfplan"), terraform)
    except RefusedError as error:
        out(f"error: {error}  (exit code {error.exit_code})", style="red")
    else:
        _require(False, "gate")


def _sync() -> SyncResult:
    workspace = open_workspace()
    result = synchronize(workspace)
    render(workspace, result, check=False, diff=False, format_="table")
    _require(not result.problems and not result.changes.refused, "sync")
    return result


def _plan(file: Path, terraform: str | None) -> PlanSummary:
    summary = make_plan(open_workspace(), file, PlanRequest(terraform=terraform))
    show_plan(summary)
    return summary


def _apply(file: Path, terraform: str | None) -> None:
    apply_plan(open_workspace(), file, request=PlanRequest(terraform=terraform), in_aws=False)


def _furnish(emulator: Emulator) -> _Network:
    """Makes what the estate expects to find in an account."""
    emulator.client("codecommit").create_repository(repositoryName=_REPOSITORY)
    ec2 = emulator.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    first, second = (
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24")["Subnet"]["SubnetId"] for number in (0, 1)
    )
    return _Network(vpc=vpc, subnets=(first, second))


def _settings(network: _Network, provider: str) -> tuple[str, str]:
    """The demo's tfgen.toml, and why the pipelines are made by that module and provider ("": the registry's newest)."""
    newer = "codepipeline, for AWS provider 5.70 or newer"
    if provider:
        module = '[module]\nsource = "../modules/codepipeline_v1"\n\n'
        reason = (
            f"module codepipeline_v1 with AWS provider {provider}: the one that the Python package index has, so the "
            f"demo needs no registry. Your pipelines get the module {newer}."
        )
    else:
        module = ""
        reason = (
            f"module {newer}, with the newest that Terraform's registry has: the one in the Python package index is "
            "for Linux on x86-64 alone."
        )
    text = f"""\
source_repository = "{_REPOSITORY}"

{module}[environment]
VPC_ID = "{network.vpc}"
SUBNET_ID = "{network.subnets[0]}"

[templates.wordpress]
environment = {{ SUBNET_ID = "{network.subnets[1]}" }}
"""
    return text, reason


def _show_pipelines(emulator: Emulator, *, expected: set[str]) -> None:
    """Prints the pipelines that are there, each with the variables of the CodeBuild project that it starts."""
    codepipeline, codebuild = emulator.client("codepipeline"), emulator.client("codebuild")
    rows: list[list[str]] = []
    for entry in codepipeline.list_pipelines()["pipelines"]:
        pipeline = codepipeline.get_pipeline(name=entry["name"])["pipeline"]
        actions = [action for stage in pipeline["stages"] for action in stage["actions"]]
        names = [
            action["configuration"]["ProjectName"] for action in actions if "ProjectName" in action["configuration"]
        ]
        for project in codebuild.batch_get_projects(names=names)["projects"]:
            variables = project["environment"]["environmentVariables"]
            shown = "  ".join(f"{item['name']}={item['value']}" for item in variables)
            rows.append([entry["name"], project["name"], shown])
    out_table(["PIPELINE", "CODEBUILD PROJECT", "ENVIRONMENT"], sorted(rows))
    _require({row[0] for row in rows} == expected, "apply")


def _working_copy(folder: Path) -> Path:
    """A copy of the estate that tfgen ships with."""
    estate = _estate()
    repository = folder / _REPOSITORY
    for part in _PARTS:
        source, target = estate / part, repository / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=_LEFT_OUT)
        else:
            shutil.copyfile(source, target)
    (repository / "tfgen.toml").write_text(f'source_repository = "{_REPOSITORY}"\n', "utf-8")
    return repository


def _absolute(terraform: str | None) -> str | None:
    """The story is told in another folder, so a relative path must be resolved before."""
    return os.path.abspath(terraform) if terraform and os.sep in terraform else terraform  # noqa: PTH100 no symlinks


def _estate() -> Path:
    """The repository that this code is part of, else the copy in the installed package."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package.parents[1], package / "estate"):
        if all((folder / part).exists() for part in _PARTS):
            return folder
    raise TfgenError("example files not found", fix="run tfgen demo in a clone of tfgen's repository")


@contextlib.contextmanager
def _private_environment(folder: Path) -> Iterator[None]:
    """Run with nothing of the user's environment but PATH and what a proxy needs."""
    home, temporary = folder / "home", folder / "tmp"
    home.mkdir()
    temporary.mkdir()
    before = dict(os.environ)
    wanted = terraform_environment(home, write_cli_config(folder / "terraform-config"))
    wanted |= {"TMPDIR": str(temporary)}
    wanted |= {name: before[name] for name in ("TERM", "NO_COLOR", "COLUMNS") if name in before}
    os.environ.clear()
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _step(title: str) -> None:
    out()
    out(f"== {title}", style="bold")


def _say(command: str) -> None:
    out(f"$ {command}", style="cyan")


def _require(fact: bool, step: str) -> None:
    if not fact:
        raise TfgenError(f"the demo's {step} had an unexpected result", fix="please report it with this output")
