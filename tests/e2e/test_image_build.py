"""Real builds: buildspec, Packer, sshd and Ansible are real; only EC2 is emulated and the machine is a guest."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.e2e import guest as machines
from tests.e2e.buildspec import PHASES, Build
from tests.e2e.tools import ROOT, bare_environment, require_packer, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.guest import Emulator, Guest

pytestmark = [pytest.mark.guest, pytest.mark.xdist_group("guest")]  # one rootfs, one guest at a time


@pytest.fixture(scope="module")
def ec2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    machines.require_guest()
    require_packer()
    with machines.emulator(tmp_path_factory.mktemp("emulator")) as found:
        yield found


@pytest.fixture
def guest(ec2: Emulator, tmp_path: Path) -> Iterator[Guest]:
    with machines.guest(machines.rootfs(), ec2, tmp_path) as found:
        yield found


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    """A copy of what a build reads, since a build writes beside it."""
    folder = tmp_path / "estate"
    for name in ("packer", "ansible"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def start(estate: Path, template: str, ec2: Emulator, guest: Guest) -> Build:
    """A build as CodeBuild would start it, against the emulator and the guest."""
    home = estate.parent / "home"
    home.mkdir()
    ssh = {"ssh_host": "127.0.0.1", "ssh_port": str(guest.port)}
    var_file = home / "emulator.pkrvars.json"
    var_file.write_text(
        json.dumps({"custom_endpoint_ec2": ec2.url, "skip_region_validation": "true", **ssh}), encoding="utf-8"
    )
    client = ec2.client()
    bare = bare_environment(home)
    version = run(["packer", "version"], env=bare).stdout.split()[1].removeprefix("v")
    env = {
        **machines.CREDENTIALS,
        "AWS_REGION": machines.REGION,
        "VPC_ID": client.describe_vpcs()["Vpcs"][0]["VpcId"],
        "SUBNET_ID": client.describe_subnets()["Subnets"][0]["SubnetId"],
        "PACKER_SCRIPT": template,
        "PACKER_VERSION": version,
        "PACKER_VAR_FILE": str(var_file),
        "CODEBUILD_BUILD_ID": "wordpress-ami-pipeline:0000",
        "CODEBUILD_BUILD_NUMBER": "7",
        "CODEBUILD_RESOLVED_SOURCE_VERSION": "0123abc",
    }
    return Build(estate, {**bare, **env})


def build(build: Build) -> dict[str, subprocess.CompletedProcess[str]]:
    """Run the phases in order, as CodeBuild does: post_build follows a failed build."""
    done: dict[str, subprocess.CompletedProcess[str]] = {}
    for phase in PHASES:
        done[phase] = build.run(phase, timeout=300)
        if done[phase].returncode != 0 and phase in ("install", "pre_build"):
            break
    return done


def assert_built(done: dict[str, subprocess.CompletedProcess[str]]) -> None:
    for phase, process in done.items():
        assert process.returncode == 0, f"{phase}:\n{process.stdout[-6000:]}"


def assert_nothing_left(ec2: Emulator) -> None:
    """Packer cleaned up its instance, key pair and security group."""
    client = ec2.client()
    reservations = client.describe_instances()["Reservations"]
    states = {i["State"]["Name"] for r in reservations for i in r["Instances"]}
    assert states <= {"terminated"}
    assert client.describe_key_pairs()["KeyPairs"] == []
    assert {group["GroupName"] for group in client.describe_security_groups()["SecurityGroups"]} == {"default"}


def assert_tagged(ec2: Emulator, ami: str, template: str) -> None:
    """The AMI and its snapshots say when, by what, from what and by which build they were made."""
    client = ec2.client()
    image = client.describe_images(ImageIds=[ami])["Images"][0]
    volumes = [mapping["Ebs"]["SnapshotId"] for mapping in image["BlockDeviceMappings"] if "Ebs" in mapping]
    snapshots = client.describe_snapshots(SnapshotIds=volumes)["Snapshots"]
    assert snapshots
    for thing in (image, *snapshots):
        tags = {tag["Key"]: tag["Value"] for tag in thing["Tags"]}
        assert tags.pop("BuildDate").startswith("20")
        assert tags == {
            "Name": template.removeprefix("packer/").partition(".")[0],
            "CodeBuildProject": "wordpress-ami-pipeline:0000",
            "BuildNumber": "7",
            "BuiltBy": "Packer",
            "SourceVersion": "0123abc",
            "Template": template,
            "ParentAmi": machines.SOURCE_AMI["ami_id"],
        }


def assert_idempotent(guest: Guest, playbook: str) -> None:
    """A second run of the playbook changes nothing, once the package lists that sealing took away are back."""
    guest.send(ROOT / "ansible", "/tmp/ansible")
    command = "apt-get -q update && cd /tmp/ansible && ansible-playbook -i localhost, -c local"
    again = guest.run(f"{command} {playbook}")
    assert again.returncode == 0, again.stdout[-4000:]
    assert " changed=0 " in again.stdout, again.stdout[-4000:]


def test_base(estate: Path, ec2: Emulator, guest: Guest) -> None:
    started = start(estate, "packer/base", ec2, guest)
    assert_built(build(started))
    assert_tagged(ec2, started.env["AMI_ID"], "packer/base.pkr.hcl")
    assert_nothing_left(ec2)
    sealed = guest.run("test ! -s /etc/machine-id && ! ls /tmp/packer-provisioner-ansible-local/* && chronyd --version")
    assert sealed.returncode == 0, sealed.stdout
    assert_idempotent(guest, "base.yaml")


def test_wordpress(estate: Path, ec2: Emulator, guest: Guest) -> None:
    started = start(estate, "packer/wordpress.json", ec2, guest)
    assert_built(build(started))
    assert_tagged(ec2, started.env["AMI_ID"], "packer/wordpress.json")
    assert_nothing_left(ec2)
    assert_idempotent(guest, "wordpress.yaml")
    assert_no_apache(guest)
    assert_first_boot(guest)
    assert_served(guest)
    assert_archive(guest)


def assert_no_apache(guest: Guest) -> None:
    assert guest.run("test ! -e /usr/sbin/apache2").returncode == 0


def assert_first_boot(guest: Guest) -> None:
    """Without settings nothing is written; with them once, readable by the web server's group only."""
    assert guest.run("systemctl is-enabled wordpress-first-boot.path").stdout.strip() == "enabled"
    early = guest.run("wordpress-first-boot")
    assert early.returncode == 1
    assert "DB_HOST, DB_NAME, DB_USER and DB_PASSWORD" in early.stdout
    settings = "DB_HOST=db\nDB_NAME=site\nDB_USER=it's\nDB_PASSWORD=a=b\"'\\$x\n"
    done = guest.run(f"cat >/etc/wordpress/database.env <<'END'\n{settings}END\nwordpress-first-boot")
    assert done.returncode == 0, done.stdout
    shown = guest.run(
        "cd /etc/wordpress && stat -c '%a %U %G' config-default.php"
        ' && php -r \'require "config-default.php"; echo DB_USER, " ", DB_PASSWORD, " ", strlen(AUTH_KEY);\''
    )
    assert shown.stdout == "640 root www-data\nit's a=b\"'\\$x 64"
    before = guest.run("sha256sum /etc/wordpress/config-default.php").stdout
    assert "nothing to do" in guest.run("wordpress-first-boot").stdout
    assert guest.run("sha256sum /etc/wordpress/config-default.php").stdout == before


