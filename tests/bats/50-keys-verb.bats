# sshinit --keys in a running pod: list, add, remove, and what stands in the file while eight do so.
#
# SSHINIT_TEST_LONG=yes makes the changes of the crowd eight times as many, and kills at each call.
#
# shellcheck disable=SC2016 # what stands in single quotes is for the pod's shell

load ../lib/bed
load ../lib/box

setup() {
	need_box
	DIR=$BATS_TEST_TMPDIR
}

teardown() {
	box_stop
	bed_teardown
}

keys() {
	in_box "$SSHINIT" --keys "$@"
}

# pod_box VARIABLE=VALUE... : a box in which sshinit holds.
pod_box() {
	box_start env "$@" "$SSHINIT" sleep infinity 2>"$DIR/log"
	box_pod
}

file_lines() {
	in_box cat /root/.ssh/authorized_keys
}

@test "list says who, from where, with which options, and when last" {
	printf 'no-pty %s\n' "$(key_pub ed25519-file)" >"$DIR/file"
	pod_box PUBLIC_KEY="$(key_pub ed25519)" PUBLIC_KEY_FILE="$DIR/file"
	pod_wait_login
	run -0 keys add "$(key_pub rsa2048)"
	assert_output "added     $(key_print rsa2048) rsa2048@bed"
	used() { keys | grep 'from PUBLIC_KEY; last used: 20'; }
	poll 5 used # sshd's word of it comes by way of the monitor
	run -0 keys
	assert_line "$(key_print ed25519)  ssh-ed25519 256  ed25519@bed"
	assert_line --regexp 'from PUBLIC_KEY; last used: 20[0-9T:Z-]+ from 127\.0\.0\.1'
	assert_line "$(key_print rsa2048)  ssh-rsa 2048  rsa2048@bed"
	assert_line --regexp 'from added at 20[0-9T:Z-]+; last used: never seen'
	assert_line --partial "from $DIR/file; last used: never seen; options: no-pty"
	assert_line '3 keys may log in as root'
	run -0 keys list --json
	echo "$output" >"$DIR/json"
	run -0 /usr/bin/python3 -c '
import json, sys
keys = json.load(open(sys.argv[1]))["keys"]
for k in keys:
    assert set(k) == {"user", "fingerprint", "type", "bits", "comment", "origin", "added_at", "options", "last_use",
                      "last_address", "public_key"}, k
    assert k["user"] == "root" and k["public_key"].startswith("AAAA") and k["fingerprint"].startswith("SHA256:"), k
    assert k["last_address"] == ("127.0.0.1" if k["last_use"] else None), k
    print(k["origin"], k["type"], k["bits"], k["options"] or "-", k["last_use"] is not None, bool(k["added_at"]))
' "$DIR/json"
	assert_line 'PUBLIC_KEY ssh-ed25519 256 - True False'
	assert_line 'added ssh-rsa 2048 - False True'
	assert_line "$DIR/file ssh-ed25519 256 no-pty False False"
}

@test "add by argument, file and standard input, repaired and refused as at a start" {
	pod_box PUBLIC_KEY="$(key_pub ed25519)"
	pod_wait_login
	run -0 keys add "$(key_pub ed25519-arg)"
	key_pub ed25519-file >"$DIR/key.pub"
	run -0 keys add "$DIR/key.pub"
	run -0 keys add - < <(printf '"%s"\r\n' "$(key_pub ed25519-stdin)")
	for name in arg file stdin; do
		run -0 client_ssh --key "ed25519-$name" -- true
	done
	run -0 keys add "$(key_pub ed25519-arg)"
	assert_output --partial 'already'
	run -1 keys add 'SHA256:uNiVztksCsDhcc0u9e8BrrQ1O0HgXpQXNLgHuX8Q1yM'
	assert_output --partial 'this is the fingerprint of a key, not the key'
	assert_output --partial 'fix: '
	# As it arrives through ssh, which joins and splits again; and several at once.
	# shellcheck disable=SC2046
	run -0 keys add $(key_pub ed25519-words)
	run -0 keys add "$(key_pub ed25519-a)" "$DIR/key.pub" "$(key_pub ed25519-b)"
	[[ $(grep -c '^added' <<<"$output") == 2 && $(grep -c '^already' <<<"$output") == 1 ]]
	run -0 client_ssh --key ed25519-words -- true
	run -1 keys add ''
	run -1 keys add "$DIR/kye.pub"
	assert_output --partial 'there is no such file here'
	run -64 keys add
	run -64 keys ad "$(key_pub ed25519-arg)"
	run -0 keys add --help
	assert_output --partial 'usage: sshinit'
}

