"""EC2 on this machine: an emulator in a process of its own, which holds two AMIs to start from."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tests import aws_models
from tests.e2e.tools import bare_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REGION = "eu-west-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
# What Debian publishes on AWS, so that the templates' own filters find it.
SOURCE_AMI = {
    "ami_id": "ami-0123456789abcdef0",
    "name": "debian-13-amd64-20260101-1",
    "description": "Debian 13",
    "owner_id": "136693071363",
    "image_location": "136693071363/debian-13-amd64-20260101-1",
    "public": True,
    "architecture": "x86_64",
    "state": "available",
    "image_type": "machine",
    "platform": None,
    "root_device_name": "/dev/xvda",
    "root_device_type": "ebs",
    "sriov": "simple",
    "virtualization_type": "hvm",
    "hypervisor": "xen",
    "creation_date": "2025-01-01T00:00:00.000Z",
}
OTHER_AMI = {**SOURCE_AMI, "ami_id": "ami-0fedcba9876543210", "name": "other", "image_location": "136693071363/other"}


def free_port() -> int:
    """A port of loopback that nobody listens on at the moment."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, seconds: float = 30) -> None:
    """Wait for `ready`; fails with the end of the log when the process ends first or the time is up."""
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"{log.name}: not ready after {seconds:.0f} s:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.1)


def says_something(port: int, hello: bytes = b"") -> bool:
    """Whether a server on loopback answers."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(hello)
            return bool(connection.recv(1))
    except OSError:
        return False


@contextmanager
def running(argv: list[str], env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that goes when the context ends, or when the tests go, however they go."""
    tied = ["setpriv", "--pdeathsig", "KILL", *argv]
    with log.open("wb") as out:
        process = subprocess.Popen(tied, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@dataclass(frozen=True, kw_only=True)
class Emulator:
    """EC2 on this machine."""

    url: str
    #: What boto3 has to know of EC2 to ask what a build asks: for AWS_DATA_PATH.
    models: Path

    @property
    def endpoints(self) -> dict[str, str]:
        """What sends programs of AWS here: newer plugins of Packer ask STS who they are, and EC2 by several clients."""
        return {f"AWS_ENDPOINT_URL_{service}": self.url for service in ("EC2", "STS")}

    def client(self, region: str = REGION) -> Any:
        """A boto3 client of the emulated EC2."""
        return boto3.client(
            "ec2",
            endpoint_url=self.url,
            region_name=region,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )


@contextmanager
def emulator(folder: Path) -> Iterator[Emulator]:
    """Start the emulator in a process of its own, holding the two source AMIs; its files go to `folder`."""
    (folder / "amis.json").write_text(json.dumps([SOURCE_AMI, OTHER_AMI]), encoding="utf-8")
    port = free_port()
    env = bare_environment(folder, {"MOTO_AMIS_PATH": str(folder / "amis.json")})
    argv = [sys.executable, str(Path(__file__).with_name("serve.py")), "-H", "127.0.0.1", "-p", str(port)]
    with running(argv, env, folder / "emulator.log") as process:
        hello = b"GET /moto-api/ HTTP/1.0\r\n\r\n"
        wait_until(lambda: says_something(port, hello), process, folder / "emulator.log")
        aws_models.write_part(folder / "models", "ec2", "2016-11-15", ("DescribeImages", "CreateTags"))
        yield Emulator(url=f"http://127.0.0.1:{port}", models=folder / "models")
