# The first promise: the command runs exactly as it would without sshinit. The probe (tests/probe)
# tells all that a program can see of its start; what it says bare and under sshinit must be equal
# byte for byte. In namespaces (lib/box), and once more in real containers.

load ../lib/bed
load ../lib/box

setup() {
	need_box
	PROBE=$(probe)
	KEY=$(key_pub ed25519)
	OUT=$BATS_TEST_TMPDIR
	START=()    # what comes in front of the command, bare and wrapped alike
	OPTIONS=()  # sshinit's
	chmod 711 "$OUT"
}

# same WORD...: the probe with these arguments, bare and under sshinit, with and without a key, and
# while SSH answers.
same() {
	local variant
	unset PUBLIC_KEY
	for variant in plain key answering; do
		local -a options=("${OPTIONS[@]}")
		[[ $variant == plain ]] || export PUBLIC_KEY=$KEY
		[[ $variant == answering ]] && options+=(--wait=60)
		seen bare "${START[@]}" "$PROBE" "$@"
		seen wrapped "${START[@]}" "$SSHINIT" "${options[@]}" -- "$PROBE" "$@"
		diff -u "$OUT/bare" "$OUT/wrapped" || fail "$variant: not the same"
	done
	unset PUBLIC_KEY
}

# seen NAME WORD...: what WORD... prints in a box into $OUT/NAME. Its streams have the same names
# and kinds each time; standard error is a pipe, because a log of ours would move a file's offset.
seen() {
	local name=$1
	shift
	box "$@" >"$OUT/stdout" 2> >(exec cat >"$OUT/log") </dev/null
	[[ -s $OUT/stdout ]] || fail "nothing was said: $(cat "$OUT/log")"
	# The host's mounts come and go with other tests' containers; in those they are counted.
	sed -i '/^mounts [0-9]*$/d' "$OUT/stdout"
	mv "$OUT/stdout" "$OUT/$name"
}

# The last variant of same must have had an sshd beside it, or it proves nothing.
answered() {
	poll 5 grep -q 'listen' "$OUT/log" || fail "SSH did not answer: $(cat "$OUT/log")"
}

@test "as PID 1 of root: everything is the same, and SSH answered meanwhile" {
	same
	answered
	grep -q '^process.is-pid-1 yes' "$OUT/wrapped"
}

@test "arguments: spaces, quotes, empty ones, options, line ends, UTF-8, no shell in between" {
	same 'a b' "it's" '"quoted"' '' '  ' -- --port --wait=5 -x '$HOME' '`id`' '*' '\' \
		$'two\nlines' $'\t' 'ünïcode' $'\xff\xfe' ''
	same ''
	answered
}

@test "a long command line: 2000 arguments and one of 100 kB" {
	# shellcheck disable=SC2046
	same $(seq 2000) "$(head -c 100000 /dev/zero | tr '\0' x)"
}

@test "environment: odd values byte for byte, and nothing added" {
	START=($ODD --env EMPTY= --env 'SPACE=a b  c' --env $'LINES=1\n2\n' --env $'BYTES=\x01\xff\xfe'
		--env 'BASH_FUNC_f%%=() { :; }' --env LD_PRELOAD=/nowhere.so --env HOME=/nowhere
		--env SSHINIT_LOG_LEVEL=warn --env PATH= --)
	same
	seen bare "${START[@]}" "$PROBE" env0
	seen wrapped "${START[@]}" "$SSHINIT" -- "$PROBE" env0
	cmp "$OUT/bare" "$OUT/wrapped"
}

@test "signals: blocked and ignored ones stay so, SIGCHLD and SIGPIPE too" {
	START=($ODD --ignore CHLD,PIPE,HUP,TTOU,XFSZ,40 --block TERM,USR1,CHLD,64 --)
	same
	answered
	START=($ODD --block INT --)
	same
}

@test "limits, niceness, umask, a pending alarm" {
	START=($ODD --limit nofile=64 --limit core=0 --limit stack=4194304 --nice 5 --umask 0077 --alarm 3000 --)
	same
	answered
}

@test "working directories: another one, and one that is gone" {
	START=($ODD --cwd /usr/share --)
	same
	START=($ODD --gone-cwd - --)
	same
}

@test "descriptors: open ones stay open, with their flags; sshinit adds none" {
	START=($ODD --open 3,5,7,200 --)
	same
	answered
}

@test "descriptors: standard input closed" {
	START=($ODD --close 0 --)
	same
}

@test "descriptors: all three closed" {
	# The shell opens the report's file, which becomes the lowest descriptor in either case.
	START=($ODD --close 0,1,2 --)
	local run=(/bin/sh -c 'exec 9>"$1"; exec "$0" >&9' "$PROBE")
	export PUBLIC_KEY=$KEY
	box "${START[@]}" "${run[@]}" "$OUT/report" </dev/null
	grep -v '^mounts' "$OUT/report" >"$OUT/bare"
	rm "$OUT/report"
	box "${START[@]}" "$SSHINIT" -- "${run[@]}" "$OUT/report" </dev/null
	diff -u "$OUT/bare" <(grep -v '^mounts' "$OUT/report")
}

