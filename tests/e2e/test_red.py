"""Whatever is wrong: the build is red, says why in one line, keeps its log and leaves nothing. Packer is real."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.e2e.archives import packer_release
from tests.e2e.downlevel import is_old
from tests.e2e.emulator import REGION
from tests.e2e.foreign import MANIFEST, builder, hcl2, legacy
from tests.e2e.local import NOTHING, left

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.emulator import Emulator
    from tests.e2e.local import Built, Estate

NULL = {"type": "null", "name": "nothing", "communicator": "none"}


def red(estate: Estate, template: str = "", **env: str) -> Built:
    """Build a template that is given as text, and see that nothing is left."""
    estate.write("packer/theirs.json", template or legacy(builder()))
    built = estate.build("theirs", **env)
    assert built.reason
    assert left(estate.ec2) == NOTHING
    return built


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("", "PACKER_SCRIPT is empty; set it to a template such as packer/wordpress.json"),
        ("packer/nothing", "names no file or folder of this repository: packer/nothing"),
        ("packer/scripts", "names a folder without *.pkr.hcl or *.pkr.json files: packer/scripts"),
        ("../estate/packer/theirs.json", "must not contain '..'"),
        ("-help", "starts with a dash, which Packer would take for an option: -help"),
        ("a; rm -rf b", "names no file or folder"),
        ("$(id)", "names no file or folder of this repository: \\$\\(id\\)"),
        ("packer/with space", "names no file or folder of this repository: packer/with\\ space"),
    ],
)
def test_packer_script(estate: Estate, script: str, reason: str) -> None:
    assert reason in red(estate, PACKER_SCRIPT=script).reason


def test_a_template_that_is_not_valid(estate: Estate) -> None:
    built = red(estate, legacy({**builder(), "instance_typ": "t3.small"}))
    assert built.reason.startswith("packer validate refuses packer/theirs.json; mend what it names (Error: ")
    assert "instance_typ" in built.reason
    assert "instance_typ" in built.artefact("packer-build.log")


def test_a_template_that_builds_nothing(estate: Estate) -> None:
    built = red(estate, legacy(NULL))
    assert "no AMI of this run: use a builder that makes one" in built.reason
    assert "Builds finished" in built.artefact("packer-build.log")


def test_a_folder_without_a_build(estate: Estate) -> None:
    """An old Packer finds it valid, and builds it with exit code 0."""
    estate.write("packer/theirs/variables.pkr.hcl", 'variable "lonely" {\n  default = ""\n}\n')
    built = red(estate, PACKER_SCRIPT="packer/theirs/", PACKER_VAR_FILE="")
    if is_old():
        assert "there is no packer-manifest.json: the template makes no artifact" in built.reason
        assert "no artifacts were created" in built.artefact("packer-build.log")
    else:
        assert "packer validate refuses packer/theirs/" in built.reason
        assert "Error: Missing build block" in built.reason


def test_a_template_without_a_manifest(estate: Estate, ec2: Emulator) -> None:
    built = red(estate, legacy(builder(), **{"post-processors": []}))
    assert "needs a post-processor of the type manifest with the output packer-manifest.json" in built.reason
    assert "AMIs were created" in built.artefact("packer-build.log")


def test_manifests_of_earlier_runs_are_not_this_one_s(estate: Estate) -> None:
    """A build that makes nothing is red although the repository holds manifests; and they are no artefacts of it."""
    builds = [
        {"name": "x", "builder_type": "amazon-ebs", "packer_run_uuid": uuid, "artifact_id": f"{REGION}:ami-0{uuid}"}
        for uuid in ("one", "two")
    ]
    estate.write("packer-manifest.json", json.dumps({"builds": builds, "last_run_uuid": "two"}))
    estate.write("packer-build.log", "an old log\n")
    built = red(estate, legacy(NULL, **{"post-processors": []}))
    assert "there is no packer-manifest.json" in built.reason
    assert built.artefacts == ["packer-build.log"]
    assert "an old log" not in built.artefact("packer-build.log")


def test_a_manifest_that_the_template_writes_elsewhere(estate: Estate) -> None:
    built = red(estate, legacy(builder(), **{"post-processors": [{**MANIFEST, "output": "theirs.json"}]}))
    assert "with the output packer-manifest.json" in built.reason


def test_no_credentials(estate: Estate) -> None:
    for name in list(estate.user):
        if name.startswith("AWS_"):
            del estate.user[name]
    estate.user["AWS_EC2_METADATA_DISABLED"] = "true"
    built = red(estate)
    assert "no valid credential sources" in built.reason.lower()
    assert "give the project a role, or your machine AWS_PROFILE or AWS_ACCESS_KEY_ID" in built.reason
    assert ("NoCredentialProviders" in built.artefact("packer-build.log")) is is_old()


def test_one_of_two_builders_fails(estate: Estate) -> None:
    built = red(estate, legacy(builder("good"), builder("bad", source_ami="ami-0123456789abcdeff")))
    assert built.reason.startswith(f"the build failed: Build '{'' if is_old() else 'amazon-ebs.'}bad' errored")
    assert built.artefacts == ["packer-build.log", "packer-manifest.json"]


def test_a_filter_that_finds_no_ami(estate: Estate) -> None:
    """An old Packer says it in many lines, a new one with addresses in memory."""
    ami = {"owners": ["self"], "most_recent": True, "filters": {"name": "nobody's-*"}}
    template = {key: value for key, value in builder().items() if key != "source_ami"}
    built = red(estate, legacy({**template, "source_ami_filter": ami}))
    assert "errored: No AMI was found matching filters: " in built.reason
    assert ('["nobody\'s-*"]' if is_old() else "[nobody's-*] [self]; ") in built.reason
    assert "0x" not in built.reason


def test_an_hcl2_build_that_fails(estate: Estate, ec2: Emulator) -> None:
    estate.write(
        "packer/theirs.pkr.hcl", hcl2('provisioner "shell-local" {\n    inline = ["echo no luck; exit 3"]\n  }')
    )
    built = estate.build("theirs")
    assert built.reason.startswith("the build failed: Build 'amazon-ebs.theirs' errored")
    assert "no luck" in built.artefact("packer-build.log")
    assert left(ec2) == NOTHING


def test_a_post_processor_that_fails(estate: Estate) -> None:
    after = [[MANIFEST, {"type": "shell-local", "inline": ["exit 1"]}]]
    built = red(estate, legacy(builder(), **{"post-processors": after}))
    assert built.reason.startswith("the build failed: Build 'amazon-ebs' errored")


def test_a_name_that_is_taken(estate: Estate) -> None:
    template = legacy(builder(ami_name="taken"))
    estate.write("packer/theirs.json", template)
    assert estate.build("theirs").ami
    assert "taken" in red(estate, template).reason


def test_packer_with_a_wrong_checksum(estate: Estate, tmp_path: Path) -> None:
    archive = packer_release(tmp_path / "releases")
    archive.with_name("packer_9.8.7_SHA256SUMS").write_text(f"{'0' * 64}  {archive.name}\n", encoding="utf-8")
    target = tmp_path / "bin"
    own = {"PACKER_RELEASES": (tmp_path / "releases").as_uri(), "PACKER_INSTALL_DIR": str(target)}
    built = red(estate, PACKER_VERSION="9.8.7", **own)
    assert f"not {'0' * 64}; nothing was installed" in built.reason
    assert not target.exists()


def test_packer_that_cannot_be_had(estate: Estate, tmp_path: Path) -> None:
    built = red(estate, PACKER_VERSION="9.8.7", PACKER_RELEASES=(tmp_path / "nowhere").as_uri())
    assert "cannot download file:///" in built.reason
    assert "is there a network?" in built.reason


def test_a_var_file_that_is_missing(estate: Estate) -> None:
    built = red(estate, PACKER_VAR_FILE="nowhere.pkrvars.json")
    assert built.reason == "PACKER_VAR_FILE names no file: nowhere.pkrvars.json"
