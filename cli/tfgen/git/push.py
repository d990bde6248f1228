"""`git push`, which needs what `tfgen.git.repository` takes away.

That is the network, the user's hooks, credentials, helpers and terminal, and all the
time that it takes. So git runs here as the user would run it, in tfgen's own process group (a passphrase can be typed),
and what it and the hooks say to a person goes to stderr as it is. Nothing is ever forced: a full refspec without `+`
and no option that forces; no setting of git's adds one.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import msgspec

from tfgen.git.invocation.discovery import find_repository
from tfgen.git.invocation.errors import NoAnswerError
from tfgen.git.invocation.isolation import pushing
from tfgen.git.invocation.start import start_git
from tfgen_generators.errors import TfgenError

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

#: Seconds that an interrupted git has to end in order.
_GRACE = 10
_UP_TO_DATE, _REJECTED = "=", "!"
_BEHIND = ("fetch first", "non-fast-forward")


class Pushed(msgspec.Struct, frozen=True, kw_only=True):
    """How a push to one remote ended. `summary` is git's: `[new branch]`, `1a2b3c4..5d6e7f8`, `[rejected] (...)`."""

    remote: str
    is_there: bool
    is_new: bool = False
    summary: str = ""

    @property
    def is_behind(self) -> bool:
        """Whether the remote has commits that are not here."""
        return not self.is_there and any(reason in self.summary for reason in _BEHIND)

    @property
    def is_shallow(self) -> bool:
        """Whether the remote lacks commits that are not here either."""
        return not self.is_there and "shallow update" in self.summary


def push(root: Path, remote: str, branch: str) -> Pushed:
    """Pushes the local branch `branch` to the same branch of `remote`; a push that fails is an answer too.

    Raises TfgenError when git cannot be started.
    """
    ref = f"refs/heads/{branch}"
    try:
        call = pushing(root, find_repository(root), "push", "--porcelain", "--", remote, f"{ref}:{ref}")
        process = start_git(call, quiet=False)
    except NoAnswerError as error:
        raise TfgenError(f"git cannot be started: {error or 'the repository is not whole'}") from None
    except OSError as error:
        raise TfgenError(f"git cannot be started: {error.strerror}") from None
    try:
        results = _results(process, ref)
        process.wait()
    except BaseException:
        _end(process)
        raise
    failed = [summary for flag, summary in results if flag == _REJECTED]
    if process.returncode or failed or not results:
        summary = ", ".join(dict.fromkeys(failed)) or f"git failed with exit code {process.returncode}"
        return Pushed(remote=remote, is_there=False, summary=summary)
    new = [summary for flag, summary in results if flag != _UP_TO_DATE]
    return Pushed(remote=remote, is_there=True, is_new=bool(new), summary=", ".join(dict.fromkeys(new)))


def _results(process: subprocess.Popen[bytes], ref: str) -> list[tuple[str, str]]:
    """What `--porcelain` says of `ref`, once for each address of the remote: flag, summary; the rest is passed on."""
    results: list[tuple[str, str]] = []
    for line in map(os.fsdecode, process.stdout or ()):
        flag, _, rest = line.rstrip("\n").partition("\t")
        refs, _, summary = rest.partition("\t")
        if len(flag) == 1 and refs.endswith(f":{ref}"):
            results.append((flag, summary))
        elif not line.startswith("To ") and line != "Done\n":
            sys.stderr.write(line)  # a pre-push hook's, which git lets print to stdout
            sys.stderr.flush()
    return results


def _end(process: subprocess.Popen[bytes]) -> None:
    """Lets git end itself and what it has started; kills it when it does not."""
    import subprocess

    process.terminate()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
