import static org.apache.spark.sql.functions.coalesce;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** A join of two files on their first columns. */
public final class Join {
    private static final Map<String, String> KINDS =
            Map.of("semi", "left_semi", "anti", "left_anti", "full", "full_outer");

    private Join() {}

    public static void main(String[] args) {
        String how = System.getenv("HOW");
        Tables.run(args[1], tables -> {
            Dataset<Row> left = tables.read("left", Set.of());
            Dataset<Row> right = tables.read("right", Set.of());
            Column same = left.col("c1").equalTo(right.col("c1"));
            Dataset<Row> joined = left.join(right, same, KINDS.getOrDefault(how, how));
            if (KINDS.getOrDefault(how, "").startsWith("left_")) {
                return joined;
            }
            List<Column> columns = new ArrayList<>();
            for (String name : left.columns()) {
                columns.add(name.equals("c1") ? coalesce(left.col("c1"), right.col("c1")) : left.col(name));
            }
            for (String name : right.columns()) {
                if (!name.equals("c1")) {
                    columns.add(right.col(name));
                }
            }
            return joined.select(columns.toArray(new Column[0]));
        });
    }
}
