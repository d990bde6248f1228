"""Regions of every partition, and those that nobody knows yet, wherever a region is looked at."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.test_following_aws import Played
from tfgen.aws.pipelines.executions import PipelineRun
from tfgen_generators.settings.git_names.codecommit_url import what_is_allowed
from tfgen_generators.settings.read import parse_settings

ROOT = Path(__file__).resolve().parents[2]
REGIONS = (
    *("eu-west-1", "ap-southeast-7", "mx-central-1", "cn-northwest-1", "us-gov-east-1", "eusc-de-east-1"),
    *("us-iso-west-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1", "xx-new-north-12"),
)
NONE = ("Ireland", "eu-west", "eu_west_1", "eu-west-1a", "-west-1", "eu--1", "", "EU-WEST-1", "eu-west-1 ")
CHECKS = {
    path: re.findall(r'regex\("(\^\[a-z\]\{2[^"]*)", (?:region|var\.region)\)', (ROOT / path).read_text("utf-8"))
    for path in ("terraform/modules/codepipeline/variables.tf", "terraform/pipelines/variables.tf")
}


@pytest.mark.parametrize("path", CHECKS)
def test_terraform_takes_each(path: str) -> None:
    (pattern,) = CHECKS[path]
    assert [region for region in REGIONS if not re.search(pattern, region)] == []
    assert [region for region in NONE if re.search(pattern, region)] == []


def test_the_remote_takes_each() -> None:
    assert [region for region in REGIONS if what_is_allowed("region", region)] == []
    assert [region for region in NONE if not what_is_allowed("region", region)] == []
    for region in REGIONS:
        text = f'source_repository = "x"\n[remote]\nregion = "{region}"\n'
        assert parse_settings(text).remote.region == region


@pytest.mark.parametrize(
    ("partition", "host"),
    [
        ("aws", "eu-west-1.console.aws.amazon.com"),
        ("aws-cn", "eu-west-1.console.amazonaws.cn"),
        ("aws-us-gov", "eu-west-1.console.amazonaws-us-gov.com"),
        ("aws-eusc", "eu-west-1.console.amazonaws-eusc.eu"),
    ],
)
def test_the_console_of_each_partition(partition: str, host: str) -> None:
    account = Played()
    account.partition = partition
    assert PipelineRun(account, "web").console.startswith(f"https://{host}/codesuite/")


def test_no_module_writes_the_partition() -> None:
    """But for words: descriptions, messages and comments."""
    found = []
    for file in (ROOT / "terraform/modules").rglob("*.tf"):
        if "examples" in file.parts or ".terraform" in file.parts:
            continue
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            if "arn:aws" in line and not re.match(r"\s*(#|description|error_message)", line):
                found.append(f"{file.name}:{number}")
    assert found == []
