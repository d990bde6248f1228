"""What tests let recipes and the dispatcher install: by the file's digest, as `make wheel` prints it."""

from __future__ import annotations

#: The distribution's name before 0.2.0, which in the package index is a stranger's.
OLD = "tfgen"
WHEEL = "tfgen_ami-0.2.0-py3-none-any.whl"
ADDRESS = f"https://example.com/{WHEEL}#sha256={'0a' * 32}"
REQUIREMENT = f"tfgen-ami[embedded] @ {ADDRESS}"
