"""`tfgen build NAME --local` as a person runs it, with EC2 on this machine; and what must be true after it."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import Execute, heed_signals
from tests.e2e.emulator import CREDENTIALS, REGION, SOURCE_AMI
from tests.e2e.tools import bare_environment, packer_version

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.emulator import Emulator

#: Packer's options for a build against the emulator. Nobody listens on port 9: Packer waits for SSH as long as it may.
NOBODY = {"ssh_host": "127.0.0.1", "ssh_port": "9"}
COMMIT = "0123abc"
_TIMEOUT = 300.0  # seconds that a build may take


@dataclass(frozen=True, kw_only=True)
class Built:
    """How a build ended: tfgen's exit code, what it says of the build, all talk, and what it kept."""

    code: int
    outcome: dict[str, Any]
    said: str
    kept: Path

    @property
    def ami(self) -> str:
        assert self.code == 0, self.said[-8000:]
        return str(self.outcome["ami_id"])

    @property
    def reason(self) -> str:
        """What the buildspec says last, which must be one line, in the log and in tfgen's reason too."""
        assert self.code == 1, self.said[-8000:]
        assert not self.outcome["succeeded"]
        assert self.outcome["ami_id"] == ""
        assert "Traceback" not in self.said
        lines = [line for line in self.said.splitlines() if line.startswith("buildspec: ")]
        assert lines[-1] in self.outcome["reason"]
        return lines[-1].removeprefix("buildspec: ")

    @property
    def artefacts(self) -> list[str]:
        return sorted(file.name for file in self.kept.iterdir())

    def artefact(self, name: str) -> str:
        return (self.kept / name).read_text(encoding="utf-8")


class Estate:
    """A repository of templates whose builds meet the emulator instead of AWS."""

    def __init__(self, folder: Path, ec2: Emulator, execute: Execute) -> None:
        self.folder, self.ec2, self._execute = folder, ec2, execute
        self.home = folder.parent / "home"
        self.home.mkdir()
        client = ec2.client()
        self.variables = {
            "custom_endpoint_ec2": ec2.url,
            "skip_region_validation": "true",
            **NOBODY,
        }
        self.env = {
            **ec2.endpoints,
            "AWS_EC2_METADATA_DISABLED": "true",
            "VPC_ID": client.describe_vpcs()["Vpcs"][0]["VpcId"],
            "SUBNET_ID": client.describe_subnets()["Subnets"][0]["SubnetId"],
            "SSH_SOURCE_CIDR": "127.0.0.1/32",  # nobody asks the internet who we are
            "PACKER_VERSION": packer_version(),
            "PACKER_VAR_FILE": str(self.home / "emulator.pkrvars.json"),
            "CODEBUILD_RESOLVED_SOURCE_VERSION": COMMIT,
        }
        aws = {**CREDENTIALS, "AWS_REGION": REGION, "AWS_DATA_PATH": str(ec2.models)}
        self.user = bare_environment(self.home, aws)

    def write(self, path: str, text: str) -> None:
        """Put a file into the repository."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def arguments(self, name: str, **env: str) -> list[str]:
        """What tfgen is called with to build an image; `env` is set for the build."""
        (self.home / "emulator.pkrvars.json").write_text(json.dumps(self.variables), encoding="utf-8")
        given = [f"--env={key}={value}" for key, value in {**self.env, **env}.items()]
        return ["build", name, "--local", "--format=json", *given]

    def build(self, name: str, **env: str) -> Built:
        """Build an image here, to the end."""
        with contextlib.chdir(self.folder):
            done = self._execute(self.arguments(name, **env), self.user, _TIMEOUT)
        return self._built(name, done.returncode, done.stdout, done.stderr)

    def start(self, name: str, **env: str) -> subprocess.Popen[str]:
        """Start a build, as a process that can be stopped."""
        return subprocess.Popen(
            [sys.executable, "-m", "tfgen", *self.arguments(name, **env)],
            cwd=self.folder,
            env=self.user,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=heed_signals,  # noqa: PLW1509 it takes no lock
        )

    def said(self) -> str:
        """What the logs of all builds say by now."""
        return "".join(map(text, self.folder.glob(".tfgen/log/*.log")))

    def end(self, name: str, process: subprocess.Popen[str]) -> Built:
        """Wait for a build's end; kills it when that does not come."""
        try:
            out, said = process.communicate(timeout=_TIMEOUT)
        except BaseException:
            process.kill()
            raise
        return self._built(name, process.returncode, out, said)

    def _built(self, name: str, code: int, out: str, said: str) -> Built:
        outcome = json.loads(out)["builds"][0] if out else {}
        return Built(code=code, outcome=outcome, said=said, kept=self.folder / ".tfgen" / "build" / name)


def text(file: Path) -> str:
    """What is in a file, nothing when there is none yet."""
    return file.read_text(encoding="utf-8") if file.exists() else ""


def wait_for(said: Callable[[], str], words: str, process: subprocess.Popen[str]) -> None:
    """Wait until something was said; fails when the process ends first."""
    deadline = time.monotonic() + 60
    while words not in said():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            pytest.fail(f"never said: {words}\n{said()}\n{process.communicate()}")
        time.sleep(0.05)


def left(ec2: Emulator) -> dict[str, list[str]]:
    """What Packer has not taken away again: instances, key pairs, security groups."""
    client = ec2.client()
    instances = [i for r in client.describe_instances()["Reservations"] for i in r["Instances"]]
    groups = [group["GroupName"] for group in client.describe_security_groups()["SecurityGroups"]]
    return {
        "instances": [i["InstanceId"] for i in instances if i["State"]["Name"] != "terminated"],
        "keys": [pair["KeyName"] for pair in client.describe_key_pairs()["KeyPairs"]],
        "groups": [name for name in groups if name != "default"],
    }


NOTHING: dict[str, list[str]] = {"instances": [], "keys": [], "groups": []}


def tags_of(ec2: Emulator, ami: str, region: str = REGION) -> list[dict[str, str]]:
    """The tags of an AMI and of each of its snapshots."""
    client = ec2.client(region)
    image = client.describe_images(ImageIds=[ami])["Images"][0]
    volumes = [mapping["Ebs"]["SnapshotId"] for mapping in image["BlockDeviceMappings"] if "Ebs" in mapping]
    assert volumes
    snapshots = client.describe_snapshots(SnapshotIds=volumes)["Snapshots"]
    return [{tag["Key"]: tag["Value"] for tag in thing.get("Tags", [])} for thing in (image, *snapshots)]


def wanted_tags(built: Built, template: str, **more: str) -> dict[str, str]:
    """The seven tags but for BuildDate, which a test reads for itself; and `more` that the template sets."""
    return {
        "CodeBuildProject": built.outcome["build_id"],
        "BuildNumber": "1",
        "BuiltBy": "Packer",
        "SourceVersion": COMMIT,
        "Template": template,
        "ParentAmi": str(SOURCE_AMI["ami_id"]),
        **more,
    }


def assert_tagged(ec2: Emulator, ami: str, wanted: dict[str, str], region: str = REGION) -> None:
    """The AMI and its snapshots have exactly these tags, and BuildDate."""
    for tags in tags_of(ec2, ami, region):
        date = tags.pop("BuildDate")
        assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", date)
        assert tags == wanted
