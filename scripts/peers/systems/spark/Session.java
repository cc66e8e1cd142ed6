import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.serializer.KryoSerializer;

/** A program on a Spark context that spark-submit configured; its work is timed from the context being up. */
interface Session {
    /** What to write as text, computed from the lines of the input. */
    JavaRDD<String> answer(JavaRDD<String> lines);

    static void run(String[] args, Session program) {
        run(new SparkConf(), args, program);
    }

    /**
     * Run with Kryo for what is shuffled, as Spark's tuning guide has it. Spark does so of its own accord for strings
     * and numbers, but not where Java hides the types from it.
     */
    static void runWithKryo(String[] args, Session program) {
        run(new SparkConf().set("spark.serializer", KryoSerializer.class.getName()), args, program);
    }

    private static void run(SparkConf conf, String[] args, Session program) {
        try (JavaSparkContext spark = new JavaSparkContext(conf)) {
            long started = System.nanoTime();
            program.answer(spark.textFile(args[0])).saveAsTextFile(args[1]);
            System.out.printf("work_seconds=%.6f%n", (System.nanoTime() - started) / 1e9);
        }
    }
}
