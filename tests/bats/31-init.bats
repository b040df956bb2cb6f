# PID 1 and what stands beside it: exit statuses, hold mode, restarts, the monitor's end, zombies.
# In namespaces (lib/box) with a real sshd and real logins; what is about an engine, in containers.

load ../lib/bed
load ../lib/box

setup() {
	need_box
	PROBE=$(probe)
	OUT=$BATS_TEST_TMPDIR
	PUBLIC_KEY=$(key_pub ed25519)
	export PUBLIC_KEY
}

teardown() {
	[[ -n ${BATS_TEST_COMPLETED-} ]] || cat "$OUT/log" 2>/dev/null || true
	box_stop
	bed_teardown
}

# A box with an sshd beside WORD..., up when it answers. $HOLDER, $WORKER and $LISTENER are the
# host's numbers of the monitor's two processes and of sshd.
start() {
	box_start "$SSHINIT" -- "$@" 2>"$OUT/log" >"$OUT/out" </dev/null
	box_pod
	poll 20 client_ssh true
	find_monitor
}

find_monitor() {
	local each
	HOLDER='' WORKER='' LISTENER=''
	for each in $(box_descendants "$BOX"); do
		case $(cat "/proc/$each/comm") in
		sshinit-holder) HOLDER=$each ;;
		sshinit-worker) WORKER=$each ;;
		sshd*) [[ -n $LISTENER ]] || LISTENER=$each ;;
		esac
	done
	[[ -n $HOLDER && -n $WORKER && -n $LISTENER ]]
}

is_gone() {
	[[ ! -e /proc/$1 ]]
}

# One zombie may be left where PID 1 never waits, as here: the holder, which the kernel gave to it.
only_command_is_left() {
	local each zombies=0
	for each in $(box_descendants "$BOX"); do
		grep -q '^State:.Z' "/proc/$each/status" || return 1
		((++zombies))
	done
	((zombies <= 1))
}

new_listener() {
	find_monitor && [[ $LISTENER != "$1" ]]
}

@test "the command's exit status is the container's, for all 256" {
	local code got
	for code in 0 1 77 126 127 128 143 255; do
		got=0
		box "$SSHINIT" --enabled=no -- "$PROBE" exit "$code" || got=$?
		((got == code)) || fail "$code came back as $got"
	done
	# Not as PID 1, and with a monitor.
	# shellcheck disable=SC2016
	run -0 --separate-stderr box /bin/sh -c 'i=0; while [ $i -lt 256 ]; do
			env -u PUBLIC_KEY "$@" "$i" 2>/dev/null; [ $? = $i ] || echo "not $i"; i=$((i + 1))
		done' sh "$SSHINIT" -- "$PROBE" exit
	assert_output ''
}

@test "the command's death by a signal is the container's" {
	# PID 1 cannot be killed by itself; behind a shell, as in the image without sshinit.
	run -143 box /bin/sh -c '"$@"' sh "$SSHINIT" -- "$PROBE" signal 15
	run -137 box /bin/sh -c '"$@"' sh "$SSHINIT" -- "$PROBE" signal 9
}

@test "not found is 127, not executable 126, and the reason is said" {
	run -127 box "$SSHINIT" -- no-such-command
	assert_output --partial 'no-such-command: command not found'
	run -127 box "$SSHINIT" -- /no/such/file
	run -126 box "$SSHINIT" -- /etc
	run -126 box "$SSHINIT" -- /etc/passwd
	printf 'exit 0\n' >"$OUT/script"
	chmod 755 "$OUT/script"
	run -126 box "$SSHINIT" -- "$OUT/script"
	assert_output --partial 'Exec format error'
}

@test "no process, no descriptor to be had: the command runs without SSH" {
	# A user of our own: processes are counted for the whole machine.
	# shellcheck disable=SC2086
	run -7 box $ODD --user $((BASHPID + 1000000)) --limit nproc=1 -- "$SSHINIT" -- "$PROBE" exit 7
	assert_output --partial 'SSH cannot be started'
	# shellcheck disable=SC2086
	run -7 box $ODD --limit nofile=3 -- "$SSHINIT" -- "$PROBE" exit 7
	assert_output --partial 'SSH cannot be started'
}

@test "hold mode ends at once with 0 on TERM and INT, as PID 1" {
	local signal before
	for signal in TERM INT; do
		box_start "$SSHINIT" 2>"$OUT/log"
		box_pod
		poll 20 client_ssh true
		before=${EPOCHREALTIME/./}
		kill -"$signal" "$BOX"
		box_status >"$OUT/status"
		assert_equal "$(cat "$OUT/status")" 0
		((${EPOCHREALTIME/./} - before < 10000000)) || fail "it took longer than ten seconds"
	done
}

