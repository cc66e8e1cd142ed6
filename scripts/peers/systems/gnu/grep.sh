mkdir "$2"
grep -oE -e "$PATTERN" -- "$1" |
    sort --parallel="$CPUS" -S 2G -T "$SCRATCH" |
    uniq -c |
    sort -k1,1nr -k2 |
    sed -E 's/^ *([0-9]+) (.*)$/\2\t\1/' > "$2/part"
