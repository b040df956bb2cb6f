# Sources of keys that change while the pod runs: files, directories, Secrets, addresses; each in
# force within two seconds. A source gone bad locks nobody out, one emptied on purpose does.
#
# SSHINIT_TEST_LONG=yes changes a file 100 times a second for a minute; a usual run, for six seconds.

load ../lib/bed
load ../lib/box

setup() {
	need_box
	DIR=$BATS_TEST_TMPDIR
	S=$DIR/source
	mkdir "$S"
}

teardown() {
	[[ -n ${BATS_TEST_COMPLETED-} ]] || cat "$DIR/log" 2>/dev/null || true
	[[ -z ${SERVER-} ]] || kill "$SERVER" 2>/dev/null || true
	box_stop
	bed_teardown
}

pod_box() {
	box_start env PUBLIC_KEY="$(key_pub ed25519)" "$@" "$SSHINIT" sleep infinity 2>"$DIR/log"
	box_pod
	pod_wait_login
}

# The names of the test's keys in force, in one line: ed25519-NAME@bed is NAME.
names() {
	grep -o 'ed25519-[a-z0-9]*@bed' "/proc/$BOX/root/root/.ssh/authorized_keys" \
		| sed 's/ed25519-//; s/@bed//' | sort | tr '\n' ' '
}

# in_force NAME...: exactly these are, within two seconds of now.
in_force() {
	local wanted="$* "
	_are() { [[ $(names) == "${wanted# }" ]] || { names && return 1; }; }
	poll 2 _are
}

in_log() {
	poll 2 grep -q -e "$1" "$DIR/log"
}

put() {
	local file=$1 name keys=
	shift
	for name; do
		keys+=$(key_pub "ed25519-$name")$'\n'
	done
	# At once: nobody is to read the half of it.
	printf %s "$keys" >"$file"
}

@test "a file: edited in place, replaced, its directory gone and back, moved away and back" {
	put "$S/keys" a
	pod_box PUBLIC_KEY_FILE="$S/keys"
	in_force a
	put "$S/keys" a b
	in_force a b
	run -0 client_ssh --key ed25519-b -- true
	key_pub ed25519-c >>"$S/keys"
	in_force a b c
	put "$S/new" c d
	mv "$S/new" "$S/keys"
	in_force c d
	# By accident: what was good stays, with an error.
	rm "$S/keys"
	in_log 'keys: this source has gone bad, so the keys it had stay in force: No such file'
	in_force c d
	put "$S/keys" e
	in_force e
	mv "$S" "$S.away"
	in_log 'keys: this source has gone bad.*1 kept'
	put "$S.away/keys" e f
	mv "$S.away" "$S"
	in_force e f
	rm -r "$S"
	sleep 0.5
	mkdir "$S"
	put "$S/keys" g
	in_force g
	run -0 client_ssh --key ed25519-g -- true
	run -255 client_ssh --key ed25519-a -- true
	run -0 client_ssh true
}

@test "a file that is not there yet, in a directory that is not there yet" {
	pod_box PUBLIC_KEY_FILE="$S/not/yet/keys"
	in_force
	mkdir "$S/not"
	sleep 0.4
	mkdir "$S/not/yet"
	put "$S/not/yet/keys" a
	in_force a
}

@test "a file alone, mounted: an edit in place" {
	need_engine
	put "$S/keys" a
	pod_start --key ed25519 -e PUBLIC_KEY_FILE=/keys -v "$S/keys:/keys:ro" -- sleep infinity
	pod_wait_login --key ed25519-a
	put "$S/keys" b
	poll 2 client_ssh --key ed25519-b -- true
	run -255 client_ssh --key ed25519-a -- true
}

# secret VERSION NAME...: what the kubelet does to a mounted Secret.
secret() {
	local version=..2026_$1
	mkdir "$S/$version"
	shift
	put "$S/$version/keys" "$@"
	ln -s "$version" "$S/..data_tmp"
	local old
	old=$(readlink "$S/..data" || true)
	mv -T "$S/..data_tmp" "$S/..data"
	[[ -e $S/keys || -L $S/keys ]] || ln -s ..data/keys "$S/keys"
	[[ -z $old ]] || rm -r "${S:?}/$old"
}

