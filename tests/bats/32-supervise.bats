# mode = supervise: what tini and dumb-init do, and their own tests check. The cases that need no
# PID 1 (every signal, terminals, job control) are in tests/unit/test_init_supervise.c and
# test_init_terminal.c.

load ../lib/bed
load ../lib/box

setup() {
	need_box
	PROBE=$(probe)
	OUT=$BATS_TEST_TMPDIR
	PUBLIC_KEY=$(key_pub ed25519)
	export PUBLIC_KEY
	INIT=("$SSHINIT" --mode=supervise)
}

teardown() {
	[[ -n ${BATS_TEST_COMPLETED-} ]] || cat "$OUT/log" 2>/dev/null || true
	box_stop
	bed_teardown
}

# start [OPTION...] -- WORD...: a box under supervision.
start() {
	box_start "${INIT[@]}" "$@" 2>"$OUT/log" >"$OUT/out" </dev/null
	box_pod
}

status_is() {
	box_status >"$OUT/status"
	assert_equal "$(cat "$OUT/status")" "$1"
}

@test "exit statuses, deaths by signal, 126 and 127, as PID 1 and not" {
	local code got
	for code in 0 1 77 126 127 128 143 255; do
		got=0
		box "${INIT[@]}" --enabled=no -- "$PROBE" exit "$code" || got=$?
		((got == code)) || fail "$code came back as $got"
	done
	# shellcheck disable=SC2016
	run -0 --separate-stderr box /bin/sh -c 'i=0; while [ $i -lt 256 ]; do
			env -u PUBLIC_KEY "$@" "$i" 2>/dev/null; [ $? = $i ] || echo "not $i"; i=$((i + 1))
		done' sh "${INIT[@]}" -- "$PROBE" exit
	assert_output ''
	run -143 box "${INIT[@]}" -- "$PROBE" signal 15
	run -137 box "${INIT[@]}" -- "$PROBE" signal 9
	run -127 box "${INIT[@]}" -- no-such-command
	run -126 box "${INIT[@]}" -- /etc
}

@test "the same answers as tini and dumb-init give" {
	need tini:tini dumb-init:dumb-init
	local words got
	for words in 'exit 0' 'exit 7' 'exit 255' 'signal 1' 'signal 2' 'signal 9' 'signal 15' 'signal 34'; do
		for init in tini "dumb-init --" "${INIT[*]} --"; do
			got=0
			# shellcheck disable=SC2086
			box $init "$PROBE" $words 2>/dev/null || got=$?
			echo "$got"
		done | sort -u >"$OUT/answers"
		assert_equal "$(wc -l <"$OUT/answers")" 1
	done
}

@test "TERM ends a command that has no handler, though it would be ignored as PID 1" {
	start -- /bin/sleep 1000
	poll 10 box_has sleep
	kill -TERM "$BOX"
	status_is 143
}

@test "docker stop under supervision returns at once" {
	need_engine
	pod_start --key ed25519 -- --mode=supervise -- sleep 1000
	pod_wait_login
	pod_stop
	run -0 pod_exit
	assert_output 143 # killed at the end of the engine's patience, it would be 137
}

@test "every signal reaches the command, in order of arrival" {
	start -- "$PROBE" signals
	poll 10 grep -q ready "$OUT/out"
	local signal
	for ((signal = 1; signal <= 64; signal++)); do
		case $signal in
		9 | 19) continue ;;            # KILL and STOP: nobody can forward them
		15) continue ;;                # TERM: at the end
		17 | 20 | 21 | 22) continue ;; # CHLD, TSTP, TTIN, TTOU: they are about processes and terminals
		32 | 33) continue ;;           # the C library of the probe keeps them to itself
		esac
		kill -"$signal" "$BOX"
		poll 10 grep -q "^signal $signal:" "$OUT/out"
	done
	kill -TERM "$BOX"
	status_is 0
}

@test "the command's signals, streams and limits are as they were given" {
	# By design, process, parent and group are others, and unshare watches sshinit, not its child.
	# The host's mounts come and go with other tests' containers.
	# shellcheck disable=SC2206
	local odd=($ODD --ignore CHLD,PIPE,HUP,TTOU,XFSZ,40 --block TERM,USR1,CHLD,64 --open 3,7 --umask 0027
		--limit nofile=99 --) init
	for init in none "${INIT[*]} --"; do
		[[ $init != none ]] || init=
		# shellcheck disable=SC2086
		box "${odd[@]}" ${init:-} "$PROBE" 'a b' '' </dev/null 2> >(exec cat >"$OUT/log") >"$OUT/stdout"
		grep -v -e '^process\.' -e '^attribute.parent-death' -e '^mounts' "$OUT/stdout" >"$OUT/seen${init:+-supervised}"
	done
	diff -u "$OUT/seen" "$OUT/seen-supervised"
}

