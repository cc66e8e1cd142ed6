"""What the programs in plain Python share: the clock, and the edges of a graph."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path


def run(lines: Callable[[Path], Iterable[bytes]]) -> None:
    """Write the lines that `lines` makes of the input file to the output folder."""
    source, output = Path(sys.argv[1]), Path(sys.argv[2])
    started = time.perf_counter()
    answer = lines(source)
    output.mkdir()
    with open(output / "part", "wb") as part:
        part.writelines(answer)
    print(f"work_seconds={time.perf_counter() - started:.6f}")


def edges(source: Path) -> Iterator[list[bytes]]:
    """Both ends of each edge."""
    with open(source, "rb") as lines:
        for line in lines:
            line = line.rstrip(b"\n")
            if line and not line.startswith(b"#"):
                yield line.split(b"\t")
