"""The distribution that this program is part of: its version, where it comes from, how to install more of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tfgen_generators.errors import TfgenError
from tfgen_generators.settings.requirement import DISTRIBUTION, TWO_WAYS, Requirement, parse_requirement, with_extra
from tfgen_generators.trees.files import read_text

if TYPE_CHECKING:
    from importlib.metadata import Distribution


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where this program was installed from."""

    #: In words.
    said: str
    #: The file by its hash, or the commit; None where it is not certain that others get the same.
    requirement: Requirement | None = None
    #: The folder on this machine that it was installed from, "" if it was not.
    folder: str = ""
    is_editable: bool = False


def version() -> str:
    """Its version: in a clone what pyproject.toml says, else that of the installed distribution."""
    from importlib import metadata

    if (clone := _clone()) is not None:
        return str(clone[1]["version"])
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "unknown"


def origin() -> Origin:
    """Where it was installed from, by PEP 610's direct_url.json of the files that run, and of no others."""
    if (clone := _clone()) is not None:
        return Origin(said=f"the folder {clone[0]}", folder=str(clone[0]), is_editable=True)
    found = _distribution()
    if found is None:
        return Origin(said="files that no package has installed")
    try:
        text = found.read_text("direct_url.json")
        if text is None:
            return Origin(said="a package index")
        return _by_direct_url(msgspec.json.decode(text, type=dict[str, Any]))
    except (msgspec.DecodeError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Origin(said="an address that its direct_url.json does not show")


def how_to_add(extra: str) -> str:
    """What to run for one extra more of the distribution that runs: the exact line where it is known."""
    from shlex import quote

    found = origin()
    if found.requirement is not None:
        return f"run: pip install {quote(str(with_extra(found.requirement.address, extra)))}"
    if found.folder:
        return f"run: pip install {'--editable ' if found.is_editable else ''}{quote(f'{found.folder}[{extra}]')}"
    return f"install '{DISTRIBUTION}[{extra}] @ ADDRESS' with pip, where ADDRESS is {TWO_WAYS}"


def _clone() -> tuple[Path, dict[str, Any]] | None:
    """The clone that this file is part of, and its [project]; an older installation beside it says nothing of it."""
    import tomllib

    root = Path(__file__).resolve().parents[3]
    try:
        project = tomllib.loads(read_text(root / "pyproject.toml"))["project"]
        return (root, project) if project["name"] == DISTRIBUTION else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _distribution() -> Distribution | None:
    """The installed distribution, if this file is one of its."""
    from importlib import metadata

    try:
        found = metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return None
    file = Path(str(found.locate_file("tfgen/distribution/installed.py")))
    return found if file.resolve() == Path(__file__).resolve() else None


def _by_direct_url(said: dict[str, Any]) -> Origin:
    """Source: PEP 610, "Recording the Direct URL Origin": one of archive_info, vcs_info and dir_info."""
    url = str(said["url"])
    if (folder := said.get("dir_info")) is not None:
        from urllib.parse import unquote, urlsplit

        path = unquote(urlsplit(url).path)
        return Origin(said=f"the folder {path}", folder=path, is_editable=bool(folder.get("editable")))
    if said.get("subdirectory"):
        return Origin(said="a folder of a repository or of an archive")
    if (commit := said.get("vcs_info")) is not None:
        address, what = f"{commit['vcs']}+{url}@{commit['commit_id']}", "a repository without a commit's ID"
    else:
        archive = said["archive_info"]
        digest = archive.get("hashes", {}).get("sha256") or archive.get("hash", "").removeprefix("sha256=")
        address, what = f"{url}#sha256={digest}", "a file without a SHA-256, or one whose address has a password"
    try:
        return Origin(said=address, requirement=parse_requirement(address))
    except TfgenError:
        return Origin(said=what)
