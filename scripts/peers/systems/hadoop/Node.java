import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.io.Writable;

/**
 * What PageRank's jobs shuffle and keep between them: a node, that is its rank and its neighbours, or, without
 * neighbours, a share of rank on its way to a node.
 */
public final class Node implements Writable {
    double rank;
    /** Separated by TABs; empty at a dangling node. */
    final Text neighbours = new Text();
    boolean isShare;

    /** Become a share. */
    Node share(double rank) {
        this.rank = rank;
        isShare = true;
        return this;
    }

    @Override
    public void write(DataOutput out) throws IOException {
        out.writeBoolean(isShare);
        out.writeDouble(rank);
        if (!isShare) {
            neighbours.write(out);
        }
    }

    @Override
    public void readFields(DataInput in) throws IOException {
        isShare = in.readBoolean();
        rank = in.readDouble();
        if (!isShare) {
            neighbours.readFields(in);
        }
    }
}
