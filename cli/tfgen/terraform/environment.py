"""What Terraform finds in its environment."""

from __future__ import annotations

import os
from collections.abc import Mapping


def run_environment(user: Mapping[str, str]) -> dict[str, str]:
    """`user`, and what we add for Terraform."""
    env = {**user, "TF_IN_AUTOMATION": "1"}
    # Terraform collects garbage for most of a plan; measured: 0.90 of the time with this (benchmarks/).
    env.setdefault("GOGC", "400")
    # Terraform speaks TLS with its own providers, a fifth of a short plan's time; docs/adr/0012 says why it need not.
    if _keeps_others_out() and "PLUGIN_UNIX_SOCKET_GROUP" not in env:
        env.setdefault("TF_DISABLE_PLUGIN_TLS", "1")
    return env


def _keeps_others_out() -> bool:
    """Whether nobody else may write to, and so connect to, a socket that a program of ours makes."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask & 0o022 == 0o022
