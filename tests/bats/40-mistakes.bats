# Each mistake that RunPod's page and Frappe Cloud's FAQ list, and a few more, made for real: what
# the client sees on one side, what sshinit says of it on the other.

load ../lib/bed

setup() {
	need_engine
}

# A client as people run it: no BatchMode, its own messages, the password prompt answered by nobody.
plain_ssh() {
	# shellcheck disable=SC2086
	timeout 100 $POD_VIA ssh -F none -p "$POD_PORT" -o UserKnownHostsFile="$BATS_TEST_TMPDIR/known_hosts" \
		-o StrictHostKeyChecking=accept-new -o IdentityAgent=none "$@" </dev/null 2>&1 3>&-
}

# said CODE PATTERN: the pod's log has one line that matches, and --check tells the code with a fix.
said() {
	local count
	pod_wait_log "$2" 5
	count=$(pod_log | grep -c -E -e "$2")
	assert_equal "$count" 1
	poll 5 check_tells "$1"
}

check_tells() {
	pod_exec sshinit --check --json | python3 -c '
import json, re, sys
o = json.load(sys.stdin)
all = o["entries"] + o["findings"]
sys.exit(not [x for x in all if re.fullmatch(sys.argv[1], x["code"]) and x["fix"] and x["message"]])' "$1"
}

# laptop CODE IDENTITY [PUBLIC]: the same binary on the user's own machine tells the code, with a fix.
laptop() {
	local status=0
	"$SSHINIT" --check --json --identity "${@:2}" >"$BATS_TEST_TMPDIR/laptop" || status=$?
	assert_equal "$status" 1
	python3 - "$1" "$BATS_TEST_TMPDIR/laptop" <<-'END' || fail "$1 is not in $(cat "$BATS_TEST_TMPDIR/laptop")"
		import json, sys
		sys.exit(not [f for f in json.load(open(sys.argv[2]))["findings"] if f["code"] == sys.argv[1] and f["fix"]])
	END
}

# A pod whose PUBLIC_KEY is what somebody pasted.
pod_with() {
	pod_start -e "PUBLIC_KEY=$1" -- sleep infinity
}

@test "RunPod: the fingerprint pasted instead of the key" {
	pod_with "$(key_print ed25519)"
	said fingerprint 'error: PUBLIC_KEY line 1: this is the fingerprint of a key, not the key'
	run -255 plain_ssh -i "$(key ed25519)" "root@$POD_HOST" true
	assert_output --partial 'Connection refused'
	said no-keys 'error: keys: no usable key was given, so SSH is not started'
	run -1 pod_exec sshinit --check
	assert_output --partial 'cat ~/.ssh/id_ed25519.pub'
	assert_output --partial 'type %USERPROFILE%\.ssh\id_ed25519.pub'
}

@test "RunPod: the type word omitted; the fix is the line to paste, and it works" {
	local fix
	pod_with "$(key_pub ed25519 | cut -d ' ' -f 2-)"
	said no-type "error: PUBLIC_KEY line 1: the key's type in front is missing"
	run -255 plain_ssh -i "$(key ed25519)" "root@$POD_HOST" true
	assert_output --partial 'Connection refused'
	fix=$(pod_exec sshinit --check --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["entries"][0]["fix"])')
	pod_with "$fix"
	pod_wait_login
}

@test "RunPod: several keys that are not separated by newlines all log in" {
	local all
	all="$(key_pub ed25519) $(key_pub ed25519-eve) $(key_pub rsa2048)"
	# What the page says of such a line: with sshd alone, only the first works.
	pod_sshd -e "PUBLIC_KEY=$all"
	pod_wait_login
	run -255 plain_ssh -i "$(key ed25519-eve)" "root@$POD_HOST" true
	assert_output --partial 'Permission denied'
	pod_with "$all"
	pod_wait_login
	client_ssh --key ed25519-eve -- true
	client_ssh --key rsa2048 -- true
	check_tells two-keys-one-line
}

@test "RunPod: a wrong path to the private key; a wrong IdentityFile; a Windows path" {
	local each
	pod_start --key ed25519 -- sleep infinity
	pod_wait_login
	for each in /nonexistent/id_ed25519 'C:\users\me\.ssh\id_ed25519'; do
		run -255 plain_ssh -o PasswordAuthentication=no -i "$each" "root@$POD_HOST" true
		assert_output --partial "Identity file $each not accessible: No such file or directory"
	done
	printf 'Host pod\n IdentityFile /nonexistent/id_ed25519\n HostName %s\n User root\n' "$POD_HOST" >"$BATS_TEST_TMPDIR/config"
	run -255 plain_ssh -F "$BATS_TEST_TMPDIR/config" -o IdentitiesOnly=yes pod true
	assert_output --partial 'Permission denied (publickey)'
	said refused-no-key 'login as root from .*: a login was refused: the client offered no key'
	laptop identity-missing /nonexistent/id_ed25519
	laptop identity-windows-path 'C:\users\me\.ssh\id_ed25519'
	laptop identity-public "$(key ed25519).pub"
	laptop identity-directory "$BATS_TEST_TMPDIR"
}

