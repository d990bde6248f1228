"""CDKTF in JavaScript and in Python, set up on demand below benchmarks/.peers (never committed).

python benchmarks/peers.py          set up what is missing, and say what is there
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from measure import Contender

CDKTF = "0.21.0"
CONSTRUCTS = "10.8.1"
JSII = "1.142.0"

HERE = Path(__file__).resolve().parent
_FOLDER = HERE / ".peers"
#: jsii complains at length of every Node.js that is past its end of life.
_QUIET = {"JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1", "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "1"}
_INSTALL_SECONDS = 600


class PeerMissingError(Exception):
    """The peer cannot run on this machine; the message says why."""


def javascript() -> tuple[list[str], dict[str, str]]:
    """How to start the JavaScript peer: arguments and environment. Raises PeerMissingError."""
    node = _need("node")
    folder = _FOLDER / f"javascript-{CDKTF}-{CONSTRUCTS}"
    options = ["--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    packages = [f"cdktf@{CDKTF}", f"constructs@{CONSTRUCTS}"]
    _once(folder, [["npm", "install", "--prefix", str(folder), *options, *packages]])
    return [node, str(HERE / "peer_synth.js")], {"NODE_PATH": str(folder / "node_modules")}


def python() -> tuple[list[str], dict[str, str]]:
    """How to start the Python peer: arguments and environment. Raises PeerMissingError."""
    _need("node")  # jsii's kernel runs in it
    folder = _FOLDER / f"python-{CDKTF}-{CONSTRUCTS}-{JSII}"
    interpreter = str(folder / "bin" / "python")
    packages = [f"cdktf=={CDKTF}", f"constructs=={CONSTRUCTS}", f"jsii=={JSII}"]
    _once(
        folder,
        [
            [sys.executable, "-m", "venv", str(folder)],
            [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages],
        ],
    )
    return [interpreter, str(HERE / "peer_synth.py")], _QUIET


PEERS: dict[str, Callable[[], tuple[list[str], dict[str, str]]]] = {"JavaScript": javascript, "Python": python}


def contender(language: str, name: str, modules: Path, outdir: Path) -> Contender:
    """The peer's synth of the modules that the file `modules` lists. Raises PeerMissingError."""
    argv, env = PEERS[language]()
    return Contender(name=name, argv=[*argv, str(modules), str(outdir)], env=env, codes=(0,), reports=True)


def _need(program: str) -> str:
    found = shutil.which(program)
    if not found:
        raise PeerMissingError(f"{program} is not on PATH")
    return found


def _once(folder: Path, commands: Sequence[Sequence[str]]) -> None:
    """Runs the commands that fill `folder`, unless they have all succeeded before."""
    done = folder / ".done"
    if done.exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    for argv in commands:
        _install(argv, env)
    done.touch()


def _install(argv: Sequence[str], env: dict[str, str]) -> None:
    program = _need(argv[0])
    what = "npm" if argv[0] == "npm" else "pip"
    try:
        ended = subprocess.run([program, *argv[1:]], env=env, capture_output=True, text=True, timeout=_INSTALL_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerMissingError(f"{what} could not install it: {type(error).__name__}") from None
    if ended.returncode:
        said = [line for line in (ended.stderr or ended.stdout).splitlines() if "error" in line.lower()]
        raise PeerMissingError(f"{what} could not install it: {said[0] if said else f'exit code {ended.returncode}'}")


if __name__ == "__main__":
    for language, set_up in PEERS.items():
        try:
            print(f"CDKTF's {language}: {' '.join(set_up()[0])}")
        except PeerMissingError as error:
            print(f"CDKTF's {language}: left out: {error}")
