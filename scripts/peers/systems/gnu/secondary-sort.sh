# -s: rows that are equal keep their order.
mkdir "$2"
sort -s -t , -k1,1 -k2,2 --parallel="$CPUS" -S 2G -T "$SCRATCH" | tr , '\t' > "$2/part"