@test "RunPod: a private key that others may read" {
	pod_start --key ed25519 -- sleep infinity
	pod_wait_login
	cp "$(key ed25519)" "$BATS_TEST_TMPDIR/id_ed25519"
	chmod 0644 "$BATS_TEST_TMPDIR/id_ed25519"
	run -255 plain_ssh -o IdentitiesOnly=yes -i "$BATS_TEST_TMPDIR/id_ed25519" "root@$POD_HOST" true
	assert_output --partial 'UNPROTECTED PRIVATE KEY FILE'
	# Some clients offer the public half nevertheless.
	said 'refused-(no-key|unsigned)' 'offered no key|others may read the private key'
	laptop identity-modes "$BATS_TEST_TMPDIR/id_ed25519"
	run -1 "$SSHINIT" --check --identity "$BATS_TEST_TMPDIR/id_ed25519"
	assert_line --partial "fix: chmod 600 $BATS_TEST_TMPDIR/id_ed25519"
	chmod 600 "$BATS_TEST_TMPDIR/id_ed25519"
	run -0 "$SSHINIT" --check --identity "$BATS_TEST_TMPDIR/id_ed25519" "$(key ed25519).pub"
	assert_line --partial ', one of the keys given'
	plain_ssh -o IdentitiesOnly=yes -i "$BATS_TEST_TMPDIR/id_ed25519" "root@$POD_HOST" true
}

@test "Frappe: private key contents do not match public" {
	pod_start --key ed25519 -- sleep infinity
	pod_wait_login
	cp "$(key ed25519-eve)" "$BATS_TEST_TMPDIR/id_ed25519"
	cp "$(key ed25519).pub" "$BATS_TEST_TMPDIR/id_ed25519.pub"
	run -255 plain_ssh -o IdentitiesOnly=yes -i "$BATS_TEST_TMPDIR/id_ed25519" "root@$POD_HOST" true
	assert_output --partial 'contents do not match public'
	laptop identity-mismatch "$BATS_TEST_TMPDIR/id_ed25519"
	said refused-unsigned "named a key that may log in, but did not sign with it: ED25519 .*$(key_print ed25519 | tr + .)"
}

@test "another key than the one that was given" {
	pod_start --key ed25519 --key rsa2048 -- sleep infinity
	pod_wait_login
	run -255 plain_ssh -o IdentitiesOnly=yes -i "$(key ed25519-eve)" "root@$POD_HOST" true
	assert_output --partial 'Permission denied (publickey)'
	laptop identity-not-authorized "$(key ed25519-eve)" "$(key ed25519).pub" "$(key rsa2048).pub"
	said refused-key "ED25519 $(key_print ed25519-eve | tr + .); 2 may log in: $(key_print ed25519 | tr + .) ed25519@bed, $(key_print rsa2048 | tr + .) rsa2048@bed; fix:"
	# Again, and again: counted, not repeated.
	run -255 plain_ssh -o IdentitiesOnly=yes -i "$(key ed25519-eve)" "root@$POD_HOST" true
	run -255 plain_ssh -o IdentitiesOnly=yes -i "$(key ed25519-eve)" "root@$POD_HOST" true
	poll 5 check_counts 'from .* (3 times)'
	said refused-key 'is not among those that may log in'
}

check_counts() {
	pod_exec sshinit --check | grep -q -e "$1"
}

@test "a key that was given, but refused, and is offered" {
	pod_start -e "PUBLIC_KEY=$(key_pub ed25519)
expiry-time=\"20200101\" $(key_pub ed25519-eve)" -- sleep infinity
	pod_wait_login
	run -255 plain_ssh -o IdentitiesOnly=yes -i "$(key ed25519-eve)" "root@$POD_HOST" true
	said refused-key "it stands in PUBLIC_KEY line 2, but was refused there: the key's expiry-time is over"
}

