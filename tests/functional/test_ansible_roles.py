"""The roles on every system that they are for: real Ansible with each system's facts, and none of its deeds."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests import depth
from tests.functional.rehearsal import Rehearsal, deeds, rehearse

pytestmark = depth.deep  # a usual run starts no process for each task

_APT = {"os_family": "Debian", "pkg_mgr": "apt", "selinux": {"status": "disabled"}}
_DNF = {"os_family": "RedHat", "pkg_mgr": "dnf"}
_ENFORCING = {"selinux": {"status": "enabled"}}
_PERMITTING = {"selinux": {"status": "disabled"}}
#: System -> the facts that the roles read.
SYSTEMS: dict[str, dict[str, Any]] = {
    "Debian 12": {**_APT, "distribution": "Debian", "distribution_version": "12.9"},
    "Debian 13": {**_APT, "distribution": "Debian", "distribution_version": "13.2"},
    "Ubuntu 22.04": {**_APT, "distribution": "Ubuntu", "distribution_version": "22.04"},
    "Ubuntu 24.04": {**_APT, "distribution": "Ubuntu", "distribution_version": "24.04"},
    "Amazon Linux 2023": {**_DNF, **_ENFORCING, "distribution": "Amazon", "distribution_version": "2023"},
    "Red Hat 9": {**_DNF, **_ENFORCING, "distribution": "RedHat", "distribution_version": "9.6"},
    "Rocky 9": {**_DNF, **_PERMITTING, "distribution": "Rocky", "distribution_version": "9.6"},
}
FPM = {
    "Debian 12": "php8.2-fpm",
    "Debian 13": "php8.4-fpm",
    "Ubuntu 22.04": "php8.1-fpm",
    "Ubuntu 24.04": "php8.3-fpm",
}
SERIES = {"Debian 12": "6.1.*", "Debian 13": "6.8.*"}
OTHERS = [name for name in SYSTEMS if name not in SERIES]
ON_DNF = [name for name in SYSTEMS if name not in FPM]
ROLES = ["common", "wordpress"]
PACKAGE = re.compile(r"[a-z][a-z0-9.+-]*|wordpress=6\.[18]\.\*|\*")

#: What is wrong -> settings, and what is said of them.
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a version without a checksum": ({"wordpress_version": "7.1.2"}, "wordpress_archive_checksum"),
    "half a checksum": ({"wordpress_archive_checksum": "sha256:" + "0" * 40}, "wordpress_archive_checksum"),
    "no TLS": ({"wordpress_archive_url": "http://example.com/x.tar.gz"}, "wordpress_archive_url"),
    "no version": ({"wordpress_version": "latest"}, "wordpress_version"),
    "no such package": ({"wordpress_source": "package"}, "Amazon has no WordPress package"),
    "no such source": ({"wordpress_source": "git"}, "value of wordpress_source must be one of"),
    "another archive": ({"wordpress_version_file": {"content": ""}}, "does not hold WordPress 7.1.3"),
    "two PHPs": ({"wordpress_fpm_found": {"matched": 2, "files": []}}, "Found 2 PHP-FPM services"),
    "a zone that is a folder": (
        {"common_zone_file": {"stat": {"exists": True, "isreg": False}}},
        "no time zone",
    ),
    "no boolean": ({"common_upgrade": "perhaps"}, "common_upgrade"),
    "no list": ({"common_time_servers": {"a": 1}}, "common_time_servers"),
    "Amazon Linux 2": (
        {"facts": {**_DNF, "pkg_mgr": "yum", "distribution": "Amazon", "distribution_version": "2"}},
        "not Amazon 2.",
    ),
    "Red Hat 8": (
        {
            "facts": {
                **_DNF,
                "distribution": "RedHat",
                "distribution_version": "8.10",
                "distribution_major_version": "8",
            }
        },
        "not RedHat 8.10.",
    ),
    "CentOS 7": (
        {"facts": {**_DNF, "pkg_mgr": "yum", "distribution": "CentOS", "distribution_version": "7"}},
        "not CentOS 7.",
    ),
    "Gentoo": (
        {"facts": {"os_family": "Gentoo", "pkg_mgr": "portage", "distribution": "Gentoo", "distribution_version": "2"}},
        "not Gentoo 2.",
    ),
}

Machines = Mapping[str, Rehearsal]


def machine(system: str) -> dict[str, Any]:
    """The facts of `system`, and what the tasks would have found out on a machine that systemd runs."""
    facts = SYSTEMS[system]
    booleans = {"httpd_can_sendmail": "off", "httpd_can_network_connect": "on"}
    return {
        "facts": {**facts, "distribution_major_version": facts["distribution_version"].partition(".")[0]},
        "common_systemd": {"stat": {"exists": True}},
        "common_zone_file": {"stat": {"exists": True, "isreg": True}},
        "wordpress_systemd": {"stat": {"exists": True}},
        "wordpress_fpm_found": {"matched": 1, "files": [{"path": f"/lib/x/{FPM.get(system, 'php-fpm')}.service"}]},
        "wordpress_version_file": {"content": base64.b64encode(b"$wp_version = '7.1.3';").decode()},
        "wordpress_relabelled": {"stdout": ""},
        "wordpress_booleans": {"results": [{"item": key, "stdout": f"{key} --> {on}"} for key, on in booleans.items()]},
    }


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Machines:
    """Each system, and Amazon Linux once more for each thing that is wrong, by name."""
    wrong = {name: {**machine("Amazon Linux 2023"), **settings} for name, (settings, _) in REFUSED.items()}
    servers = ["169.254.169.123", "time.example.com"]
    timed = {f"{name}, timed": {**machine(name), "common_time_servers": servers} for name in SYSTEMS}
    plain = {name: machine(name) for name in SYSTEMS}
    brief = () if depth.is_on() else timed  # of which only the clock is looked at
    return rehearse(tmp_path_factory.mktemp("roles"), ROLES, {**plain, **timed, **wrong}, brief)


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_expression_renders_and_packages_are_names(machines: Machines, system: str) -> None:
    done = machines[system].expect()
    named = [
        arguments["name"]
        for rounds in done.shown.values()
        for arguments in rounds
        if arguments["module"] in ("apt", "dnf", "package") and "name" in arguments
    ]
    packages = [name for names in named for name in (names if isinstance(names, list) else [names])]
    assert packages
    assert [name for name in packages if not PACKAGE.fullmatch(name)] == []
    assert sorted(packages) == sorted(set(packages))


def test_every_task_is_one_that_some_system_needs(machines: Machines) -> None:
    """And so has been rendered at least once."""
    wanted = {task for role in ROLES for task in deeds(role)}
    assert wanted == {task for system in SYSTEMS for task in machines[system].shown}


def test_modules_have_the_names_that_every_system_knows() -> None:
    """Ubuntu 22.04 has ansible-core 2.12: systemd_service is 2.14's other name of systemd."""
    assert not {task for role in ROLES for task in deeds(role, "ansible.builtin.systemd_service")}
    assert {task for role in ROLES for task in deeds(role, "ansible.builtin.systemd")}


