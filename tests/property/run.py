"""`python -m tests.property.run --seed N [--count M] [--keep FOLDER]`: some seeds again."""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.property.check import Outcome, check_many, judging


def main() -> int:
    """Exit 1 when an image is missed."""
    parser = argparse.ArgumentParser(description="Checks seeds of the property test.")
    parser.add_argument("--seed", type=int, default=0, help="the first one")
    parser.add_argument("--count", type=int, default=1, help="how many")
    parser.add_argument("--keep", type=Path, help="a new folder in which the repository of --seed is left")
    parser.add_argument("--packer", type=int, default=0, help="for how many templates Packer is run, at most")
    parser.add_argument("--exact", action="store_true", help="find out what had to be named, too")
    arguments = parser.parse_args()
    outcomes: list[Outcome] = []
    with judging(arguments.packer, exact=arguments.exact) as judge:
        if arguments.keep:
            outcomes.append(judge.check(arguments.seed, arguments.keep))
        else:
            for outcome in check_many(range(arguments.seed, arguments.seed + arguments.count), judge):
                outcomes.append(outcome)
                if outcome.missed:
                    print(outcome.report())
    for outcome in outcomes if len(outcomes) == 1 else []:
        print(f"needed {sorted(outcome.needed)}, named {sorted(outcome.named)}, {', '.join(outcome.change.kinds)}")
        print(
            "\n".join(
                f"{'gone' if content is None else 'new '} {path}" for path, content in outcome.change.files.items()
            )
        )
    counts = {name: sum(len(getattr(one, name)) for one in outcomes) for name in ("needed", "named", "missed")}
    print(
        f"{len(outcomes)} repositories, {sum(one.images for one in outcomes)} images, "
        f"{sum(one.failed for one in outcomes)} do not build; found affected: {counts['needed']}, "
        f"named: {counts['named']}, missed: {counts['missed']}"
    )
    return 1 if any(one.missed for one in outcomes) else 0


if __name__ == "__main__":
    raise SystemExit(main())
