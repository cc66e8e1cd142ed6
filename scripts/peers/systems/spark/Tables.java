import static org.apache.spark.sql.functions.avg;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.countDistinct;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.sum;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Tables without a header, whose columns are c1, c2, …, and a timed question about them. */
final class Tables {
    private final SparkSession spark;

    private Tables(SparkSession spark) {
        this.spark = spark;
    }

    /** Write the rows of the question's answer, TAB between cells. */
    static void run(String output, Function<Tables, Dataset<Row>> question) {
        timed(tables -> question.apply(tables)
                .write()
                .option("sep", "\t")
                .option("escape", "\"")
                .option("emptyValue", "")
                .option("ignoreLeadingWhiteSpace", false)
                .option("ignoreTrailingWhiteSpace", false)
                .csv(output));
    }

    /** Write the question's answer, which has one column: lines as they are. */
    static void runOnText(String output, Function<Tables, ? extends Dataset<?>> question) {
        timed(tables -> question.apply(tables).write().text(output));
    }

    private static void timed(Consumer<Tables> work) {
        SparkSession spark = SparkSession.builder().getOrCreate();
        long started = System.nanoTime();
        work.accept(new Tables(spark));
        System.out.printf("work_seconds=%.6f%n", (System.nanoTime() - started) / 1e9);
        spark.stop();
    }

    /** A file as text, but for the columns that are numbers. */
    Dataset<Row> read(String path, Set<String> numbers) {
        String first = firstLine(path);
        String separator = first.contains("\t") ? "\t" : ",";
        DataFrameReader reader = spark.read().option("sep", separator).option("escape", "\"");
        int width = reader.csv(spark.createDataset(List.of(first), Encoders.STRING())).columns().length;
        StructType schema = new StructType();
        for (int place = 1; place <= width; place++) {
            String name = "c" + place;
            schema = schema.add(name, numbers.contains(name) ? DataTypes.DoubleType : DataTypes.StringType);
        }
        return reader.schema(schema).csv(path);
    }

    Dataset<Row> lines(String path) {
        return spark.read().text(path);
    }

    /** Where programs that loop forget how their data came to be. */
    void checkpoint(String folder) {
        spark.sparkContext().setCheckpointDir(folder);
    }

    /** Lines that the driver has. */
    Dataset<String> text(List<String> lines) {
        return spark.createDataset(lines, Encoders.STRING());
    }

    private static String firstLine(String path) {
        try (BufferedReader reader = Files.newBufferedReader(Path.of(path))) {
            String line = reader.readLine();
            return line == null ? "" : line;
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** A function of a column as the parameters name it. */
    static Column told(String function, String column) {
        return switch (function) {
            case "count" -> count(column == null ? lit(1) : col(column));
            case "distinct" -> countDistinct(column);
            case "sum" -> sum(col(column).cast("double"));
            case "mean" -> avg(col(column).cast("double"));
            case "min" -> min(col(column).cast("double"));
            case "max" -> max(col(column).cast("double"));
            default -> throw new IllegalArgumentException(function);
        };
    }
}
