"""The emulator and what is written for Terraform keep the user's AWS settings out, and say what is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tfgen.aws.isolation import private_aws
from tfgen.emulator import provider
from tfgen.emulator.environment import terraform_environment
from tfgen.emulator.override import override_text, write_override
from tfgen.emulator.server import Emulator
from tfgen_generators.errors import TfgenError

if TYPE_CHECKING:
    from collections.abc import Callable

# Each of these breaks boto3, or leads it elsewhere, when it is read.
HOSTILE = {
    "AWS_PROFILE": "nonexistent",
    "AWS_CA_BUNDLE": "/nonexistent/ca.pem",
    "AWS_MAX_ATTEMPTS": "many",
    "AWS_DEFAULTS_MODE": "nonsense",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_DEFAULT_REGION": "mars-north-1",
    "AWS_ACCESS_KEY_ID": "users",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
    "MOTO_ACCOUNT_ID": "999999999999",
}
# Watches every file that is opened and every folder that is listed below the home.
PROGRAM = """
import json, os, sys
home, opened = os.environ["HOME"], []
def watch(event, arguments):
    if event in ("open", "os.listdir", "os.scandir") and str(arguments[0]).startswith(home):
        opened.append(str(arguments[0]))
sys.addaudithook(watch)
before = dict(os.environ)
from tfgen.emulator.server import Emulator
with Emulator() as emulator:
    account = emulator.client("sts").get_caller_identity()["Account"]
    emulator.client("s3").create_bucket(
        Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": emulator.region}
    )
    region = emulator.client("s3").get_bucket_location(Bucket="bucket")["LocationConstraint"]
    emulator.client("ec2").describe_vpcs()
    emulator.client("iam").list_roles()
    emulator.client("codebuild").list_projects()
