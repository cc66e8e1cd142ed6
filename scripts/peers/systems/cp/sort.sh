mkdir "$2"
exec cp -- "$1" "$2/part"
