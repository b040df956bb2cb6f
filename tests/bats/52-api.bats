# The key API: Codesphere's three calls against a running pod, its errors, its limits, and what its
# process may do.
#
# SSHINIT_TEST_LONG=yes sends 100,000 wrong tokens where a usual run sends 10,000.
#
# shellcheck disable=SC2016 # what stands in single quotes is for the pod's shell

load ../lib/bed
load ../lib/box

TOKEN=0123456789abcdef0123456789abcdef

setup() {
	need_box
	need curl:curl
	DIR=$BATS_TEST_TMPDIR
	(umask 077 && echo "$TOKEN" >"$DIR/token")
}

teardown() {
	[[ -n ${BATS_TEST_COMPLETED-} ]] || cat "$DIR/log" 2>/dev/null || true
	box_stop
	bed_teardown
}

# pod_box VARIABLE=VALUE...: a box whose API answers at 127.0.0.1:8722, or where SSHINIT_API says.
pod_box() {
	box_start env SSHINIT_API=127.0.0.1:8722 SSHINIT_API_TOKEN_FILE="$DIR/token" "$@" \
		"$SSHINIT" sleep infinity 2>"$DIR/log"
	box_pod
}

api_answers() {
	poll 10 grep -q 'api: answers on' "$DIR/log"
}