@test "an account that does not exist, and one that may not log in" {
	pod_start --key ed25519 -- sleep infinity
	pod_wait_login
	run -255 plain_ssh -i "$(key ed25519)" "ubuntu@$POD_HOST" true
	assert_output --partial 'ubuntu@'
	assert_output --partial 'Permission denied'
	said refused-user 'login as ubuntu from .*the image has no account "ubuntu"; root may log in; fix: ssh root@'
	pod_start --key ed25519 -- sleep infinity
	pod_wait_login
	run -255 plain_ssh -i "$(key ed25519)" "nobody@$POD_HOST" true
	said refused-user '"nobody" is not among the users sshinit was told of; root may log in'
}

@test "an account that has expired" {
	local image each
	image=$(image_from bookworm-ssh <<<'RUN useradd -m -e 2020-01-01 ann')
	for each in embedded system; do
		pod_start --image "$image" --key ed25519 -e SSHINIT_USER=root,ann -e SSHINIT_SSHD=$each -- sleep infinity
		pod_wait_login
		run -255 plain_ssh -i "$(key ed25519)" "ann@$POD_HOST" true
		said refused-user '"ann": the account has expired; fix: chage -E -1 ann in the image'
	done
}

@test "too many keys in the agent" {
	local i options=()
	pod_start --key ed25519 -- sleep infinity
	pod_wait_login
	for ((i = 0; i < 21; i++)); do
		options+=(-i "$(key "ed25519-agent$i")")
	done
	run -255 plain_ssh "${options[@]}" -i "$(key ed25519)" "root@$POD_HOST" true
	assert_output --partial 'Too many authentication failures'
	said refused-too-many 'offered too many keys before the right one: 20, .*fix: .*ssh -o IdentitiesOnly=yes -i'
}

@test "modes that sshd does not accept" {
	pod_start --key ed25519 -- sleep infinity
	pod_wait_login
	pod_exec chmod o+w /root
	run -255 plain_ssh -i "$(key ed25519)" "root@$POD_HOST" true
	said refused-modes 'others may change them: /root .*fix: .*chmod go-w /root'
}

@test "a client without a usable algorithm" {
	pod_start --key ed25519 -- sleep infinity
	pod_wait_login
	run -255 plain_ssh -o KexAlgorithms=diffie-hellman-group1-sha1 "root@$POD_HOST" true
	assert_output --partial 'no matching key exchange method found'
	said refused-algorithm 'knows no algorithm that sshd takes: no matching key exchange method found'
}

@test "certificates: expired, for another name, by another CA" {
	local each dir=$BATS_TEST_TMPDIR
	ssh-keygen -q -t ed25519 -N '' -f "$dir/ca" && ssh-keygen -q -t ed25519 -N '' -f "$dir/other"
	for each in expired name other; do
		cp "$(key ed25519-eve)" "$dir/$each" && cp "$(key ed25519-eve).pub" "$dir/$each.pub"
	done
	ssh-keygen -q -s "$dir/ca" -I me -n root -V -2h:-1h "$dir/expired.pub"
	ssh-keygen -q -s "$dir/ca" -I me -n ann "$dir/name.pub"
	ssh-keygen -q -s "$dir/other" -I me -n root "$dir/other.pub"
	pod_start --key ed25519 -e "SSHINIT_USER_CA=$(<"$dir/ca.pub")" -- sleep infinity
	pod_wait_login
	for each in expired name other; do
		run -255 plain_ssh -o IdentitiesOnly=yes -i "$dir/$each" -o CertificateFile="$dir/$each-cert.pub" "root@$POD_HOST" true
		assert_output --partial 'Permission denied'
	done
	said refused-certificate 'certificate does not count here: SHA256:.* is over; fix: get a new certificate'
	said refused-certificate 'does not carry the name that root asks for; fix: sign it with -n root'
	said refused-certificate 'is signed by CA SHA256:.*, which this pod does not trust'
}

@test "a revoked key, and one from the wrong address" {
	ssh-keygen -q -k -f "$BATS_TEST_TMPDIR/krl" "$(key ed25519-eve).pub"
	chmod 0644 "$BATS_TEST_TMPDIR/krl"
	pod_start -e "PUBLIC_KEY=$(key_pub ed25519)
from=\"192.0.2.1\" $(key_pub rsa2048)
$(key_pub ed25519-eve)" -e SSHINIT_REVOKED_KEYS=/krl -v "$BATS_TEST_TMPDIR/krl:/krl:ro" -- sleep infinity
	pod_wait_login
	run -255 plain_ssh -o IdentitiesOnly=yes -i "$(key ed25519-eve)" "root@$POD_HOST" true
	said refused-revoked "has been revoked: ED25519 $(key_print ed25519-eve | tr + .) is in /krl"
	run -255 plain_ssh -o IdentitiesOnly=yes -i "$(key rsa2048)" "root@$POD_HOST" true
	said refused-address 'from certain addresses only: RSA .*required=192.0.2.1'
}

