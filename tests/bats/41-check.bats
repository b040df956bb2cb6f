# --check: the start's plan and the live pod, a line for each; and sshd's log of refused logins.

load ../lib/bed

setup() {
	need_engine
}

# codes [CHECK OPTION...]: the codes of all findings and entries that --check --json tells in the pod.
codes() {
	pod_exec sshinit --check --json "$@" | json_codes
}

json_codes() {
	python3 -c '
import json, sys
o = json.load(sys.stdin)
print("codes:")
for e in o["entries"]:
    print(e["code"])
    for w in e["warnings"]: print(w["code"])
for f in o["findings"]: print(f["code"])'
}

# All files of the pod but what the kernel makes and sshd's log (a look at the port is a connection),
# with all that a change would change.
files() {
	pod_exec find / -xdev ! -path '/proc/*' ! -path '/sys/*' ! -path /run/sshinit/log -printf '%p %m %U:%G %s %T@ %C@ %l\n' | sort
}

@test "a healthy pod: a line for each look, exit 0, and nothing is changed" {
	pod_start --key ed25519 -- sleep infinity
	pod_wait_login
	files >"$BATS_TEST_TMPDIR/before"
	run -0 pod_exec sshinit --check
	files >"$BATS_TEST_TMPDIR/after"
	diff "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
	assert_line --partial "ssh-ed25519 256 $(key_print ed25519) ed25519@bed"
	assert_line --regexp '^ok +sshinit +runs here; its files are in /run/sshinit'
	assert_line --regexp '^ok +keys +1 may log in; from PUBLIC_KEY 1'
	assert_line --regexp '^ok +account root +uid 0, gid 0, home /root, shell /bin/bash'
	assert_line --regexp '^ok +/root +directory, mode 0700, owner root'
	assert_line --regexp '^ok +/root/.ssh +directory, mode 0700, owner root'
	assert_line --regexp '^ok +/root/.ssh/authorized_keys +file, mode 0600, owner root'
	assert_line --regexp '^ok +sshd +embedded, OpenSSH_'
	assert_line --regexp '^ok +helpers +/run/sshinit/bin: sshd, sshd-session, sshd-auth'
	assert_line --regexp '^ok +sshd -t +/run/sshinit/sshd_config: sshd accepts it'
	assert_line --regexp '^ok +host key +SHA256:'
	assert_line --regexp '^ok +capabilities +.*cap_setuid'
	assert_line --regexp '^ok +port 22 +held by sshd .process [0-9]+., 127.0.0.1 answers SSH-2.0-OpenSSH'
	assert_line --regexp '^ok +from outside +unknown here: .*docker port'
	assert_equal "${lines[-1]}" '14 checked: 1 usable, 0 refused, 0 errors, 0 warnings'
}

@test "inside a session it says the same as in the pod" {
	pod_start --key ed25519 -e SSHINIT_MODE=supervise -- sleep infinity
	pod_wait_login
	pod_exec sshinit --check >"$BATS_TEST_TMPDIR/exec"
	client_ssh sshinit --check >"$BATS_TEST_TMPDIR/session"
	diff "$BATS_TEST_TMPDIR/exec" "$BATS_TEST_TMPDIR/session"
}

@test "a session of another user than root says what it cannot see, and --connect works there" {
	pod_start --image "$(image_from bookworm-plain <<<'RUN useradd -m -s /bin/bash ann')" -e SSHINIT_USER=ann \
		-e SSHINIT_PORT=2200 -e SSHINIT_PUBLIC_HOST=pod.example -e SSHINIT_PUBLIC_PORT=17445 --key ed25519 -- sleep infinity
	POD_PORT=2200
	pod_wait_login --user ann
	run -1 client_ssh --user ann -- sshinit --check
	assert_output --partial "root's sshinit runs here, and only root can see its keys"
	assert_output --partial 'docker exec -u 0'
	refute_output --partial 'no usable key'
	run -1 client_ssh --user ann -- sshinit --check --json
	assert_output --partial '"code": "of-root"'
	run -1 client_ssh --user ann -- sshinit --reload
	assert_output --partial "root's sshinit runs here"
	run -0 client_ssh --user ann -- sshinit --check .ssh/authorized_keys
	run -0 client_ssh --user ann -- sshinit --connect
	assert_output --partial 'ssh ann@pod.example -p 17445'
	pod_exec sshinit --connect --json >"$BATS_TEST_TMPDIR/root"
	client_ssh --user ann -- sshinit --connect --json >"$BATS_TEST_TMPDIR/ann"
	diff "$BATS_TEST_TMPDIR/root" "$BATS_TEST_TMPDIR/ann"
}