def assert_served(guest: Guest) -> None:
    """In a network of its own the guest serves WordPress, which misses only its database."""
    script = """
        set -e
        ip link set lo up
        php-fpm8.2 --daemonize
        ln -s php8.2-fpm.sock /run/php/php-fpm.sock  # the service does this after its start
        nginx
        for path in / /wp-includes/css/buttons.css /.htaccess /wp-content/uploads/x.php; do
          curl -s -o /tmp/page -w "$path %{http_code}\\n" "http://localhost$path"
          if [ "$path" = / ]; then grep -o 'Error establishing a database connection' /tmp/page | head -n 1; fi
        done
    """
    served = guest.run(f"unshare --net --pid --fork --kill-child bash -c '{script.replace(chr(39), chr(34))}'")
    assert served.stdout.splitlines() == [
        "/ 500",
        "Error establishing a database connection",
        "/wp-includes/css/buttons.css 200",
        "/.htaccess 403",
        "/wp-content/uploads/x.php 403",
    ]


def assert_archive(guest: Guest) -> None:
    """The role's other source: an archive, here one made of the package and already in the cache."""
    made = guest.run(
        "cd /usr/share && tar -chf /var/cache/wordpress-6.1.9.tar.gz --exclude wp-config.php --exclude .htaccess"
        " wordpress && sha256sum /var/cache/wordpress-6.1.9.tar.gz"
        " && echo '[{hosts: all, roles: [wordpress]}]' >/tmp/ansible/archive.yaml"
    )
    assert made.returncode == 0, made.stdout
    digest = made.stdout.split()[0]
    settings = {"wordpress_source": "archive", "wordpress_version": "6.1.9"}
    address = {"wordpress_archive_url": "https://localhost/wordpress.tar.gz"}
    play = "cd /tmp/ansible && ansible-playbook -i localhost, -c local archive.yaml --extra-vars"
    unchecked = guest.run(f"{play} '{json.dumps({**settings, **address})}'")
    assert unchecked.returncode != 0
    assert "wordpress_archive_checksum" in unchecked.stdout
    checked = {**settings, **address, "wordpress_archive_checksum": f"sha256:{digest}"}
    done = guest.run(f"{play} '{json.dumps(checked)}'")
    assert done.returncode == 0, done.stdout[-4000:]
    page = guest.run(
        "php -l /var/www/wordpress/wp-config.php && grep '^ *root /var/www' /etc/nginx/conf.d/wordpress.conf"
    )
    assert page.returncode == 0, page.stdout


def test_a_failing_role_makes_a_red_build_and_leaves_nothing(estate: Path, ec2: Emulator, guest: Guest) -> None:
    (estate / "ansible/base.yaml").write_text(
        "- name: Broken\n  hosts: all\n  tasks:\n    - name: Fail\n      ansible.builtin.fail:\n        msg: no luck\n",
        encoding="utf-8",
    )
    started = start(estate, "packer/base", ec2, guest)
    done = build(started)
    assert [process.returncode == 0 for process in done.values()] == [True, True, False, False]
    said = done["post_build"].stdout
    assert said.startswith("buildspec: the build failed: ")
    assert "no luck" in said
    assert said.count("\n") == 1
    assert "AMI_ID" not in started.env
    assert_nothing_left(ec2)
