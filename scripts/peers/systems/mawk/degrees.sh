mkdir "$2"
mawk -F '\t' '
    { sub(/\r$/, "") }
    $0 != "" && !/^#/ { out[$1]++; into[$2]++ }
    END {
        for (node in out) printf "%s\t%d\t%d\n", node, into[node], out[node]
        for (node in into) if (!(node in out)) printf "%s\t%d\t0\n", node, into[node]
    }' > "$2/part"