@test "a file that somebody named as a key begins is not taken for the key" {
	local type blob comment
	pod_box PUBLIC_KEY="$(key_pub ed25519)"
	pod_wait_login
	mkdir "$DIR/everybodys"
	key_pub ed25519-eve >"$DIR/everybodys/ssh-ed25519"
	cp "$DIR/everybodys/ssh-ed25519" "$DIR/everybodys/no-pty"
	read -r type blob comment < <(key_pub ed25519-one)
	there() { in_box sh -c 'cd "$0" && exec "$@"' "$DIR/everybodys" "$SSHINIT" --keys "$@" && keys; }
	for each in '' no-pty; do
		# shellcheck disable=SC2086
		run -0 there add $each "$type" "$blob" "$comment"
		assert_line --partial "$(key_print ed25519-one)"
		refute_line --partial "$(key_print ed25519-eve)"
		run -0 keys remove "$(key_print ed25519-one)"
	done
	# Who means the file gets it.
	run -0 there add ssh-ed25519
	assert_line --partial "$(key_print ed25519-eve)"
}

@test "remove by every form of fingerprint and by comment" {
	local name md5
	pod_box PUBLIC_KEY="$(key_pub ed25519)"
	pod_wait_login
	md5=$(ssh-keygen -E md5 -lf "$(key ed25519-one).pub" | cut -d ' ' -f 2)
	for name in "$(key_print ed25519-one)" "$(key_print ed25519-one)=" "$md5" "${md5#MD5:}" ed25519-one@bed; do
		run -0 keys add "$(key_pub ed25519-one)"
		run -0 client_ssh --key ed25519-one -- true
		run -0 keys remove "$name"
		assert_output "removed   $(key_print ed25519-one)"
		run -255 client_ssh --key ed25519-one -- true
	done
	run -0 keys add "$(key_pub ed25519-one)"
	run -0 keys add "$(key_pub ed25519-two | sed 's/ed25519-two@bed/ed25519-one@bed/')"
	run -1 keys remove ed25519-one@bed
	assert_output --partial 'more than one key has this comment'
	run -1 keys remove SHA256:AAAA
	assert_output --partial 'no key has this fingerprint or comment'
	run -1 keys remove ''
	# One that fails of several is not forgotten.
	run -1 keys remove SHA256:AAAA "$(key_print ed25519-two)"
	assert_line "removed   $(key_print ed25519-two)"
	run -1 keys add nonsense "$(key_pub ed25519-two)"
	assert_line --partial "added     $(key_print ed25519-two)"
	run -64 keys remove
	assert_output --partial 'A fingerprint or a comment must follow'
	run -0 keys
	assert_line '3 keys may log in as root'
}

@test "with several users, a change is to one of them, and what has no effect is said" {
	need_engine
	local image
	image=$(image_from bookworm-plain <<<'RUN useradd -m -s /bin/bash alice && useradd -m -s /bin/bash eve')
	pod_start --image "$image" -e SSHINIT_USER=root,alice --key ed25519 -- sleep infinity
	pod_wait_login
	run -0 pod_exec sshinit --keys add --user alice "$(key_pub ed25519-one)"
	assert_output "added     $(key_print ed25519-one) ed25519-one@bed"
	run -0 client_ssh --user alice --key ed25519-one -- true
	run -1 pod_exec sshinit --keys remove "$(key_print ed25519-one)"
	assert_output --partial 'no key of root, but one of alice'
	assert_output --partial 'fix: say --user alice'
	run -0 pod_exec sshinit --keys remove --user alice "$(key_print ed25519-one)"
	refute_output --partial warning
	run -255 client_ssh --user alice --key ed25519-one -- true
	run -0 pod_exec sshinit --keys add --user eve "$(key_pub ed25519-one)"
	assert_output --partial 'warning: eve: this account may not log in here'
	run -255 client_ssh --user eve --key ed25519-one -- true
}

