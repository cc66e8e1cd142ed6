"""torch.optim.SGD on the whole batch: binary_cross_entropy_with_logits and its gradient."""

import os
import sys
import time

import reading
import torch
import torch._dynamo  # What an optimiser would import when it is made, after the clock has started.
from iterations import timed
from models import labelled, standardized

torch.set_num_threads(int(os.environ["CPUS"]))

started = time.perf_counter()
x, labels = labelled(sys.argv[1])
x = torch.from_numpy(standardized(x))
y = torch.from_numpy(labels)
model = torch.nn.Linear(x.shape[1], 1, dtype=torch.float64)
torch.nn.init.zeros_(model.weight)
torch.nn.init.zeros_(model.bias)
optimizer = torch.optim.SGD(model.parameters(), lr=float(os.environ["LEARNING_RATE"]))
for _ in timed(int(os.environ["ITERATIONS"])):
    optimizer.zero_grad()
    torch.nn.functional.binary_cross_entropy_with_logits(model(x).squeeze(1), y).backward()
    optimizer.step()
weights = [model.bias.item(), *model.weight.detach().numpy()[0].tolist()]
reading.write(sys.argv[2], (b"%d\t%r\n" % (index, weight) for index, weight in enumerate(weights)))
print(f"work_seconds={time.perf_counter() - started:.6f}")
