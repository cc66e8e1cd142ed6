import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.StringTokenizer;

/**
 * Lines of fields, separated by commas, TABs or spaces, as points: an array of numbers each. What the workload says of
 * its columns comes from the environment, as the harness gives it.
 */
final class Points implements Serializable {
    private static final long serialVersionUID = 1;

    /** Whether the first line names the columns. */
    static final boolean HEADER = "yes".equals(System.getenv("HEADER"));
    static final boolean STANDARDIZE = "yes".equals(System.getenv("STANDARDIZE"));
    static final int ITERATIONS = Integer.parseInt(System.getenv("ITERATIONS"));

    private static final String SEPARATORS = ", \t";

    /** The column of the label, which becomes 1 or 0, or -1 when there is none. */
    private final int label;
    private final String positive;
    /** The place in a point of each column of the line, or -1; null when all columns are taken in their order. */
    private final int[] places;
    private final int columnsTaken;

    private Points(int label, String positive, List<Integer> columns) {
        this.label = label;
        this.positive = positive;
        this.columnsTaken = columns.size();
        int last = columns.stream().mapToInt(column -> column).max().orElse(-1);
        places = columns.isEmpty() ? null : new int[last + 1];
        if (places != null) {
            Arrays.fill(places, -1);
            for (int place = 0; place < columnsTaken; place++) {
                places[columns.get(place)] = place;
            }
        }
    }

    /** Points with a label in front, which is column LABEL_COLUMN, 1 where it reads POSITIVE and else 0. */
    static Points labelled() {
        return new Points(Integer.parseInt(setting("LABEL_COLUMN", "1")) - 1, setting("POSITIVE", "1"), List.of());
    }

    /** Points of the features in COLUMNS, such as {@code 1,3-5}, or of all. */
    static Points features() {
        List<Integer> columns = new ArrayList<>();
        for (String range : setting("COLUMNS", "").split(",")) {
            if (!range.isEmpty()) {
                String[] ends = range.split("-");
                int last = Integer.parseInt(ends[ends.length - 1]);
                for (int column = Integer.parseInt(ends[0]); column <= last; column++) {
                    columns.add(column - 1);
                }
            }
        }
        return new Points(-1, null, columns);
    }

    private static String setting(String name, String absent) {
        String value = System.getenv(name);
        return value == null || value.isEmpty() ? absent : value;
    }

    /** Numbers of a point of this line. */
    int size(String line) {
        return places == null ? new StringTokenizer(line, SEPARATORS).countTokens() : columnsTaken;
    }

    private boolean isPositive(String field) {
        if (field.equals(positive)) {
            return true;
        }
        try {
            return Double.parseDouble(field) == Double.parseDouble(positive);
        } catch (NumberFormatException word) {
            return false;
        }
    }

    double[] parse(String line) {
        StringTokenizer fields = new StringTokenizer(line, SEPARATORS);
        double[] point = new double[places == null ? fields.countTokens() : columnsTaken];
        int feature = label < 0 ? 0 : 1;
        for (int column = 0; fields.hasMoreTokens(); column++) {
            String field = fields.nextToken();
            if (column == label) {
                point[0] = isPositive(field) ? 1 : 0;
            } else if (places == null) {
                point[feature++] = Double.parseDouble(field);
            } else if (column < places.length && places[column] >= 0) {
                point[places[column]] = Double.parseDouble(field);
            }
        }
        return point;
    }
}