restored = dict(os.environ) == before
print(json.dumps({"account": account, "region": region, "opened": opened, "restored": restored}))
"""


def test_nothing_of_the_user_is_read_and_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / ".aws" / "models").mkdir(parents=True)
    for name in ("config", "credentials"):
        (tmp_path / ".aws" / name).write_text("[broken\n", encoding="utf-8")
    environment = {
        **HOSTILE,
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "PYTHONWARNINGS": "error::ResourceWarning",
    }
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert json.loads(done.stdout) == {
        "account": Emulator.account_id,
        "region": Emulator.region,
        "opened": [],
        "restored": True,
    }


def test_a_reset_empties_it_and_a_second_entry_is_refused(emulator: Emulator) -> None:
    emulator.client("logs").create_log_group(logGroupName="x")
    emulator.reset()
    assert emulator.client("logs").describe_log_groups()["logGroups"] == []
    with pytest.raises(RuntimeError, match="is already running"):
        emulator.__enter__()
    with pytest.raises(RuntimeError, match="is not running"):
        _ = Emulator().endpoint


def test_without_moto_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moto.server", None)
    with pytest.raises(TfgenError, match=r"\[demo\]"), Emulator():
        pass


def test_an_error_inside_gives_the_environment_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    before = dict(os.environ)

    def fail() -> None:
        with private_aws():
            assert "AWS_PROFILE" not in os.environ
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert dict(os.environ) == before


def test_terraform_gets_nothing_of_the_users_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {**HOSTILE, "TF_LOG": "trace", "TF_VAR_region": "x", "TF_CLI_ARGS": "-x"}.items():
        monkeypatch.setenv(name, value)
    made = terraform_environment(tmp_path, tmp_path / "terraform.rc")
    assert made["HOME"] == str(tmp_path)
    assert {name for name in made if name.startswith("TF_")} == {"TF_CLI_CONFIG_FILE", "TF_IN_AUTOMATION"}
    assert {name: made[name] for name in made if name.startswith("AWS_")} == {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": str(tmp_path / ".aws" / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / ".aws" / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    assert "127.0.0.1" in made["NO_PROXY"].split(",")


LOCK = """\
provider "registry.terraform.io/hashicorp/aws" {
  version     = "%s"
  constraints = ">= 3.39.0, < 7.0.0"
}
"""


@pytest.mark.parametrize(
    ("version", "known", "unknown"),
    [
        ("3.39.0", ("s3_force_path_style ", "skip_get_ec2_platforms "), "s3_use_path_style"),
        ("3.76.1", ("s3_force_path_style ",), "s3_use_path_style"),
        ("4.0.0", ("s3_use_path_style ",), "s3_force_path_style"),
        ("5.46.0", ("s3_use_path_style ",), "skip_get_ec2_platforms"),
        ("6.62.0", ("s3_use_path_style ",), "s3_force_path_style"),
        ("30.0.0", ("s3_use_path_style ",), "s3_force_path_style"),
    ],
)
def test_the_override_is_in_the_words_of_the_providers_version(
    emulator: Emulator, tmp_path: Path, version: str, known: tuple[str, ...], unknown: str
) -> None:
    (tmp_path / ".terraform.lock.hcl").write_text(LOCK % version)
    written = write_override(tmp_path, emulator)
    text = written.read_text(encoding="utf-8")
    assert written.name.endswith("_override.tf")
    assert text == override_text(emulator, provider=version)
    assert all(f"\n  {word}" in text for word in known)
    assert unknown not in text


@pytest.mark.parametrize(("mirror", "wanted"), [(True, "s3_force_path_style"), (False, "s3_use_path_style")])
def test_without_a_lock_file_it_is_the_mirrors_version_or_the_newest(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mirror: bool, wanted: str
) -> None:
    monkeypatch.setattr(provider, "has_mirror", lambda: mirror)
    assert wanted in write_override(tmp_path, emulator).read_text(encoding="utf-8")


needs_mirror = pytest.mark.skipif(not provider.has_mirror(), reason="the provider's wheel is for Linux x86-64")


@needs_mirror
def test_the_cli_configuration_names_the_mirror_alone_and_is_kept(tmp_path: Path) -> None:
    config = provider.write_cli_config(tmp_path / "cli")
    text = config.read_text(encoding="utf-8")
    assert f'filesystem_mirror {{ path = "{tmp_path}/cli/mirror" }}' in text
    assert "direct" not in text
    (program,) = {each.resolve() for each in (tmp_path / "cli").rglob("terraform-provider-aws_*")}
    # OpenTofu follows a link of the platform's folder, and none above it.
    for host in ("registry.terraform.io", "registry.opentofu.org"):
        place = tmp_path / "cli/mirror" / host / "hashicorp/aws" / provider.VERSION
        assert not any(each.is_symlink() for each in (place, *place.parents))
        assert [each.name for each in (place / "linux_amd64").iterdir()] == [program.name]
    assert os.access(program, os.X_OK)
    stamp = program.stat().st_mtime_ns
    assert provider.write_cli_config(tmp_path / "cli") == config
    assert program.stat().st_mtime_ns == stamp


def test_elsewhere_the_registry_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    config = provider.write_cli_config(tmp_path)
    assert "provider_installation" not in config.read_text(encoding="utf-8")


class Wheel:
    """A file of an installed wheel, as importlib.metadata shows it."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._path = path

    def locate(self) -> Path:
        return self._path


def no_wheel(name: str) -> list[Wheel]:
    raise metadata.PackageNotFoundError(name)


def altered(folder: Path) -> list[Wheel]:
    archive = folder / "terraform-provider-aws_3.39.0_linux_amd64.zip"
    archive.write_bytes(b"PK")
    return [Wheel(archive)]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (lambda _: no_wheel("x"), "not installed"),
        (lambda _: [], "does not contain terraform-provider-aws"),
        (altered, "the checksum is not that of the AWS provider 3.39.0"),
        (lambda folder: [Wheel(folder / "terraform-provider-aws_3.39.0_linux_amd64.zip")], "cannot be read"),
    ],
)
def test_a_missing_or_altered_provider_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, files: Callable[[Path], list[Wheel]], said: str
) -> None:
    monkeypatch.setattr(metadata, "files", lambda _: files(tmp_path))
    with pytest.raises(TfgenError, match=said):
        provider.provider_archive()
