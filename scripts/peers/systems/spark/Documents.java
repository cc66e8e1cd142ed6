import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.explode;
import static org.apache.spark.sql.functions.input_file_name;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.lower;
import static org.apache.spark.sql.functions.regexp_extract;
import static org.apache.spark.sql.functions.regexp_extract_all;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Terms of documents, counted. */
final class Documents {
    private Documents() {}

    /** The columns term, document and n. */
    static Dataset<Row> counted(Dataset<Row> lines) {
        return lines.select(
                        explode(regexp_extract_all(col("value"), lit("([A-Za-z]+)"))).as("term"),
                        regexp_extract(input_file_name(), "([^/]*?)([.][^./]*)?$", 1).as("document"))
                .groupBy(lower(col("term")).as("term"), col("document"))
                .agg(count(lit(1)).as("n"));
    }
}
