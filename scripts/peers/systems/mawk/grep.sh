mkdir "$2"
mawk '
    {
        rest = $0
        while (rest != "" && match(rest, ENVIRON["PATTERN"])) {
            if (RLENGTH) counts[substr(rest, RSTART, RLENGTH)]++
            rest = substr(rest, RSTART + (RLENGTH ? RLENGTH : 1))
        }
    }
    END { for (found in counts) printf "%s\t%.0f\n", found, counts[found] }' |
    sort -t "$(printf '\t')" -k2,2nr -k1,1 > "$2/part"
