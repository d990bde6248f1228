"""What the tests of faults share: floods, a tfgen whose memory is measured, small file systems."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import Command, Repo, Result
from tests.e2e.tools import give_up, require_tool
from tests.terraform.toy import ESTATE, SYNC, after

#: What tfgen itself may take, whatever Terraform prints, in KB.
MOST_MEMORY = 80_000
#: The real command, which says at its end how much memory it has had at most.
_MEASURED = """
import atexit, sys
def peak():
    with open("/proc/self/status") as status:
        print(next(line for line in status if line.startswith("VmHWM")), file=sys.stderr)
atexit.register(peak)
sys.argv = ["tfgen", *sys.argv[1:]]
from tfgen.start import main
main()
"""
_CHANGE = {
    "@level": "info",
    "@message": "module.web.terraform_data.pipeline[1234567]: Plan to create",
    "@module": "terraform.ui",
    "type": "planned_change",
    "change": {
        "resource": {
            "addr": "module.web.terraform_data.pipeline[1234567]",
            "module": "module.web",
            "resource": "terraform_data.pipeline[1234567]",
            "resource_type": "terraform_data",
            "resource_name": "pipeline",
            "resource_key": 1234567,
        },
        "action": "create",
    },
}
PLANNED_CHANGE = json.dumps(_CHANGE)
CHANGE_SUMMARY = json.dumps(
    {
        "@level": "info",
        "@message": "Plan: 1 to add, 0 to change, 0 to destroy.",
        "type": "change_summary",
        "changes": {"add": 1, "change": 0, "import": 0, "remove": 0, "operation": "plan"},
    }
)


def synced(repo: Repo, tfgen: Command) -> Path:
    """Two images, generated; nothing planned yet."""
    return after(repo, tfgen, ESTATE, SYNC)


def planned(repo: Repo, tfgen: Command) -> Path:
    """Two images and a plan `saved` that makes them."""
    root = synced(repo, tfgen)
    tfgen("plan", "--out", "saved").expect(0)
    return root


def measured(*arguments: str) -> tuple[Result, int]:
    """The real command, and the most memory in KB that its own process has had."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    *err, peak = done.stderr.rstrip().splitlines()
    result = Result(code=done.returncode, out=done.stdout, err="\n".join(err))
    return result, int(peak.split()[1])


def logs(root: Path, command: str) -> list[Path]:
    found = (root / ".tfgen/log").glob(f"*-{command}-*.log")
    return sorted(found, key=lambda log: log.stat().st_mtime_ns)  # within a second, names are in no order


def mounted(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """tfgen in a mount namespace of its own, after `script` has mounted something there; it needs root."""
    if os.geteuid() != 0:
        give_up("needs root, to mount a file system")
    argv = [require_tool("unshare"), "--mount", "sh", "-c", f'{script} && exec "$@"', "sh"]
    return subprocess.run(
        [*argv, sys.executable, "-m", "tfgen", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
