# -a: a NUL makes no binary file, of which nothing would be printed.
mkdir "$2"
grep -aoE -e "$PATTERN" |
    sort --parallel="$CPUS" -S 2G -T "$SCRATCH" |
    uniq -c |
    sort -k1,1nr -k2 |
    sed -E 's/^ *([0-9]+) (.*)$/\2\t\1/' > "$2/part"
