"""The measuring half of `scripts/latency`: events at a rate, programs that count them by key, and how late each event
is in what a program has put out.

`events` makes and sends them, `running` runs one program on them, `figures` makes latencies of what it says that it has
seen, `telling` prints and draws.
"""