@test "its findings are those of the start" {
	pod_start --key ed25519 --key ed25519 -e SSHINIT_PORT=nonsense -e SSHINIT_SHOE=1 -e 'SSH_PUBLIC_KEY=SHA256:abc' -- sleep infinity
	pod_wait_login
	pod_exec cat /run/sshinit/status.json | json_codes | sort >"$BATS_TEST_TMPDIR/start"
	run -0 codes
	sort <<<"$output" | diff "$BATS_TEST_TMPDIR/start" -
	assert_line setting-value
	assert_line setting-unknown
	assert_line duplicate
}

@test "without a sshinit that runs it says what a start would do" {
	run -0 pod_run --key ed25519 -- --check
	assert_line --regexp '^note +sshinit +user id 0'
	assert_line --regexp '^ok +port 22 +nothing listens there yet; a start does'
	run -1 pod_run -- --check
	assert_line --regexp '^error +keys +0 may log in'
	assert_line --partial 'fix: set PUBLIC_KEY to the line that cat ~/.ssh/id_ed25519.pub prints'
	run -0 pod_run --image scratch --key ed25519 --user 1000 -- --check
	assert_line --regexp '^warning +account user '
	run -64 pod_run -- --check --nonsense
}

@test "the fix of a path that others may write to mends it" {
	local fix
	pod_start --key ed25519 -- sleep infinity
	pod_wait_login
	pod_exec chmod 0777 /root/.ssh
	run -255 client_ssh true
	run -1 pod_exec sshinit --check
	assert_line --regexp '^error +/root/.ssh +directory, mode 0777'
	fix=$(grep -o -m 1 'fix: chmod go-w /root/.ssh$' <<<"$output")
	run -0 codes
	assert_line path-modes
	pod_exec sh -c "${fix#fix: }"
	run -0 pod_exec sshinit --check
	client_ssh true
	pod_exec chown 1234 /root/.ssh
	run -1 pod_exec sshinit --check
	fix=$(grep -o -m 1 'fix: chown root /root/.ssh && chmod go-w /root/.ssh' <<<"$output")
	pod_exec sh -c "${fix#fix: }"
	client_ssh true
}

@test "a key file that something else wrote over is named, and the fix mends it" {
	local fix each
	pod_start --key ed25519 --key rsa2048 -- sleep infinity
	pod_wait_login
	for each in 'rm -r /root/.ssh' "echo '$(key_pub rsa2048)' >/root/.ssh/authorized_keys" \
		"sed -i 's/^ssh-ed/#&/' /root/.ssh/authorized_keys"; do
		pod_exec sh -c "$each"
		run -255 client_ssh true
		run -1 pod_exec sshinit --check
		assert_line --partial "looks for them: $(key_print ed25519) ed25519@bed"
		[[ $each == rm* ]] || refute_line --partial "looks for them: $(key_print ed25519) ed25519@bed, "
		fix=$(grep -o -m 1 'fix: sshinit --reload' <<<"$output")
		run -0 codes
		assert_line keys-gone
		pod_exec sh -c "${fix#fix: }"
		client_ssh true
		run -0 pod_exec sshinit --check
	done
	# More keys in the file are no mistake.
	pod_exec sh -c "echo '$(key_pub ed25519-eve)' >>/root/.ssh/authorized_keys"
	run -0 codes
	refute_line keys-gone
	# Nor is a key that was taken out on purpose.
	pod_exec sh -c 'rm /root/.ssh/authorized_keys; sshinit --reload'
	pod_exec sshinit --keys remove "$(key_print rsa2048)"
	run -0 codes
	refute_line keys-gone
}