@test "the last key stays unless forced; then SSH ends, and comes back with the next key" {
	pod_box PUBLIC_KEY="$(key_pub ed25519)"
	pod_wait_login
	run -1 keys remove "$(key_print ed25519)"
	assert_output --partial 'this is the last key'
	run -0 client_ssh true
	run -0 keys remove --force "$(key_print ed25519)"
	no_port() { ! _pod_answers_here; }
	_pod_answers_here() { timeout 2 nsenter -t "$BOX" -n bash -c 'exec 3<>/dev/tcp/127.0.0.1/22'; }
	poll 5 no_port
	run -0 keys add "$(key_pub ed25519-next)"
	poll 10 client_ssh --key ed25519-next -- true
	run -255 client_ssh true
}

@test "a pod without any key opens its port when the first is added" {
	pod_box WORD=1
	poll 10 grep -q 'no usable key' "$DIR/log"
	run -0 keys add "$(key_pub ed25519)"
	poll 10 client_ssh true
}

@test "a removed key that still stands in PUBLIC_KEY stays out, and each start says so" {
	pod_start --key ed25519 --key ed25519-out -- sleep infinity
	pod_wait_login
	run -0 client_ssh --key ed25519-out -- true
	run -0 client_ssh sshinit --keys add "$(key_pub ed25519-more)"
	run -0 client_ssh sshinit --keys remove "$(key_print ed25519-out)"
	run -255 client_ssh --key ed25519-out -- true
	for _ in 1 2; do
		pod_restart
		pod_wait_login
		run -255 client_ssh --key ed25519-out -- true
		run -0 client_ssh --key ed25519-more -- true
	done
	run pod_log --err
	[[ $(grep -c "this key was removed with --keys remove and stays out: $(key_print ed25519-out)" <<<"$output") == 2 ]]
	# Taken back, and out again: still remembered.
	run -0 client_ssh sshinit --keys add "$(key_pub ed25519-out)"
	run -0 client_ssh --key ed25519-out -- true
	pod_restart
	pod_wait_login
	run -0 client_ssh --key ed25519-out -- true
	run -0 client_ssh sshinit --keys remove "$(key_print ed25519-out)"
	pod_restart
	pod_wait_login
	run -255 client_ssh --key ed25519-out -- true
}

@test "a removed key stays out when the file has to stand elsewhere, and when it moves back" {
	pod_box PUBLIC_KEY="$(key_pub ed25519)" SSH_PUBLIC_KEY="$(key_pub ed25519-out)"
	pod_wait_login
	run -0 keys remove "$(key_print ed25519-out)"
	run -255 client_ssh --key ed25519-out -- true
	in_box chmod 777 /root
	run -0 in_box "$SSHINIT" --reload
	poll 10 in_box test -e /run/sshinit/keys/root
	poll 10 client_ssh true
	run -255 client_ssh --key ed25519-out -- true
	run -0 keys add "$(key_pub ed25519-more)"
	run -0 keys remove "$(key_print ed25519)"
	in_box chmod 700 /root
	run -0 in_box "$SSHINIT" --reload
	poll 10 in_box test ! -e /run/sshinit/keys/root
	run -255 client_ssh --key ed25519-out -- true
	run -255 client_ssh --key ed25519 -- true
}

@test "an added key stays in force when the file has to stand elsewhere, and when it moves back" {
	pod_box PUBLIC_KEY="$(key_pub ed25519)"
	pod_wait_login
	run -0 keys add "$(key_pub ed25519-one)" "$(key_pub ed25519-two)"
	# Others can write: they may have put the key there.
	in_box chmod 777 /root
	run -0 in_box "$SSHINIT" --reload
	poll 10 in_box test -e /run/sshinit/keys/root
	poll 10 client_ssh true
	run -255 client_ssh --key ed25519-one -- true
	run -0 in_box "$SSHINIT" --check
	assert_output --partial 'keys added with --keys add stay behind'
	run -0 keys add "$(key_pub ed25519-one)" "$(key_pub ed25519-three)" "$(key_pub ed25519-four)"
	run -0 keys remove "$(key_print ed25519-four)"
	run -0 client_ssh --key ed25519-three -- true
	run -0 keys remove "$(key_print ed25519-one)"
	in_box chmod 700 /root
	run -0 in_box "$SSHINIT" --reload
	poll 10 in_box test ! -e /run/sshinit/keys/root
	for each in two three; do
		poll 10 client_ssh --key "ed25519-$each" -- true
	done
	for each in one four; do
		run -255 client_ssh --key "ed25519-$each" -- true
	done
}