@test "a Secret of Kubernetes: the ..data swap, as a file and as a directory" {
	local way
	for way in PUBLIC_KEY_FILE="$S/keys" PUBLIC_KEY_DIR="$S"; do
		rm -rf "$S" && mkdir "$S"
		secret 1 a b
		pod_box "$way"
		in_force a b
		secret 2 b c
		in_force b c
		secret 3 d
		in_force d
		run -0 client_ssh --key ed25519-d -- true
		run -255 client_ssh --key ed25519-b -- true
		# Emptied on purpose.
		mkdir "$S/..2026_4"
		echo '# none' >"$S/..2026_4/keys"
		ln -s ..2026_4 "$S/..data_tmp"
		mv -T "$S/..data_tmp" "$S/..data"
		in_force
		run -255 client_ssh --key ed25519-d -- true
		run -0 client_ssh true
		box_stop
	done
}

@test "a directory: files come, change and go" {
	put "$S/one" a
	pod_box PUBLIC_KEY_DIR="$S"
	in_force a
	put "$S/two" b
	in_force a b
	put "$S/one" c
	in_force b c
	rm "$S/two"
	in_force c
	# A link out of it to elsewhere is followed there.
	mkdir "$DIR/else"
	put "$DIR/else/keys" d
	ln -s "$DIR/else/keys" "$S/link"
	in_force c d
	put "$DIR/else/keys" e
	in_force c e
	# All gone by accident.
	rm "$S"/*
	in_log 'this source has gone bad'
	in_force c e
	put "$S/three" f
	in_force f
}

@test "a source that turns bad keeps its keys; # none, and only that, revokes" {
	local bad
	put "$S/keys" a
	pod_box PUBLIC_KEY_FILE="$S/keys"
	for bad in '' '<html>502</html>' 'ssh-ed25519 AAAAbroken' '# all gone' "$(head -c 3000 /dev/urandom | base64)"; do
		put "$S/keys" a b
		in_force a b
		put "$S/keys" a
		in_force a
		: >"$DIR/log"
		printf '%s\n' "$bad" >"$S/keys"
		in_log 'this source has gone bad, so the keys it had stay in force'
		in_force a
	done
	rm "$S/keys"
	mkdir "$S/keys"
	in_log 'the keys it had stay in force: it is a directory'
	rmdir "$S/keys"
	# With a byte order mark too, as Windows writes it.
	for bad in '# none' $'\xef\xbb\xbf# none\r'; do
		put "$S/keys" a
		in_force a
		printf '%s\n' "$bad" >"$S/keys"
		in_force
	done
	run -255 client_ssh --key ed25519-a -- true
	run -0 client_ssh true
	put "$S/keys" b
	in_force b
}

@test "what is no file is said at a start" {
	mkdir "$S/keys"
	mkfifo "$S/pipe"
	run -1 env PUBLIC_KEY_FILE="$S/keys" "$SSHINIT" --check
	assert_output --partial 'this source of keys cannot be read: it is a directory'
	run -1 env PUBLIC_KEY_FILE="$S/pipe" "$SSHINIT" --check
	assert_output --partial 'this source of keys cannot be read: it is no regular file'
	# In a directory of keys, one more is not looked at.
	rm "$S/pipe"
	key_pub ed25519 >"$S/key.pub"
	run -0 env PUBLIC_KEY_DIR="$S" "$SSHINIT" --check
	refute_output --partial 'cannot be read'
}

@test "--reload reads all again, and says what it found" {
	put "$S/keys" a
	pod_box PUBLIC_KEY_FILE="$S/keys"
	put "$S/keys" a b
	run -0 in_box "$SSHINIT" --reload
	assert_output 'reloaded: 3 usable, 0 refused; sshinit --check says more'
	echo 'ssh-ed25519 AAAAbroken' >>"$S/keys"
	run -0 in_box "$SSHINIT" --reload
	assert_output --partial '3 usable, 1 refused'
	run -64 in_box "$SSHINIT" --reload now
}

@test "100 changes a second: the last one is in force, and nothing spins" {
	local seconds=6 worker before after busy
	[[ -z ${SSHINIT_TEST_LONG-} ]] || seconds=60
	put "$S/keys" a
	pod_box PUBLIC_KEY_FILE="$S/keys"
	worker=$(worker_pid)
	before=$(ticks "$worker")
	key_pub ed25519-last >"$DIR/last"
	/usr/bin/python3 - "$S/keys" "$(key_pub ed25519-a)" "$seconds" "$DIR/last" <<-'END'
		import os, sys, time
		path, key, seconds, last = sys.argv[1], sys.argv[2], int(sys.argv[3]), open(sys.argv[4]).read()
		for n in range(seconds * 100):
		    if n % 3 == 0:
		        open(path, "w").write(key + "\n" * (n % 7 + 1))
		    elif n % 3 == 1:
		        open(path + ".new", "w").write(key + "\n")
		        os.rename(path + ".new", path)
		    else:
		        os.unlink(path)
		        open(path, "w").write(key + "\n")
		    time.sleep(0.01)
		open(path, "w").write(last)
	END
	in_force last
	after=$(ticks "$worker")
	busy=$((after - before))
	echo "# worker: $busy hundredths of a second in $seconds s" >&3
	((busy < seconds * 20))
	# And when nothing changes, nothing is done.
	at_rest() {
		before=$(ticks "$worker")
		sleep 2
		(($(ticks "$worker") - before <= 2))
	}
	poll 5 at_rest
	# A neighbour in the same directory is nobody's business.
	before=$(ticks "$worker")
	/usr/bin/python3 - "$S/other" <<-'END'
		import sys, time
		for n in range(200):
		    open(sys.argv[1], "w").write(str(n))
		    time.sleep(0.01)
	END
	echo "# beside a busy neighbour: $(($(ticks "$worker") - before)) hundredths of a second in 2 s" >&3
	(($(ticks "$worker") - before <= 10))
}

# The worker's number as this machine knows it.
worker_pid() {
	local each
	for each in $(grep -lx sshinit-worker /proc/[0-9]*/comm 2>/dev/null); do
		each=${each#/proc/} each=${each%/comm}
		[[ $(readlink "/proc/$each/ns/pid") != "$(readlink "/proc/$BOX/ns/pid")" ]] || echo "$each"
	done
}