@pytest.mark.parametrize("system", SYSTEMS)
def test_security_updates_install_themselves(machines: Machines, system: str) -> None:
    shown = machines[system].expect().shown
    if system in ON_DNF:
        lines = [item["line"] for item in shown["Install what an update brings, and only security updates"]]
        assert lines == ["apply_updates = yes", "upgrade_type = security"]
        assert shown["Switch automatic security updates on"][0]["name"] == "dnf-automatic.timer"
    else:
        assert 'Unattended-Upgrade "1"' in shown["Switch automatic security updates on"][0]["content"]
    # Amazon Linux would stay at the release of its AMI, where no update ever comes.
    release = shown.get("Choose the release of Amazon Linux that updates come from", [])
    assert [item["content"] for item in release] == (["latest\n"] if "Amazon" in system else [])


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_clock_asks_amazon(machines: Machines, system: str) -> None:
    shown = machines[system].expect().shown
    assert shown["Start the clock's service with every machine"][0]["name"] == (
        "chronyd" if system in ON_DNF else "chrony"
    )
    lines = [item.get("line") or item["content"].strip() for item in shown.get("Prefer the time servers", [])]
    amazons = "server 169.254.169.123 prefer iburst minpoll 4 maxpoll 4"
    assert lines == ([] if "Amazon" in system else [amazons])


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_clock_asks_the_servers_that_were_named(machines: Machines, system: str) -> None:
    shown = machines[f"{system}, timed"].expect().shown["Prefer the time servers"]
    lines = "\n".join(item.get("line") or item["content"] for item in shown).splitlines()
    asked = [line.split()[1] for line in lines]
    assert asked == (["time.example.com"] if "Amazon" in system else ["169.254.169.123", "time.example.com"])


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_serves_wordpress_fits_together(machines: Machines, system: str) -> None:
    done = machines[system].expect()
    packages = done.one("Install web server, PHP and database client")["name"]
    site = done.one("Set up WordPress's site")["content"]
    (root,) = re.findall(r"^    root (.+);$", site, re.MULTILINE)
    (socket,) = re.findall(r"fastcgi_pass unix:(.+);", site)
    enabled = [item["name"] for item in done.shown["Start web server and PHP with every machine"]]
    limits = done.one("Set PHP's limits")["dest"]
    if system in ON_DNF:
        php = "php8.4" if "Amazon" in system else "php"
        assert {f"{php}-fpm", f"{php}-mysqlnd", f"{php}-gd", f"{php}-xml"} < set(packages)
        assert [name for name in packages if "zip" in name] == ["php8.4-zip" if "Amazon" in system else "php-pecl-zip"]
        assert (root, socket) == ("/var/www/html/wordpress", "/run/php-fpm/www.sock")
        assert enabled == ["nginx", "php-fpm"]
        assert limits == "/etc/php.d/90-wordpress.ini"
    else:
        assert root == ("/usr/share/wordpress" if "Debian" in system else "/var/www/wordpress")
        assert socket == "/run/php/php-fpm.sock"
        assert enabled == ["nginx", FPM[system]]
        assert limits == f"/etc/php/{FPM[system][3:6]}/fpm/conf.d/90-wordpress.ini"
    assert (
        "Let WordPress write its content only" not in done.shown
        or done.one("Let WordPress write its content only")["path"] == f"{root}/wp-content"
    )


