"""`tfgen sync --check`, warm and cold, beside CDKTF's synth of as many modules, in the same rounds."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import peers
import trees
from measure import Contender, Row, Timing, compare, say

SIZES = (10, 100, 1000, 5000)
#: Issue 3's limits, each at its number of templates.
WARM, COLD, LIMITED_AT = 0.25, 1.0, 1000
MEMORY_MB, MEMORY_AT = 150.0, 5000
#: time(5000) / time(1000), both less start-up: that of the smallest tree.
LINEAR, LINEAR_AT = 5.5, (1000, 5000)

_READERS = frozenset({"tree_sitter", "tree_sitter_hcl", "hcl2", "lark"})
_STATES = {"JavaScript": ("warm", "edited"), "Python": ("cold",)}


@dataclass(frozen=True, kw_only=True)
class _Field:
    """All that runs side by side, and why a peer does not."""

    contenders: list[Contender]
    missing: dict[str, str]


def bench_sync(sizes: Sequence[int] = SIZES, rounds: int = 7) -> list[Row]:
    """Every ratio, fact and peak of issue 3's `Speed`."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    sizes = sorted(sizes)
    with tempfile.TemporaryDirectory(prefix="tfgen-bench-") as name:
        folder = Path(name)
        field = _field(folder, sizes, env)
        times = compare(field.contenders, rounds=rounds, env=env)
        facts = _imports(folder, sizes[0], env)
    for name, timing in times.items():
        say(f"{name}: {timing.peak:.0f} MB, wall", timing.wall)
    rows = [row for size in sizes for row in _ratios(times, size, field.missing)]
    return [*rows, *_linearity(times, sizes), *_memory(times, sizes[-1]), *facts]


def _field(folder: Path, sizes: Sequence[int], env: dict[str, str]) -> _Field:
    contenders: list[Contender] = []
    missing: dict[str, str] = {}
    for size in sizes:
        warm, cold = folder / f"warm-{size}", folder / f"cold-{size}"
        paths = _tree(warm, size, env)
        shutil.copytree(warm, cold, symlinks=True)
        contenders += [_check(f"warm {size}", warm), _check(f"cold {size}", cold)]
        if size == LIMITED_AT or size == sizes[-1] < LIMITED_AT:
            edited = folder / f"edited-{size}"
            shutil.copytree(warm, edited, symlinks=True)
            contenders.append(_edited(f"edited {size}", edited, edited / paths[0]))
        if size == LIMITED_AT or size == sizes[-1] < LIMITED_AT:
            contenders.append(_fresh(f"fresh {size}", cold, folder / "site"))
        listed = folder / f"modules-{size}.json"
        listed.write_text(trees.dump(paths))
        for language in _STATES:
            try:
                contender = peers.contender(language, f"{language} {size}", listed, folder / f"{language}-{size}")
            except peers.PeerMissingError as error:
                missing[language] = str(error)
            else:
                contenders.append(contender)
    return _Field(contenders=contenders, missing=missing)


def _tree(root: Path, size: int, env: dict[str, str]) -> list[str]:
    """A repository in which nothing is left to do; its templates' paths."""
    paths = trees.plant(root, size)
    done = subprocess.run([_tfgen(), "sync"], cwd=root, env=env, capture_output=True, text=True)
    written = len(list((root / "terraform" / "pipelines").glob("*.gen.tf")))
    if done.returncode or written != size:
        raise SystemExit(f"tfgen sync wrote {written} of {size} files ({done.returncode}):\n{done.stderr[:2000]}")
    _forget(root)
    trees.settle(root)
    return paths


def _check(name: str, root: Path) -> Contender:
    """`tfgen sync --check`; exit 0 alone will do. Cold is without .tfgen before each run."""
    prepare = partial(_forget, root) if name.startswith("cold") else None
    return Contender(name=name, argv=[_tfgen(), "sync", "--check"], cwd=root, prepare=prepare, codes=(0,))


def _edited(name: str, root: Path, template: Path) -> Contender:
    """Warm, but one template has got another line since the last look."""
    file = template if template.is_file() else next(iter(sorted(template.glob("*.pkr.hcl"))))

    def prepare() -> None:
        with file.open("a") as opened:
            opened.write("\n")

    return Contender(name=name, argv=[_tfgen(), "sync", "--check"], cwd=root, prepare=prepare, codes=(0,))


