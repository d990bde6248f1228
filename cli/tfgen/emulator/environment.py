"""The environment that Terraform runs in beside the emulator: made new, nothing of the user's leaks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# What a download through a proxy needs where the provider comes from its registry; nothing about AWS.
_PASSED_ON = (
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "http_proxy",
    "https_proxy",
)
_LOOPBACK = "127.0.0.1,localhost,::1"


def terraform_environment(home: Path, cli_config: Path) -> dict[str, str]:
    """Return the whole environment: the user's PATH, `home` as home, test keys, `cli_config`."""
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment |= {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "NO_PROXY": _LOOPBACK,
        "no_proxy": _LOOPBACK,
        "TF_CLI_CONFIG_FILE": str(cli_config),
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": str(home / ".aws" / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / ".aws" / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    return environment
