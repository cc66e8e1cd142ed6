/** Word count with reduceByKey, which combines before the shuffle. */
public final class Wordcount {
    private Wordcount() {}

    public static void main(String[] args) {
        Session.run(args, lines -> Words.ones(lines).reduceByKey(Integer::sum).map(pair -> pair._1 + "\t" + pair._2));
    }
}
