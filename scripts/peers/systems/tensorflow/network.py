"""Two dense layers with tanh between them; the gradient comes from tf.GradientTape."""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import sys
import time

import tensorflow as tf
from iterations import timed
from models import first_weights, labelled, standardized, written

tf.config.threading.set_intra_op_parallelism_threads(int(os.environ["CPUS"]))

started = time.perf_counter()
features, labels = labelled(sys.argv[1])
x, y, units = tf.constant(standardized(features)), tf.constant(labels), int(os.environ["HIDDEN"])
rate = float(os.environ["LEARNING_RATE"])
first, of_first = tf.Variable(first_weights(x.shape[1], units)), tf.Variable(tf.zeros([units], tf.float64))
second, of_second = tf.Variable(first_weights(units, 1)), tf.Variable(tf.zeros([1], tf.float64))
numbers = [first, of_first, second, of_second]


@tf.function
def step():
    with tf.GradientTape() as tape:
        hidden = tf.tanh(tf.matmul(x, first, transpose_b=True) + of_first)
        logits = tf.squeeze(tf.matmul(hidden, second, transpose_b=True) + of_second, 1)
        loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=logits))
    for number, gradient in zip(numbers, tape.gradient(loss, numbers)):
        number.assign_sub(rate * gradient)


for _ in timed(int(os.environ["ITERATIONS"])):
    step()
written(sys.argv[2], *(number.numpy() for number in numbers))
print(f"work_seconds={time.perf_counter() - started:.6f}")