@pytest.mark.parametrize("system", OTHERS)
def test_elsewhere_than_on_debian_it_is_the_archive_with_its_checksum(machines: Machines, system: str) -> None:
    done = machines[system].expect()
    download = done.one("Download and verify")
    assert download["url"] == "https://wordpress.org/wordpress-7.1.3.tar.gz"
    assert re.fullmatch("sha256:[0-9a-f]{64}", download["checksum"])
    assert "Install the package" not in done.shown


@pytest.mark.parametrize("system", SERIES)
def test_on_debian_it_is_the_package(machines: Machines, system: str) -> None:
    done = machines[system].expect()
    assert done.one("Install the package")["name"] == f"wordpress={SERIES[system]}"
    assert "Download and verify" not in done.shown


@pytest.mark.parametrize("system", ON_DNF)
def test_what_selinux_needs_is_done_where_it_is_on(machines: Machines, system: str) -> None:
    shown = machines[system].expect().shown
    changed = [item["argv"] for item in shown.get("Let PHP reach the database, WordPress's server and mail", [])]
    assert changed == ([] if system == "Rocky 9" else [["setsebool", "-P", "httpd_can_sendmail", "on"]])
    assert ("Give the files the labels of their places" in shown) == (system != "Rocky 9")
    stream = [item["argv"][-1] for item in shown.get("Choose PHP's stream", [])]
    assert stream == ([] if "Amazon" in system else ["php:8.3"])


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_wrong_is_refused(machines: Machines, what: str) -> None:
    done = machines[what]
    assert REFUSED[what][1] in done.failure
    assert "Watch for the database settings on every machine" not in done.shown
