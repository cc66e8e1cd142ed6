import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;

/** A program on a Spark context that spark-submit configured; its work is timed from the context being up. */
interface Session {
    /** What to write as text, computed from the lines of the input. */
    JavaRDD<String> answer(JavaRDD<String> lines);

    static void run(String[] args, Session program) {
        try (JavaSparkContext spark = new JavaSparkContext(new SparkConf())) {
            long started = System.nanoTime();
            program.answer(spark.textFile(args[0])).saveAsTextFile(args[1]);
            System.out.printf("work_seconds=%.6f%n", (System.nanoTime() - started) / 1e9);
        }
    }
}
