"""`python -m bench [names]`: run the benches, print their tables, write bench/results/<name>.json."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

BENCHES = tuple(sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py")))


def main(arguments: list[str]) -> int:
    """Run the named benches (comma- or blank-separated), or all."""
    known = {name.removeprefix("bench_"): name for name in BENCHES}
    wanted = [name for argument in arguments for name in argument.split(",") if name] or list(known)
    if unknown := [name for name in wanted if name not in known]:
        print(f"There is no bench {', '.join(unknown)}. There are: {', '.join(known)}.", file=sys.stderr)
        return 2
    for name in wanted:
        import_module(f"bench.{known[name]}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
