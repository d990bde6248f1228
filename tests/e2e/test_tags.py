"""The seven tags: on AMI and snapshots, whatever the template says, in each region, by boto3 and by the aws program."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.buildspec import Build
from tests.e2e.emulator import CREDENTIALS, OTHER_AMI, REGION, SOURCE_AMI
from tests.e2e.foreign import MANIFEST, builder, hcl2, legacy
from tests.e2e.local import NOTHING, assert_tagged, left, tags_of, wanted_tags
from tests.e2e.tools import bare_environment, require_tool

if TYPE_CHECKING:
    from tests.e2e.emulator import Emulator
    from tests.e2e.local import Estate
    from tests.fork_server import ForkServer

SYSTEM_PYTHON = "/usr/bin/python3"


@pytest.fixture(params=["boto3", "aws"])
def way(request: pytest.FixtureRequest, estate: Estate, forked_python: ForkServer | None) -> str:
    """How the buildspec asks EC2. Debian's aws is too old to know AWS_ENDPOINT_URL_EC2, so a wrapper tells it."""
    if request.param == "aws":
        without_boto3(estate, forked_python)
    return str(request.param)


def without_boto3(estate: Estate, forked_python: ForkServer | None) -> None:
    """A Python that has no boto3, and an aws that knows the emulator."""
    tools = estate.folder.parent / "tools"
    tools.mkdir()
    python = tools / "python"
    if forked_python:
        forked_python.write_python(python, hidden=["boto3"])
    else:
        python.write_text(f'#!/bin/sh\nexec {SYSTEM_PYTHON} -I -c "{_HIDING}" "$@"\n', encoding="utf-8")
    aws = tools / "aws"
    real, url = shlex.quote(require_aws()), shlex.quote(estate.ec2.url)
    aws.write_text(f'#!/bin/sh\necho "$@" >>{tools}/calls\nexec {real} --endpoint-url {url} "$@"\n', encoding="utf-8")
    for program in (python, aws):
        program.chmod(0o755)
    estate.user["PATH"] = f"{tools}:{estate.user['PATH']}"
    estate.env["TFGEN_PYTHON"] = str(python)
    del estate.user["AWS_DATA_PATH"]  # of another version


# What `python - ARGUMENT...` does, without boto3.
_HIDING = "import sys; sys.modules['boto3'] = None; sys.argv = sys.argv[1:]; exec(sys.stdin.read())"


def require_aws() -> str:
    """Debian's aws: that of a pip or pyenv knows other settings."""
    found = Path("/usr/bin/aws")
    return str(found) if found.exists() else require_tool("aws", "apt-get install")


def test_a_template_without_tags(estate: Estate, ec2: Emulator, way: str) -> None:
    estate.write("packer/theirs.json", legacy(builder()))
    built = estate.build("theirs")
    assert_tagged(ec2, built.ami, wanted_tags(built, "packer/theirs.json"))
    assert f"buildspec: AMI_ID={built.ami}" in built.said
    assert (estate.folder.parent / "tools" / "calls").exists() is (way == "aws")
    assert left(ec2) == NOTHING


def test_a_tag_of_the_template_s_own_stays_and_a_wrong_one_goes(estate: Estate, ec2: Emulator, way: str) -> None:
    theirs = {"Owner": "they; $(id)", "BuiltBy": "Hand", "ParentAmi": "ami-0000"}
    estate.write("packer/theirs.json", legacy(builder(tags=theirs, snapshot_tags=theirs)))
    built = estate.build("theirs")
    assert_tagged(ec2, built.ami, wanted_tags(built, "packer/theirs.json", Owner="they; $(id)"))


def test_every_region_and_the_ami_of_this_one(estate: Estate, ec2: Emulator, way: str) -> None:
    far = "ap-south-1"  # the first in the manifest
    estate.write("packer/theirs.json", legacy(builder(ami_regions=[far])))
    built = estate.build("theirs")
    copies = dict(
        artifact.split(":")
        for artifact in json.loads(built.artefact("packer-manifest.json"))["builds"][0]["artifact_id"].split(",")
    )
    assert copies[REGION] == built.ami
    for region, ami in copies.items():
        assert_tagged(ec2, ami, wanted_tags(built, "packer/theirs.json"), region)


