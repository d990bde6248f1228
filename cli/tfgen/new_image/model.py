"""What is wanted of a new image, where its files go, and what is written."""

from __future__ import annotations

from typing import Literal

import msgspec

OsName = Literal["amzn2023", "ubuntu", "debian", "rhel"]
TemplateFormat = Literal["hcl2", "json"]


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asked for; "" and None where they did not say."""

    name: str
    parent: str = ""
    like: str = ""
    os: OsName | None = None
    format: TemplateFormat | None = None


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """Where this repository keeps things, as paths from its root.

    `is_template`: the files in `packer_dir` are one template together, which a new file of HCL2 would be part of.
    `prefix` is what the file names of all templates begin with, `ending` the playbooks', `galaxy_file` the requirements
    that other templates install ("" without). `working_dir` is the folder that Packer runs in; `only_json`: the
    buildspec adds `.json` to the template's path.
    """

    packer_dir: str
    playbooks: str
    roles: str
    is_template: bool = False
    prefix: str = ""
    ending: str = ".yaml"
    galaxy_file: str = ""
    working_dir: str = "."
    only_json: bool = False


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """What the image starts from: the filter of the source AMI, and what a build must know of its system.

    `filters` are those beside the name. `volume_size` is in GiB; `has_agent`: Session Manager's is in it.
    """

    name: str
    owner: str
    ssh_username: str
    device: str
    ansible_core: str
    volume_size: int
    said: str
    filters: tuple[tuple[str, str], ...] = ()
    instance_type: str = "t3.small"
    has_agent: bool = False


class NewFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file; `is_shared` is one that other images may use too, and that stays as it is where it is there already."""

    path: str
    data: bytes
    is_shared: bool = False
    is_program: bool = False


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """All files of a new image, its template's path, and what a person should know, one line each."""

    template: str
    files: tuple[NewFile, ...]
    notes: tuple[str, ...] = ()
