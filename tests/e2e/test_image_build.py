"""Real builds: tfgen, buildspec, Packer, sshd and Ansible are real; only EC2 is emulated and the machine is a guest."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

from tests.e2e import guest as machines
from tests.e2e.archives import role_requirements
from tests.e2e.foreign import builder, legacy
from tests.e2e.local import COMMIT, NOTHING, assert_tagged, left, wait_for, wanted_tags
from tests.e2e.tools import ROOT, bare_environment, run
from tests.e2e.watched import Watched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.emulator import Emulator
    from tests.e2e.guest import Guest
    from tests.e2e.local import Built, Estate

pytestmark = pytest.mark.guest

#: As root on the guest itself; no task of it becomes another user, so that no module need be left in a file first.
PLAYBOOK = "ANSIBLE_PIPELINING=1 ANSIBLE_PYTHON_INTERPRETER=/usr/bin/python3 ansible-playbook -i localhost, -c local"


@pytest.fixture
def guest(estate: Estate, tmp_path: Path) -> Iterator[Guest]:
    """A machine that the estate's builds find behind whatever instance they start."""
    machines.require_guest()
    with machines.guest(machines.rootfs(), estate.ec2, tmp_path) as found:
        estate.variables |= {"ssh_host": "127.0.0.1", "ssh_port": str(found.port)}
        yield found


def assert_idempotent(guest: Guest, playbook: str) -> None:
    """A second run of the playbook changes nothing, once the package lists that sealing took away are back."""
    guest.send(ROOT / "ansible", "/tmp/ansible")
    command = f"apt-get -q update && cd /tmp/ansible && {PLAYBOOK}"
    again = guest.run(f"{command} {playbook}")
    assert again.returncode == 0, again.stdout[-4000:]
    assert " changed=0 " in again.stdout, again.stdout[-4000:]


def commit(estate: Estate) -> str:
    """Make the estate a git repository; gives its commit."""
    del estate.env["CODEBUILD_RESOLVED_SOURCE_VERSION"]
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for argv in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "x"], ["rev-parse", "HEAD"]):
        done = run([*git, *argv], env=bare_environment(estate.home), cwd=estate.folder)
        assert done.returncode == 0, done.stdout
    return done.stdout.strip()


def test_base(estate: Estate, ec2: Emulator, guest: Guest) -> None:
    head, watched = commit(estate), Watched(estate)
    built = estate.build("base")
    wanted = wanted_tags(built, "packer/base.pkr.hcl", Name="base", SourceVersion=head)
    assert_tagged(ec2, built.ami, wanted)
    assert found_by_tags(ec2, wanted) == [built.ami]
    assert built.artefacts == ["packer-build.log", "packer-manifest.json"]
    assert left(ec2) == NOTHING
    sealed = guest.run("test ! -s /etc/machine-id && ! ls /tmp/packer-provisioner-ansible-local/* && chronyd --version")
    assert sealed.returncode == 0, sealed.stdout
    assert_idempotent(guest, "base.yaml")
    assert_in_graph(watched, "base")


def test_wordpress(estate: Estate, ec2: Emulator, guest: Guest) -> None:
    watched = Watched(estate)
    built = estate.build("wordpress")
    assert_in_graph(watched, "wordpress")
    wanted = wanted_tags(built, "packer/wordpress.json", Name="wordpress")
    assert wanted["SourceVersion"] == COMMIT
    assert_tagged(ec2, built.ami, wanted)
    assert found_by_tags(ec2, wanted) == [built.ami]
    assert left(ec2) == NOTHING
    assert_idempotent(guest, "wordpress.yaml")
    assert_no_apache(guest)
    assert_first_boot(guest)
    assert_served(guest)
    assert_archive(guest)


def assert_in_graph(watched: Watched, name: str) -> None:
    """Packer has opened nothing that is not in the graph of the image: what it uploads is all that Ansible reads.

    It uploads a role's README as well, which nothing reads there.
    """
    opened, known = watched.opened(), watched.graph(name)
    assert {path for path in opened - known if not path.endswith("/README.md")} == set()
    assert {path for path in known if path.startswith(("packer/", "ansible/roles/"))} - opened == set()


def found_by_tags(ec2: Emulator, tags: dict[str, str]) -> list[str]:
    """The AMIs that somebody finds who asks EC2 for the tags, whatever their date."""
    filters = [{"Name": f"tag:{key}", "Values": [value]} for key, value in {**tags, "BuildDate": "20*"}.items()]
    return [image["ImageId"] for image in ec2.client().describe_images(Filters=filters)["Images"]]


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
        php-fpm8.4 --daemonize
        ln -s php8.4-fpm.sock /run/php/php-fpm.sock  # the service does this after its start
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
    found = guest.run("sed -n \"s/^.wp_version = '\\(.*\\)';/\\1/p\" /usr/share/wordpress/wp-includes/version.php")
    version = found.stdout.strip()
    archive = f"/var/cache/wordpress-{version}.tar.gz"
    made = guest.run(
        f"cd /usr/share && tar -chf {archive} --exclude wp-config.php --exclude .htaccess wordpress"
        f" && sha256sum {archive} && echo '[{{hosts: all, roles: [wordpress]}}]' >/tmp/ansible/archive.yaml"
    )
    assert made.returncode == 0, made.stdout
    digest = made.stdout.split()[0]
    settings = {"wordpress_source": "archive", "wordpress_version": version}
    address = {"wordpress_archive_url": "https://localhost/wordpress.tar.gz"}
    play = f"cd /tmp/ansible && {PLAYBOOK} archive.yaml --extra-vars"
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


