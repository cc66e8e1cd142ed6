import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Set;
import org.apache.hadoop.io.LongWritable;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.mapreduce.Mapper;

/** The first job over a graph: from edges, a line {@code a TAB b} each, to every id with its neighbours. */
final class Neighbours {
    private static final byte[] TAB = {'\t'};

    /** Each edge at its source; and, to be heard of, each destination with nothing. */
    public static class Directed extends Mapper<LongWritable, Text, Text, Text> {
        private static final Text NOTHING = new Text();
        private final Text from = new Text();
        private final Text to = new Text();

        @Override
        protected void map(LongWritable offset, Text line, Context context) throws IOException, InterruptedException {
            int tab = line.find("\t");
            if (line.getLength() == 0 || line.charAt(0) == '#') {
                return;
            }
            from.set(line.getBytes(), 0, tab);
            to.set(line.getBytes(), tab + 1, line.getLength() - tab - 1);
            context.write(from, to);
            context.write(to, backwards(from));
        }

        Text backwards(Text from) {
            return NOTHING;
        }
    }

    /** Each edge at both of its ends. */
    public static final class BothWays extends Directed {
        @Override
        Text backwards(Text from) {
            return from;
        }
    }

    private Neighbours() {}

    /** Each neighbour once, separated by TABs. */
    static void join(Iterable<Text> neighbours, Text joined) {
        Set<Text> distinct = new LinkedHashSet<>();
        for (Text neighbour : neighbours) {
            if (neighbour.getLength() > 0 && !distinct.contains(neighbour)) {
                distinct.add(new Text(neighbour));
            }
        }
        joined.clear();
        for (Text neighbour : distinct) {
            if (joined.getLength() > 0) {
                joined.append(TAB, 0, 1);
            }
            joined.append(neighbour.getBytes(), 0, neighbour.getLength());
        }
    }

    /** What to do with each of the neighbours that {@link #join} joined. */
    interface Visitor {
        void visit(Text neighbour) throws IOException, InterruptedException;
    }

    /** Visit the neighbours in turn, in one and the same Text. */
    static void split(Text joined, Text neighbour, Visitor visitor) throws IOException, InterruptedException {
        byte[] bytes = joined.getBytes();
        int length = joined.getLength();
        for (int start = 0, end = 0; length > 0 && end <= length; end++) {
            if (end == length || bytes[end] == TAB[0]) {
                neighbour.set(bytes, start, end - start);
                visitor.visit(neighbour);
                start = end + 1;
            }
        }
    }

    /** The number of neighbours that are joined. */
    static int count(Text joined) {
        int count = joined.getLength() == 0 ? 0 : 1;
        for (int i = 0; i < joined.getLength(); i++) {
            count += joined.getBytes()[i] == TAB[0] ? 1 : 0;
        }
        return count;
    }
}
