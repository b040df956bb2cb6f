# Under another init and beside it: the workload runs and ends as it would, and where sshinit is not
# PID 1, sshd and all sessions end when the command does.
#
# shellcheck disable=SC2016 # what stands in single quotes is for the pod's shell

load ../lib/bed
load ../lib/places

setup() {
	need_engine
	V=$BATS_TEST_TMPDIR
}

# The command: ends with 43 when it is told to.
WORK='while [ ! -e /tmp/end ]; do sleep 0.05; done; exit 43'

# Log in, leave a session open and a process behind, which have names of their own.
open_session() {
	pod_wait_login
	client_ssh -- '(setsid sleep 5555 >/dev/null 2>&1 </dev/null &); echo open; exec sleep 4444' >"$V/session" 2>/dev/null &
	SESSION=$!
	poll 20 grep -q open "$V/session"
}

# init NAME POD_START-WORD...: the container ends with 43 when the command has ended, and before that SSH
# works and no zombie is left.
init() {
	local name=$1
	pod_start --image bookworm-plain --key ed25519 "${@:2}"
	open_session
	poll 10 pod_no_zombies
	pod_exec touch /tmp/end
	assert_equal "$name: $(pod_exit)" "$name: 43"
	wait "$SESSION" || true
	engine rm -fv "$POD" >/dev/null
	MARKDOWN+="| $name | ends with the command, 43 |"$'\n'
}

# left NAME PS-COMMAND...: the command has ended, but what is around it goes on: nothing of SSH is left there.
left() {
	poll 20 _nothing_left "${@:2}"
	wait "$SESSION" || true
	MARKDOWN+="| $1 | sshd and sessions end with the command, what is around it goes on |"$'\n'
}

_nothing_left() {
	local said
	said=$("$@")
	echo "$said"
	[[ -n $said ]] && ! grep -E '(^|/)sshd|^\[?sshinit|sleep [45]' <<<"$said"
}

# init_table NAME: the rows so far.
init_table() {
	table "$1" <<<"| Around sshinit | What happens |
| --- | --- |
${MARKDOWN%$'\n'}"
}

@test "inits before it, behind it and around it" {
	need tini-static:tini perl:perl
	local MARKDOWN='' tini=(-v "$(type -P tini-static):/tini:ro")
	init 'nothing else' -- sh -c "$WORK"
	init '`docker run --init`' --init -- sh -c "$WORK"
	init 'tini in front: `tini -- sshinit -- CMD`' "${tini[@]}" --entrypoint /tini -- -- sshinit -- sh -c "$WORK"
	init 'tini behind: `sshinit -- tini -- CMD`' "${tini[@]}" -- /tini -- sh -c "$WORK"
	init 'a shell: `bash -c "sshinit -- CMD"`' --entrypoint bash -- -c "sshinit -- sh -c '$WORK'"
	init 'a shell that waits: `bash -c "sshinit -- CMD; exit"`' --entrypoint bash -- -c "sshinit -- sh -c '$WORK'; exit"
	init 'in the background: `bash -c "sshinit & exec CMD"`' --entrypoint bash -- -c "sshinit & exec sh -c '$WORK'"
	init 'supervise, as PID 1' -- --mode supervise -- sh -c "$WORK"
	init 'supervise, under tini' "${tini[@]}" --entrypoint /tini -- -- sshinit --mode supervise -- sh -c "$WORK"
	init_table inits
}

@test "s6 as the command, a shell that goes on, and a shared pid namespace" {
	need s6-svscan:s6 perl:perl
	local MARKDOWN='' outer
	# s6's programs come from this machine, with their libraries.
	local s6=() file
	for file in /usr/bin/s6-* /lib/x86_64-linux-gnu/lib{skarnet,s6,execline}.so.*; do
		[[ ! -e $file ]] || s6+=(-v "$(realpath "$file"):$file:ro")
	done
	mkdir -p "$V/svc/app" "$V/svc/.s6-svscan"
	printf '#!/bin/sh\n%s\n' 'while [ ! -e /tmp/end ]; do sleep 0.05; done; s6-svscanctl -t /svc; sleep 5' >"$V/svc/app/run"
	printf '#!/bin/sh\nexit 43\n' >"$V/svc/.s6-svscan/finish"
	chmod +x "$V/svc/app/run" "$V/svc/.s6-svscan/finish"
	init 's6 as the command: `sshinit -- s6-svscan DIR`' "${s6[@]}" -v "$V/svc:/svc" -- s6-svscan /svc

	# The command ends, the container does not.
	pod_start --image bookworm-plain --key ed25519 --entrypoint bash -- -c "sshinit -- sh -c '$WORK'; echo ended with \$?; while sleep 1; do :; done"
	open_session
	pod_exec touch /tmp/end
	pod_wait_log 'ended with 43'
	left 'a shell that goes on: `bash -c "sshinit -- CMD; MORE"`' pod_exec ps -e -o args=
	pod_running

	# Kubernetes' shareProcessNamespace: PID 1 is another container's.
	# As the pause process of Kubernetes does, it takes in what loses its parent.
	pod_start --bare --image bookworm-plain -- sh -c 'while sleep 1; do :; done'
	outer=$POD
	pod_start --image bookworm-plain --key ed25519 --pid "container:$outer" -- sh -c "$WORK"
	open_session
	pod_exec touch /tmp/end
	assert_equal "$(pod_exit)" 43
	left 'shareProcessNamespace' engine exec "$outer" ps -e -o args=
	init_table inits-more
}
