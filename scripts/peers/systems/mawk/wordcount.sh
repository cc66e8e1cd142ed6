# mawk's default fields end at space and TAB; CR and FF are left to the end, where they cost nothing on words.
mkdir "$2"
mawk '
    { for (i = 1; i <= NF; i++) tokens[$i]++ }
    END {
        for (token in tokens) {
            n = split(token, words, /[\r\f]+/)
            for (i = 1; i <= n; i++) if (words[i] != "") counts[words[i]] += tokens[token]
        }
        for (word in counts) printf "%s\t%.0f\n", word, counts[word]
    }' > "$2/part"
