"""What a build downloads: an archive with a role, a release of Packer."""

from __future__ import annotations

import io
import platform
import tarfile
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def role_requirements(archive: Path, tasks: str = "[]\n") -> str:
    """Make an archive with a role, as Galaxy's are; gives the requirements file that asks for it as `theirs`."""
    with tarfile.open(archive, "w:gz") as tar:
        for name, text in {"tasks": tasks, "meta": "galaxy_info: {author: us}\n"}.items():
            entry = tarfile.TarInfo(f"role/{name}/main.yml")
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    return f"roles:\n  - name: theirs\n    src: {archive.as_uri()}\n"


def packer_release(folder: Path) -> Path:
    """Make version 9.8.7 of a Packer that only knows its version, as PACKER_RELEASES serves it; gives its archive."""
    arch = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
    archive = folder / "9.8.7" / f"packer_9.8.7_linux_{arch}.zip"
    archive.parent.mkdir(parents=True)
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("packer", "#!/bin/sh\necho Packer v9.8.7\n")
    return archive


def session_manager_plugin(
    folder: Path, name: str = "./usr/local/sessionmanagerplugin/bin/session-manager-plugin"
) -> Path:
    """Make version 1.2.3.4 of a program `name`, as SESSION_MANAGER_PLUGIN_RELEASES serves it; gives its archive."""
    system = {"x86_64": "ubuntu_64bit", "aarch64": "ubuntu_arm64"}[platform.machine()]
    archive = folder / "1.2.3.4" / system / "session-manager-plugin.deb"
    archive.parent.mkdir(parents=True)
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        program = b"#!/bin/sh\necho 1.2.3.4\n"
        entry = tarfile.TarInfo(name)
        entry.size = len(program)
        tar.addfile(entry, io.BytesIO(program))
    parts = {"debian-binary": b"2.0\n", "control.tar.gz": b"odd", "data.tar.gz": data.getvalue()}
    ar = b"!<arch>\n"
    for part, content in parts.items():
        ar += f"{part:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode() + content
        ar += b"\n" * (len(content) % 2)
    archive.write_bytes(ar)
    return archive