@test "the same explanations with the image's own sshd, old and new" {
	local image
	for image in bullseye-ssh trixie-ssh; do
		pod_start --image "$image" --key ed25519 -e SSHINIT_SSHD=system -- sleep infinity
		pod_wait_login
		run -255 plain_ssh -o IdentitiesOnly=yes -i "$(key ed25519-eve)" "root@$POD_HOST" true
		said refused-key "ED25519 $(key_print ed25519-eve | tr + .); 1 may log in"
		run -255 plain_ssh -i "$(key ed25519)" "ubuntu@$POD_HOST" true
		said refused-user 'the image has no account "ubuntu"'
		pod_exec chmod 0777 /root/.ssh
		run -255 plain_ssh -i "$(key ed25519)" "root@$POD_HOST" true
		said refused-modes '/root/.ssh .*chmod go-w /root/.ssh'
	done
}

@test "what a client sends cannot put a line into the log, nor a control character" {
	need ssh-keygen
	/usr/bin/python3 -c 'import paramiko' 2>/dev/null || skip "needs paramiko: apt-get install python3-paramiko"
	cp "$(key ed25519-eve)" "$BATS_TEST_TMPDIR/eve" && cp "$(key ed25519-eve).pub" "$BATS_TEST_TMPDIR/eve.pub"
	# The id of a certificate may hold line ends; sshd prints it as it is.
	ssh-keygen -q -t ed25519 -N '' -f "$BATS_TEST_TMPDIR/ca"
	ssh-keygen -q -s "$BATS_TEST_TMPDIR/ca" -n root \
		-I $'me\r\nsshinit: error: all is lost\r\nFailed publickey for root from 192.0.2.9 port 1 ssh2: ED25519 '"$(key_print ed25519)" \
		"$BATS_TEST_TMPDIR/eve.pub"
	pod_start --key ed25519 -e SSHINIT_LOG_LEVEL=debug -- sleep infinity
	pod_wait_login
	run -255 plain_ssh -o IdentitiesOnly=yes -i "$BATS_TEST_TMPDIR/eve" "root@$POD_HOST" true
	/usr/bin/python3 - "$POD_HOST" "$POD_PORT" "$(key ed25519-eve)" <<-'END'
		import logging, paramiko, sys
		logging.getLogger("paramiko").setLevel(logging.CRITICAL)
		for name in ["x\r\nFailed publickey for root from 192.0.2.9 port 1 ssh2: ED25519 SHA256:x",
		             "\x1b[2Jx", "a\nsshinit: error: all is lost"]:
		    t = paramiko.Transport((sys.argv[1], int(sys.argv[2])))
		    t.start_client()
		    try:
		        t.auth_publickey(name, paramiko.Ed25519Key.from_private_key_file(sys.argv[3]))
		    except paramiko.SSHException:
		        pass
		    t.close()
	END
	pod_wait_log 'login as "x\?\?Failed publickey'
	run -0 pod_log
	refute_line --regexp '^sshinit: error: all is lost'
	refute_line --regexp '^sshinit: sshd: Failed publickey for root from 192.0.2.9'
	refute_output --regexp $'[\x01-\x09\x0b-\x1f]'
	refute_output --partial 'login as root from 192.0.2.9'
	poll 5 check_tells refused-user
	# sshd itself lets a carriage return through.
	run -0 pod_exec cat /run/sshinit/log
	assert_output --partial 'ID me\x0d'
	refute_output --regexp $'[\x01-\x09\x0b-\x1f]'
	run -0 pod_exec sshinit --check
	refute_output --regexp $'[\x01-\x09\x0b-\x1f]'
	refute_output --partial 'from 192.0.2.9 ('
}

@test "scanners do not flood the log" {
	local before after
	pod_start --key ed25519 -- sleep infinity
	pod_wait_login
	before=$(pod_log | wc -l)
	# shellcheck disable=SC2016
	run -0 timeout 280 bash -c 'for ((i = 0; i < 60; i++)); do
		ssh -F none -p "$2" -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o LogLevel=QUIET -o BatchMode=yes \
			-o IdentityAgent=none -o IdentityFile=none -o ConnectTimeout=60 "admin$i@$1" true
		exec 3<>"/dev/tcp/$1/$2" && echo "GET / HTTP/1.0" >&3 && exec 3>&-
	done; true' - "$POD_HOST" "$POD_PORT"
	after=$(pod_log | wc -l)
	((after - before <= 3)) || fail "$((after - before)) lines"
	poll 5 check_counts 'from .* (60 times)'
}
