# The documents say what is so: tables are those of the source, and the README's lines are copied out of
# it and run, with addresses and images that exist here.

load ../lib/bed

setup() {
	cd "$TOP" || return
}

# block NAME: the README's code block that is marked so
block() {
	awk -v mark="<!-- run: $1 -->" '$0 == mark { found = 1; next } found == 1 && /^```/ { found = 2; next }
		found == 2 && /^```/ { exit } found == 2 { print }' README.md | grep . || fail "no block $1"
}

@test "the tables in README, man page and sshinit.ini are those of the source" {
	need gcc
	local file
	gcc -std=c17 -D_GNU_SOURCE -Isrc -o "$BATS_TEST_TMPDIR/tables" templates/tables.c
	for file in README.md src/sshinit.1 templates/sshinit.ini; do
		grep -q 'BEGIN table' "$file"
		"$BATS_TEST_TMPDIR/tables" "$file" | diff "$file" - || fail "$file: make docs makes it so"
	done
}

@test "the tables of places in the README are those that the tests made" {
	grep -q '<!-- places: ' README.md
	tests/places README.md | diff README.md - || fail "make docs makes it so"
}

@test "mandoc has nothing against the man page" {
	need mandoc
	run -0 mandoc -Tlint -W warning src/sshinit.1
	assert_output ''
}

@test "every verb stands in --help and the man page" {
	local verb page
	page=$(sed 's/\\//g' src/sshinit.1)
	for verb in $(sed -n 's/^\t{ "--\([a-z-]*\)", verb_.*/\1/p' src/main.c); do
		[[ $page == *"Fl -$verb"* || $page == *"| -$verb"* ]] || fail "man page: --$verb"
		"$SSHINIT" --help | grep -q -e "--$verb" || fail "--help: --$verb"
	done
}

@test "--help fits a terminal of 80 columns" {
	run -0 env -i "$SSHINIT" --help
	run ! grep -E '^.{81}' <<<"$output"
	run -0 env -i "$SSHINIT" --config-ssh --help
	run ! grep -E '^.{81}' <<<"$output"
	run -0 env -i "$SSHINIT" --help
	[[ ${output//[$' \n']/} == *'[PUBLIC_KEY,SSH_PUBLIC_KEY,RUNPOD_SSH_PUBLIC_KEY,SSH_PUBKEY,AUTHORIZED_KEYS,SSH_AUTHORIZED_KEYS]--keys-file'* ]]
}

@test "sshinit.ini is taken as it is, and with every line switched on" {
	cp templates/sshinit.ini "$BATS_TEST_TMPDIR/ini"
	run -0 --separate-stderr env -i "$SSHINIT" --config "$BATS_TEST_TMPDIR/ini" --enabled=no true
	[[ $stderr != *sshinit.ini* && $stderr != *warning* && $stderr != *error* ]] || fail "$stderr"
	sed -i '/^;\[user/,$d; s/^;\([a-z-]* =\)/\1/' "$BATS_TEST_TMPDIR/ini"
	run -0 --separate-stderr env -i "$SSHINIT" --config "$BATS_TEST_TMPDIR/ini" --enabled=no true
	[[ $stderr != *warning* && $stderr != *error* ]] || fail "$stderr"
}

@test "a finding names the file that a setting came from" {
	echo 'enabled = no' >"$BATS_TEST_TMPDIR/ini"
	run env -i "$SSHINIT" --config "$BATS_TEST_TMPDIR/ini" --check --json
	[[ $output == *"\"subject\": \"$BATS_TEST_TMPDIR/ini\""* ]] || fail "$output"
}

@test "links and paths in the documents lead somewhere" {
	local file link
	for file in README.md examples/*/README.md; do
		while IFS= read -r link; do
			[[ $link == http* ]] || assert_exists "$(dirname "$file")/${link%%#*}"
		done < <(grep -oE '\]\([^)#]+' "$file" | cut -c 3-)
	done
	for link in $(block commands | sed -n 's/^make \([a-z]*\).*/\1/p'); do
		grep -q "^$link:" Makefile tests/tests.mk || fail "make $link"
	done
}

@test "README: the Dockerfile, and docker/wrap" {
	need_engine
	local ref=localhost/sshinit-test/readme-$$ dir=$BATS_TEST_TMPDIR/image base
	mkdir "$dir"
	cp "$SSHINIT" "$dir/sshinit"
	printf 'FROM scratch\nCOPY sshinit /sshinit\n' >"$dir/Dockerfile"
	engine build -q --pull=false -t "$ref:sshinit" "$dir"
	block dockerfile | sed "s,^FROM .*,FROM $(image bookworm-plain),; s,--from=sshinit,--from=$ref:sshinit," >"$dir/Dockerfile"
	# Its first line compiles (70-examples has it), its last one needs the port.
	block pod | sed -n "2,3{s,-t pod,-q --pull=false -t $ref:pod,; s,-p [^ ]*,--label sshinit-test-pod=$(_pod_label),; s, pod\$, $ref:pod,; s,^docker,$ENGINE,; p}" >"$dir/lines"
	mkdir -p "$dir/.ssh"
	key_pub ed25519 >"$dir/.ssh/id_ed25519.pub"
	pod_use "$(cd "$dir" && HOME=$dir bash -e lines | tail -n 1)"
	pod_wait_login

	base=$(image_from busybox <<<'ENTRYPOINT ["echo", "kept"]')
	block wrap | sed "s,pytorch/pytorch,$base,; s,pytorch-ssh,$ref:wrapped --pull=false,; s,docker build,$ENGINE build," >"$dir/line"
	SSHINIT_IMAGE=$ref:sshinit run -0 bash -o pipefail "$dir/line"
	run -0 --separate-stderr engine run --rm "$ref:wrapped" word
	assert_output 'kept word'
	pods_remove
	engine rmi "$ref:sshinit" "$ref:pod" "$ref:wrapped" >/dev/null
}

@test "README: from the laptop to ssh mypod, without sshinit there too, and keys" {
	need_engine
	local pod address
	pod_start --key ed25519 -e RUNPOD_PUBLIC_IP=203.0.113.7 -e RUNPOD_TCP_PORT_22=17445 -e RUNPOD_POD_ID=p
	pod_wait_login
	pod=$POD address=$POD_HOST
	# The laptop is a container, so that its ~/.ssh is its own.
	pod_start --bare -v "$(key ed25519):/k:ro" -- sleep 600
	pod_exec sh -c 'mkdir -m 0700 /root/.ssh && install -m 0600 /k /root/.ssh/id_ed25519'
	here() {
		block "$1" | sed "s/203\.0\.113\.7/$address/; s/-p 17445/-p 22/; s/ssh root/ssh -o StrictHostKeyChecking=accept-new root/"
	}
	# Not as a terminal would: the question that a terminal gets is answered by --yes.
	run -0 pod_exec bash -ec "cd; $(here config-ssh | sed 's/--from/--yes --from/; s/^ssh mypod$/ssh mypod hostname/')"
	assert_line "${pod:0:12}"

	local new="ssh -F none -i new -o IdentitiesOnly=yes -o StrictHostKeyChecking=accept-new root@$address"
	pod_exec bash -ec 'cd; ssh-keygen -q -t ed25519 -N "" -f new; ssh-keygen -lf new.pub | cut -d " " -f 2 >print'
	run -0 pod_exec bash -ec "cd; $(here keys | sed 's/SHA256:\.\.\./$(cat print)/; 3i '"$new"' echo new key works')"
	assert_line --partial "$(key_print ed25519)"
	assert_line 'new key works'
	run -255 pod_exec bash -ec "cd; $new true"
	assert_output --partial 'Permission denied'

	pod_exec rm -r /root/.ssh/config
	pod_exec bash -ec "cd; $(here without)"
	run -0 pod_exec bash -ec 'name=$(sed -n "s/^Host //p" ~/.ssh/config | head -n 1)
		ssh -G "$name" | grep -E "^(hostname|port) "
		ssh -o StrictHostKeyChecking=accept-new -o "HostName=$0" -o Port=22 "$name" hostname' "$address"
	assert_line 'hostname 203.0.113.7'
	assert_line 'port 17445'
	assert_line "${pod:0:12}"
}

@test "README: a certificate from nothing" {
	need_engine
	cd "$BATS_TEST_TMPDIR" || return
	ssh-keygen -q -t ed25519 -N '' -C alice -f alice
	mkdir bin
	ln -s "$SSHINIT" bin/sshinit
	PATH=$PWD/bin:$PATH HOME=$PWD bash -ec "$(cd "$TOP" && block certify)" </dev/null
	pod_start -e "SSHINIT_USER_CA=$(cat ca.pub)"
	pod_wait_port
	run -0 client_ssh -o "IdentityFile=$PWD/alice" -o "CertificateFile=$PWD/alice-cert.pub" -- id -un
	assert_output root
}
