# mawk's default fields end at space and TAB, so CR and FF become spaces first.
mkdir "$2"
mawk '
    /[\r\f]/ { gsub(/[\r\f]/, " ") }
    { for (i = 1; i <= NF; i++) counts[length($i)]++ }
    END { for (n in counts) printf "%d\t%.0f\n", n, counts[n] }' > "$2/part"
