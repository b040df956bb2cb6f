#!/usr/bin/env bats
# sshinit --config-ssh and the pod it asks: real servers on loopback, the real client, and a stand-in
# for the pod's `sshinit --connect --json`.

bats_require_minimum_version 1.5.0
load ../lib/bed

setup() {
	need ssh:openssh-client /usr/sbin/sshd:openssh-server
	export HOME=$BATS_TEST_TMPDIR/home
	mkdir -p "$HOME"
	CONF=$HOME/.ssh/config
	KNOWN=$HOME/.ssh/sshinit_known_hosts
	D=$BATS_TEST_TMPDIR
	ME=$(id -un)
	((EUID)) || mkdir -p /run/sshd
	ssh-keygen -q -t ed25519 -N '' -f "$D/id"
	PORT=$((20000 + RANDOM % 10000))
}

teardown() {
	local pid
	for pid in "$D"/*.pid; do
		[[ ! -e $pid ]] || kill "$(cat "$pid")" || true
	done
	bed_teardown
}

# server NAME PORT: an SSH server with host keys of its own, which stay when it starts again
server() {
	local dir=$D/$1 type
	mkdir -p "$dir/bin"
	for type in ed25519 ecdsa; do
		[[ -e $dir/$type ]] || ssh-keygen -q -t "$type" -N '' -f "$dir/$type"
	done
	[[ -e $dir/keys ]] || cp "$D/id.pub" "$dir/keys"
	[[ -e $dir/sshd_config ]] || cat >"$dir/sshd_config" <<-END
		ListenAddress 127.0.0.1
		HostKey $dir/ed25519
		HostKey $dir/ecdsa
		AuthorizedKeysFile $dir/keys
		StrictModes no
		UsePAM no
		PasswordAuthentication no
		KbdInteractiveAuthentication no
		PidFile $D/$1.pid
		SetEnv PATH=$dir/bin:/usr/bin:/bin
	END
	/usr/sbin/sshd -f "$dir/sshd_config" -p "$2" -E "$dir/log" 3>&-
	poll 10 test -s "$D/$1.pid"
}

stop() {
	kill "$(cat "$D/$1.pid")"
	poll 10 test ! -e "$D/$1.pid"
}

# tells NAME JSON: what sshinit --connect --json answers there
tells() {
	mkdir -p "$D/$1/bin"
	printf '#!/bin/sh\n[ "$*" = "--connect --json" ] || exit 64\ncat <<"END"\n%s\nEND\n' "$2" >"$D/$1/bin/sshinit"
	chmod +x "$D/$1/bin/sshinit"
}

key() {
	cut -d' ' -f1,2 "$D/$1/$2.pub"
}

tells_keys() {
	tells "$1" "{\"version\": \"0.1\", \"connect\": {\"host\": null, \"port\": null, \"user\": \"root\", \"jump\": null, \"host_keys\": [\"$(key "$1" ed25519)\", \"$(key "$1" ecdsa)\"]}}"
}

add() {
	"$SSHINIT" --config-ssh mypod --yes --from "ssh $ME@127.0.0.1 -p $PORT -i $D/id" "$@" </dev/null
}

mypod() {
	ssh -F "$CONF" -o BatchMode=yes mypod "$@" </dev/null
}

@test "the pod is asked and all its host keys are pinned" {
	server pod "$PORT"
	tells_keys pod
	run -0 --separate-stderr add
	assert_equal "$stderr" ''
	assert_output --partial "ssh-ed25519 $(ssh-keygen -lf "$D/pod/ed25519.pub" | cut -d' ' -f2), ecdsa"
	run -0 cat "$KNOWN"
	assert_equal "$output" "mypod $(key pod ed25519)"$'\n'"mypod $(key pod ecdsa)"
	assert_equal "$(stat -c %a "$KNOWN")" 600
	run -0 grep -q 'StrictHostKeyChecking yes' "$CONF"
	run -0 mypod echo works
	assert_output works
	run -0 add
	assert_output 'No changes to make.'
	run -0 "$SSHINIT" --config-ssh other --yes --offline --host 192.0.2.1
	run -0 "$SSHINIT" --config-ssh --list
	assert_line --regexp $'^mypod\tpinned\t--host 127.0.0.1 --port '
	assert_line $'other\tnot-pinned\t--host 192.0.2.1'
}

@test "what the user's configuration does at each login is not done when the pod is asked" {
	mkdir -m 700 "$HOME/.ssh"
	cat >"$CONF" <<-END
		Host *
		PermitLocalCommand yes
		LocalCommand touch $D/local
		RemoteCommand touch $D/remote
		RequestTTY force
		ExitOnForwardFailure yes
		LocalForward 127.0.0.1:$PORT 127.0.0.1:1
	END
	server pod "$PORT"
	tells_keys pod
	run -0 --separate-stderr add
	assert_equal "$stderr" ''
	assert_equal "$(wc -l <"$KNOWN")" 2
	assert_not_exists "$D/local"
	assert_not_exists "$D/remote"
}

@test "restarted on another port it is recognised as itself" {
	server pod "$PORT"
	tells_keys pod
	run -0 add
	stop pod
	PORT=$((PORT + 1))
	server pod "$PORT"
	run -0 --separate-stderr add
	assert_equal "$stderr" ''
	run -0 mypod echo works
	assert_output works
	assert_equal "$(wc -l <"$KNOWN")" 2
}

@test "another machine at its address is refused, and nothing is written" {
	server pod "$PORT"
	run -0 add
	stop pod
	server other "$PORT"
	before=$(md5sum "$CONF" "$KNOWN")
	run -1 --separate-stderr add
	[[ $stderr == *'another host key answers'*'--new-host-key'* ]]
	assert_equal "$(md5sum "$CONF" "$KNOWN")" "$before"
	run ! mypod true
	run -0 add --new-host-key
	run -0 mypod echo works
	run -0 cat "$KNOWN"
	assert_output "mypod $(key other ed25519)"
}

@test "a pod without sshinit: the key that was seen is pinned" {
	server pod "$PORT"
	run -0 --separate-stderr add
	[[ $stderr == *'is pinned, but the pod did not confirm it'* ]]
	run -0 mypod echo works
	run -0 grep -q 'StrictHostKeyChecking yes' "$CONF"
}

@test "a refused login: said in ssh's words; the key that was seen is pinned" {
	server pod "$PORT"
	: >"$D/pod/keys"
	run -0 --separate-stderr add
	[[ $stderr == *'Permission denied'* ]]
	run -0 cat "$KNOWN"
	assert_output "mypod $(key pod ed25519)"
}

@test "a pod that cannot be reached: the first key that ssh sees is kept, and pinned by the next run" {
	run -0 --separate-stderr add
	[[ $stderr == *'could not be asked'*'Connection refused'* ]]
	run -0 grep -q 'StrictHostKeyChecking accept-new' "$CONF"
	server pod "$PORT"
	run -0 --separate-stderr mypod echo works
	run -0 cat "$KNOWN"
	assert_output "mypod $(key pod ed25519)"
	run -0 --separate-stderr add --offline
	run -0 grep -q 'StrictHostKeyChecking yes' "$CONF"
	stop pod
	run -0 --separate-stderr add
	[[ $stderr == *'stays pinned'* ]]
	run -0 grep -q 'StrictHostKeyChecking yes' "$CONF"
}

@test "a pod that lies about its keys is not believed" {
	server pod "$PORT"
	local other='ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOldOldOldOldOldOldOldOldOldOldOldOldOldOldO'
	tells pod "{\"version\": \"0.1\", \"connect\": {\"host_keys\": [\"$other\"]}}"
	run -0 add
	assert_equal "$(cat "$KNOWN")" "mypod $(key pod ed25519)"
	tells pod "{\"version\": \"0.1\", \"connect\": {\"host_keys\": [\"$(key pod ed25519)\\n* $other\", \"@cert-authority * $other\", 7, \"x\"]}}"
	run -0 add
	assert_equal "$(cat "$KNOWN")" "mypod $(key pod ed25519)"
	tells pod '{"version": ['
	run -0 add
	tells pod '[[[[[['
	run -0 add
	tells pod ''
	run -0 add
	assert_equal "$(cat "$KNOWN")" "mypod $(key pod ed25519)"
	run ! grep -q 'AAAAIOld' "$CONF"
}

@test "damage in the file of pinned keys does no harm" {
	mkdir -p "$HOME/.ssh"
	local line
	for line in 'mypod' 'mypod ' 'mypod x' 'mypod x ' 'mypod x y' 'mypod  ' 'mypod x *'; do
		rm -f "$CONF"
		printf '%s' "$line" >"$KNOWN"
		run -0 --separate-stderr add --offline
		run -0 "$SSHINIT" --config-ssh --list
		run -0 "$SSHINIT" --config-ssh --remove mypod --yes
	done
	server pod "$PORT"
	printf 'mypod x\nother z\n' >"$KNOWN"
	run add
	run -0 grep -c '^other z$' "$KNOWN"
}

@test "a greeting before the answer" {
	server pod "$PORT"
	tells_keys pod
	sed -i '2i echo Welcome to the pod.' "$D/pod/bin/sshinit"
	run -0 add
	assert_equal "$(wc -l <"$KNOWN")" 2
}

@test "--wait: refused, no SSH, another machine, then the pod itself" {
	server pod "$PORT"
	tells_keys pod
	run -0 add
	stop pod
	add --wait=250 >"$D/out" 2>"$D/err" 3>&- &
	waiting=$!
	poll 10 grep -q 'connection refused' "$D/err"
	python3 -c "
import socket, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('127.0.0.1', $PORT)); s.listen(); s.settimeout(100)
c = s.accept()[0]; c.sendall(b'HTTP/1.1 400 Bad Request\r\n\r\n'); c.close()" 3>&-
	poll 10 grep -q 'no SSH server' "$D/err"
	server other "$PORT"
	poll 20 grep -q "another machine's host key" "$D/err"
	kill -0 "$waiting"
	stop other
	server pod "$PORT"
	wait "$waiting"
	run -0 mypod echo works
}

@test "a pod with a host certificate of a CA that the laptop does not know" {
	server pod "$PORT"
	stop pod
	ssh-keygen -q -t ed25519 -N '' -f "$D/ca"
	ssh-keygen -q -s "$D/ca" -I pod -h -n pod.example.org "$D/pod/ed25519.pub"
	echo "HostCertificate $D/pod/ed25519-cert.pub" >>"$D/pod/sshd_config"
	tells_keys pod
	server pod "$PORT"
	run -0 --separate-stderr add
	assert_equal "$stderr" ''
	run -0 mypod echo works
	assert_output works
	run -0 cat "$KNOWN"
	assert_equal "$output" "mypod $(key pod ed25519)"$'\n'"mypod $(key pod ecdsa)"
}

@test "--wait gives up when the time is over, and writes nothing" {
	run -1 --separate-stderr add --wait=2
	[[ $stderr == *'did not answer in time'*'connection refused'* ]]
	assert_file_not_exists "$CONF"
	run -1 --separate-stderr "$SSHINIT" --config-ssh mypod --yes --host no-such-host.invalid --wait 1
	[[ $stderr == *'no host of that name is known'* || $stderr == *'no way to that address'* ]]
	assert_file_not_exists "$CONF"
}

@test "--wait on another machine's host key says what to do about that" {
	server pod "$PORT"
	tells_keys pod
	run -0 add
	stop pod
	server other "$PORT"
	run -1 --separate-stderr add --wait=1
	[[ $stderr == *'another host key answers'*'--new-host-key'* ]]
}

@test "--wait: a port that is open with nobody behind it, and a server that hangs" {
	python3 -c "
import socket
def listen(port):
    s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(('127.0.0.1', port)); s.listen(); return s
a, b, keep = listen($PORT), listen($PORT + 1), []
import select
while True:
    for s in select.select([a, b], [], [])[0]:
        c = s.accept()[0]
        if s is b: c.sendall(b'SSH-2.0-hangs\\r\\n'); keep.append(c)
        else: c.close()" 3>&- &
	echo $! >"$D/python.pid"
	poll 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$PORT"
	run -1 --separate-stderr "$SSHINIT" --config-ssh mypod --yes --host 127.0.0.1 --port "$PORT" --wait=1
	[[ $stderr == *'closed at once'* ]]
	run -1 --separate-stderr timeout 50 "$SSHINIT" --config-ssh mypod --yes --host 127.0.0.1 --port $((PORT + 1)) --wait=1
	[[ $stderr == *'no answer after'* ]]
}

@test "through a jump host, itself a pod in the section" {
	server gate "$PORT"
	server pod $((PORT + 1))
	tells_keys pod
	run -0 "$SSHINIT" --config-ssh gate --yes --from "ssh -p $PORT $ME@127.0.0.1 -i $D/id"
	run -0 --separate-stderr "$SSHINIT" --config-ssh mypod --yes --wait=100 \
		--from "ssh -J gate -p $((PORT + 1)) $ME@127.0.0.1 -i $D/id"
	assert_equal "$stderr" ''
	run -0 mypod 'echo $SSH_CONNECTION'
	run -0 grep -c "Accepted publickey" "$D/gate/log"
	run -0 grep -c '^mypod' "$KNOWN"
	assert_output 2
}

@test "no ssh client here: written all the same" {
	mkdir "$D/empty"
	run -0 --separate-stderr env PATH="$D/empty" "$SSHINIT" --config-ssh mypod --yes --host h
	[[ $stderr == *'no ssh client'* ]]
	run -0 grep -q 'Host mypod' "$CONF"
}

@test "killed while a new address and a new host key replace the old: one or the other works" {
	need strace:strace
	local old=$PORT call n total=0 end
	server pod "$old"
	server other $((old + 1))
	tells_keys other
	add >/dev/null 2>&1
	cp -a "$HOME/.ssh" "$D/saved"
	PORT=$((old + 1))
	for call in openat write fsync rename renameat unlinkat; do
		for ((n = 1; n < 100; n++)); do
			rm -rf "$HOME/.ssh"
			cp -a "$D/saved" "$HOME/.ssh"
			end=0
			{ strace -qq -o /dev/null -e "inject=$call:signal=KILL:when=$n" "$SSHINIT" --config-ssh \
				mypod --yes --new-host-key --from "ssh $ME@127.0.0.1 -p $PORT -i $D/id"; } \
				</dev/null &>/dev/null || end=$?
			run -0 mypod echo works
			assert_output works
			((end == 137)) || break
			total=$((total + 1))
			# the first half of openat and write is reading, and questions to ssh
			[[ $call != openat && $call != write ]] || ((n < 4)) || n=$((n + 2))
		done
	done
	((total > 15)) || fail "killed at $total calls only"
	run -0 cat "$KNOWN"
	assert_equal "$output" "mypod $(key other ed25519)"$'\n'"mypod $(key other ecdsa)"
}