@test "a pod without a key lacks nothing but a key" {
	pod_start -- sleep infinity
	pod_wait_log 'no usable key'
	run -0 codes
	assert_output $'codes:\nno-keys'
}

@test "an sshd that does not answer, lacks a helper or has a bad configuration" {
	pod_start --key ed25519 -- sleep infinity
	pod_wait_login
	pod_exec pkill -STOP -x sshd
	run -1 pod_exec sshinit --check
	assert_line --regexp '^error +port 22 +held by sshd .process [0-9]+., 127.0.0.1 says nothing'
	run -0 codes
	assert_line port-silent
	pod_exec pkill -CONT -x sshd
	pod_exec rm /run/sshinit/bin/sshd-auth
	pod_exec sh -c 'echo Nonsense yes >>/run/sshinit/sshd_config'
	run -1 pod_exec sshinit --check
	assert_line --regexp 'sshd-auth: No such file'
	assert_line --partial 'Bad configuration option: Nonsense'
	run -0 codes
	assert_line helper
	assert_line sshd-config
	refute_line port-silent
}

@test "what the image's own sshd_config says in vain, and its host keys" {
	local image
	image=$(image_from bookworm-ssh <<'END'
RUN printf 'Port 2200\nPermitRootLogin no\nMaxAuthTries 2\n' >/etc/ssh/sshd_config.d/mine.conf
END
	)
	pod_start --image "$image" --key ed25519 -e SSHINIT_SSHD=system -- sleep infinity
	pod_wait_login
	run -0 pod_exec sshinit --check
	assert_line --partial 'Port 2200; PermitRootLogin no; MaxAuthTries 2'
	assert_line --regexp '^note +/etc/ssh +.*ssh_host_ed25519_key'
	run -0 codes
	assert_line image-config
	assert_line image-host-keys
}

@test "/etc/nologin keeps users out, and --check says so" {
	local image
	image=$(image_from bookworm-plain <<<'RUN useradd -m -s /bin/bash ann && touch /etc/nologin')
	pod_start --image "$image" --key ed25519 -e SSHINIT_USER=ann -- sleep infinity
	pod_wait_port
	run ! client_ssh --user ann -- true
	run -0 codes
	assert_line nologin
	pod_exec rm /etc/nologin
	client_ssh --user ann -- true
	run -0 codes
	refute_line nologin
}

@test "text wraps at the terminal's width and has colours there alone" {
	local long plain esc=$'\033'
	pod_start --key ed25519 -- sleep infinity
	pod_wait_login
	run -0 pod_exec sshinit --check
	refute_output --partial "$esc"
	run -0 engine exec -t -e COLUMNS=80 "$POD" sh -c 'stty cols 80; sshinit --check'
	assert_output --partial "${esc}[32mok${esc}[0m"
	# Only what is to be copied whole may be longer.
	long=$(sed "s/$esc\[[0-9]*m//g; s/\r$//" <<<"$output" | grep -E '.{81}' | grep -v -e SHA256: -e /run/ -e /etc/sshinit || true)
	assert_equal "$long" ''
	for plain in NO_COLOR=1 TERM=dumb; do
		run -0 engine exec -t -e "$plain" "$POD" sh -c 'stty cols 80; sshinit --check'
		refute_output --partial "$esc"
	done
}

@test "--json carries every look" {
	pod_start --key ed25519 -- sleep infinity
	pod_wait_login
	run -255 client_ssh --key ed25519-eve -- true
	poll 5 pod_exec test -s /run/sshinit/refusals.json
	pod_exec sshinit --check >"$BATS_TEST_TMPDIR/text"
	pod_exec sshinit --check --json | python3 -c '
import json, sys
o = json.load(sys.stdin)
assert o["ok"] is True, o
text = open(sys.argv[1]).read()
assert len(o["checks"]) + len(o["entries"]) == int(text.splitlines()[-1].split()[0])
for c in o["checks"]:
    assert c["verdict"] in ("ok", "note", "warning", "error")
    assert c["subject"] in text and c["facts"] in text, c
    for f in c["complaints"]:
        assert f in o["findings"] and f["message"] in text and f["fix"] in text, f
assert [f for f in o["findings"] if f["code"] == "refused-key"]
' "$BATS_TEST_TMPDIR/text"
}

