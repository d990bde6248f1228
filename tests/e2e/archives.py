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
