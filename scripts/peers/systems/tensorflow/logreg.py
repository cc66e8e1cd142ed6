"""Gradient descent on the mean of sigmoid_cross_entropy_with_logits; the gradient comes from tf.GradientTape."""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import sys
import time

import reading
import tensorflow as tf
from iterations import timed
from models import labelled, standardized

tf.config.threading.set_intra_op_parallelism_threads(int(os.environ["CPUS"]))

started = time.perf_counter()
features, labels = labelled(sys.argv[1])
x, y = tf.constant(standardized(features)), tf.constant(labels)
rate = float(os.environ["LEARNING_RATE"])
weights = tf.Variable(tf.zeros([x.shape[1], 1], tf.float64))
bias = tf.Variable(tf.zeros([], tf.float64))


@tf.function
def step():
    with tf.GradientTape() as tape:
        logits = tf.squeeze(x @ weights, 1) + bias
        loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=logits))
    of_weights, of_bias = tape.gradient(loss, [weights, bias])
    weights.assign_sub(rate * of_weights)
    bias.assign_sub(rate * of_bias)


for _ in timed(int(os.environ["ITERATIONS"])):
    step()
found = [float(bias.numpy()), *weights.numpy()[:, 0].tolist()]
reading.write(sys.argv[2], (b"%d\t%r\n" % (index, weight) for index, weight in enumerate(found)))
print(f"work_seconds={time.perf_counter() - started:.6f}")
