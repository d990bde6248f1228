"""A throw-away Debian machine with sshd on loopback, and the emulated EC2 that hands it Packer's key: no AWS needed."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import pwd
import re
import shutil
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

from tests.e2e.tools import bare_environment, give_up, require_tool, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
REGION = "eu-west-1"
SUITE = "bookworm"
PACKAGES = "ansible-core ca-certificates curl iproute2 openssh-server python3 python3-apt sudo systemd-sysv"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
# What Debian publishes on AWS, so that the templates' own filters find it.
SOURCE_AMI = {
    "ami_id": "ami-0123456789abcdef0",
    "name": "debian-12-amd64-20250101-1",
    "description": "Debian 12",
    "owner_id": "136693071363",
    "image_location": "136693071363/debian-12-amd64-20250101-1",
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
def _process(argv: list[str], env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    # The process goes when the tests go, however they go.
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

    def client(self) -> Any:
        """A boto3 client of the emulated EC2."""
        return boto3.client(
            "ec2",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )


@contextmanager
def emulator(folder: Path) -> Iterator[Emulator]:
    """Start the emulator in a process of its own, holding Debian's source AMI; its files go to `folder`."""
    (folder / "amis.json").write_text(json.dumps([SOURCE_AMI]), encoding="utf-8")
    port = free_port()
    env = bare_environment(folder, {"MOTO_AMIS_PATH": str(folder / "amis.json")})
    argv = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with _process(argv, env, folder / "emulator.log") as process:
        hello = b"GET /moto-api/ HTTP/1.0\r\n\r\n"
        wait_until(lambda: says_something(port, hello), process, folder / "emulator.log")
        yield Emulator(url=f"http://127.0.0.1:{port}")


def require_guest() -> None:
    """Give up unless this machine can be given a guest."""
    if os.geteuid() != 0:
        give_up("a guest needs root: run the tests with sudo")
    for tool in ("mmdebstrap", "unshare", "nsenter", "setpriv"):
        require_tool(tool)
    probe = run(["unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "true"], env=bare_environment(Path("/")))
    if probe.returncode != 0:
        give_up(f"a guest needs namespaces of its own: {probe.stdout.strip()}")


def host_sources() -> str:
    """The host's own apt sources of the suite, in the format of one *.sources file; empty when it has none."""
    stanzas = []
    suites = {SUITE, f"{SUITE}-updates", f"{SUITE}-security"}
    for file in sorted(Path("/etc/apt/sources.list.d").glob("*.sources")):
        for stanza in re.split(r"\n\s*\n", file.read_text(encoding="utf-8")):
            named = re.search(r"^Suites:(.*)$", stanza, re.MULTILINE)
            if named and suites & set(named[1].split()):
                stanzas.append(stanza.strip())
    return "\n\n".join(stanzas) + "\n" if stanzas else ""


def rootfs() -> Path:
    """The guest's file system: made once a week in the user's cache folder, never changed by a guest."""
    cache = Path(pwd.getpwuid(os.getuid()).pw_dir) / ".cache" / "tfgen-e2e"
    cache.mkdir(parents=True, exist_ok=True)
    sources = host_sources()
    recipe = "\n".join([SUITE, PACKAGES, sources, time.strftime("%G-%V")])
    wanted = cache / f"rootfs-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not wanted.is_dir():
            for old in cache.glob("rootfs-*"):
                shutil.rmtree(old)
            _bootstrap(wanted, sources)
    return wanted


def _bootstrap(wanted: Path, sources: str) -> None:
    draft = wanted.with_name(f"rootfs-draft-{os.getpid()}")
    include = "--include=" + ",".join(PACKAGES.split())
    argv = ["mmdebstrap", "--quiet", "--variant=minbase", include, SUITE, str(draft)]
    if sources:
        listed = wanted.with_name("host.sources")
        listed.write_text(sources, encoding="utf-8")
        argv.append(str(listed))
    done = run(argv, env=bare_environment(wanted.parent), timeout=300)
    if done.returncode != 0:
        shutil.rmtree(draft, ignore_errors=True)
        pytest.fail(f"mmdebstrap failed:\n{done.stdout[-2000:]}")
    draft.rename(wanted)


@dataclass(frozen=True, kw_only=True)
class Guest:
    """A machine with an sshd on loopback that lets the emulator's key pairs in as `admin`."""

    port: int
    pid: int

    def run(self, script: str, *, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a shell script in the guest, as root."""
        enter = ["nsenter", "--target", str(self.pid), "--mount", "--pid", "--uts", "--ipc", "--root", "--wd"]
        return run([*enter, "bash", "-c", script], env=bare_environment(Path("/")), timeout=timeout)

    def send(self, folder: Path, target: str) -> None:
        """Copy a folder of the host into the guest."""
        shutil.copytree(folder, Path(f"/proc/{self.pid}/root") / target.lstrip("/"))


@contextmanager
def guest(system: Path, ec2: Emulator, folder: Path) -> Iterator[Guest]:
    """Start a fresh guest; its logs go to `folder`, and everything else of it goes when the context ends."""
    scratch = folder / "scratch"
    scratch.mkdir()
    port = free_port()
    # unshare ignores SIGTERM; --kill-child takes the guest along when it is killed.
    argv = ["unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "bash", str(HERE / "guest.sh")]
    argv += [str(system), str(scratch), str(port), ec2.url, REGION]
    with _process(argv, bare_environment(folder), folder / "guest.log") as process:
        wait_until(lambda: says_something(port), process, folder / "guest.log")
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="utf-8")
        yield Guest(port=port, pid=int(children.split()[0]))
