"""The measuring half of `scripts/peers`: it knows no system and no workload by name.

`registry` finds what there is, `measure` runs one process, `answers` turns outputs into comparable digests, `machine`
describes where it ran, `report` renders, and `session` drives them. `layout` says where everything lives.
"""
