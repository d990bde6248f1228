"""`make bench`: every figure that tfgen promises, as a ratio against a peer in the same run.

    python benchmarks/run.py            all
    python benchmarks/run.py help       one (help, plan)

Run it while nothing else runs. The limits stand in the table; nothing here fails a build.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from measure import Contender, compare

ROOT = Path(__file__).resolve().parents[1]


def bench_help() -> list[tuple[str, float, float]]:
    """CPU time of `tfgen --help` over that of importing what it is made of."""
    tfgen = str(Path(sys.executable).with_name("tfgen"))
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    times = compare(
        [
            Contender(name="bare", argv=[sys.executable, "-c", "import typer, rich.console"]),
            Contender(name="help", argv=[tfgen, "--help"]),
            Contender(name="list", argv=[tfgen, "list"], cwd=ROOT),
            Contender(name="check", argv=[tfgen, "sync", "--check"], cwd=ROOT),
        ],
        rounds=20,
        env=env,
    )
    bare = times["bare"].cpu
    _say("import typer, rich.console", bare)
    return [
        ("tfgen --help / import typer, rich.console (CPU)", times["help"].cpu / bare, 1.6),
        ("tfgen list / the same (CPU)", times["list"].cpu / bare, 0.0),
        ("tfgen sync --check / the same (CPU)", times["check"].cpu / bare, 0.0),
    ]


def bench_plan() -> list[tuple[str, float, float]]:
    """Wall time of `tfgen plan` over the same `terraform plan` by hand, on the emulator with the shipped estate."""
    from tfgen.emulator.environment import terraform_environment
    from tfgen.emulator.override import write_override
    from tfgen.emulator.provider import write_cli_config
    from tfgen.emulator.server import Emulator
    from tfgen.terraform.binary import find_terraform

    tfgen = str(Path(sys.executable).with_name("tfgen"))
    with tempfile.TemporaryDirectory(prefix="tfgen-bench-") as name, Emulator() as emulator:
        folder = Path(name)
        env = terraform_environment(folder, write_cli_config(folder / "config"))
        for part in ("packer", "terraform"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
        shutil.copyfile(ROOT / "tfgen.toml", folder / "tfgen.toml")
        module = folder / "terraform" / "pipelines"
        write_override(module, emulator)
        terraform = [*find_terraform().argv, "plan", "-input=false", f"-out={folder / 'by-hand'}"]
        compare([Contender(name="init", argv=[tfgen, "plan"], cwd=folder)], rounds=1, env=env)
        times = compare(
            [
                Contender(name="hand", argv=terraform, cwd=module),
                Contender(name="tfgen", argv=[tfgen, "plan"], cwd=folder),
            ],
            rounds=10,
            env=env,
        )
    _say("terraform plan by hand, wall", times["hand"].wall)
    return [("tfgen plan / terraform plan (wall)", times["tfgen"].wall / times["hand"].wall, 1.1)]


BENCHMARKS: dict[str, Callable[[], list[tuple[str, float, float]]]] = {"help": bench_help, "plan": bench_plan}


def _say(what: str, seconds: float) -> None:
    print(f"{what}: {seconds:.3f} s", file=sys.stderr)


def main() -> None:
    rows = [row for name in sys.argv[1:] or BENCHMARKS for row in BENCHMARKS[name]()]
    print("| ratio | measured | at most |\n|---|---|---|")
    for name, ratio, limit in rows:
        print(f"| {name} | {ratio:.2f} | {limit or '-'} |")


if __name__ == "__main__":
    main()
