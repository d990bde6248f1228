"""The answer to a shell that asks what may follow: it sets `_TFGEN_COMPLETE`, as the scripts of Typer do.

Silent on whatever is wrong: a message would be written into the line that is being typed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from typer._click.core import Command

    from tfgen.completion.shells import Item, Question

VARIABLE = "_TFGEN_COMPLETE"
PROGRAM = "tfgen"
_ASKS = "complete_"


def is_asked() -> bool:
    """Whether a shell asks; else `_TFGEN_COMPLETE` is unset, or asks for a script, which is the app's to write."""
    return os.environ.get(VARIABLE, "").startswith(_ASKS)


def complete(command: Callable[[], Command]) -> NoReturn:
    """Prints what may follow the words that the shell hands over, and exits; `command` gives the app's own."""
    code = 0
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        text, code = answer(command)
        sys.stdout.write(text)
        sys.stdout.flush()
    except BaseException:  # noqa: BLE001 whatever it is: nothing is offered
        code = 0
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.stderr = sys.__stderr__
    os._exit(code)  # nothing is open, and the interpreter's end takes as long as a look at the cache


def answer(command: Callable[[], Command]) -> tuple[str, int]:
    """The text for the shell and the exit code."""
    from tfgen.completion.shells import asked, told

    shell = os.environ[VARIABLE].removeprefix(_ASKS)
    question = asked(shell, os.environ)
    return told(shell, _items(command(), question), question)


def _items(command: Command, question: Question) -> list[Item]:
    from typer._completion_classes import BashComplete

    from tfgen.completion.shells import Item

    found = BashComplete(command, {}, PROGRAM, VARIABLE).get_completions(list(question.words), question.incomplete)
    return [Item(value=str(item.value), help=item.help or "") for item in found]
