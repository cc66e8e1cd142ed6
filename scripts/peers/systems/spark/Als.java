import static org.apache.spark.sql.functions.array_join;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat_ws;
import static org.apache.spark.sql.functions.lit;

import java.util.Set;
import org.apache.spark.ml.feature.IndexToString;
import org.apache.spark.ml.feature.StringIndexer;
import org.apache.spark.ml.feature.StringIndexerModel;
import org.apache.spark.ml.recommendation.ALS;
import org.apache.spark.ml.recommendation.ALSModel;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * MLlib's ALS, which takes ids that are whole numbers: StringIndexer makes them of others. Without checkpoints the
 * lineage of many iterations is too deep for a stack.
 */
public final class Als {
    private Als() {}

    public static void main(String[] args) {
        Tables.runOnText(args[1], tables -> {
            tables.checkpoint(System.getenv("SCRATCH"));
            Dataset<Row> ratings = tables.read(args[0], Set.of("c3"));
            StringIndexerModel index = new StringIndexer()
                    .setInputCols(new String[] {"c1", "c2"})
                    .setOutputCols(new String[] {"user", "item"})
                    .fit(ratings);
            ALSModel model = new ALS()
                    .setRatingCol("c3")
                    .setRank(Integer.parseInt(System.getenv("K")))
                    .setMaxIter(Integer.parseInt(System.getenv("ITERATIONS")))
                    .setRegParam(Double.parseDouble(System.getenv("LAMBDA")))
                    .setSeed(Long.parseLong(System.getenv("START_SEED")))
                    .fit(index.transform(ratings));
            return lines("user", model.userFactors(), index.labelsArray()[0])
                    .union(lines("item", model.itemFactors(), index.labelsArray()[1]));
        });
    }

    private static Dataset<Row> lines(String side, Dataset<Row> factors, String[] ids) {
        IndexToString named = new IndexToString().setInputCol("id").setOutputCol("name").setLabels(ids);
        return named.transform(factors.withColumn("id", col("id").cast("double")))
                .select(concat_ws("\t", lit(side), col("name"), array_join(col("features"), ",")));
    }
}
