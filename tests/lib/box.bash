# shellcheck shell=bash
# Boxes: namespaces in place of containers, for tests of what PID 1 does. A box starts in 20 ms and
# needs no engine, only root.
#
#	load ../lib/bed
#	load ../lib/box
#
#	need_box                 skip the test where boxes cannot be made, saying why
#	box WORD...              run WORD... as PID 1 of a fresh box, in the foreground
#	box_start WORD...        the same in the background: sets BOX, the host's number of that PID 1
#	box_pod                  let the ssh clients of the bed speak to it
#	box_status               wait for its end, and print its exit status
#	box_stop                 end it with all that is in it
#	box_children PID         the numbers of a process's children
#	box_descendants PID      those of all processes below it
#	box_has NAME             whether a process of that name lives in the box
#	box_no_zombies           whether nothing in it waits to be reaped (poll it)
#	in_box WORD...           run WORD... in it, with the environment of a session
#	ODD                      a program to start WORDs with odd signals, limits, descriptors:
#	                         box $ODD --ignore CHLD --nice 5 -- WORD... (tests/lib/odd-start)
#
# In a box, /root, /run and /dev/shm are empty, /etc is a copy that is thrown away, and the network
# is a loopback device of its own: sshd can listen on port 22, and nothing of the host is touched.

# shellcheck disable=SC2034 # the tests use it
ODD="/usr/bin/python3 $TOP/tests/lib/odd-start"
BOX=

need_box() {
	((EUID == 0)) || skip "boxes are made by root only"
	need unshare:util-linux python3:python3
	local said
	said=$(box true 2>&1) || skip "no namespaces here: $said"
}

# Descriptors of bats must not reach the command: it would report them, or keep bats waiting.
box() {
	unshare --mount --pid --net --fork --kill-child --mount-proc --propagation private \
		"$TOP/tests/lib/box-init" "$@" 3>&- 4>&-
}

box_start() {
	unshare --mount --pid --net --fork --kill-child --mount-proc --propagation private \
		"$TOP/tests/lib/box-init" "$@" 3>&- 4>&- &
	BOX_OUTER=$! BOX=
	poll 10 _box_is_up "$@"
	BOX=$(box_children "$BOX_OUTER")
}

# Up when PID 1 has become what was asked for.
_box_is_up() {
	local pid
	pid=$(box_children "$BOX_OUTER") && [[ -n $pid ]] || return 1
	tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF -- "${1##*/}"
	! tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF box-init
}

box_status() {
	local status=0
	wait "$BOX_OUTER" || status=$?
	BOX=
	echo "$status"
}

box_stop() {
	[[ -z $BOX ]] && return 0
	kill -KILL "$BOX" 2>/dev/null || true
	wait "$BOX_OUTER" 2>/dev/null || true
	BOX=
}

box_children() {
	local -a children
	read -r -a children <"/proc/$1/task/$1/children" || true
	((${#children[@]} == 0)) || printf '%s\n' "${children[@]}"
}

# The numbers of all processes below PID.
box_descendants() {
	local each
	for each in $(box_children "$1" 2>/dev/null); do
		echo "$each"
		box_descendants "$each"
	done
}

# Whether a process with that name (comm) lives in the box, zombies left aside.
box_has() {
	local each
	for each in "$BOX" $(box_descendants "$BOX"); do
		if [[ $(cat "/proc/$each/comm" 2>/dev/null) == "$1" ]] \
			&& ! grep -qs '^State:.Z' "/proc/$each/status"; then
			return 0
		fi
	done
	return 1
}

box_no_zombies() {
	local each
	! for each in $(box_descendants "$BOX"); do
		grep -H '^State:.Z' "/proc/$each/status" 2>/dev/null
	done | grep .
}

in_box() {
	nsenter -t "$BOX" -m -p -n env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME=/root "$@" 3>&- 4>&-
}

# box_pod: from here on the clients (lib/clients.bash) speak of the box that runs.
box_pod() {
	POD=box-$BOX POD_HOST=127.0.0.1 POD_PORT=22 POD_VIA="nsenter -t $BOX -n"
	export POD POD_HOST POD_PORT POD_VIA
}