# Processor time of a process and of its children that have ended, in hundredths of a second.
ticks() {
	local -a stat
	read -r -a stat <"/proc/$1/stat"
	echo $((stat[13] + stat[14] + stat[15] + stat[16]))
}

# serve: a server in the box that answers with what stands in $DIR/www, with ETags.
serve() {
	mkdir -p "$DIR/www"
	cat >"$DIR/server" <<-'END'
		import hashlib, http.server, sys, time
		class Handler(http.server.BaseHTTPRequestHandler):
		    def do_GET(self):
		        name = self.path.split("?")[0].strip("/")
		        if name == "redirect":
		            self.send_response(302)
		            self.send_header("Location", "http://127.0.0.1:8000/keys")
		            self.end_headers()
		            return
		        if name == "slow":
		            time.sleep(60)
		        try:
		            body = open(sys.argv[1] + "/" + name, "rb").read()
		        except OSError:
		            self.send_error(404)
		            return
		        tag = '"' + hashlib.md5(body).hexdigest() + '"'
		        same = self.headers.get("If-None-Match") == tag
		        open(sys.argv[1] + "/.log", "a").write(f"{name} {304 if same else 200}\n")
		        self.send_response(304 if same else 200)
		        self.send_header("ETag", tag)
		        if not same and name != "endless":
		            self.send_header("Content-Length", str(len(body)))
		        self.end_headers()
		        if not same:
		            for n in range(4000 if name == "endless" else 1):
		                self.wfile.write(body)
		    def log_message(self, *words):
		        pass
		http.server.ThreadingHTTPServer(("127.0.0.1", 8000), Handler).serve_forever()
	END
	nsenter -t "$BOX" -n /usr/bin/python3 "$DIR/server" "$DIR/www" 3>&- 4>&- 2>/dev/null &
	SERVER=$!
	poll 10 nsenter -t "$BOX" -n bash -c ': <>/dev/tcp/127.0.0.1/8000'
}

url_box() {
	pod_box SSHINIT_KEYS_URL_SECONDS=1 "$@"
	serve
}

# Within the second between two questions, and the two of the promise.
fetched() {
	local wanted="$* "
	_are() { [[ $(names) == "${wanted# }" ]] || { names && return 1; }; }
	poll 4 _are
}