@test "an added key goes along from a home that cannot be written any more" {
	pod_box PUBLIC_KEY_FILE="$DIR/file" PUBLIC_KEY="$(key_pub ed25519)"
	pod_wait_login
	run -0 keys add "$(key_pub ed25519-one)"
	in_box mount --bind /root/.ssh /root/.ssh
	in_box mount -o remount,ro,bind /root/.ssh
	key_pub ed25519-new >"$DIR/file"
	poll 10 in_box test -e /run/sshinit/keys/root
	poll 10 client_ssh --key ed25519-new -- true
	run -0 client_ssh --key ed25519-one -- true
	run -0 keys remove "$(key_print ed25519-one)"
	in_box umount /root/.ssh
	run -0 in_box "$SSHINIT" --reload
	poll 10 in_box test ! -e /run/sshinit/keys/root
	poll 10 client_ssh --key ed25519-new -- true
	run -255 client_ssh --key ed25519-one -- true
}

@test "a lock that somebody holds does not keep a removed key in force, nor SSH down" {
	pod_box PUBLIC_KEY_FILE="$DIR/file" PUBLIC_KEY="$(key_pub ed25519)"
	pod_wait_login
	in_box flock /root/.ssh sleep 1000 &
	local holder=$!
	poll 10 in_box sh -c '! flock -n /root/.ssh true'
	key_pub ed25519-new >"$DIR/file"
	poll 30 client_ssh --key ed25519-new -- true
	kill "$holder"
}

@test "a user who ends the child that writes for that user ends nothing else" {
	need_engine
	pod_start --image "$(image_from bookworm-plain <<<'RUN useradd -m -s /bin/bash ann')" -e SSHINIT_USER=root,ann --key ed25519 -- sleep infinity
	pod_wait_login
	# The child waits for the lock, as ann, and so she may send it signals.
	pod_exec_as_ann() { engine exec -u ann "$POD" "$@"; }
	engine exec -d -u ann "$POD" sh -c 'exec flock /home/ann/.ssh sleep 60'
	poll 10 pod_exec_as_ann sh -c '! flock -n /home/ann/.ssh true'
	pod_exec pkill -HUP -u root -x sshinit-worker
	run -0 poll 10 pod_exec_as_ann pkill -TERM -u ann -x sshinit-worker
	# She let go too: the next look is quick, and SSH is as it was, for her and for root.
	pod_exec_as_ann pkill -u ann -x sleep
	run -0 pod_exec sshinit --reload
	run -0 pod_exec pgrep -u root -x sshinit-worker
	run -0 client_ssh true
	run -0 client_ssh --user ann -- true
}

@test "the list of a file that somebody else wrote says nothing to the terminal" {
	pod_box PUBLIC_KEY="$(key_pub ed25519)"
	pod_wait_login
	in_box sed -i 's/^# from .*/# from \x1b]0;owned\x07/' /root/.ssh/authorized_keys
	run -0 keys
	assert_line --partial 'from \x1b]0;owned\x07; last used'
}

@test "--disconnect ends the sessions of the removed key, and no other" {
	pod_box PUBLIC_KEY="$(key_pub ed25519)"
	pod_wait_login
	run -0 keys add "$(key_pub ed25519-gone)"
	client_ssh --key ed25519-gone -- 'echo here; sleep 100' >"$DIR/gone" &
	local gone=$!
	client_ssh 'echo here; sleep 3; echo stays' >"$DIR/stays" &
	local stays=$!
	poll 10 grep -q here "$DIR/gone"
	poll 10 grep -q here "$DIR/stays"
	# As if the session that stays had the port of an earlier one of the other key.
	in_box sed -i "1i 1 $(key_print ed25519-gone) 127.0.0.1 $(in_box awk -v key="$(key_print ed25519)" \
		'$2 == key { port = $4 } END { print port }' /run/sshinit/logins) root" /run/sshinit/logins
	run -0 keys remove --disconnect "$(key_print ed25519-gone)"
	assert_line --regexp '[1-9][0-9]* process(es)? of its sessions told to end'
	run -255 wait "$gone"
	wait "$stays"
	run -0 cat "$DIR/stays"
	assert_output --partial stays
}

