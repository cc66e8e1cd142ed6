#!/bin/bash
# apart.sh FOLDER COMMAND…: runs the command where nothing but the folder can be written. Called in a mount namespace of its own.
set -e
folder=$1
shift
mount --make-rprivate /
mount --bind "$folder" "$folder"
mount --bind "$folder/var-tmp" /var/tmp
while read -r _ place type options _; do
    place=$(printf '%b' "$place")
    case $place in "$folder" | /proc* | /sys*) continue ;; esac
    case ,$options, in *,ro,*) continue ;; esac
    mount -o remount,bind,ro "$place" 2>/dev/null || { [ "$type" = mqueue ] || [ "$type" = devpts ]; }
done < /proc/self/mounts
cd "$folder/case"
exec "$@"
