"""`tfgen prune` of a large estate: calls and CPU with answers from memory, and CPU with HTTP.

For the latter the emulator is a process of its own (prune_estate.py) that gives ready answers on loopback: what is
measured is the process of tfgen, with Python's start, botocore and HTTP.

python benchmarks/bench_prune.py                       1,000 AMIs, 400 launch templates of 20 versions, 200 parameters
python benchmarks/bench_prune.py --amis 10000
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any
from unittest.mock import patch

from measure import Contender, Row, compare, say

#: Issue 23's limit, in seconds of user and system time.
CPU = 3.0
_TOML = 'source_repository = "ami-builder"\n[retention]\nkeep_last = 5\n'
_TEMPLATE = '{"builders": [{"type": "amazon-ebs"}]}\n'


class Estate:
    """What botocore's HTTP session is answered with; `calls` by operation."""

    def __init__(self, amis: int, templates: int, versions: int, parameters: int) -> None:
        self.amis, self.templates, self.versions, self.parameters = amis, templates, versions, parameters
        self.calls: Counter[str] = Counter()

    def answer(self, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        """An answer with all that one page takes."""
        self.calls[operation] += 1
        made = getattr(self, f"_{operation}", None)
        answer: dict[str, Any] = made(asked) if made else {}
        return answer

    def _DescribeImages(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 AWS's name
        return self._page(asked, self.amis, "Images", self._image)

    def _DescribeLaunchTemplates(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return self._page(asked, self.templates, "LaunchTemplates", lambda at: {"LaunchTemplateId": f"lt-{at:017x}"})

    def _DescribeLaunchTemplateVersions(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return self._page(
            asked,
            self.versions,
            "LaunchTemplateVersions",
            lambda at: {
                "LaunchTemplateId": asked["LaunchTemplateId"],
                "VersionNumber": at + 1,
                "DefaultVersion": at == 0,
                "LaunchTemplateData": {"ImageId": f"ami-{at:017x}", "InstanceType": "t3.micro"},
            },
        )

    def _DescribeParameters(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return self._page(
            asked,
            self.parameters,
            "Parameters",
            lambda at: {"Name": f"/p{at}", "Version": 1 + at % 2, "Type": "String"},
        )

    def _GetParameterHistory(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        versions = [{"Name": asked["Name"], "Version": each, "Value": f"ami-{each:017x}"} for each in (1, 2)]
        return {"Parameters": versions}

    def _GetParameters(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"Parameters": [{"Name": name, "Version": 1, "Value": "x"} for name in asked["Names"]]}

    def _image(self, at: int) -> dict[str, Any]:
        return {
            "ImageId": f"ami-{at:017x}",
            "Name": f"web-{at}",
            "State": "available",
            "Architecture": "x86_64",
            "CreationDate": f"20{10 + at // 60 % 15}-01-31T12:00:00.000Z",
            "Tags": [{"Key": "Template", "Value": f"packer/web{at % 60}.json"}],
            "BlockDeviceMappings": [{"Ebs": {"SnapshotId": f"snap-{at:017x}", "VolumeSize": 8}}],
        }

    def _page(self, asked: dict[str, Any], total: int, key: str, make: Any) -> dict[str, Any]:
        begin = int(asked.get("NextToken") or 0)
        end = min(total, begin + asked["MaxResults"])
        more = {"NextToken": str(end)} if end < total else {}
        return {key: [make(at) for at in range(begin, end)], **more}


def bench_prune(amis: int = 1000, templates: int = 400, versions: int = 20, parameters: int = 200) -> list[Row]:
    """Calls and CPU of one plan; botocore makes each request and signs it, and parses no answer."""
    from botocore.client import BaseClient

    from tfgen.prune.make import Request, make_plan
    from tfgen.workspace import open_workspace

    estate = Estate(amis, templates, versions, parameters)

    def call(self: Any, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if operation == "GetCallerIdentity":
            return {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/x"}
        return estate.answer(operation, arguments)

    with tempfile.TemporaryDirectory(prefix="tfgen-bench-") as name:
        folder = Path(name)
        (folder / "packer").mkdir()
        (folder / "tfgen.toml").write_text(_TOML)
        (folder / "packer/web0.json").write_text(_TEMPLATE)
        os.chdir(folder)
        os.environ["AWS_REGION"] = "eu-west-1"
        before = _cpu()
        with patch.object(BaseClient, "_make_api_call", call):
            plan = make_plan(open_workspace(), Request())
        used = _cpu() - before
        os.chdir("/")
    if plan.unreadable or not plan.going:
        kinds = Counter(each.because[0].kind for each in plan.amis)
        raise SystemExit(f"not the plan that is to be measured: {plan.unreadable[:1]} {kinds}")
    bound = _bound(estate, len(plan.going), len({each.image for each in plan.amis}))
    total = sum(estate.calls.values())
    say(f"{amis} AMIs, {templates} launch templates: {len(plan.going)} would go, {total} calls", used)
    sizes = (templates, versions, parameters)
    size = f"{amis} AMIs, {templates} x {versions} versions, {parameters} parameters"
    return [
        Row(name=f"prune, CPU seconds without HTTP ({size})", measured=used, limit=CPU),
        Row(name=f"prune, calls / pages there are ({size})", measured=total / bound, limit=1.0),
        Row(name=f"prune, CPU seconds with HTTP ({size})", measured=_with_http(amis, sizes), limit=CPU),
    ]


def _with_http(amis: int, sizes: tuple[int, ...], rounds: int = 3) -> float:
    """Seconds of user and system time of a whole `tfgen prune`, the median of some."""
    with tempfile.TemporaryDirectory(prefix="tfgen-bench-") as name:
        folder = Path(name)
        (folder / "packer").mkdir()
        (folder / "tfgen.toml").write_text(_TOML)
        for number in range(60):
            (folder / f"packer/web{number}.json").write_text(_TEMPLATE)
        server = [sys.executable, str(Path(__file__).with_name("prune_estate.py")), *map(str, (amis, *sizes))]
        with subprocess.Popen(server, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as aws:
            assert aws.stdout is not None
            env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHONDONT"))}
            env |= {
                "AWS_ENDPOINT_URL": aws.stdout.readline().strip(),
                "AWS_REGION": "eu-west-1",
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_EC2_METADATA_DISABLED": "true",
            }
            argv = [sys.executable, "-m", "tfgen", "prune", "--format", "json"]
            prune = Contender(name="prune", argv=argv, cwd=folder, codes=(0,))
            found = compare([prune], rounds=rounds, env=env)
            aws.communicate("")
    return found["prune"].cpu


def _bound(estate: Estate, going: int, images: int) -> int:
    """Pages, one call for each launch template, changed parameter and AMI that goes, and one for each source."""
    pages = estate.amis // 1000 + estate.templates // 200 + estate.parameters // 50 + estate.parameters // 10
    return pages + estate.templates + estate.parameters + going + going // 10 + images + 20


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """The table."""
    parser = argparse.ArgumentParser(description="tfgen prune of a large estate")
    parser.add_argument("--amis", type=int, default=1000)
    parser.add_argument("--templates", type=int, default=400)
    parser.add_argument("--versions", type=int, default=20)
    parser.add_argument("--parameters", type=int, default=200)
    options = parser.parse_args()
    for row in bench_prune(options.amis, options.templates, options.versions, options.parameters):
        print(row)


if __name__ == "__main__":
    main()