@test "a key outside the block is listed, and left alone" {
	need_engine
	pod_start --image "$(image_from bookworm-ssh <<-END
		RUN mkdir -m 700 /root/.ssh && echo "$(key_pub ed25519-image)" >/root/.ssh/authorized_keys
	END
	)" --key ed25519 -- sleep infinity
	pod_wait_login
	run -0 client_ssh sshinit --keys
	assert_line --partial 'from image; last used'
	run -1 client_ssh sshinit --keys remove "$(key_print ed25519-image)"
	assert_output --partial "stands outside sshinit's block"
	run -0 client_ssh --key ed25519-image -- true
}

@test "a user whose keys root keeps is told so, and nothing is written that nobody reads" {
	need_engine
	pod_start --image "$(image_from bookworm-plain <<<'RUN useradd -m -s /bin/bash ann && chmod 777 /home/ann')" \
		-e SSHINIT_USER=ann --key ed25519 -- sleep infinity
	pod_wait_login --user ann
	run -1 client_ssh --user ann -- sshinit --keys add "$(key_pub ed25519-more)"
	assert_output --partial '/run/sshinit/keys/ann: sshd reads this file, and root alone can change it'
	assert_output --partial 'docker exec'
	refute_output --partial added
	run -1 client_ssh --user ann -- sshinit --keys remove "$(key_print ed25519)"
	run -1 client_ssh --user ann -- sshinit --keys
	assert_output --partial 'root alone can change it'
	refute_output --partial '0 keys'
	run -2 pod_exec ls /home/ann/.ssh
	run -0 pod_exec sshinit --keys --user ann add "$(key_pub ed25519-more)"
	run -0 client_ssh --user ann --key ed25519-more -- true
}

@test "what a killed write left in ~/.ssh goes at the next start, and nothing else" {
	need_engine
	pod_start --key ed25519 -- sleep infinity
	pod_wait_login
	run -0 pod_exec sh -c 'cd /root/.ssh && umask 077 && echo x >.sshinit-0123456789abcdef && echo x >.sshinit-mine \
		&& touch -d "2 minutes ago" .sshinit-* && ln -s /etc/hostname .sshinit-0123456789abcdee && mkdir .sshinit-0123456789abcded'
	pod_restart
	pod_wait_login
	run -0 pod_exec ls -A /root/.ssh
	assert_output $'.sshinit-0123456789abcded\n.sshinit-0123456789abcdee\n.sshinit-mine\nauthorized_keys'
}

@test "where the file cannot be written, a change fails and says so" {
	pod_box PUBLIC_KEY="$(key_pub ed25519)"
	pod_wait_login
	run -0 keys add "$(key_pub ed25519-one)"
	in_box mount --bind /root/.ssh /root/.ssh
	in_box mount -o remount,ro,bind /root/.ssh
	run -1 keys remove "$(key_print ed25519-one)"
	assert_output --partial 'the key file cannot be changed, so nothing was changed'
	run -1 keys add "$(key_pub ed25519-two)"
	run -0 client_ssh --key ed25519-one -- true
	run -255 client_ssh --key ed25519-two -- true
}