@test "standard error closed, or a pipe nobody reads: the command runs" {
	START=($ODD --close 2 --)
	same
	run -0 box /bin/sh -c '"$@" 2>&1 >/dev/null | :; echo over' sh env PUBLIC_KEY=nonsense "$SSHINIT" -- \
		"$PROBE" exit 0
	# The exit status through a broken standard error: the key's refusal cannot be written.
	run -0 box /bin/bash -c '"$@" 2> >(:); echo "status $?"' sh env PUBLIC_KEY=nonsense "$SSHINIT" \
		--wait=5 -- "$PROBE" exit 9
	assert_output --partial 'status 9'
}

@test "standard error is a full pipe that nobody reads: the command runs, and SSH comes up" {
	mkfifo "$OUT/full"
	# Open at both ends, and filled to the brim.
	exec {full}<>"$OUT/full"
	dd if=/dev/zero of="$OUT/full" bs=4096 count=1000 oflag=nonblock 2>/dev/null || true
	# Strict: the command runs only when SSH is up.
	PUBLIC_KEY=$KEY box "$SSHINIT" --wait=60 --strict -- /bin/echo runs >"$OUT/said" 2>&"$full"
	assert_equal "$(cat "$OUT/said")" runs
	exec {full}>&-
}

@test "not PID 1" {
	START=(/bin/sh -c '"$@"; exit $?' sh)
	same
	grep -q '^process.is-pid-1 no' "$OUT/wrapped"
	answered
}

@test "as uid 12345, which no passwd entry knows" {
	START=($ODD --user 12345 --)
	same
	answered
}

@test "as uid 12345 without capabilities, and as root without" {
	START=($ODD --user 12345 --drop-caps - --)
	same
	START=($ODD --drop-caps - --)
	same
}

@test "on a terminal: settings, size, foreground and session are the same" {
	need script:bsdutils
	local run
	for run in "$PROBE" "$SSHINIT -- $PROBE"; do
		PUBLIC_KEY=$KEY script -qec "stty rows 33 cols 99 -ixon; exec unshare --mount --pid --net --fork \
			--kill-child --mount-proc --propagation private $TOP/tests/lib/box-init $run" \
			"$OUT/typescript" 3>&- 4>&- </dev/null >/dev/null
		tr -d '\r' <"$OUT/typescript" | grep -E '^(fd|process|signal|children|attribute|status)[. ]' \
			>"$OUT/seen-${#run}"
	done
	diff -u "$OUT/seen-${#PROBE}" "$OUT/seen-${#run}"
	grep -q '^fd.0000.termios' "$OUT/seen-${#run}"
}

@test "on a terminal nothing is written once the command runs" {
	need script:bsdutils
	PUBLIC_KEY=$KEY script -qec "exec unshare --mount --pid --net --fork --kill-child --mount-proc \
		--propagation private $TOP/tests/lib/box-init $SSHINIT -- /bin/sh -c 'echo BEGIN; sleep 2; echo END'" \
		"$OUT/typescript" 3>&- 4>&- </dev/null >/dev/null
	tr -d '\r' <"$OUT/typescript" | sed -n '/^BEGIN/,/^END/p' >"$OUT/seen"
	printf 'BEGIN\nEND\n' | diff -u - "$OUT/seen"
}

@test "a command that waits for all its children comes to an end" {
	PUBLIC_KEY=$KEY run -0 --separate-stderr timeout 200 "$BASH" -c \
		'source "$0/tests/lib/bed.bash"; source "$0/tests/lib/box.bash"; box "$@"' "$TOP" \
		"$SSHINIT" --wait=60 -- "$PROBE" wait
}

@test "pkill -f for the command does not find sshinit" {
	# shellcheck disable=SC2016
	PUBLIC_KEY=$KEY run -0 --separate-stderr box "$SSHINIT" --wait=60 -- /bin/sh -c 'cat /proc/[0-9]*/comm
		for file in /proc/[0-9]*/cmdline; do
			grep -qs some-odd-word "$file" && echo "found in $file"
		done; true' sh some-odd-word
	assert_line sshinit-holder # or there was nothing to be found
	assert_line 'found in /proc/1/cmdline'
	assert_equal "$(grep -c found <<<"$output")" 1
}

@test "in a container, as PID 1, as the engine starts it" {
	need_engine
	pod_run --probe --bare -- /probe 'a b' '' "it's" >"$OUT/bare"
	pod_run --probe -- /probe 'a b' '' "it's" >"$OUT/wrapped"
	diff -u "$OUT/bare" "$OUT/wrapped"
}

@test "in a container, as an arbitrary user without capabilities on a read-only root" {
	need_engine
	local options=(--probe --user 12345 --cap-drop ALL --read-only --security-opt no-new-privileges)
	pod_run "${options[@]}" --bare -- /probe >"$OUT/bare"
	pod_run "${options[@]}" -- /probe >"$OUT/wrapped"
	diff -u "$OUT/bare" "$OUT/wrapped"
}

@test "in a container, with the engine's own init in front" {
	need_engine
	pod_run --init --probe --bare -- /probe >"$OUT/bare"
	pod_run --init --probe -- /probe >"$OUT/wrapped"
	diff -u "$OUT/bare" "$OUT/wrapped"
}
