"""What is kept of a build: the files that the buildspec names, copied out of the source's copy."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path, PurePosixPath

from tfgen.codebuild.buildspec import Artifact
from tfgen_generators.errors import TfgenError
from tfgen_generators.trees import globs


def keep_artifacts(artifacts: Sequence[Artifact], source: Path, target: Path, say: Callable[[str], None]) -> int:
    """Puts the artifacts into `target`, in place of those of an earlier build; gives the number of files.

    The first one's files lie in `target` itself, those of secondary ones in folders of their names. Raises TfgenError
    when one of them has no files at all, or one that cannot be copied; the others are kept all the same.
    """
    fresh = target.with_name(f".{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    count, trouble = 0, ""
    for artifact in artifacts:
        name = ""
        try:
            for name, file in _files(artifact, source, say).items():
                place = fresh / artifact.identifier / name
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, place)
                count += 1
        except TfgenError as error:
            trouble = trouble or str(error)
        except OSError as error:
            trouble = trouble or f"{name}: {error.strerror or error}"
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
    if trouble:
        raise TfgenError(trouble)
    return count


def _files(artifact: Artifact, source: Path, say: Callable[[str], None]) -> dict[str, Path]:
    """Where it is to lie -> the file."""
    trees = {base: _tree(base) for base in _bases(artifact, source)}
    excluded = [_pattern(pattern) for pattern in artifact.exclude_paths]
    found: dict[str, Path] = {}
    for wanted in artifact.files:
        if wanted.startswith("/") or ".." in PurePosixPath(wanted).parts:
            say(f"Skipping {wanted}: outside the source folder")
            continue
        matches = [
            (name, base / name)
            for base, names in trees.items()
            for name in names
            if _pattern(wanted).fullmatch(name) and not any(pattern.fullmatch(name) for pattern in excluded)
        ]
        if not matches:
            say(f"Skipping invalid file path {wanted}")
        for name, file in matches:
            found[PurePosixPath(name).name if artifact.discard_paths else name] = file
    if not found:
        raise TfgenError("no matching artifact paths found")
    return found


def _bases(artifact: Artifact, source: Path) -> list[Path]:
    """The base directories: the source itself, or what the pattern names below it."""
    wanted = artifact.base_directory.removeprefix("./").rstrip("/")
    if wanted in ("", "."):
        return [source]
    pattern = _pattern(wanted)
    folders = [
        Path(folder) / name
        for folder, names, _ in os.walk(source)
        for name in names
        if pattern.fullmatch((Path(folder) / name).relative_to(source).as_posix())
    ]
    if not folders:
        raise TfgenError(f"no matching base directory path found for {artifact.base_directory}")
    return sorted(folders)


def _tree(base: Path) -> tuple[str, ...]:
    """All files below `base`, relative to it; links to folders are not followed."""
    return tuple(
        sorted(
            (Path(folder) / name).relative_to(base).as_posix()
            for folder, _, names in os.walk(base)
            for name in names
            if (Path(folder) / name).is_file()
        )
    )


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """A pattern of paths: `*` and `?` stay in one folder, `**` does not."""
    parts = {"**/": globs.FOLDERS, "**": globs.ANYTHING, "*": globs.STAR, "?": "[^/]"}
    tokens = re.split(r"((?:(?<=/)|^)\*\*/|\*\*|\*|\?)", text.removeprefix("./"))
    return re.compile(globs.expression([parts.get(token) or re.escape(token) for token in tokens]), re.DOTALL)
