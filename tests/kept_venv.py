"""A virtual environment that is made once a run, and a Python that copies it where it is to make one.

Making one takes 3 s of the processor, nearly all of them for pip, which is installed and compiled: it is copied from
the environment of the tests, where that has one.
"""

from __future__ import annotations

import fcntl
import importlib.util
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = """\
#!/bin/sh
case "$*" in
  "-m venv "* | "-I -m venv "*)
    for venv; do :; done
    {cp} -a {kept}/. "$venv"
    exec {sed} -i "s|"{kept}"|$venv|g" "$venv"/bin/pip*
    ;;
esac
exec {python} "$@"
"""


def write_python(file: Path, factory: pytest.TempPathFactory) -> None:
    """Makes `file` the Python of the tests, but for `python -m venv FOLDER` (no options), which copies."""
    real = Path(sys.executable).resolve()
    words = {"cp": shutil.which("cp"), "sed": shutil.which("sed"), "kept": _kept(real, factory), "python": real}
    file.write_text(_PROGRAM.format(**{name: shlex.quote(str(word)) for name, word in words.items()}))
    file.chmod(0o755)


def _kept(python: Path, factory: pytest.TempPathFactory) -> Path:
    """The one of this run, which all workers share."""
    base = factory.getbasetemp()
    kept = (base.parent if base.name.startswith("popen-") else base) / "kept-venv"
    with kept.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            draft = kept.with_suffix(".draft")
            pip = importlib.util.find_spec("pip")
            options = ["--without-pip"] if pip else []
            subprocess.run([python, "-I", "-m", "venv", *options, draft], check=True, capture_output=True)
            if pip and pip.origin:
                _copy_pip(Path(pip.origin).parent, draft)
            for script in (draft / "bin").glob("pip*"):
                script.write_text(script.read_text().replace(str(draft), str(kept)))
            draft.rename(kept)
    return kept


def _copy_pip(package: Path, venv: Path) -> None:
    """With what is compiled of it."""
    (libraries,) = venv.glob("lib/python*/site-packages")
    for part in (package, *package.parent.glob("pip-*.dist-info")):
        shutil.copytree(part, libraries / part.name)
    script = venv / "bin/pip"
    script.write_text(f"#!{venv}/bin/python\nimport sys\nfrom pip._internal.cli.main import main\nsys.exit(main())\n")
    script.chmod(0o755)
