import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.log;

import java.io.File;
import org.apache.spark.sql.expressions.Window;

/** Terms counted by file, beside the number of files that each term is in. MLlib's IDF adds 1 to both numbers. */
public final class Tfidf {
    private Tfidf() {}

    public static void main(String[] args) {
        int documents = new File(args[0]).list().length;
        Tables.run(args[1], tables -> Documents.counted(tables.lines(args[0]))
                .select(
                        col("term"),
                        col("document"),
                        col("n").multiply(log(lit(documents).divide(count(lit(1)).over(Window.partitionBy("term")))))));
    }
}
