"""Where the tfgen that runs comes from: PEP 610's direct_url.json, believed only for the files that run."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

import pytest

from tests.documented import ROOT
from tests.pinned import WHEEL
from tfgen.distribution import installed

DIGEST, COMMIT = "0a" * 32, "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
URL, REPOSITORY = f"https://example.com/{WHEEL}", "https://example.com/tfgen.git"
CERTAIN = {
    f"{URL}#sha256={DIGEST}": {"url": URL, "archive_info": {"hashes": {"sha256": DIGEST}}},
    # By the older key.
    f"file:///opt/{WHEEL}#sha256={DIGEST}": {
        "url": f"file:///opt/{WHEEL}",
        "archive_info": {"hash": f"sha256={DIGEST}"},
    },
    f"git+{REPOSITORY}@{COMMIT}": {
        "url": REPOSITORY,
        "vcs_info": {"vcs": "git", "commit_id": COMMIT, "requested_revision": "main"},
    },
}
UNCERTAIN = {
    "a package index": None,
    "the folder /home/ann/my tfgen": {"url": "file:///home/ann/my%20tfgen", "dir_info": {"editable": True}},
    "the folder /srv/tfgen": {"url": "file:///srv/tfgen", "dir_info": {}},
    "a file without a SHA-256": {"url": URL, "archive_info": {}},
    "or one whose address has a password": {
        "url": f"https://ann:****@example.com/{WHEEL}",
        "archive_info": {"hashes": {"sha256": DIGEST}},
    },
    "a file": {"url": URL, "archive_info": {"hashes": {"md5": "0a" * 16}, "hash": "md5=" + "0a" * 16}},
    "a repository": {"url": REPOSITORY, "vcs_info": {"vcs": "git", "commit_id": "main"}},
    "a repository without": {"url": REPOSITORY, "vcs_info": {"vcs": "hg", "commit_id": COMMIT}},
    "a folder of a repository": {
        "url": REPOSITORY,
        "subdirectory": "x",
        "vcs_info": {"vcs": "git", "commit_id": COMMIT},
    },
    "an address that its direct_url.json does not show": {"url": URL},
    "that its direct_url.json does not show": {"url": URL, "archive_info": []},
    "its direct_url.json does not show": "{",
    "json does not show": {"url": "file://[x", "dir_info": {}},  # urlsplit raises ValueError
    "does not show": '{"url":' * 100_000,
}


class Installed:
    """A distribution as importlib.metadata shows it."""

    version = "9.9.9"

    def __init__(self, said: object, files: Path = ROOT / "cli") -> None:
        self.said, self.files = said, files

    def read_text(self, name: str) -> str | None:
        assert name == "direct_url.json"
        return self.said if isinstance(self.said, str | None) else json.dumps(self.said)

    def locate_file(self, path: str) -> Path:
        return self.files / path


def install(patch: pytest.MonkeyPatch, found: Installed | None) -> None:
    def distributed(name: str) -> Installed:
        if found is None or name != "tfgen-ami":
            raise metadata.PackageNotFoundError(name)
        return found

    patch.setattr(installed, "_clone", lambda: None)
    patch.setattr(metadata, "distribution", distributed)


@pytest.mark.parametrize("address", CERTAIN)
def test_a_file_by_its_digest_and_a_commit_are_certain(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    install(monkeypatch, Installed(CERTAIN[address]))
    assert str(installed.origin().requirement) == f"tfgen-ami[embedded] @ {address}"
    quoted = f"'tfgen-ami[demo] @ {address}'"
    assert installed.how_to_add("demo") == f"run: pip install {quoted}"


@pytest.mark.parametrize("said", UNCERTAIN)
def test_all_else_is_not(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    install(monkeypatch, Installed(UNCERTAIN[said]))
    found = installed.origin()
    assert found.requirement is None
    assert said in found.said
    how = installed.how_to_add("demo")
    if found.folder:
        editable = "--editable " if found.is_editable else ""
        assert how == f"run: pip install {editable}'{found.folder}[demo]'"
    else:
        assert how.startswith("install 'tfgen-ami[demo] @ ADDRESS' with pip, where ADDRESS is the URL of a wheel")


@pytest.mark.parametrize("elsewhere", [None, Installed(CERTAIN[f"git+{REPOSITORY}@{COMMIT}"], Path("/usr/lib/other"))])
def test_what_is_installed_beside_the_files_that_run_says_nothing(
    monkeypatch: pytest.MonkeyPatch, elsewhere: Installed | None
) -> None:
    install(monkeypatch, elsewhere)
    assert installed.origin().said == "files that no package has installed"


def test_bytes_that_are_no_text_are_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Installed):
        def read_text(self, name: str) -> str | None:
            return b"\xff".decode()

    install(monkeypatch, Broken(None))
    assert installed.origin().said == "an address that its direct_url.json does not show"


def test_a_clone_is_a_folder_whatever_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """An old installation stays in a .venv: its metadata, of whichever name, is not this code's."""
    monkeypatch.setattr(metadata, "version", lambda _: "0.1.0")
    monkeypatch.setattr(metadata, "distribution", lambda _: Installed(CERTAIN[f"git+{REPOSITORY}@{COMMIT}"]))
    assert installed.origin().folder == str(ROOT)
    assert installed.version() != "0.1.0"


def test_outside_of_a_clone_the_version_is_the_installed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "_clone", lambda: None)
    monkeypatch.setattr(metadata, "version", {"tfgen-ami": "9.9.9"}.__getitem__)
    assert installed.version() == "9.9.9"
