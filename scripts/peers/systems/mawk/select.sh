# `4 >= 8` becomes `$4 >= 8`, and `2 >= 2024-06-01` `$2 "" >= "2024-06-01"`, which mawk compares as text.
mkdir "$2"
condition=$(printf '%s' "$WHERE" | sed -E 's/^([0-9]+) *= */\1 == /' | sed -E \
    -e 's/^([0-9]+) *([!=<>]+) *(-?[0-9]+(\.[0-9]+)?)$/$\1 != "" \&\& $\1 \2 \3/' -e t \
    -e 's/^([0-9]+) *([!=<>]+) *(.*)$/$\1 != "" \&\& $\1 "" \2 "\3"/')
if [ "$COLUMNS" ]; then
    printed="print $(printf '%s' "$COLUMNS" | sed 's/[0-9][0-9]*/$&/g')"
else
    printed='$1 = $1; print'
fi
exec mawk -F , -v OFS='\t' "$condition { $printed }" > "$2/part"
