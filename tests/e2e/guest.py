"""A throw-away Debian machine with sshd on loopback, which the emulated EC2 hands Packer's key: no AWS needed."""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import re
import shutil
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.emulator import REGION, Emulator, free_port, running, says_something, wait_until
from tests.e2e.tools import bare_environment, give_up, require_tool, run

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
SUITE = "trixie"
PACKAGES = "ansible-core ca-certificates curl iproute2 openssh-server python3 python3-apt sudo systemd-sysv"


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
    """The host's own apt sources for the guest's suite, in the format of one *.sources file; empty when it has none."""
    named = re.search(r"^VERSION_CODENAME=(\w+)$", Path("/etc/os-release").read_text(encoding="utf-8"), re.MULTILINE)
    host = named[1] if named else SUITE
    stanzas = []
    for file in sorted(Path("/etc/apt/sources.list.d").glob("*.sources")):
        for stanza in re.split(r"\n\s*\n", file.read_text(encoding="utf-8")):
            suites = re.search(r"^Suites:(.*)$", stanza, re.MULTILINE)
            if suites and {host, f"{host}-updates", f"{host}-security"} & set(suites[1].split()):
                stanzas.append(stanza.replace(suites[1], suites[1].replace(host, SUITE)).strip())
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
    with running(argv, bare_environment(folder), folder / "guest.log") as process:
        wait_until(lambda: says_something(port), process, folder / "guest.log")
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="utf-8")
        yield Guest(port=port, pid=int(children.split()[0]))
