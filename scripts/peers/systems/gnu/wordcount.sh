# McIlroy's pipeline: a word a line, sorted, counted.
mkdir "$2"
tr -s ' \t\r\f' '[\n*]' |
    sort --parallel="$CPUS" -S 2G -T "$SCRATCH" |
    uniq -c |
    sed -E -e '/^ *[0-9]+ $/d' -e 's/^ *([0-9]+) (.*)$/\2\t\1/' > "$2/part"