@test "keys-url: asked with an ETag, and what changes there is in force" {
	need curl:curl
	mkdir "$DIR/www" && put "$DIR/www/keys" a
	url_box PUBLIC_KEY_URL=http://127.0.0.1:8000/keys
	fetched a
	run -0 client_ssh --key ed25519-a -- true
	poll 5 grep -q 'keys 304' "$DIR/www/.log"
	put "$DIR/www/keys" b
	fetched b
	run -255 client_ssh --key ed25519-a -- true
	[[ $(grep -c 'keys 200' "$DIR/www/.log") == 2 ]]
	# What is no key never counts, whatever the status says.
	echo '<html><body>Sign in</body></html>' >"$DIR/www/keys"
	in_log_soon() { poll 5 grep -q -e "$1" "$DIR/log"; }
	in_log_soon 'the answer is not public keys, so it does not count'
	: >"$DIR/www/keys"
	in_log_soon 'the answer is empty'
	rm "$DIR/www/keys"
	in_log_soon 'error: 404'
	fetched b
	run nsenter -t "$BOX" -m -p -n "$SSHINIT" --check
	assert_output --partial 'this address gave no keys'
	assert_output --partial 'the keys of its last good answer stay'
	kill "$SERVER"
	in_log_soon "Couldn't connect\|Failed to connect"
	fetched b
	serve
	echo '# none' >"$DIR/www/keys"
	fetched
	put "$DIR/www/keys" c
	fetched c
	# Once each, however often it is asked.
	[[ $(grep -c 'not public keys' "$DIR/log") -le 2 ]]
}

@test "keys-url: what may be secret in an address is shown nowhere" {
	need curl:curl wget:wget
	run -1 env PUBLIC_KEY_URL=http://me:geheim@example.org/keys?geheim "$SSHINIT" --check
	assert_output --partial 'http://example.org/keys?...'
	refute_output --partial geheim
	# Not encoded: a "/", "?" or "," in a password, an address without its scheme, a key in its place.
	local each n=0
	for each in https://me:ge/heim@example.org/keys https://me:x@ge/heim@example.org/keys https://me:geheim?geheim@example.org/keys \
		https://me:geheim,geheim@example.org/keys https://geheim/geheim@example.org/ https://me:1#geheim@example.org/ \
		geheim 'me:geheim@example.org/?to=https://x' https://me:geheim; do
		run env PUBLIC_KEY_URL="$each" "$SSHINIT" --check
		assert_output --regexp 'checked:'
		refute_output --regexp 'geheim|heim@|ge/'
		n=$((n + 1))
	done
	((n == 9))
	for each in FILE DIR URL; do
		run -1 env "PUBLIC_KEY_$each=$(<"$(key ed25519)")" "$SSHINIT" --check
		assert_output --partial "PUBLIC_KEY_$each  "
		assert_output --partial 'it holds a private key'
		refute_output --partial "$(sed -n 2p "$(key ed25519)")"
		refute_output --partial 'BEGIN'
	done
	run -64 "$SSHINIT" --check "--keys-url=$(<"$(key ed25519)")"
	assert_line --index 0 "sshinit: --keys-url: it holds a private key, which belongs nowhere but on its owner's computer"
	refute_output --partial "$(sed -n 2p "$(key ed25519)")"
	mkdir "$DIR/www" && put "$DIR/www/keys" a && put "$DIR/www/more" b
	touch "$DIR/none"
	local without url=http://127.0.0.1:8000
	for without in wget curl; do
		box_start env PUBLIC_KEY="$(key_pub ed25519)" SSHINIT_KEYS_URL_SECONDS=1 \
			PUBLIC_KEY_URL="$url/keys?geheim1,$url/keys?geheim2,$url/gone?geheim,$url/slow?geheim,https://geheim/heim@example.org/" \
			sh -c 'mount --bind "$0" "/usr/bin/$1"; exec "$2" sleep infinity' "$DIR/none" "$without" "$SSHINIT" 2>"$DIR/log"
		box_pod
		pod_wait_login
		serve
		fetched a
		poll 5 grep -q 'gone?\.\.\.: .*404' "$DIR/log"
		poll 30 grep -q 'https://\.\.\.@example\.org/: .*%40' "$DIR/log"
		# The slow one is being asked.
		poll 5 nsenter -t "$BOX" -m -p -n sh -c 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\0" "\n" | grep -qx "curl\|wget"'
		run nsenter -t "$BOX" -m -p -n sh -c 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\0" "\n" | grep "[?]geheim"'
		assert_output ''
		run -1 grep geheim "$DIR/log" "/proc/$BOX/root/run/sshinit/status.json" "/proc/$BOX/root/root/.ssh/authorized_keys"
		run -0 cat "/proc/$BOX/root/root/.ssh/authorized_keys"
		assert_line "# from $url/keys?..."
		kill "$SERVER"
		box_stop
	done
}

