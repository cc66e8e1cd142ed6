import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.io.Writable;

/** What the jobs of connected components shuffle and keep: a node with its label, or a label told to a node. */
public final class Labelled implements Writable {
    final Text label = new Text();
    boolean isNode;
    /** Of a node: whether its label is news to its neighbours. */
    boolean changed;
    /** Of a node: as {@link Neighbours#join} joins them. */
    final Text neighbours = new Text();

    @Override
    public void write(DataOutput out) throws IOException {
        label.write(out);
        out.writeBoolean(isNode);
        if (isNode) {
            out.writeBoolean(changed);
            neighbours.write(out);
        }
    }

    @Override
    public void readFields(DataInput in) throws IOException {
        label.readFields(in);
        isNode = in.readBoolean();
        if (isNode) {
            changed = in.readBoolean();
            neighbours.readFields(in);
        }
    }
}
