import java.io.IOException;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.mapreduce.InputSplit;
import org.apache.hadoop.mapreduce.RecordReader;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.hadoop.mapreduce.lib.input.FileInputFormat;
import org.apache.hadoop.mapreduce.lib.input.LineRecordReader;

/**
 * Lines with their first bytes as key and the rest as value, so that the sampler sees the keys that will be sorted, as
 * with the examples' TeraInputFormat.
 */
abstract class KeyedLines extends FileInputFormat<Text, Text> {
    private final int keyBytes;

    KeyedLines(int keyBytes) {
        this.keyBytes = keyBytes;
    }

    @Override
    public RecordReader<Text, Text> createRecordReader(InputSplit split, TaskAttemptContext context) {
        return new Reader(keyBytes);
    }

    private static final class Reader extends RecordReader<Text, Text> {
        private final LineRecordReader lines = new LineRecordReader();
        private final Text key = new Text();
        private final Text value = new Text();
        private final int keyBytes;

        Reader(int keyBytes) {
            this.keyBytes = keyBytes;
        }

        @Override
        public void initialize(InputSplit split, TaskAttemptContext context) throws IOException {
            lines.initialize(split, context);
        }

        @Override
        public boolean nextKeyValue() throws IOException {
            if (!lines.nextKeyValue()) {
                return false;
            }
            Text line = lines.getCurrentValue();
            int cut = Math.min(keyBytes, line.getLength());
            key.set(line.getBytes(), 0, cut);
            value.set(line.getBytes(), cut, line.getLength() - cut);
            return true;
        }

        @Override
        public Text getCurrentKey() {
            return key;
        }

        @Override
        public Text getCurrentValue() {
            return value;
        }

        @Override
        public float getProgress() throws IOException {
            return lines.getProgress();
        }

        @Override
        public void close() throws IOException {
            lines.close();
        }
    }
}
