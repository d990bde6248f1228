"""The buildspec points the first channel to what it has built, where the module says so, and to nothing else."""

from __future__ import annotations

import json
import re
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tfgen_generators.lint.rules.pipeline.quota_sizes import policy_sizes

ROOT = Path(__file__).resolve().parents[2]
IRELAND, FRANKFURT = "ami-0123456789abcdef0", "ami-0fedcba9876543210"


class Aws:
    """boto3 as the script uses it; `denied` is an operation."""

    def __init__(self, denied: str = "") -> None:
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.denied = denied

    def client(self, service: str, region_name: str) -> Any:
        def answer(operation: str, **arguments: Any) -> Any:
            if operation == self.denied:
                raise RuntimeError("AccessDenied")
            self.calls.append((operation, region_name, arguments))
            return {"Images": [{"ImageId": arguments.get("ImageIds", [""])[0]}]}

        names = ("describe_images", "create_tags", "put_parameter")
        return SimpleNamespace(**{name: lambda n=name, **more: answer(n, **more) for name in names})


def run(aws: Aws, folder: Path, monkeypatch: pytest.MonkeyPatch, **environment: str) -> None:
    text = (ROOT / "buildspec.yml").read_text(encoding="utf-8")
    (script,) = (
        each for each in re.findall(r"<<'PYTHON'\n(.*?)\n +PYTHON\n", text, re.DOTALL) if "packer_run_uuid" in each
    )
    build = {"name": "web", "builder_type": "amazon-ebs", "packer_run_uuid": "u"}
    build["artifact_id"] = f"eu-central-1:{FRANKFURT},eu-west-1:{IRELAND}"
    (folder / "manifest.json").write_text(json.dumps({"last_run_uuid": "u", "builds": [build]}))
    (folder / "log").write_text("")
    for name, value in {"PACKER_TEMPLATE": "packer/web.json", "AWS_REGION": "eu-west-1", **environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setitem(sys.modules, "boto3", SimpleNamespace(client=aws.client))
    monkeypatch.setattr(sys, "argv", ["-", str(folder / "manifest.json"), str(folder / "log")])
    exec(compile(textwrap.dedent(script), "buildspec", "exec"), {"__name__": "__main__"})


def test_each_region_s_channel_after_all_tags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aws = Aws()
    run(aws, tmp_path, monkeypatch, TFGEN_CHANNEL_PARAMETER="/images/web/dev")
    written = [
        (region, more["Name"], more["Value"], more["DataType"], more["Overwrite"])
        for op, region, more in aws.calls
        if op == "put_parameter"
    ]
    assert sorted(written) == [
        ("eu-central-1", "/images/web/dev", FRANKFURT, "aws:ec2:image", True),
        ("eu-west-1", "/images/web/dev", IRELAND, "aws:ec2:image", True),
    ]
    assert [op for op, _, _ in aws.calls][-2:] == ["put_parameter"] * 2


def test_without_the_variable_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aws = Aws()
    monkeypatch.delenv("TFGEN_CHANNEL_PARAMETER", raising=False)
    run(aws, tmp_path, monkeypatch)
    assert [op for op, _, _ in aws.calls] == ["describe_images", "create_tags"] * 2


def test_a_denied_write_fails_the_build_and_says_the_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="allow the build ssm:PutParameter on it"):
        run(Aws("put_parameter"), tmp_path, monkeypatch, TFGEN_CHANNEL_PARAMETER="/images/web/dev")


def test_its_policy_counts_for_the_quota() -> None:
    assert policy_sizes({"publish_parameter": "/images/web/dev"}).made == policy_sizes({}).made + 1