@pytest.mark.parametrize("name", ["", "a build: of theirs"])
def test_hcl2(estate: Estate, ec2: Emulator, name: str) -> None:
    estate.write("packer/theirs.pkr.hcl", hcl2(build_name=name))
    built = estate.build("theirs")
    assert_tagged(ec2, built.ami, wanted_tags(built, "packer/theirs.pkr.hcl"))


def test_two_builders_have_a_parent_each(estate: Estate, ec2: Emulator) -> None:
    other = str(OTHER_AMI["ami_id"])
    estate.write("packer/theirs.json", legacy(builder("one"), builder("two.one", source_ami=other)))
    built = estate.build("theirs")
    assert built.ami
    builds = json.loads(built.artefact("packer-manifest.json"))["builds"]
    found = {build["name"]: build["artifact_id"].partition(":")[2] for build in builds}
    assert_tagged(ec2, found["one"], wanted_tags(built, "packer/theirs.json"))
    assert_tagged(ec2, found["two.one"], wanted_tags(built, "packer/theirs.json", ParentAmi=other))


def test_a_source_with_another_name_has_its_own_parent(estate: Estate, ec2: Emulator) -> None:
    """The manifest calls both by the name of their source."""
    other = str(OTHER_AMI["ami_id"])
    renamed = f'source "source.amazon-ebs.theirs" {{\n    name = "renamed"\n    source_ami = "{other}"\n  }}'
    text = hcl2(build_name="a: b").replace(f'  source_ami             = "{SOURCE_AMI["ami_id"]}"\n', "")
    own = f'source "source.amazon-ebs.theirs" {{\n    source_ami = "{SOURCE_AMI["ami_id"]}"\n  }}'
    text = text.replace('sources = ["source.amazon-ebs.theirs"]', f"{renamed}\n  {own}")
    named = 'theirs-${formatdate("YYYYMMDDhhmmss", timestamp())}'
    text = text.replace(f'  ami_name               = "{named}"\n', "")
    for number, source_ami in enumerate((other, SOURCE_AMI["ami_id"])):
        text = text.replace(
            f'source_ami = "{source_ami}"', f'source_ami = "{source_ami}"\n    ami_name = "{number}-{named}"'
        )
    estate.write("packer/theirs.pkr.hcl", text)
    built = estate.build("theirs")
    assert built.ami
    amis = [
        entry["artifact_id"].partition(":")[2] for entry in json.loads(built.artefact("packer-manifest.json"))["builds"]
    ]
    parents = {
        tags_of(ec2, ami)[0]["ParentAmi"]: ec2.client().describe_images(ImageIds=[ami])["Images"][0] for ami in amis
    }
    assert {parent: image["Name"][0] for parent, image in parents.items()} == {
        other: "0",
        str(SOURCE_AMI["ami_id"]): "1",
    }


def test_a_name_full_of_commands_is_only_a_tag(estate: Estate, ec2: Emulator, way: str) -> None:
    template = "packer/a; touch pwned; $(touch pwned) `touch pwned` 'x' \"y\".json"
    estate.write(template, legacy(builder()))
    estate.write("packer/plain.json", legacy(builder()))
    built = estate.build("plain", PACKER_SCRIPT=f"./{template}")
    assert_tagged(ec2, built.ami, wanted_tags(built, template))
    assert not list(estate.folder.parent.rglob("pwned"))


