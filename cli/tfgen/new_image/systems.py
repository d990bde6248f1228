"""The systems that an image can start from: whose AMIs, what they are called, and how a build gets in.

Sources, each the maker's own page:
Amazon Linux 2023: https://docs.aws.amazon.com/linux/al2023/ug/naming-and-versioning.html (names; `al2023-ami-2023.`
leaves the minimal and the ECS images out), .../ug/ec2.html (ec2-user); the alias `amazon` is right in every partition.
Ubuntu: https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/ (owner, names, ubuntu).
Debian: https://wiki.debian.org/Cloud/AmazonEC2Image/Trixie (owner, names, admin).
Red Hat: https://access.redhat.com/solutions/15356 (owner, ec2-user), https://access.redhat.com/articles/2962171 (names;
`_HVM-` leaves the betas out, `Hourly2` those for own subscriptions).
Root devices: `RootDeviceName` in what DescribeImages says of each. ansible-core: ansible/README.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from tfgen.new_image.model import OsName, Start


class System(msgspec.Struct, frozen=True, kw_only=True):
    """One system. `pattern` recognizes the names of its AMIs, of any release; `has_agent` for Session Manager."""

    title: str
    name: str
    owner: str
    pattern: str
    ssh_username: str
    device: str
    ansible_core: str
    volume_size: int
    has_agent: bool


SYSTEMS: dict[OsName, System] = {
    "amzn2023": System(
        title="Amazon Linux 2023",
        name="al2023-ami-2023.*-x86_64",
        owner="amazon",
        pattern=r"al2023-ami|amzn-?2023",
        ssh_username="ec2-user",
        device="/dev/xvda",
        ansible_core="2.15.*",
        volume_size=8,
        has_agent=True,
    ),
    "ubuntu": System(
        title="Ubuntu 24.04",
        name="ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*",
        owner="099720109477",
        pattern=r"ubuntu",
        ssh_username="ubuntu",
        device="/dev/sda1",
        ansible_core="2.16.*",
        volume_size=8,
        has_agent=True,
    ),
    "debian": System(
        title="Debian 13",
        name="debian-13-amd64-*",
        owner="136693071363",
        pattern=r"debian",
        ssh_username="admin",
        device="/dev/xvda",
        ansible_core="2.19.*",
        volume_size=8,
        has_agent=False,
    ),
    "rhel": System(
        title="Red Hat Enterprise Linux 9",
        name="RHEL-9.*_HVM-*-x86_64-*-Hourly2-GP3",
        owner="309956199498",
        pattern=r"rhel-?\d",
        ssh_username="ec2-user",
        device="/dev/sda1",
        ansible_core="2.14.*",
        volume_size=10,
        has_agent=False,
    ),
}
_FILTERS = (("architecture", "x86_64"), ("root-device-type", "ebs"), ("virtualization-type", "hvm"))
#: What the tests build.
DEFAULT: OsName = "debian"


def start_of(name: OsName) -> Start:
    """An image that starts from the system itself."""
    system = SYSTEMS[name]
    return Start(
        name=system.name,
        owner=system.owner,
        ssh_username=system.ssh_username,
        device=system.device,
        ansible_core=system.ansible_core,
        volume_size=system.volume_size,
        said=system.title,
        filters=_FILTERS,
        has_agent=system.has_agent,
    )


def recognized(names: Iterable[str]) -> OsName | None:
    """The system whose AMIs have such names; None for none, and for more than one."""
    text = "\n".join(names)
    found = [key for key, system in SYSTEMS.items() if re.search(system.pattern, text, re.IGNORECASE)]
    return found[0] if len(found) == 1 else None