@test "1,000 changes of eight at once: none lost, none left, and no reader sees half a file" {
	local each=125 i file
	[[ -z ${SSHINIT_TEST_LONG-} ]] || each=1000
	pod_box PUBLIC_KEY="$(key_pub ed25519)"
	pod_wait_login
	file=/proc/$BOX/root/root/.ssh/authorized_keys
	# Keys are cheap to make where nobody will ever log in with them.
	/usr/bin/python3 - "$DIR" "$each" <<-'END'
		import base64, os, struct, sys
		for worker in range(8):
		    with open(f"{sys.argv[1]}/keys-{worker}", "w") as out:
		        for n in range(int(sys.argv[2]) * 6 // 10):
		            blob = struct.pack(">I", 11) + b"ssh-ed25519" + struct.pack(">I", 32) + os.urandom(32)
		            print("ssh-ed25519", base64.b64encode(blob).decode(), f"key-{worker}-{n}", file=out)
	END
	cat >"$DIR/worker" <<-'END'
		# Of ten changes six add, four remove what was added before.
		n=0
		while IFS= read -r key; do
			"$1" --keys add "$key" >/dev/null || echo "add: $key"
			n=$((n + 1))
			case $((n % 3)) in 0 | 2) "$1" --keys remove "key-$2-$((n - 1))" >/dev/null || echo "remove: $2-$n" ;; esac
		done <"$3"
	END
	/usr/bin/python3 - "$file" "$DIR/stop" >"$DIR/reader" <<-'END' &
		import os, sys, time
		reads = 0
		while not os.path.exists(sys.argv[2]):
		    text = open(sys.argv[1]).read()
		    lines = text.split("\n")
		    reads += 1
		    if lines[0] != "# BEGIN sshinit" or lines[-2:] != ["# END sshinit", ""]:
		        print("half a file:", repr(text[:80]), repr(text[-80:]))
		    if " ed25519@bed" not in text:
		        print("the first key is gone")
		    time.sleep(0.0005)
		print("reads", reads)
	END
	local reader=$! workers=()
	for i in {0..7}; do
		in_box sh "$DIR/worker" "$SSHINIT" "$i" "$DIR/keys-$i" >"$DIR/said-$i" 2>&1 &
		workers+=($!)
	done
	wait "${workers[@]}"
	touch "$DIR/stop"
	wait "$reader"
	run cat "$DIR"/said-*
	assert_output ''
	run -0 cat "$DIR/reader"
	assert_output --regexp '^reads [0-9]+$'
	# What should be there, computed from what was asked.
	/usr/bin/python3 - "$DIR" >"$DIR/expected" <<-'END'
		import sys
		for worker in range(8):
		    names = [line.split()[2] for line in open(f"{sys.argv[1]}/keys-{worker}")]
		    gone = {names[n - 1] for n in range(1, len(names) + 1) if n % 3 in (0, 2)}
		    print("\n".join(name for name in names if name not in gone))
	END
	file_lines | grep -o 'key-[0-9]-[0-9]*$' | sort >"$DIR/is"
	sort "$DIR/expected" | diff - "$DIR/is"
	run -0 client_ssh true
	run -0 in_box sh -c 'ls -A /root/.ssh'
	assert_output authorized_keys
}

@test "killed at any call of add and remove: the old file or the new one, never less" {
	need strace:strace
	pod_box PUBLIC_KEY="$(key_pub ed25519)"
	pod_wait_login
	local n step=6 calls
	[[ -z ${SSHINIT_TEST_LONG-} ]] || step=1
	file_lines >"$DIR/without"
	keys add "$(key_pub ed25519-one)"
	keys remove "$(key_print ed25519-one)"
	strace -f -qq -o "$DIR/trace" nsenter -t "$BOX" -m -p -n "$SSHINIT" --keys add "$(key_pub ed25519-one)" 3>&-
	calls=$(grep -c . "$DIR/trace")
	keys remove "$(key_print ed25519-one)"
	((calls > 50))
	for ((n = 20 + RANDOM % step; n < calls; n += step)); do
		for verb in "add $(key_pub ed25519-one)" "remove $(key_print ed25519-one)"; do
			strace -f -qq -o /dev/null -e "inject=all:signal=KILL:when=$n" \
				nsenter -t "$BOX" -m -p -n "$SSHINIT" --keys "${verb%% *}" "${verb#* }" >/dev/null 2>&1 3>&- || true
			file_lines | sed 's/^# added.*/# added/' >"$DIR/now"
			if grep -q ed25519-one@bed "$DIR/now"; then
				sed '/^# added/d; /ed25519-one@bed/d' "$DIR/now" | diff "$DIR/without" -
			else
				diff "$DIR/without" "$DIR/now"
			fi
		done
		# The end of the round: both work as ever.
		keys add "$(key_pub ed25519-one)" >/dev/null
		keys remove "$(key_print ed25519-one)" >/dev/null
		file_lines | diff "$DIR/without" -
	done
	# What the killed ones left behind goes with the first change after a minute.
	in_box find /root/.ssh -name '.sshinit-*' -exec touch -d '2 minutes ago' {} +
	keys add "$(key_pub ed25519-one)"
	run -0 in_box sh -c 'ls -A /root/.ssh'
	assert_output authorized_keys
	run -0 client_ssh --key ed25519-one -- true
}
