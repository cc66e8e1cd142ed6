"""Word count with collections.Counter, a line at a time. bytes.split ends words at VT too; generated text has none."""

import sys
import time
from collections import Counter
from pathlib import Path

source, output = sys.argv[1], Path(sys.argv[2])
started = time.perf_counter()

counts = Counter()
with open(source, "rb") as lines:
    for line in lines:
        counts.update(line.split())

output.mkdir()
with open(output / "part", "wb") as part:
    part.writelines(b"%s\t%d\n" % pair for pair in counts.items())

print(f"work_seconds={time.perf_counter() - started:.6f}")
