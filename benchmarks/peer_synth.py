"""CDKTF's Python peer: python peer_synth.py MODULES.json OUTDIR. Prints its own seconds as JSON.

Runs in the peer's own environment (peers.py), never in tfgen's.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def main() -> None:
    started = time.perf_counter()
    from cdktf import App, TerraformHclModule, TerraformStack  # type: ignore[import-not-found]

    modules = json.loads(Path(sys.argv[1]).read_text())
    loaded = time.perf_counter()
    app = App(outdir=sys.argv[2])
    stack = TerraformStack(app, "pipelines")
    for module in modules:
        TerraformHclModule(
            stack,
            module["name"],
            source=module["source"],
            variables=module["variables"],
            skip_asset_creation_from_local_modules=True,  # tfgen copies no module either
        )
    constructed = time.perf_counter()
    app.synth()
    done = time.perf_counter()
    print(json.dumps({"load": loaded - started, "construct": constructed - loaded, "synth": done - constructed}))


if __name__ == "__main__":
    main()
