"""A job that loads what others load, too: Spark's driver and executor keep their classes in archives when it ends."""
from pyspark import SparkContext

with SparkContext() as context:
    pairs = context.parallelize(range(10), 2).map(lambda n: (n, n)).partitionBy(2)
    assert pairs.persist().count() == pairs.count() == 10
