"""Two torch.nn.Linear with tanh between them, torch.optim.SGD on the whole batch."""

import os
import sys
import time

import torch
import torch._dynamo  # What an optimiser would import when it is made, after the clock has started.
from iterations import timed
from models import first_weights, labelled, standardized, written

torch.set_num_threads(int(os.environ["CPUS"]))

started = time.perf_counter()
features, labels = labelled(sys.argv[1])
x, y, units = torch.from_numpy(standardized(features)), torch.from_numpy(labels), int(os.environ["HIDDEN"])
hidden = torch.nn.Linear(x.shape[1], units, dtype=torch.float64)
output = torch.nn.Linear(units, 1, dtype=torch.float64)
with torch.no_grad():
    for layer in (hidden, output):
        layer.weight.copy_(torch.from_numpy(first_weights(layer.in_features, layer.out_features)))
        layer.bias.zero_()
model = torch.nn.Sequential(hidden, torch.nn.Tanh(), output)
optimizer = torch.optim.SGD(model.parameters(), lr=float(os.environ["LEARNING_RATE"]))
for _ in timed(int(os.environ["ITERATIONS"])):
    optimizer.zero_grad()
    torch.nn.functional.binary_cross_entropy_with_logits(model(x).squeeze(1), y).backward()
    optimizer.step()
written(sys.argv[2], *(part.detach().numpy() for layer in (hidden, output) for part in (layer.weight, layer.bias)))
print(f"work_seconds={time.perf_counter() - started:.6f}")
