import static org.apache.spark.sql.functions.asc_nulls_last;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.monotonically_increasing_id;

import java.util.Set;

/**
 * The rows of a key into one partition, where they are sorted by the other column and then by their place in the input.
 */
public final class SecondarySort {
    private SecondarySort() {}

    public static void main(String[] args) {
        Tables.run(args[1], tables -> tables.read(args[0], Set.of())
                .withColumn("place", monotonically_increasing_id())
                .repartition(col("c1"))
                .sortWithinPartitions(col("c1"), asc_nulls_last("c2"), col("place"))
                .drop("place"));
    }
}
