mkdir "$2"
mawk '
    {
        for (rest = $0; rest != "" && match(rest, ENVIRON["PATTERN"]); rest = substr(rest, RSTART + (RLENGTH ? RLENGTH : 1)))
            if (RLENGTH) counts[substr(rest, RSTART, RLENGTH)]++
    }
    END { for (found in counts) printf "%s\t%.0f\n", found, counts[found] }' |
    sort -t "$(printf '\t')" -k2,2nr -k1,1 > "$2/part"
