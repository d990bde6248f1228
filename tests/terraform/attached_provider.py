"""The AWS provider as one process that every Terraform of a test run attaches to: half of a plan's time is its start.

It is the same program, in the mode that HashiCorp has for debuggers. The tests of init, of the plugin cache, of
faults and of the demo let Terraform start it; so do all under `--deep`.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.conftest import GO
from tests.e2e.emulator import running, wait_until
from tfgen.emulator.provider import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

_WHERE = re.compile(r"TF_REATTACH_PROVIDERS='(.*)'")


@contextmanager
def attached_provider(mirror: Path, folder: Path) -> Iterator[dict[str, str]]:
    """What to add to Terraform's environment. The provider is found in `mirror`, its log goes to `folder`."""
    (program,) = mirror.glob(f"registry.terraform.io/hashicorp/aws/{VERSION}/*/terraform-provider-aws_*")
    log = folder / "provider.log"
    with running([str(program), "-debug"], {**os.environ, **GO}, log) as process:
        wait_until(lambda: _WHERE.search(log.read_text()) is not None, process, log)
        found = _WHERE.search(log.read_text())
        assert found is not None
        try:
            yield {"TF_REATTACH_PROVIDERS": found[1]}
        finally:
            for provider in json.loads(found[1]).values():
                Path(provider["Addr"]["String"]).unlink(missing_ok=True)
