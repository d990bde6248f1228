"""The AWS provider as one process that every Terraform of a test run attaches to: half of a plan's time is its start.

It is the same program, in the mode that HashiCorp has for debuggers, behind schema_proxy.py. The tests of init, of the
plugin cache, of faults and of the demo let Terraform start it; so do all under `--deep`.
"""

from __future__ import annotations

import json
import os
import re
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.conftest import GO
from tests.e2e.emulator import running, wait_until
from tfgen.emulator.provider import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).resolve().parents[2]
_TYPES_IN = ("terraform", "tests", "cli", "generators")
_TYPE = re.compile(r"\baws_[a-z0-9_]+")
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
        providers = json.loads(found[1])
        (provider,) = providers.values()
        own = provider["Addr"]["String"]
        try:
            with _with_few_types(own, folder):
                provider["Addr"]["String"] = f"{own}-few"
                yield {"TF_REATTACH_PROVIDERS": json.dumps(providers)}
        finally:
            for path in (own, f"{own}-few"):
                Path(path).unlink(missing_ok=True)


@contextmanager
def _with_few_types(own: str, folder: Path) -> Iterator[None]:
    """Beside the provider's socket there is one that knows the types of AWS which this repository has a word of."""
    texts = (file.read_text(encoding="utf-8") for top in _TYPES_IN for file in (_ROOT / top).rglob("*.[tp][fy]"))
    names = folder / "types"
    names.write_text("\n".join(sorted({name for text in texts for name in _TYPE.findall(text)})), encoding="utf-8")
    log = folder / "proxy.log"
    argv = [sys.executable, "-IS", str(Path(__file__).with_name("schema_proxy.py")), own + "-few", own, str(names)]
    with running(argv, dict(os.environ), log) as process:
        wait_until(lambda: Path(own + "-few").exists(), process, log)
        yield