@test "the object of --check --json is the one that the contract names" {
	local dir=$BATS_TEST_TMPDIR
	printf '%s\n' "'$(key_pub ed25519)'" 'ssh-ed25519 AAAAbroken' "command=\"date\" $(key_pub rsa2048)" >"$dir/keys"
	run -1 --separate-stderr "$SSHINIT" --check --json "$dir/keys" "$dir/keys-not-there"
	python3 -c '
import json, sys
o = json.loads(sys.argv[1])
assert set(o) >= {"version", "ok", "entries", "findings"} and o["ok"] is False and o["version"], o
for e in o["entries"]:
    assert set(e) == {"source", "line", "verdict", "type", "bits", "fingerprint", "comment", "code", "message", "fix",
                      "warnings"} and e["source"] == sys.argv[2], e
one, two, three = o["entries"]
assert [e["line"] for e in o["entries"]] == [1, 2, 3]
assert [e["verdict"] for e in o["entries"]] == ["repaired", "refused", "ok"]
assert (one["type"], one["bits"], one["fingerprint"], one["comment"]) \
    == ("ssh-ed25519", 256, sys.argv[3], "ed25519@bed"), one
assert one["code"] and one["message"] and two["code"] and two["message"] and two["fix"] and two["bits"] is None, two
assert three["code"] == "" and [w["code"] for w in three["warnings"]] == ["forced-command"], three
for w in three["warnings"]:
    assert set(w) == {"code", "message", "fix"} and w["message"], w
for f in o["findings"]:
    assert set(f) == {"severity", "code", "subject", "message", "fix"}, f
assert [f["severity"] for f in o["findings"] if f["subject"] == sys.argv[2] + "-not-there"] == ["error"], o["findings"]
' "$output" "$dir/keys" "$(key_print ed25519)"
	cp "$(key ed25519)" "$dir/id"
	key_pub ed25519 >"$dir/id.pub"
	run -0 --separate-stderr "$SSHINIT" --check --json --identity "$dir/id" "$dir/id.pub"
	python3 -c '
import json, sys
i = json.loads(sys.argv[1])["identity"]
assert set(i) == {"path", "type", "bits", "fingerprint", "md5", "comment", "public", "encrypted", "usable", "authorized"}, i
assert (i["path"], i["bits"], i["fingerprint"]) == (sys.argv[2], 256, sys.argv[3]), i
assert i["md5"].startswith("MD5:") and i["public"].startswith("ssh-ed25519 AAAA"), i
assert i["usable"] and i["authorized"] and not i["encrypted"], i
' "$output" "$dir/id" "$(key_print ed25519)"
}

@test "the state directory's files of the log are the user's own, and small" {
	pod_start --key ed25519 -- sleep infinity
	pod_wait_login
	run -255 client_ssh --key ed25519-eve -- true
	poll 5 pod_exec test -s /run/sshinit/refusals.json
	run -0 pod_exec stat -c '%a %U' /run/sshinit/log /run/sshinit/refusals.json
	assert_output "600 root"$'\n'"600 root"
	poll 5 pod_exec grep -q 'Failed publickey for root from .* ssh2: ED25519 SHA256:' /run/sshinit/log
	# A log that is full already: the newer half stays, the file is the same one.
	pod_exec sh -c 'i=0; while [ $i -lt 20000 ]; do echo "old line $i of a log that is full, of sixty bytes or so"; i=$((i+1)); done >>/run/sshinit/log'
	pod_restart
	pod_wait_login
	run -0 pod_exec stat -c %s /run/sshinit/log
	((output <= 1024 * 1024)) || fail "$output bytes"
	poll 5 pod_exec grep -q 'Accepted publickey' /run/sshinit/log
	pod_exec grep -q 'old line 19999 ' /run/sshinit/log
}
