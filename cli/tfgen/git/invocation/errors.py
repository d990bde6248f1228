"""What git does not say."""

from __future__ import annotations


class NoAnswerError(Exception):
    """git says nothing; the message is the reason where a person can mend it, "" where there is no history to ask."""


class NoGitError(NoAnswerError):
    """There is no git that may be started; the message says why."""
