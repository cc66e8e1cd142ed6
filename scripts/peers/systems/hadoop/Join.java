import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.LongWritable;
import org.apache.hadoop.io.NullWritable;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.mapreduce.Job;
import org.apache.hadoop.mapreduce.Mapper;
import org.apache.hadoop.mapreduce.Reducer;
import org.apache.hadoop.mapreduce.lib.input.MultipleInputs;
import org.apache.hadoop.mapreduce.lib.input.TextInputFormat;

/** The textbook's reduce-side join: a mapper for each table, a sign for the table before each row. */
public final class Join {
    abstract static class Side extends Mapper<LongWritable, Text, Text, Text> {
        private final String sign;

        Side(String sign) {
            this.sign = sign;
        }

        @Override
        protected void map(LongWritable offset, Text row, Context context) throws IOException, InterruptedException {
            List<String> cells = Cells.of(row.toString());
            if (!cells.get(0).isEmpty()) {
                StringBuilder rest = new StringBuilder(sign);
                cells.subList(1, cells.size()).forEach(cell -> rest.append('\t').append(cell));
                context.write(new Text(cells.get(0)), new Text(rest.toString()));
            }
        }
    }

    public static final class Left extends Side {
        public Left() {
            super("l");
        }
    }

    public static final class Right extends Side {
        public Right() {
            super("r");
        }
    }

    public static final class Match extends Reducer<Text, Text, Text, NullWritable> {
        @Override
        protected void reduce(Text key, Iterable<Text> rows, Context context) throws IOException, InterruptedException {
            List<String> lefts = new ArrayList<>();
            List<String> rights = new ArrayList<>();
            for (Text row : rows) {
                (row.charAt(0) == 'l' ? lefts : rights).add(row.toString().substring(1));
            }
            for (String left : lefts) {
                for (String right : rights) {
                    context.write(new Text(key + left + right), NullWritable.get());
                }
            }
        }
    }

    private Join() {}

    public static void main(String[] args) throws Exception {
        Job job = LocalJob.create(Join.class, new Path("left"), new Path(args[1]));
        long started = System.nanoTime();
        MultipleInputs.addInputPath(job, new Path("left"), TextInputFormat.class, Left.class);
        MultipleInputs.addInputPath(job, new Path("right"), TextInputFormat.class, Right.class);
        job.setReducerClass(Match.class);
        job.setMapOutputValueClass(Text.class);
        job.setOutputKeyClass(Text.class);
        job.setOutputValueClass(NullWritable.class);
        LocalJob.complete(job);
        LocalJob.report(started);
    }
}