INSTALL = "packer/scripts/install-ansible.sh"
PLAY = "- name: Theirs\n  hosts: all\n  become: true\n"
#: What a playbook does wrong, and what the last line says of it.
BROKEN = {
    "a role that fails": (
        f"{PLAY}  tasks:\n    - name: Fail\n      ansible.builtin.fail:\n        msg: no luck\n",
        "no luck",
    ),
    "a package that cannot be had": (
        f"{PLAY}  tasks:\n    - name: Install\n      ansible.builtin.apt:\n        name: no-such-package\n",
        "No package matching 'no-such-package' is available",
    ),
    "a role that is missing": (f"{PLAY}  roles:\n    - nowhere\n", "the role 'nowhere' was not found"),
}


@pytest.fixture
def red(estate: Estate, guest: Guest) -> Iterator[list[Built]]:
    """Builds of the base image that must be red, and must leave nothing but their log; Ansible is on the guest."""
    estate.write(INSTALL, "#!/bin/sh\n")
    builds: list[Built] = []
    yield builds
    assert builds
    for built in builds:
        assert built.reason.startswith("the build failed: ")
        assert built.artefacts == ["packer-build.log"]
        assert left(estate.ec2) == NOTHING


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_playbook(estate: Estate, red: list[Built], what: str) -> None:
    playbook, words = BROKEN[what]
    estate.write("ansible/base.yaml", playbook)
    red.append(estate.build("base"))
    assert words in red[0].reason
    assert words in red[0].artefact("packer-build.log")


def test_no_network_for_galaxy_on_the_guest(estate: Estate, red: list[Built]) -> None:
    estate.write("ansible/requirements.yml", "roles:\n  - name: theirs\n    src: http://127.0.0.1:9/x.tar.gz\n")
    red.append(estate.build("base"))
    assert "theirs was NOT installed successfully" in red[0].reason


def test_a_package_of_the_template_s_own_script_that_cannot_be_had(estate: Estate, red: list[Built]) -> None:
    text = (ROOT / INSTALL).read_text(encoding="utf-8").replace('"ansible-core=$version"', "no-such-package")
    estate.write(INSTALL, text.replace("1 2 3 4 5", "5"))
    red.append(estate.build("base"))
    assert "E: Unable to locate package no-such-package" in red[0].artefact("packer-build.log")
    assert "no-such-package" in red[0].reason


def test_a_build_that_is_stopped_while_ansible_runs(estate: Estate, ec2: Emulator, guest: Guest) -> None:
    wait = f"{PLAY}  tasks:\n    - name: Wait for ever\n      ansible.builtin.command: sleep 600\n"
    estate.write("ansible/base.yaml", wait)
    estate.write(INSTALL, "#!/bin/sh\n")
    process = estate.start("base")
    wait_for(estate.said, "Wait for ever", process)
    assert all(left(ec2).values())
    process.send_signal(signal.SIGTERM)
    built = estate.end("base", process)
    assert built.code == 130
    assert left(ec2) == NOTHING
    assert "Cancelling build after receiving" in built.artefact("packer-build.log")


def test_ansible_on_the_build_machine(estate: Estate, ec2: Emulator, guest: Guest) -> None:
    """The other provisioner: ansible-galaxy brings the role to where the build runs, and its tasks reach the guest."""
    role = "- name: Leave a mark\n  ansible.builtin.copy:\n    content: here\n    dest: /etc/mark\n    mode: '0644'\n"
    estate.write("ansible/requirements.yml", role_requirements(estate.home / "role.tar.gz", role))
    estate.write("ansible/theirs.yml", f"{PLAY}  roles:\n    - theirs\n")
    ssh = {name: f"{{{{ user `{name}` }}}}" for name in ("ssh_host", "ssh_port")}
    machine = builder(communicator="ssh", ssh_username="admin", **ssh)
    ansible = {"type": "ansible", "playbook_file": "ansible/theirs.yml", "user": "admin", "use_proxy": False}
    estate.write("packer/theirs.json", legacy(machine, provisioners=[ansible]))
    estate.env["ANSIBLE_SSH_ARGS"] = "-o ControlMaster=no"  # a socket's path has room for 108 characters
    built = estate.build("theirs")
    assert_tagged(ec2, built.ami, wanted_tags(built, "packer/theirs.json"))
    assert "buildspec: installed what ansible/requirements.yml asks for" in built.said
    assert guest.run("cat /etc/mark").stdout == "here"
    assert left(ec2) == NOTHING