def _fresh(name: str, root: Path, site: Path) -> Contender:
    """Cold, and with a copy of hcl2 that has not built its grammar's tables yet: the first command after an install."""
    spec = importlib.util.find_spec("hcl2")
    if spec is None or not spec.origin:
        raise SystemExit("there is no hcl2: install tfgen")
    tables = site / "hcl2" / ".lark_cache.bin"
    shutil.copytree(Path(spec.origin).parent, site / "hcl2")

    def prepare() -> None:
        _forget(root)
        tables.unlink(missing_ok=True)

    env = {"PYTHONPATH": os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])}
    return Contender(name=name, argv=[_tfgen(), "sync", "--check"], cwd=root, env=env, prepare=prepare, codes=(0,))


def _forget(root: Path) -> None:
    shutil.rmtree(root / ".tfgen", ignore_errors=True)


def _tfgen() -> str:
    return str(Path(sys.executable).with_name("tfgen"))


def _ratios(times: dict[str, Timing], size: int, missing: dict[str, str]) -> list[Row]:
    """Ours by whole process; the peer by `app.synth()` alone, with its constructing, and by whole process."""
    rows: list[Row] = []
    for language, state in ((language, state) for language, states in _STATES.items() for state in states):
        if f"{state} {size}" not in times:
            continue
        ours = f"{state} tfgen sync --check / CDKTF's {language}"
        limit = {"warm": WARM, "cold": COLD}.get(state) if size == LIMITED_AT else None
        if language in missing:
            rows.append(Row(name=f"{ours}, N = {size}", measured=f"left out: {missing[language]}", limit=limit))
            continue
        for what, seconds in _spans(times[f"{language} {size}"]).items():
            measured = times[f"{state} {size}"].wall / seconds
            rows.append(Row(name=f"{ours} {what}, N = {size}", measured=measured, limit=limit))
        if state == "cold" and (fresh := times.get(f"fresh {size}")):
            name = f"cold, hcl2's tables not built / CDKTF's {language} whole process, N = {size}"
            rows.append(Row(name=name, measured=fresh.wall / times[f"{language} {size}"].wall, limit=limit))
    return rows


def _spans(peer: Timing) -> dict[str, float]:
    """Seconds of the peer, by what is counted."""
    return {
        "app.synth() alone": peer.inner["synth"],
        "construct and synth": peer.inner["construct"] + peer.inner["synth"],
        "whole process": peer.wall,
    }


def _linearity(times: dict[str, Timing], sizes: Sequence[int]) -> list[Row]:
    if len(sizes) < 3:
        return []
    smallest, few, many = sizes[0], sizes[-2], sizes[-1]
    limit = LINEAR if (few, many) == LINEAR_AT else None
    rows: list[Row] = []
    for state in ("warm", "cold"):
        start = times[f"{state} {smallest}"].wall
        ratio = (times[f"{state} {many}"].wall - start) / (times[f"{state} {few}"].wall - start)
        name = f"{state} tfgen sync --check, N = {many} / N = {few}, both less N = {smallest}"
        rows.append(Row(name=name, measured=ratio, limit=limit))
    return rows


def _memory(times: dict[str, Timing], size: int) -> list[Row]:
    limit = MEMORY_MB if size == MEMORY_AT else None
    return [
        Row(
            name=f"{state} tfgen sync --check, peak MB, N = {size}", measured=times[f"{state} {size}"].peak, limit=limit
        )
        for state in ("warm", "cold")
    ]


def _imports(folder: Path, size: int, env: dict[str, str]) -> list[Row]:
    """Which HCL2 readers a command imports."""
    json_only = folder / "json-only"
    trees.plant(json_only, size, json_only=True)
    cases = [
        ("tfgen list, JSON alone", json_only, ["list"]),
        ("tfgen list, half HCL2", folder / f"cold-{size}", ["list"]),
        ("warm tfgen sync --check, half HCL2", folder / f"warm-{size}", ["sync", "--check"]),
    ]
    return [
        Row(name=f"HCL2 readers imported by {name}", measured=_readers(root, argv, env)) for name, root, argv in cases
    ]


def _readers(root: Path, argv: list[str], env: dict[str, str]) -> str:
    command = [sys.executable, "-X", "importtime", "-m", "tfgen", *argv]
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(argv)} failed ({done.returncode}):\n{done.stderr[-2000:]}")
    names = {name.split(".")[0] for name in re.findall(r"^import time: .*\|\s+(\S+)$", done.stderr, re.MULTILINE)}
    return ", ".join(sorted(names & _READERS)) or "none"
