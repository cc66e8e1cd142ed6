# The words that lines of the table are made of, beside bash itself. The current directory is the case's own; $T is the program;
# work is an empty directory for --work-dir. What commands say goes to stderr or to the file err.

# --- what a case needs; without it, the case is skipped
need() { # root, tmpfs, cgroup, or the name of a program
    local what
    for what; do
        case $what in
            root) [ "$(id -u)" = 0 ] || skip "not root" ;;
            tmpfs) unshare -m mount -t tmpfs tmpfs /mnt 2>/dev/null || skip "no tmpfs can be mounted" ;;
            cgroup) own_cgroup >/dev/null || skip "no cgroup can be made" ;;
            *) command -v "$what" >/dev/null || skip "no $what" ;;
        esac
    done
}
skip() { echo "$*"; exit 77; }

# --- bytes
long() { head -c "$2" /dev/zero | tr '\0' "$1"; }                # long a 1500: that letter so many times
times() { local i; for ((i = 0; i < $1; i++)); do "${@:2}"; done; } # times 16 echo x
bom() { printf '\xef\xbb\xbf'; }
edges() { seq "$1" | awk '{print $1 "\t" $1 % 7}'; }              # a graph of so many edges
rows() { seq "$1" | awk '{print $1 % 2 "," $1 "," $1 * $1 % 17}'; } # a table of so many rows, the first column a label
words() { printf 'b a b\nc a b\n'; }                             # the text that most cases count …
counted() { printf 'a\t2\nb\t3\nc\t1\n'; }                       # … and its counts
utf() { python3 -c 'import sys; sys.stdout.buffer.write(sys.stdin.buffer.read().decode().encode(sys.argv[1]))' "$1"; }
skippable() { printf "\\x5$(printf %x "${1:-0}")"'\x2a\x4d\x18\x04\x00\x00\x00skip'; } # a frame that zstd and LZ4 pass over
flip() { python3 - "$@" <<'PYTHON'
import sys
path, at = sys.argv[1], int(sys.argv[2])
data = bytearray(open(path, "rb").read())
data[at] ^= int(sys.argv[3]) if len(sys.argv) > 3 else 255
open(path, "wb").write(data)
PYTHON
}
cut_by() { truncate -s -"$2" "$1"; }                             # cut_by FILE N: without its last N bytes

# --- running
run() { "$T" run "$@" --quiet --work-dir work >printed 2>>err; }       # says nothing
parts() { cat "$1"/part-* 2>/dev/null; }
# each 'SCRIPT with $m': evaluates it for disk and memory; it makes out.$m. Prints the parts, and returns the status, of both.
each() {
    local m status=()
    for m in disk memory; do eval "$1" >/dev/null 2>>err; status+=($?); done
    agree "${status[@]}"
}
agree() {
    [ "$1" = "$2" ] || { echo "STATUS DIFFERS: disk $1, memory $2"; return 98; }
    [ "$1" = 0 ] || return "$1"
    cmp -s <(parts out.disk) <(parts out.memory) || { echo "DISK AND MEMORY DIFFER"; return 97; }
    parts out.disk
}
# both JOB ARGS…: in both modes.
both() {
    local m status=()
    for m in disk memory; do run "$@" --mode $m --output out.$m; status+=($?); done
    agree "${status[@]}"
}
# modes JOB ARGS…: in both modes and by the reference, whose answer compare checks.
modes() {
    local status compared
    both "$@" >both.out; status=$?
    [ $status -lt 97 ] || { cat both.out; return $status; }
    "$T" compare "$@" --quiet --runs 1 --warmup 0 --modes memory,reference --work-dir work >compare.out 2>>err; compared=$?
    grep -q DIFFER compare.out err && { echo "THE REFERENCE DIFFERS"; return 96; }
    [ $status$compared = 00 ] || [ $status != 0 -a $compared != 0 -a $compared -le 2 ] || { echo "STATUS DIFFERS: $status, compare $compared"; return 98; }
    cat both.out; return $status
}
# ends NAME STATUS ALLOWED…: prints a line where the status is none of those allowed.
ends() { [[ " ${*:3} " == *" $2 "* ]] || { echo "$1: status $2: $(tail -n 1 err | head -c 200)"; false; }; }
# limited '-n 6' COMMAND…: under that ulimit.
limited() { (ulimit $1 && exec "${@:2}") 2>>err; }
nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }

# --- ending
# signalled SIGNAL SECONDS COMMAND…: sends it to the command after so long; returns its status, says so where it takes over 2 s.
signalled() {
    local signal=$1 after=$2 pid begin status; shift 2
    set -m
    "$@" >/dev/null 2>>err & pid=$!
    set +m
    sleep "$after"
    begin=$(date +%s%N)
    kill -"$signal" $pid 2>/dev/null || echo "ended before $signal"
    wait_for $pid 100; status=$?
    [ $(($(date +%s%N) - begin)) -lt 2000000000 ] || echo "$signal: late, $((($(date +%s%N) - begin) / 1000000)) ms"
    return $status
}
# wait_for PID TENTHS: its status; kills it after so many tenths of a second.
wait_for() {
    local i
    for ((i = 0; i < $2; i++)); do
        [ -e /proc/$1 ] && [ "$(awk '{print $3}' /proc/$1/stat 2>/dev/null)" != Z ] || break
        sleep 0.1
    done
    kill -9 "$1" 2>/dev/null
    wait "$1" 2>/dev/null
}
# signals SECONDS COMMAND…: INT, TERM and HUP in turn, each of which must end it with the status of the signal.
signals() {
    local after=$1 signal number; shift
    for signal in INT:130 TERM:143 HUP:129; do
        number=${signal#*:}
        signalled ${signal%:*} "$after" "$@"; ends "${signal%:*}" $? "$number"
    done
}
# until_journal N: waits until a journal in work has that many lines.
until_journal() {
    local i
    for ((i = 0; i < 100; i++)); do
        [ "$(cat ${work:-work}/twinmill-*/journal 2>/dev/null | wc -l)" -ge "$1" ] && return
        sleep 0.05
    done
    echo "the journal has $(cat ${work:-work}/twinmill-*/journal 2>/dev/null | wc -l) lines: $(tail -n 1 err)"
}
# killed N COMMAND…: kills it with SIGKILL when its journal has N lines.
killed() {
    local lines=$1 pid; shift
    "$@" >/dev/null 2>>err & pid=$!
    until_journal "$lines"
    kill -9 $pid 2>/dev/null || echo "ended before it was killed: $(tail -n 1 err)"
    wait $pid 2>/dev/null
    true
}
# resumed 'CHANGE' JOB ARGS…: kills the job in the midst of it, makes the change, resumes it. The answer must be that of a fresh
# run after the change, or an error. ARGS may be changed by the change, which sets the array args.
resumed() {
    local change=$1 slow=(--mode disk --workers 1 --inject map:2:slow=1200ms) status; shift
    case $1 in pagerank | components | kmeans | logreg) slow[5]=map:0:slow=1200ms:job=2 ;; esac
    args=("$@"); program=$T; output=out
    killed 3 "$program" run "${args[@]}" "${slow[@]}" --quiet --work-dir work --output out
    eval "$change"
    run_resumed; status=$?
    "$program" run "${args[@]}" --mode disk --quiet --work-dir work --output fresh 2>>err || { [ $status != 0 ] && return 0; }
    [ $status = 0 ] || { ends resumed $status 1 2; return; }
    cmp -s <(parts "$output") <(parts fresh) || echo "AN OLD ANSWER: $(parts "$output" | head -n 3 | tr '\n' '|')"
    rm -rf work/* work/.twinmill-*
}
run_resumed() { "$program" run "${args[@]}" "${slow[@]}" --quiet --work-dir work --output "$output" --resume 2>>err; }
# at_once N 'SCRIPT with $i': starts that many, and prints how many ended with which status.
at_once() {
    local i pids=() status=()
    for ((i = 1; i <= $1; i++)); do (eval "$2") >/dev/null 2>>err & pids+=($!); done
    for i in "${pids[@]}"; do wait "$i"; status+=($?); done
    printf '%s\n' "${status[@]}" | sort -n | uniq -c | awk '{printf "%s%dx%d", sep, $1, $2; sep = " "} END {print ""}'
}

# --- measuring
# of REPORT FIELD…: a number in a report.
of() { python3 -c 'import json, sys
value = json.load(open(sys.argv[1]))
for field in sys.argv[2:]: value = value[int(field) if field.isdigit() else field]
print(int(value))' "$@"; }
# grows NAME SMALL LARGE FACTOR ROOM: LARGE is at most FACTOR times SMALL, and ROOM.
grows() { [ "$3" -le $(($2 * $4 + $5)) ] || echo "$1 grows from $2 to $3"; }
json() { python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$1" 2>/dev/null || echo "$1 is no JSON"; }

own_cgroup() { # the folder of a new cgroup of this case, with memory
    local base
    for base in /sys/fs/cgroup/memory /sys/fs/cgroup; do
        mkdir "$base/${TWINMILL_TRIAL##*/}" 2>/dev/null || [ -d "$base/${TWINMILL_TRIAL##*/}" ] || continue
        [ -e "$base/${TWINMILL_TRIAL##*/}/cgroup.procs" ] && { echo "$base/${TWINMILL_TRIAL##*/}"; return; }
    done
    return 1
}

# peers JOB NAMES ARGS…: a comparison with other programs over the file f; not their being missing, but their differing is wrong.
peers() {
    "$T" compare "$1" --quiet --runs 1 --warmup 0 --modes disk --work-dir work --input f --with "$2" --peers "$REPOSITORY/scripts/peers" "${@:3}" >>o 2>>err
    ends "$1 with $2" $? 0 2
    ! grep -ah DIFFER o err
}

# on_small_disk 'SCRIPT': evaluates it with a tmpfs of 1 MiB at small, which must be empty at the end, but for an output.
on_small_disk() {
    mkdir -p small
    SMALL=${SMALL:-size=1m} unshare --mount bash -c 'mount -t tmpfs -o $SMALL tmpfs small || exit 77
        eval "$1"; status=$?
        ls -A small | grep -v "^o$" >&2
        exit $status' on_small_disk "$1" 2>>err
}
