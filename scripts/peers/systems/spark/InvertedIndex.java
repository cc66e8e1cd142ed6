import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.collect_list;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.concat_ws;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.explode;
import static org.apache.spark.sql.functions.input_file_name;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.lower;
import static org.apache.spark.sql.functions.regexp_extract;
import static org.apache.spark.sql.functions.regexp_extract_all;
import static org.apache.spark.sql.functions.sort_array;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.transform;

/** Terms counted by file, then listed by term. */
public final class InvertedIndex {
    private InvertedIndex() {}

    public static void main(String[] args) {
        Tables.run(args[1], tables -> tables.lines(args[0])
                .select(
                        explode(regexp_extract_all(col("value"), lit("([A-Za-z]+)"))).as("term"),
                        regexp_extract(input_file_name(), "([^/]*?)([.][^./]*)?$", 1).as("document"))
                .groupBy(lower(col("term")).as("term"), col("document"))
                .agg(count(lit(1)).as("n"))
                .groupBy("term")
                .agg(sort_array(collect_list(struct("document", "n"))).as("list"))
                .select(
                        col("term"),
                        org.apache.spark.sql.functions.size(col("list")),
                        concat_ws(",", transform(
                                col("list"),
                                each -> concat(each.getField("document"), lit(":"), each.getField("n"))))));
    }
}
