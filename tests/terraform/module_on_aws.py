"""The module on the emulator: what several tests of it ask."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.terraform.conftest import Estate
    from tfgen.emulator.server import Emulator

PLAN = ("plan", "-input=false", "-no-color", "-detailed-exitcode", "-out=saved.plan")
APPLY = ("apply", "-input=false", "-no-color", "saved.plan")
DESTROY = ("destroy", "-auto-approve", "-input=false", "-no-color")
Resources = list[tuple[str, dict[str, Any]]]
MODULES = Path(__file__).resolve().parents[2] / "terraform" / "modules"
#: What Terraform has shown of the plan that was asked for last.
_SHOWN: dict[tuple[object, ...], Any] = {}


def copy_terraform(target: Path, *left_out: str) -> None:
    """Copy /terraform to `target`, with codepipeline_v1 where its calls expect codepipeline.

    The one provider that tests can have is 3.39, for which that module is made (tools/module_v1.py).
    """
    ignored = shutil.ignore_patterns(".terraform*", "*.tfstate*", *left_out)
    shutil.copytree(MODULES.parent, target, ignore=ignored)
    shutil.rmtree(target / "modules" / "codepipeline")
    (target / "modules" / "codepipeline_v1").rename(target / "modules" / "codepipeline")


def planned_resources(estate: Estate, cwd: Path | None = None, module: str = "") -> Resources:
    """Type and values of what saved.plan makes in the module call of that name (default: the only one)."""
    modules = _shown(estate, cwd or estate.folder)["planned_values"]["root_module"]["child_modules"]
    (found,) = [each for each in modules if each["address"] == f"module.{module}" or not module]
    return [(each["type"], each["values"]) for each in found["resources"]]


def _shown(estate: Estate, folder: Path) -> Any:
    """What Terraform shows of saved.plan, which it is asked for once while the plan is the same."""
    found = (folder / "saved.plan").stat()
    key = folder, found.st_ino, found.st_mtime_ns, found.st_size
    if key not in _SHOWN:
        _SHOWN.clear()
        _SHOWN[key] = json.loads(estate.terraform("show", "-json", "saved.plan", cwd=folder).stdout)
    return _SHOWN[key]


def policy(resources: Resources, name: str) -> str:
    """The inline policy of that name: build, pipeline or start."""
    (text,) = [
        values["policy"] for kind, values in resources if kind == "aws_iam_role_policy" and values["name"] == name
    ]
    assert isinstance(text, str)
    return text


def left_over(emulator: Emulator) -> dict[str, list[Any]]:
    """Ask every service that the module and its examples use; gives what still exists."""
    kms = emulator.client("kms")
    keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    groups = emulator.client("ec2").describe_security_groups()["SecurityGroups"]
    found = {
        "pipelines": emulator.client("codepipeline").list_pipelines()["pipelines"],
        "projects": emulator.client("codebuild").list_projects()["projects"],
        "buckets": emulator.client("s3").list_buckets()["Buckets"],
        "roles": emulator.client("iam").list_roles()["Roles"],
        "instance profiles": emulator.client("iam").list_instance_profiles()["InstanceProfiles"],
        "policies": emulator.client("iam").list_policies(Scope="Local")["Policies"],
        "log groups": emulator.client("logs").describe_log_groups()["logGroups"],
        "rules": emulator.client("events").list_rules()["Rules"],
        "topics": emulator.client("sns").list_topics()["Topics"],
        "keys": [key["KeyId"] for key in keys if key["KeyState"] == "Enabled"],
        "groups": [group["GroupName"] for group in groups if group["GroupName"] != "default"],
    }
    return {kind: things for kind, things in found.items() if things}
