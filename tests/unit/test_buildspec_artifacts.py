"""Which files are kept of a build, by the examples of CodeBuild's documentation."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import write_tree
from tfgen.codebuild.artifacts import keep_artifacts
from tfgen.codebuild.buildspec import Artifact
from tfgen_generators.errors import TfgenError

TREE = {
    "packer-build.log": "log",
    ".hidden": "h",
    "my-build-1/my-file-1.txt": "1",
    "my-build-2/my-file-2.txt": "2",
    "my-build-2/my-subdirectory/my-file-3.txt": "3",
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_tree(tmp_path / "src", TREE)


def kept(source: Path, *artifacts: Artifact) -> dict[str, str]:
    """Keeps them, and reads what was kept."""
    target = source.parent / "kept"
    keep_artifacts(artifacts, source, target, lambda _: None)
    return {path.relative_to(target).as_posix(): path.read_text() for path in target.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (("packer-build.log",), ["packer-build.log"]),
        (("./packer-build.log",), ["packer-build.log"]),
        (("my-build-1/my-file-1.txt",), ["my-build-1/my-file-1.txt"]),
        (("*",), [".hidden", "packer-build.log"]),
        (("my-build-2/*",), ["my-build-2/my-file-2.txt"]),
        (("my-build-2/**/*",), ["my-build-2/my-file-2.txt", "my-build-2/my-subdirectory/my-file-3.txt"]),
        (("**/my-file-?.txt",), sorted(name for name in TREE if "my-file" in name)),
        (("**/*",), sorted(TREE)),
    ],
)
def test_the_patterns(source: Path, files: tuple[str, ...], expected: list[str]) -> None:
    assert sorted(kept(source, Artifact(files=files))) == expected


def test_a_base_directory_is_not_part_of_the_artifact(source: Path) -> None:
    artifact = Artifact(files=("*/my-file-3.txt",), base_directory="my-build-2")
    assert kept(source, artifact) == {"my-subdirectory/my-file-3.txt": "3"}


def test_discard_paths_with_several_base_directories(source: Path) -> None:
    artifact = Artifact(files=("**/*",), base_directory="my-build*", discard_paths=True)
    assert kept(source, artifact) == {"my-file-1.txt": "1", "my-file-2.txt": "2", "my-file-3.txt": "3"}


def test_exclude_paths(source: Path) -> None:
    assert sorted(kept(source, Artifact(files=("**/*",), exclude_paths=("my-*/**/*", "**/.*")))) == ["packer-build.log"]


def test_secondary_artifacts_lie_in_folders_of_their_names(source: Path) -> None:
    first, second = Artifact(files=("*.log",)), Artifact(files=("my-build-1/*",), identifier="two")
    assert kept(source, first, second) == {"packer-build.log": "log", "two/my-build-1/my-file-1.txt": "1"}


def test_a_path_that_is_not_there_is_skipped(source: Path) -> None:
    said: list[str] = []
    wanted = Artifact(files=("packer-manifest.json", "packer-build.log"))
    assert keep_artifacts([wanted], source, source.parent / "kept", said.append) == 1
    assert said == ["Skipping invalid file path packer-manifest.json"]


@pytest.mark.parametrize(
    ("artifact", "expected"),
    [
        (Artifact(files=("nothing",)), "no matching artifact paths found"),
        (Artifact(files=("my-build-1",)), "no matching artifact paths found"),
        (Artifact(files=("*",), base_directory="nowhere"), "no matching base directory path found for nowhere"),
    ],
)
def test_nothing_at_all_is_an_error(source: Path, artifact: Artifact, expected: str) -> None:
    with pytest.raises(TfgenError, match=expected):
        kept(source, artifact)


def test_paths_that_lead_out_of_the_source(source: Path) -> None:
    (source.parent / "secret").write_text("s")
    said: list[str] = []
    wanted = Artifact(files=("../secret", str(source.parent / "secret"), "a/../../secret", "*.log"))
    assert keep_artifacts([wanted], source, source.parent / "kept", said.append) == 1
    assert len(said) == 3
    assert all("outside the source folder" in words for words in said)


def test_what_an_earlier_build_left_is_gone(source: Path) -> None:
    kept(source, Artifact(files=("**/*",)))
    assert list(kept(source, Artifact(files=("*.log",)))) == ["packer-build.log"]


def test_odd_names(source: Path) -> None:
    names = {"a [1].log": "1", "ä\n.log": "2", "$(id).log": "3"}
    write_tree(source, names)
    assert kept(source, Artifact(files=("*.log", "a [1].log"))) == {**names, "packer-build.log": "log"}


def test_one_that_cannot_be_kept_costs_no_other(source: Path) -> None:
    first, clash = Artifact(files=("*.log",)), Artifact(files=("my-build-1/*",), identifier="three")
    write_tree(source, {"three.log": "", "three": "a file"})
    with pytest.raises(TfgenError, match=r"my-build-1/my-file-1\.txt: "):
        kept(source, Artifact(files=("three",)), clash, Artifact(files=("*.log",), identifier="four"))
    assert (source.parent / "kept/four/packer-build.log").is_file()
    assert sorted(kept(source, first)) == ["packer-build.log", "three.log"]