@test "docker stop in hold mode returns at once, with status 0" {
	need_engine
	pod_start --key ed25519
	pod_wait_login
	pod_stop
	run -0 pod_exit
	assert_output 0 # killed at the end of the engine's patience, it would be 137
}

@test "hold mode reaps orphans, and SIGHUP does not end it" {
	box_start "$SSHINIT" 2>"$OUT/log"
	box_pod
	poll 20 client_ssh true
	kill -HUP "$BOX"
	# shellcheck disable=SC2086
	nsenter -t "$BOX" -p -m /bin/sh -c '(sleep 0.1 &)'
	client_ssh true
	poll 10 box_no_zombies
}

@test "after 20 logins that leave processes behind there is no zombie" {
	start /bin/sleep 1000
	local i
	for ((i = 0; i < 20; i++)); do
		client_ssh '(setsid sleep 0.1 >/dev/null 2>&1 </dev/null &); exit 3' || [[ $? == 3 ]]
	done
	poll 10 box_no_zombies
}

@test "sshd killed: it is started again, open sessions go on, logins work" {
	start /bin/sleep 1000
	client_ssh 'echo open; while [ ! -e /run/end ]; do sleep 0.1; done; echo still here' >"$OUT/session" &
	local session=$! before=$LISTENER
	poll 10 grep -q open "$OUT/session"
	kill -KILL "$LISTENER"
	poll 10 new_listener "$before"
	poll 10 client_ssh touch /run/end
	wait "$session"
	grep -q 'still here' "$OUT/session"
	poll 10 box_no_zombies
}

@test "the worker killed: a new one takes over, open sessions go on, logins work" {
	start /bin/sleep 1000
	client_ssh 'echo open; while [ ! -e /run/end ]; do sleep 0.1; done; echo still here' >"$OUT/session" &
	local session=$! worker=$WORKER before=$LISTENER
	poll 10 grep -q open "$OUT/session"
	kill -KILL "$worker"
	poll 10 new_listener "$before"
	poll 10 is_gone "$before"
	poll 10 client_ssh touch /run/end
	wait "$session"
	grep -q 'still here' "$OUT/session"
	poll 10 box_no_zombies
}

@test "the holder killed: SSH ends as a whole, the command does not notice" {
	start "$PROBE" sleep
	(client_ssh 'echo open; sleep 1000' >"$OUT/session" 2>/dev/null || true) &
	poll 10 grep -q open "$OUT/session"
	kill -KILL "$HOLDER"
	poll 10 is_gone "$LISTENER"
	[[ $(cat "/proc/$BOX/comm") == probe ]]
	kill -TERM "$BOX"
	box_status >"$OUT/status"
	assert_equal "$(cat "$OUT/status")" 0
}

@test "TERM for the monitor ends SSH in good order" {
	start /bin/sleep 1000
	kill -TERM "$WORKER"
	poll 10 is_gone "$LISTENER"
	poll 10 is_gone "$WORKER"
	[[ $(cat "/proc/$BOX/comm") == sleep ]]
}

@test "not PID 1: when the command ends, sshd and all sessions end" {
	# As under a shell, tini or shareProcessNamespace.
	box_start /bin/sh -c '"$@"; echo "ended with $?"; exec sleep 1000' sh "$SSHINIT" -- \
		/bin/sh -c 'while [ ! -e /run/end ]; do sleep 0.1; done; exit 5' 2>"$OUT/log" >"$OUT/out"
	box_pod
	poll 20 client_ssh true
	(client_ssh '(setsid sleep 1000 >/dev/null 2>&1 </dev/null &); echo open; sleep 1000' >"$OUT/session" || true) &
	poll 10 grep -q open "$OUT/session"
	client_ssh touch /run/end
	poll 10 grep -q 'ended with 5' "$OUT/out"
	poll 10 only_command_is_left
}

@test "not PID 1: a command that is killed takes sshd with it" {
	box_start /bin/sh -c '"$@"; exec sleep 1000' sh "$SSHINIT" -- "$PROBE" sleep 2>"$OUT/log"
	box_pod
	poll 20 client_ssh true
	local command
	command=$(box_children "$BOX")
	kill -KILL "$command"
	poll 10 only_command_is_left
}

@test "the monitor holds no stream of the command: a pipe ends when the command does" {
	# sshinit is not PID 1 here, so nothing but itself could end the monitor.
	local before=${EPOCHREALTIME/./}
	# shellcheck disable=SC2016
	run -0 --separate-stderr box /bin/sh -c 'echo "$("$@" 2>/dev/null)"; echo piped; "$@" 2>/dev/null | cat' sh \
		"$SSHINIT" --wait=100 -- /bin/echo said
	assert_output $'said\npiped\nsaid'
	((${EPOCHREALTIME/./} - before < 80000000)) || fail "it took longer than eighty seconds"
}