# api METHOD [BODY] [CURL OPTION...]: sets status and output as run does: the body, then the code.
api() {
	local method=$1 body=${2-}
	shift $(($# > 1 ? 2 : 1))
	run -0 nsenter -t "$BOX" -n curl -sS -X "$method" ${body:+-d "$body"} -w '\n%{http_code}' \
		-H "Authorization: Bearer $TOKEN" "$@" http://127.0.0.1:8722/api/ssh/keys
}

public_key_json() {
	/usr/bin/python3 -c 'import json, sys; print(json.dumps({"publicKey": sys.argv[1]}))' "$1"
}

# assert_error CODE TITLE: the shape of an error.
assert_error() {
	assert_line "$1"
	assert_line --regexp "^\{\"status\":$1,\"title\":\"$2\",(\"detail\":\".+\",)?\"traceId\":\"[0-9a-f]{32}\"\}\$"
}

@test "the three curl lines of Codesphere's manual, and a login with the key in between" {
	pod_box PUBLIC_KEY="$(key_pub ed25519)"
	api_answers
	pod_wait_login
	in_net() { nsenter -t "$BOX" -n "$@"; }
	run -255 client_ssh --key ed25519-api -- true
	run -0 in_net curl -sSf -X POST -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
		-d "$(public_key_json "$(key_pub ed25519-api)")" http://127.0.0.1:8722/api/ssh/keys
	run -0 client_ssh --key ed25519-api -- id -un
	assert_output root
	run -0 in_net curl -sSf -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8722/api/ssh/keys
	echo "$output" >"$DIR/list"
	run -0 /usr/bin/python3 -c '
import datetime, json, sys
for k in json.load(open(sys.argv[1])):
    assert sorted(k) == ["createdAt", "publicKey", "publicKeyFingerprint", "title"]
    age = datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.fromisoformat(k["createdAt"].replace("Z", "+00:00"))
    assert abs(age.total_seconds()) < 600
    print(k["publicKeyFingerprint"], k["title"], k["publicKey"])
' "$DIR/list"
	assert_line "$(key_print ed25519-api) ed25519-api@bed $(key_pub ed25519-api)"
	assert_line "$(key_print ed25519) ed25519@bed $(key_pub ed25519)"
	run -0 in_net curl -sSf -X DELETE -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
		-d "{\"publicKeyFingerprint\": \"$(key_print ed25519-api)\"}" http://127.0.0.1:8722/api/ssh/keys
	run -255 client_ssh --key ed25519-api -- true
	run -0 client_ssh true
	# Who and what, in the log.
	poll 5 grep -q 'api: .*: removed' "$DIR/log"
	run -0 cat "$DIR/log"
	assert_line --regexp "api: 127\.0\.0\.1 port [0-9]+: added $(key_print ed25519-api | sed 's/[+]/[+]/g') ed25519-api@bed"
	assert_line --regexp "api: 127\.0\.0\.1 port [0-9]+: removed $(key_print ed25519-api | sed 's/[+]/[+]/g')"
	refute_output --partial "$TOKEN"
}

@test "its errors have Codesphere's codes, titles and shape" {
	pod_box PUBLIC_KEY="$(key_pub ed25519)"
	api_answers
	pod_wait_login
	api POST "$(public_key_json "$(key_pub ed25519)")"
	assert_error 409 'SSH public key already used\.'
	api DELETE '{"publicKeyFingerprint": "SHA256:uNiVztksCsDhcc0u9e8BrrQ1O0HgXpQXNLgHuX8Q1yM"}'
	assert_error 404 'SSH public key not found\.'
	api POST "$(public_key_json nonsense)"
	assert_error 400 'Invalid or too large SSH public key'
	for body in '{' '[]' '"x"' '{"publicKey": 7}' '{"other": "x"}' '{"publicKey": ""}' '{"publicKey":"a","publicKey":"b"}'; do
		api POST "$body"
		assert_error 400 'Invalid or too large SSH public key'
	done
	for body in '{' '{"publicKeyFingerprint": []}' '{"publicKeyFingerprint": "ed25519@bed"}'; do
		api DELETE "$body"
		assert_error 400 'Invalid SSH public key fingerprint'
	done
	/usr/bin/python3 -c 'import json; print(json.dumps({"publicKey": "ssh-ed25519 " + "A" * 100000}))' >"$DIR/large"
	api POST "@$DIR/large"
	assert_error 400 'Invalid or too large SSH public key'
	for method in GET POST DELETE PUT; do
		run -0 nsenter -t "$BOX" -n curl -sS -X "$method" -w '\n%{http_code}' http://127.0.0.1:8722/api/ssh/keys
		assert_error 401 Unauthorized
	done
	for wrong in "Bearer ${TOKEN}0" "Bearer ${TOKEN%?}" 'Bearer ' "Basic $TOKEN" "$TOKEN"; do
		run -0 nsenter -t "$BOX" -n curl -sS -H "Authorization: $wrong" -w '\n%{http_code}' \
			http://127.0.0.1:8722/api/ssh/keys
		assert_error 401 Unauthorized
	done
	api PUT '{}' -i
	assert_line --regexp '^Allow: GET, POST, DELETE'
	assert_line 405
	run -0 nsenter -t "$BOX" -n curl -sS -H "Authorization: Bearer $TOKEN" -w '\n%{http_code}' http://127.0.0.1:8722/
	assert_error 404 'Not Found'
	run -0 client_ssh true
}

@test "what --check refuses is a 400 with the same fix" {
	pod_box PUBLIC_KEY="$(key_pub ed25519)"
	api_answers
	local vector n=0
	for vector in wrong-private type-dsa1024 trunc-half wrong-github-url wrong-prose sshpubkeys-optbad-unknown-option-name; do
		"$SSHINIT" --check --json "$TOP/tests/vectors/$vector.txt" >"$DIR/check" || true
		/usr/bin/python3 -c '
import json, sys
print(json.dumps({"publicKey": open(sys.argv[1], newline="").read()}))' "$TOP/tests/vectors/$vector.txt" >"$DIR/body"
		api POST "@$DIR/body"
		assert_line 400
		echo "${lines[0]}" >"$DIR/answer"
		/usr/bin/python3 -c '
import json, sys
entries = [e for e in json.load(open(sys.argv[1]))["entries"] if e["verdict"] == "refused"]
detail = json.load(open(sys.argv[2]))["detail"]
assert detail == entries[0]["message"] + ". Fix: " + entries[0]["fix"], (detail, entries[0])' "$DIR/check" "$DIR/answer"
		n=$((n + 1))
	done
	((n == 6))
	# A good key, in a body that is too large.
	printf '%s%70000s' "$(public_key_json "$(key_pub ed25519-two)")" '' >"$DIR/body"
	api POST "@$DIR/body"
	assert_error 400 'Invalid or too large SSH public key'
	api GET
	refute_output --partial "$(key_pub ed25519-two | cut -d ' ' -f 2)"
}

@test "several users, each by ?user=; the keys of one are not the other's" {
	need_engine
	local image
	image=$(image_from bookworm-ssh <<<'RUN useradd -m -s /bin/bash ann')
	(umask 077 && mkdir "$DIR/secret" && cp "$DIR/token" "$DIR/secret/token")
	pod_start --image "$image" --key ed25519 -e SSHINIT_USER=root,ann -e SSHINIT_API=127.0.0.1:8722 \
		-e SSHINIT_API_TOKEN_FILE=/secret/token -v "$DIR/secret:/secret:ro" -- sleep infinity
	pod_wait_login
	local pid
	pid=$(engine inspect --format '{{.State.Pid}}' "$POD")
	call() {
		nsenter -t "$pid" -n curl -sS -w '\n%{http_code}' -H "Authorization: Bearer $TOKEN" "$@"
	}
	run -0 call -d "$(public_key_json "$(key_pub ed25519-ann)")" 'http://127.0.0.1:8722/api/ssh/keys?user=ann'
	assert_line 200
	run -0 client_ssh --user ann --key ed25519-ann -- id -un
	assert_output ann
	run -255 client_ssh --key ed25519-ann -- true
	run -0 pod_exec stat -c '%U %a' /home/ann/.ssh/authorized_keys
	assert_output 'ann 600'
	run -0 call 'http://127.0.0.1:8722/api/ssh/keys?user=eve'
	assert_error 404 'No such user'
	run -0 call -X DELETE -d "{\"publicKeyFingerprint\": \"$(key_print ed25519-ann)\"}" \
		'http://127.0.0.1:8722/api/ssh/keys?user=ann'
	assert_line 200
	run -255 client_ssh --user ann --key ed25519-ann -- true
	# Added keys survive a restart, with their time.
	run -0 call -d "$(public_key_json "$(key_pub ed25519-stays)")" http://127.0.0.1:8722/api/ssh/keys
	pod_restart
	pod_wait_login --key ed25519-stays
}

@test "the first key may come through the API" {
	pod_box WORD=1
	api_answers
	api POST "$(public_key_json "$(key_pub ed25519)")"
	assert_line 200
	poll 10 client_ssh true
	api DELETE "{\"publicKeyFingerprint\": \"$(key_print ed25519)\"}"
	assert_line 200
	run ! client_ssh true
}

@test "a Unix socket, for its owner alone" {
	pod_box PUBLIC_KEY="$(key_pub ed25519)" SSHINIT_API=/run/api.sock
	api_answers
	run -0 stat -c '%a %F' "/proc/$BOX/root/run/api.sock"
	assert_output '600 socket'
	run -0 nsenter -t "$BOX" -m curl -sS --unix-socket /run/api.sock -H "Authorization: Bearer $TOKEN" \
		-d "$(public_key_json "$(key_pub ed25519-two)")" http://pod/api/ssh/keys
	assert_output '{}'
	poll 5 grep -E 'api: user id 0, process [0-9]+: added ' "$DIR/log"
}

@test "no token, an open token file, a short one, a public address: no API, and a finding" {
	local n=0
	# row FINDING VARIABLE=VALUE...
	row() {
		local finding=$1
		shift
		pod_box PUBLIC_KEY="$(key_pub ed25519)" "$@"
		pod_wait_login
		poll 5 grep -F -e "$finding" "$DIR/log"
		run ! grep 'api: answers' "$DIR/log"
		run -7 nsenter -t "$BOX" -n curl -sS http://127.0.0.1:8722/api/ssh/keys
		box_stop
		n=$((n + 1))
	}
	row 'the key API is not started: it needs a token' SSHINIT_API_TOKEN_FILE=
	row 'it needs a token: No such file or directory' SSHINIT_API_TOKEN_FILE=/nonexistent
	echo "$TOKEN" >"$DIR/open" && chmod 0644 "$DIR/open"
	row 'others can read or change it (mode 0644)' SSHINIT_API_TOKEN_FILE="$DIR/open"
	chmod 0420 "$DIR/open"
	row 'others can read or change it (mode 0420)' SSHINIT_API_TOKEN_FILE="$DIR/open"
	chmod 0400 "$DIR/open" && chown 65534 "$DIR/open"
	row 'it belongs to another user, who can change it' SSHINIT_API_TOKEN_FILE="$DIR/open"
	(umask 077 && echo secret >"$DIR/short")
	row 'the token has fewer than 16 characters' SSHINIT_API_TOKEN_FILE="$DIR/short"
	row 'others could reach it at this address' SSHINIT_API=0.0.0.0:8722
	row 'the key API cannot answer there: "nowhere"' SSHINIT_API=nowhere
	((n == 8))
}

@test "a public address answers where that was asked for, with a warning" {
	pod_box PUBLIC_KEY="$(key_pub ed25519)" SSHINIT_API=0.0.0.0:8722 SSHINIT_API_PUBLIC=yes
	api_answers
	api GET
	assert_line 200
	run -0 cat "$DIR/log"
	assert_output --partial 'the key API speaks plain HTTP, and others can reach it'
}

@test "its process: no capability, no new privileges, a filter, and no program can be run" {
	pod_box PUBLIC_KEY="$(key_pub ed25519)"
	api_answers
	local pid
	pid=$(api_pid)
	run -0 cat "/proc/$pid/status"
	assert_line --regexp '^CapEff:[[:space:]]0000000000000000'
	assert_line --regexp '^CapPrm:[[:space:]]0000000000000000'
	assert_line --regexp '^CapBnd:[[:space:]]0000000000000000'
	assert_line --regexp '^NoNewPrivs:[[:space:]]1'
	assert_line --regexp '^Seccomp:[[:space:]]2'
}

# The process that listens on the API's port.
api_pid() {
	nsenter -t "$BOX" -n ss -Hltnp 'sport = :8722' | grep -o 'pid=[0-9]*' | cut -d = -f 2
}

@test "10,000 wrong tokens: no crash, no key, flat memory, and the right one is served all the while" {
	local count=10000 pid before after
	[[ -z ${SSHINIT_TEST_LONG-} ]] || count=100000
	pod_box PUBLIC_KEY="$(key_pub ed25519)"
	api_answers
	pid=$(api_pid)
	cat >"$DIR/knock" <<-'END'
		import http.client, json, os, random, sys, time
		count, key, right = int(sys.argv[1]), sys.argv[2], sys.argv[3]
		codes, body, served = {}, json.dumps({"publicKey": key}), 0
		c = None
		for n in range(count):
		    try:
		        c = c or http.client.HTTPConnection("127.0.0.1", 8722, timeout=60)
		        token = random.choice([os.urandom(16).hex(), right[:-1], right + "0", "", "x" * 5000])
		        c.request("POST", "/api/ssh/keys", body, {"Authorization": "Bearer " + token})
		        r = c.getresponse()
		        r.read()
		        codes[r.status] = codes.get(r.status, 0) + 1
		        if n % 1000 == 999:
		            c.request("GET", "/api/ssh/keys", headers={"Authorization": "Bearer " + right})
		            r = c.getresponse()
		            served += r.status == 200 and len(json.loads(r.read())) == 1
		    except (OSError, http.client.HTTPException):
		        codes["closed"] = codes.get("closed", 0) + 1
		        c = None
		print("served", served, "codes", sorted(map(str, codes)), "closed", codes.get("closed", 0))
	END
	run -0 nsenter -t "$BOX" -n /usr/bin/python3 "$DIR/knock" 500 "$(key_pub ed25519-evil)" "$TOKEN"
	before=$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status")
	run -0 nsenter -t "$BOX" -n /usr/bin/python3 "$DIR/knock" "$count" "$(key_pub ed25519-evil)" "$TOKEN"
	assert_output "served $((count / 1000)) codes ['401', '429'] closed 0"
	after=$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status")
	echo "resident: $before kB before, $after kB after"
	((after - before < 300))
	[[ $(api_pid) == "$pid" ]]
	pod_wait_login
	run -255 client_ssh --key ed25519-evil -- true
	run -0 cat "$DIR/log"
	assert_output --partial 'a wrong token, or none'
	[[ $(grep -c 'a wrong token' "$DIR/log") -lt 60 ]]
}

@test "slow, many and broken clients do not keep others out" {
	pod_box PUBLIC_KEY="$(key_pub ed25519)"
	api_answers
	cat >"$DIR/rude" <<-'END'
		import os, random, socket, time
		held = []
		for n in range(200):
		    s = socket.create_connection(("127.0.0.1", 8722))
		    s.settimeout(5)
		    try:
		        s.sendall(random.choice([
		            b"GET / HTTP/1.1\r\n", os.urandom(300), b"\0" * 100, b"POST /api/ssh/keys HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
		            b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n\r\n", b"POST /api/ssh/keys HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n"]))
		    except OSError:
		        pass
		    if n % 8 == 0:
		        held.append(s)
		    else:
		        s.close()
		time.sleep(1)
	END
	run -0 nsenter -t "$BOX" -n /usr/bin/python3 "$DIR/rude"
	answers() {
		api GET && assert_line 200
	}
	poll 20 answers
	run -0 cat "$DIR/log"
	refute_output --partial 'api was ended'
}