@test "no process to be had: the command runs all the same, without a child that is not its own" {
	local most user=$((BASHPID + 1000000))
	for most in 1 2 3; do
		# shellcheck disable=SC2086
		run -0 box $ODD --user $user --limit nproc=$most -- "${INIT[@]}" -- "$PROBE" wait
	done
}

@test "exit codes are remapped" {
	run -0 box "${INIT[@]}" --remap-exit=143,7 -- "$PROBE" signal 15
	run -0 box "${INIT[@]}" --remap-exit=143,7 -- "$PROBE" exit 7
	run -8 box "${INIT[@]}" --remap-exit=143,7 -- "$PROBE" exit 8
	# As tini spells it, and as often as wanted.
	run -0 box "${INIT[@]}" -e 143 -e 7 -- "$PROBE" exit 7
	run -0 box "${INIT[@]}" -e 143 -e 7 -- "$PROBE" signal 15
	run -64 box "${INIT[@]}" -e 256 -- "$PROBE" exit 7
	run -64 box "${INIT[@]}" --parent-signal NOISE -- "$PROBE" exit 7
}

@test "100 orphans leave no zombie, as PID 1 and not" {
	run -0 box "${INIT[@]}" -- "$PROBE" orphans 100
	# shellcheck disable=SC2016
	run -0 box /bin/sh -c '"$@"' sh "${INIT[@]}" -- "$PROBE" orphans 100
}

@test "the whole group gets signals where asked for" {
	start --kill-group -- /bin/sh -c 'trap "exit 3" USR1; sleep 1000 & echo $! >/run/other; wait; exit 4'
	poll 10 nsenter -t "$BOX" -m test -s /run/other
	kill -USR1 "$BOX"
	status_is 3
}

@test "sessions may go on for the grace, and the container ends when they do" {
	start --grace=100 -- /bin/sh -c 'while [ ! -e /run/end ]; do sleep 0.1; done; exit 6'
	poll 20 client_ssh true
	client_ssh 'echo open; touch /run/end; sleep 3; echo finished' >"$OUT/session" &
	local session=$! before=${EPOCHREALTIME/./}
	poll 10 grep -q open "$OUT/session"
	status_is 6
	((${EPOCHREALTIME/./} - before > 2000000)) || fail "it did not wait for the session"
	((${EPOCHREALTIME/./} - before < 80000000)) || fail "it waited on when the session was over"
	wait "$session"
	grep -q finished "$OUT/session"
}

@test "the grace is over: sessions end, the status is the command's" {
	start --grace=1 -- /bin/sh -c 'while [ ! -e /run/end ]; do sleep 0.1; done; exit 6'
	poll 20 client_ssh true
	(client_ssh 'echo open; touch /run/end; sleep 1000' >"$OUT/session" || true) &
	poll 10 grep -q open "$OUT/session"
	status_is 6
}

@test "the monitor killed: it is started again, and the command does not notice" {
	start -- "$PROBE" sleep
	poll 20 client_ssh true
	local each
	for each in $(box_children "$BOX"); do
		[[ $(cat "/proc/$each/comm") != sshinit-holder ]] || kill -KILL "$each"
	done
	poll 20 grep -q 'starting it again' "$OUT/log"
	poll 20 client_ssh true
	poll 10 box_no_zombies
	kill -TERM "$BOX"
	status_is 0
}

@test "a child whose parent dies is told where asked for" {
	# shellcheck disable=SC2016
	box_start /bin/sh -c '("$@" & while [ ! -e /run/go ]; do sleep 0.1; done); exec sleep 1000' sh \
		"${INIT[@]}" --parent-signal=TERM -- "$PROBE" sleep 2>"$OUT/log" >"$OUT/out"
	poll 20 box_has probe
	nsenter -t "$BOX" -m touch /run/go
	poll 20 box_has_no probe
}

box_has_no() {
	! box_has "$1"
}

@test "a stop key and fg, ^C: in a container with a terminal" {
	need_engine
	need python3:python3
	local ref
	ref=$(image_with_sshinit bookworm-plain)
	# shellcheck disable=SC2016
	run -5 timeout 200 /usr/bin/python3 - "$ENGINE" run --rm -t -i "$ref" --mode=supervise -- \
		/bin/sh -c 'trap "exit 5" INT; echo up; while :; do sleep 0.1; done' <<-'END'
			import os, pty, sys
			pid, master = pty.fork()
			if pid == 0:
			    os.execvp(sys.argv[1], sys.argv[1:])
			seen = b""
			while b"up" not in seen:
			    seen += os.read(master, 1000)
			os.write(master, b"\032\003")
			try:
			    while os.read(master, 1000):
			        pass
			except OSError:
			    pass
			sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
		END
}