def parent_said(ec2: Emulator, folder: Path, log: str, own: dict[str, str], python: ForkServer | None) -> str:
    """What post_build makes of a log for the build `x` of an AMI that has tags of its `own`: its ParentAmi."""
    client = ec2.client()
    ami = client.copy_image(Name="copy", SourceRegion=REGION, SourceImageId=SOURCE_AMI["ami_id"])["ImageId"]
    if own:
        client.create_tags(Resources=[ami], Tags=[{"Key": key, "Value": value} for key, value in own.items()])
    run = {"name": "x", "builder_type": "amazon-ebs", "packer_run_uuid": "now", "artifact_id": f"{REGION}:{ami}"}
    old = {**run, "packer_run_uuid": "before", "artifact_id": f"{REGION}:ami-0bbb"}
    manifest = {"builds": [old, run], "last_run_uuid": "now"}
    (folder / "packer-manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "packer-build.log").write_text(log, encoding="utf-8")
    env = {"AWS_ENDPOINT_URL_EC2": ec2.url, "AWS_DATA_PATH": str(ec2.models)}
    env |= {**CREDENTIALS, "PACKER_TEMPLATE": f"./packer/{'x' * 300}.json"}
    if python:
        python.write_python(folder / "python")
        env["TFGEN_PYTHON"] = str(folder / "python")
    done = Build(folder, bare_environment(folder, env)).run("post_build")
    assert done.returncode == 0, done.stdout
    tags = tags_of(ec2, ami)[0]
    assert {tags["CodeBuildProject"], tags["BuildNumber"], tags["SourceVersion"]} == {"none"}
    assert tags["Template"] == f"packer/{'x' * 249}"  # EC2 takes no more than 256
    return tags["ParentAmi"]


OWN = {"ParentAmi": "ami-0aaa"}


@pytest.mark.parametrize(
    ("log", "own", "parent"),
    [
        ("    x: Found Image ID: ami-0ccc\n", OWN, "ami-0ccc"),
        # As newer versions of the amazon plugin say it.
        ("==> x: Found Image ID: ami-0ccc\n", OWN, "ami-0ccc"),
        ("    amazon-ebs.x: Found Image ID: ami-0ccc\n", OWN, "ami-0ccc"),
        ("    their: build.amazon-ebs.x: Found Image ID: ami-0ccc\n", OWN, "ami-0ccc"),
        ("    a.amazon-ebs.x: Found Image ID: ami-0ddd\n    x: Found Image ID: ami-0ccc\n", OWN, "ami-0ccc"),
        ("    amazon-chroot.x: Found Image ID: ami-0ccc\n", OWN, "ami-0aaa"),
        ("    y: Found Image ID: ami-0ccc\n", OWN, "ami-0aaa"),
        ("    y: x: Found Image ID: ami-0ccc\n", {}, "none"),
        ("nothing\n", {}, "none"),
        # What the machine says after its builder is no parent.
        ("    x: Found Image ID: ami-0ccc\n    x: Found Image ID: ami-0ddd\n", {}, "ami-0ccc"),
    ],
)
def test_the_parent(
    ec2: Emulator, tmp_path: Path, log: str, own: dict[str, str], parent: str, forked_python: ForkServer | None
) -> None:
    assert parent_said(ec2, tmp_path, log, own, forked_python) == parent


def test_a_tag_that_cannot_be_set_makes_the_build_red(estate: Estate, ec2: Emulator, way: str) -> None:
    """The AMI is taken away before it is tagged."""
    gone = "ami-0123456789abcdeff"
    forged = {"type": "shell-local", "inline": [f"sed -i -E 's/ami-[0-9a-f]+\"/{gone}\"/' packer-manifest.json"]}
    template = legacy(
        builder(), **{"post-processors": [[{"type": "manifest", "output": "packer-manifest.json"}, forged]]}
    )
    estate.write("packer/theirs.json", template)
    reason = estate.build("theirs").reason
    assert reason.startswith(f"cannot tag {gone} in {REGION}: ")
    assert "InvalidAMIID.NotFound" in reason
    assert reason.endswith("allow the build ec2:DescribeImages and ec2:CreateTags")
    assert left(ec2) == NOTHING


def test_attestations_are_kept_as_artefacts(estate: Estate) -> None:
    """Files with the names that the post-processor provenance of Packer 1.16 gives them."""
    names = ["amazon-ebs.mitchellh.amazonebs-eu-west-1_ami-0.provenance.json", "out/web.sbom.cdx.json"]
    write = {"type": "shell-local", "inline": ["mkdir out", *(f"touch {name}" for name in names)]}
    estate.write("packer/theirs.json", legacy(builder(), **{"post-processors": [[MANIFEST], [write]]}))
    built = estate.build("theirs")
    assert built.ami
    kept = sorted(str(file.relative_to(built.kept)) for file in built.kept.rglob("*.*"))
    assert kept == sorted([*names, "packer-build.log", "packer-manifest.json"])