@test "neither the monitor nor sshd holds a descriptor of the command" {
	local pid
	: >"$OUT/given"
	# shellcheck disable=SC2016
	box_start /bin/sh -c 'exec "$@" <"$0" 7<"$0" 8>>"$0"' "$OUT/given" "$SSHINIT" -- /bin/sleep 1000 \
		2>"$OUT/log" >"$OUT/out"
	box_pod
	poll 20 client_ssh true
	find_monitor
	# The command has them: what is looked for can be found.
	run -0 readlink "/proc/$BOX"/fd/{0,1,7,8}
	assert_output "$(printf '%s\n' "$OUT"/{given,out,given,given})"
	for pid in "$HOLDER" "$WORKER" "$LISTENER"; do
		run readlink "/proc/$pid"/fd/*
		assert_output
		refute_output --partial "$OUT/given"
		refute_output --partial "$OUT/out"
	done
}

@test "a strict start that is refused leaves nothing running" {
	# shellcheck disable=SC2016
	box_start /bin/sh -c '"$@"; echo "ended with $?"; exec sleep 1000' sh env PUBLIC_KEY=nonsense \
		"$SSHINIT" --strict -- /bin/echo started 2>"$OUT/log" >"$OUT/out"
	poll 20 grep -q 'ended with 78' "$OUT/out"
	run ! grep started "$OUT/out"
	poll 10 only_command_is_left
}

@test "the monitor cannot be traced or read by another process of its user" {
	need setpriv:util-linux
	# shellcheck disable=SC2086
	box_start $ODD --user 12345 -- "$SSHINIT" --port=2222 -- "$PROBE" sleep 2>"$OUT/log"
	poll 10 find_holder
	find_holder
	run ! setpriv --reuid 12345 --regid 12345 --clear-groups cat "/proc/$HOLDER/environ"
	run ! setpriv --reuid 12345 --regid 12345 --clear-groups cat "/proc/$WORKER/environ"
	run -0 setpriv --reuid 12345 --regid 12345 --clear-groups cat "/proc/$BOX/environ"
}

find_holder() {
	find_monitor || [[ -n $HOLDER && -n $WORKER ]]
}

is_sshinit() {
	[[ $(cat "/proc/$BOX/comm") == sshinit ]]
}

@test "told to end while it waits for SSH: PID 1 ends at once, and the command is not begun" {
	need strace:strace
	# The monitor is slow: each setsid, of which PID 1 makes none, takes 100 seconds.
	# shellcheck disable=SC2016
	box_start /bin/sh -c 'exec strace -D -qq -f -o /dev/null -e trace=setsid \
		-e inject=setsid:delay_enter=100000000 "$@"' sh "$SSHINIT" --wait=150 -- /bin/echo started \
		2>"$OUT/log" >"$OUT/out"
	poll 10 is_sshinit
	poll 10 grep -q '^SigCgt:.*[4-7c-f]...$' "/proc/$BOX/status"
	local before=${EPOCHREALTIME/./}
	kill -TERM "$BOX"
	box_status >"$OUT/status"
	((${EPOCHREALTIME/./} - before < 50000000)) || fail "it took longer than fifty seconds"
	assert_equal "$(cat "$OUT/status")" 143
	assert_equal "$(cat "$OUT/out")" ''
}

@test "a system call that fails before the exec never keeps the command from running" {
	need strace:strace
	# shellcheck disable=SC2016
	run -0 --separate-stderr box /bin/sh -c '
		for call in socketpair clone open prctl rt_sigaction fcntl close ioctl brk mmap poll getpid; do
			for error in ENOSYS EPERM EMFILE; do
				strace -qq -o /dev/null -e trace=$call -e inject=$call:error=$error:when=2+ "$@"
				[ $? = 7 ] || echo "not with $call failing with $error"
			done
		done' sh "$SSHINIT" -- "$PROBE" exit 7
	assert_output ''
}

@test "an old seccomp profile that refuses new system calls: SSH answers, and all ends as ever" {
	need strace:strace
	# strace returns when all that it follows has ended.
	# shellcheck disable=SC2016
	run -7 timeout 200 "$BASH" -c 'source "$0/tests/lib/box.bash"; box "$@"' "$TOP" \
		strace -qq -f -o /dev/null -e inject=close_range,pidfd_open,clone3,openat2:error=EPERM \
		"$SSHINIT" --wait=100 --strict -- "$PROBE" exit 7
	assert_output --partial listening
}
