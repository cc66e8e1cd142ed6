import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.functions;

/** groupBy and agg. */
public final class Aggregate {
    private static final Set<String> NUMERIC = Set.of("sum", "mean", "min", "max");

    private Aggregate() {}

    public static void main(String[] args) {
        String groups = System.getenv("GROUP_BY");
        String wanted = System.getenv("AGG");
        String[] by = (groups.isEmpty() && wanted.isEmpty() ? "1" : groups).split(",");
        List<Column> values = new ArrayList<>();
        Set<String> numbers = new HashSet<>();
        Set<String> texts = new HashSet<>();
        List<Column> keys = new ArrayList<>();
        for (String column : by) {
            if (!column.isEmpty()) {
                keys.add(functions.col("c" + column));
                texts.add("c" + column);
            }
        }
        for (String part : (wanted.isEmpty() ? "count" : wanted).split(",")) {
            String[] words = part.split(":");
            String column = words.length > 1 ? "c" + words[1] : null;
            values.add(Tables.told(words[0], column));
            (NUMERIC.contains(words[0]) ? numbers : texts).add(column);
        }
        numbers.removeAll(texts);
        Column[] rest = values.subList(1, values.size()).toArray(new Column[0]);
        Tables.run(args[1], tables -> tables.read(args[0], numbers)
                .groupBy(keys.toArray(new Column[0]))
                .agg(values.get(0), rest));
    }
}
