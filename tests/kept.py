"""What the command makes anew at each start, though it is always the same: here it is kept.

A usual command lives too short to make anything twice. These tests run thousands of them in one process, or fork them
from one (fork_server.py).
"""

from __future__ import annotations

import functools


def keep_commands() -> None:
    """From now on each command and its options are built once."""
    import typer.main

    from tfgen import command_group

    command_group._build = functools.cache(command_group._build)
    typer.main.get_command = functools.cache(typer.main.get_command)


def build_commands() -> None:
    """Builds all of them."""
    import typer.main

    from tfgen import command_group
    from tfgen.main import app

    typer.main.get_command(app)
    for name, module in command_group._MODULES.items():
        command_group._build(name, module)
