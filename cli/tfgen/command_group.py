"""The commands, each imported and built when it is asked for: a start needs one of them, and all take long."""

from __future__ import annotations

import contextlib
import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from tfgen.options import PassesOn, PlainUsage

if TYPE_CHECKING:
    from typer._click.core import Command, Context
    from typer._click.formatting import HelpFormatter
    from typer._click.shell_completion import CompletionItem

#: Name -> module in tfgen.commands, in the order of the overview.
_MODULES = {
    "init": "init",
    "list": "list_",
    "affected": "affected",
    "graph": "graph",
    "lint": "lint",
    "new": "new",
    "sync": "sync",
    "rename": "rename",
    "adopt": "adopt",
    "plan": "plan",
    "apply": "apply",
    "build": "build",
    "status": "status",
    "dispatch": "dispatch",
    "promote": "promote",
    "rollback": "rollback",
    "reap": "reap",
    "prune": "prune",
    "comment": "comment",
    "ci": "ci",
    "demo": "demo",
    "state": "state",
    "remote": "remote",
    "version": "version",
    "schema": "schema",
    "docs": "docs",
}
_PASS_ON = frozenset({"plan", "apply"})


class CommandGroup(TyperGroup):
    """The app's group: what a `TyperGroup` is, but for when its commands are built."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = _Commands(_build)  # type: ignore[assignment] # nothing is ever added

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """The list of the help, of which each line needs a docstring and no built command."""
        with self._outlined():
            super().format_commands(ctx, formatter)

    def shell_complete(self, ctx: Context, incomplete: str) -> list[CompletionItem]:
        """The names and first sentences of the commands, likewise."""
        with self._outlined():
            return super().shell_complete(ctx, incomplete)

    @contextlib.contextmanager
    def _outlined(self) -> Iterator[None]:
        built, self.commands = self.commands, _Commands(_outline)  # type: ignore[assignment]
        try:
            yield
        finally:
            self.commands = built


class _Commands(Mapping[str, "Command"]):
    def __init__(self, build: Callable[[str, str], Command]) -> None:
        self._build = build
        self._built: dict[str, Command] = {}

    def __getitem__(self, name: str) -> Command:
        if name not in self._built:
            self._built[name] = self._build(name, _MODULES[name])
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_MODULES)

    def __len__(self) -> int:
        return len(_MODULES)


def _outline(name: str, module_name: str) -> Command:
    """The command without its parameters."""
    module = importlib.import_module(f"tfgen.commands.{module_name}")
    text = module.app.info.help if hasattr(module, "app") else inspect.cleandoc(module.command.__doc__)
    return TyperCommand(name=name, help=text)


def _build(name: str, module_name: str) -> Command:
    module = importlib.import_module(f"tfgen.commands.{module_name}")
    if hasattr(module, "app"):  # it has commands itself
        return typer.main.get_group(module.app)
    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    cls = PassesOn if name in _PASS_ON else PlainUsage
    app.command(name, cls=cls, epilog=module.EXAMPLES)(module.command)
    return typer.main.get_command(app)
