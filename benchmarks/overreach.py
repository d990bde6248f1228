"""How many images `tfgen affected` names beyond need, in the generated repositories of tests/property.

python benchmarks/overreach.py                 300 repositories; about five minutes
python benchmarks/overreach.py --seed 0 --count 1000

Needed is an image whose Packer or Ansible really opens other files, or other content, after the change. "Beyond need"
is what tfgen names and nothing needs; a computed name must count for everything that it could mean, so it is not none.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.property.check import Outcome, check_many, judging


def main() -> None:
    """Prints tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=10_000)
    parser.add_argument("--count", type=int, default=300)
    arguments = parser.parse_args()
    with judging(0, exact=True) as judge:
        outcomes = list(check_many(range(arguments.seed, arguments.seed + arguments.count), judge))
    needed, named = _sum(outcomes)
    images, missed = sum(one.images for one in outcomes), sum(len(one.missed) for one in outcomes)
    beyond = sum(len(one.named - one.needed) for one in outcomes)
    print(f"{len(outcomes)} repositories with {images} images and one change each, seeds from {arguments.seed}\n")
    print("| who names | images | beyond need | missed |\n|---|---|---|---|")
    print(f"| needed | {needed} | - | - |")
    print(f"| tfgen affected | {named} | {beyond} ({beyond / named:.0%}) | {missed} |")
    print(
        f"| a trigger for the whole repository | {images} | {images - needed} ({(images - needed) / images:.0%}) | 0 |"
    )
    _table(
        "change (alone in its repository)", outcomes, lambda one: one.change.kinds if len(one.change.kinds) == 1 else []
    )
    _table("the repository has", outcomes, lambda one: sorted(one.features))


def _sum(outcomes: Iterable[Outcome]) -> tuple[int, int]:
    pairs = [(len(one.needed), len(one.named)) for one in outcomes]
    return sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)


def _table(title: str, outcomes: list[Outcome], keys: Callable[[Outcome], Iterable[str]]) -> None:
    """Needed and named by key; the most that is beyond need first."""
    needed: Counter[str] = Counter()
    beyond: Counter[str] = Counter()
    for outcome in outcomes:
        for key in keys(outcome):
            needed[key] += len(outcome.needed)
            beyond[key] += len(outcome.named - outcome.needed)
    print(f"\n| {title} | needed | beyond need |\n|---|---|---|")
    for key in sorted(needed, key=lambda one: (-beyond[one] / max(needed[one] + beyond[one], 1), one)):
        print(f"| {key} | {needed[key]} | {beyond[key]} |")


if __name__ == "__main__":
    main()
