"""Ages as a person writes them: 90m, 12h, 30d, 8w."""

from __future__ import annotations

import re
from datetime import timedelta

from tfgen_generators.errors import UsageError
from tfgen_generators.settings.lines import InvalidSettingError, Path, dotted, in_toml

#: Of more digits no date comes out.
PATTERN = "[0-9]{1,5}[mhdw]"
FIX = 'use for example "90m", "12h", "30d" or "8w"'
_AGE = re.compile(PATTERN)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def age_of(text: str) -> timedelta:
    """The age that `text` is. Raises ValueError."""
    if _AGE.fullmatch(text) is None:
        raise ValueError(text)
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})


def check_age(here: Path, text: str) -> None:
    """Raises InvalidSettingError where the setting `here` is not an age."""
    try:
        age_of(text)
    except ValueError:
        raise InvalidSettingError(here, f"{dotted(here)} = {in_toml(text)} is not an age", FIX) from None


def age_of_option(flag: str, text: str) -> timedelta:
    """The age that the option `flag` was given. Raises UsageError."""
    try:
        return age_of(text)
    except ValueError:
        raise UsageError(f"{flag} {text} is not an age", fix=FIX.replace('"', "")) from None