@test "keys-url: --reload asks at once" {
	need curl:curl
	mkdir "$DIR/www" && put "$DIR/www/keys" a
	pod_box SSHINIT_KEYS_URL_SECONDS=3600 PUBLIC_KEY_URL=http://127.0.0.1:8000/keys
	in_force
	serve
	nsenter -t "$BOX" -m -p -n "$SSHINIT" --reload
	fetched a
}

@test "keys-url: no plain http but to this pod, no way around it, no redirect, and no more than 1 MB" {
	need curl:curl
	local url n=0
	for url in http://example.org/keys http://127.0.0.1:80@example.org/keys http://localhost.example.org/keys \
		http://127.0.0.1.example.org/ ftp://127.0.0.1/keys file:///etc/passwd '-o/tmp/x' "https://a'b" http://169.254.169.254/x; do
		run -1 env PUBLIC_KEY_URL="$url" PUBLIC_KEY="$(key_pub ed25519)" "$SSHINIT" --check
		assert_output --partial 'this address is not asked for keys'
		n=$((n + 1))
	done
	((n == 9))
	mkdir "$DIR/www"
	put "$DIR/www/keys" evil
	put "$DIR/www/good" a
	yes "$(key_pub ed25519-big)" | head -c 3000000 >"$DIR/www/big"
	yes "$(key_pub ed25519-endless)" | head -c 10000 >"$DIR/www/endless"
	url_box PUBLIC_KEY_URL=http://127.0.0.1:8000/redirect,http://127.0.0.1:8000/big,http://127.0.0.1:8000/endless,http://127.0.0.1:8000/good
	poll 10 grep -q 'redirect: curl: (47)' "$DIR/log"
	poll 10 grep -q 'big: curl: (63)' "$DIR/log"
	poll 20 grep -q 'endless: ' "$DIR/log"
	fetched a
	run -0 find "/proc/$BOX/root/run/sshinit/url" -size +1100k
	assert_output ''
}

@test "keys-url: GNU wget does where there is no curl; without both, a finding" {
	need wget:wget
	mkdir "$DIR/www" && put "$DIR/www/keys" a
	# A box whose /usr/bin/curl is not one.
	touch "$DIR/none"
	cat >"$DIR/without" <<-'END'
		for each in $WITHOUT; do mount --bind "$NONE" "/usr/bin/$each"; done
		exec "$@"
	END
	box_start env NONE="$DIR/none" WITHOUT=curl PUBLIC_KEY="$(key_pub ed25519)" SSHINIT_KEYS_URL_SECONDS=1 \
		PUBLIC_KEY_URL=http://127.0.0.1:8000/keys sh "$DIR/without" "$SSHINIT" sleep infinity 2>"$DIR/log"
	box_pod
	pod_wait_login
	serve
	fetched a
	put "$DIR/www/keys" b
	fetched b
	kill "$SERVER"
	box_stop
	box_start env NONE="$DIR/none" WITHOUT="curl wget" PUBLIC_KEY="$(key_pub ed25519)" \
		PUBLIC_KEY_URL=http://127.0.0.1:8000/keys sh "$DIR/without" "$SSHINIT" sleep infinity 2>"$DIR/log"
	box_pod
	pod_wait_login
	run -0 cat "$DIR/log"
	assert_output --partial 'keys-url needs curl or GNU wget, and the image has neither'
	refute_output --partial 'keys-url ended'
	# A program that comes later is found by a reload.
	serve
	nsenter -t "$BOX" -m -p umount /usr/bin/wget
	nsenter -t "$BOX" -m -p -n "$SSHINIT" --reload
	fetched b
}
