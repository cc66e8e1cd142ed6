import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.collect_list;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.concat_ws;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.size;
import static org.apache.spark.sql.functions.sort_array;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.transform;

/** Terms counted by file, then listed by term. */
public final class InvertedIndex {
    private InvertedIndex() {}

    public static void main(String[] args) {
        Tables.run(args[1], tables -> Documents.counted(tables.lines(args[0]))
                .groupBy("term")
                .agg(sort_array(collect_list(struct("document", "n"))).as("list"))
                .select(
                        col("term"),
                        size(col("list")),
                        concat_ws(",", transform(
                                col("list"),
                                each -> concat(each.getField("document"), lit(":"), each.getField("n"))))));
    }
}
