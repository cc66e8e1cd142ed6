mkdir "$2"
mawk '
    {
        for (rest = $0; match(rest, ENVIRON["PATTERN"]) && RLENGTH > 0; rest = substr(rest, RSTART + RLENGTH))
            counts[substr(rest, RSTART, RLENGTH)]++
    }
    END { for (found in counts) printf "%s\t%d\n", found, counts[found] }' "$1" |
    sort -t "$(printf '\t')" -k2,2nr -k1,1 > "$2/part"
