# --connect: every line it prints works as printed, and what cannot be known is said, never invented.
#
# shellcheck disable=SC2016 # what stands in single quotes is not for this shell
# shellcheck disable=SC2154 # stderr is set by bats' run

load ../lib/bed

setup() {
	need_engine
	DIR=$BATS_TEST_TMPDIR
}

# connect ENV=VALUE... : what --connect says in a container of that environment; no sshinit runs
# there, as in `docker run --rm image sshinit --connect`.
connect() {
	local variable options=()
	for variable; do
		options+=(-e "$variable")
	done
	pod_run --bare --image busybox "${options[@]}" -- sshinit --connect
}

# as_printed NAME: the line of that name in $printed, with this suite's key in place of ~/.ssh/...
as_printed() {
	local line
	line=$(sed -n "s/^$1  *//p" <<<"$printed" | head -n 1)
	[[ -n $line ]] || fail "no line for $1 in: $printed"
	echo "${line//\~\/.ssh\/id_ed25519/$(key ed25519)}"
}

@test "the address comes from the platform's variables" {
	run -0 --separate-stderr connect RUNPOD_POD_ID=abc RUNPOD_PUBLIC_IP=203.0.113.7 RUNPOD_TCP_PORT_22=17445
	assert_line --regexp '^ssh +ssh root@203\.0\.113\.7 -p 17445 -i ~/\.ssh/id_ed25519$'
	assert_line --regexp '^scp +scp -P 17445 '
	assert_line 'Host abc'
	run -0 --separate-stderr connect PUBLIC_IPADDR=203.0.113.8 VAST_TCP_PORT_22=40022 VAST_CONTAINERLABEL=C.7
	assert_line --regexp '^ssh +ssh root@203\.0\.113\.8 -p 40022 '
	run -0 --separate-stderr connect KUBERNETES_SERVICE_HOST=10.0.0.1 NODE_IP=203.0.113.9 NODE_PORT=30022
	assert_line --regexp '^ssh +ssh root@203\.0\.113\.9 -p 30022 '
	run -0 --separate-stderr connect KUBERNETES_SERVICE_HOST=10.0.0.1 WEB_SERVICE_HOST=10.3.2.1 WEB_SERVICE_PORT_SSH=22
	assert_line --regexp '^ssh +ssh root@10\.3\.2\.1 -i '
}

@test "public-host, public-port and jump count before the platform; IPv6 is written as each program takes it" {
	run -0 --separate-stderr connect RUNPOD_POD_ID=abc RUNPOD_PUBLIC_IP=203.0.113.7 RUNPOD_TCP_PORT_22=17445 \
		SSHINIT_PUBLIC_HOST=2001:db8::1 SSHINIT_PUBLIC_PORT=2022 SSHINIT_JUMP=ann@gate.example:2200
	assert_line --regexp '^ssh +ssh -J ann@gate\.example:2200 root@2001:db8::1 -p 2022 '
	assert_line --regexp '^scp .*root@\[2001:db8::1\]:$'
	assert_line --regexp 'ProxyJump ann@gate\.example:2200$'
	# A link cannot name a jump host, so it names the alias.
	assert_line --regexp '^VS Code +vscode://vscode-remote/ssh-remote\+abc/'
}

@test "what the platform does not tell is said, with the way to find it out" {
	run -1 --separate-stderr connect RUNPOD_POD_ID=abc RUNPOD_PUBLIC_IP=203.0.113.7
	assert_line --regexp '^RunPod has given this pod no public TCP port for 22'
	run -1 --separate-stderr connect KUBERNETES_SERVICE_HOST=10.0.0.1 POD_NAME=web-0
	assert_line --regexp 'kubectl port-forward pod/web-0 2222:22'
	run -1 --separate-stderr connect NOTHING=known
	refute_line --regexp '^ssh '
	# Nothing that >> would put into a configuration.
	run -1 --separate-stderr pod_run --bare --image busybox -- sshinit --connect --format ssh-config
	assert_equal "$output" ''
	run -0 --separate-stderr pod_run --bare --image busybox -- sshinit --connect --json
	[[ $output == *'"host": null'* && $output == *'"port": null'* ]]
}

@test "what is half known is said, and the way inside names the user and the port" {
	local image
	run -1 --separate-stderr connect RUNPOD_POD_ID=abc RUNPOD_TCP_PORT_22=17445
	assert_line --regexp '^RunPod has given this pod a public port, but no public IP address'
	run -1 --separate-stderr connect SSHINIT_PUBLIC_PORT=2222
	assert_line --regexp '^the port outside is 2222, but the host is not known; set SSHINIT_PUBLIC_HOST'
	image=$(image_from bookworm-plain <<<'RUN useradd -m -s /bin/bash ann')
	pod_start --image "$image" --key ed25519 -e SSHINIT_USER=ann -e SSHINIT_PORT=2200 -- sleep 1000
	POD_PORT=2200
	pod_wait_login --user ann
	run -1 --separate-stderr pod_exec sshinit --connect
	assert_line --regexp "or without a published port: ssh ann@$POD_HOST -p 2200$"
}

@test "IPv6 with a zone or brackets, and directories and users that a link must spell out" {
	local image
	run -0 --separate-stderr connect SSHINIT_PUBLIC_HOST='[2001:db8::1]' SSHINIT_PUBLIC_PORT=2022
	assert_line --regexp '^ssh +ssh root@2001:db8::1 -p 2022 '
	refute_output --partial '[['
	image=$(image_from busybox <<-'END'
		RUN mkdir '/home/ü b' && echo 'a@b:x:0:0::/home/ü b:/bin/sh' >/etc/passwd
	END
	)
	run -0 --separate-stderr pod_run --bare --image "$image" -e SSHINIT_PUBLIC_HOST=fe80::1%eth0 -- sshinit --connect
	assert_line --regexp '^VS Code .*ssh-remote\+a%40b@\[fe80::1%25eth0\]:22/home/%C3%BC%20b$'
	assert_line --regexp '^JetBrains .*host=fe80::1%25eth0&port=22&user=a%40b&projectPath=/home/%C3%BC%20b$'
	sed -n '/^Host /,$p' <<<"$output" >"$DIR/config"
	run -0 ssh -G -F "$DIR/config" "$(sed -n 's/^Host //p' "$DIR/config")"
	assert_line 'hostname fe80::1%eth0'
}

@test "a hostile variable never becomes a command line" {
	local bad
	for bad in '1.2.3.4; rm -rf /' '-oProxyCommand=x' '$(id)' $'1.2.3.4\nssh evil'; do
		run --separate-stderr connect RUNPOD_POD_ID=abc RUNPOD_PUBLIC_IP="$bad" RUNPOD_TCP_PORT_22=17445
		assert_equal "$status" 1
		refute_line --regexp '^ssh '
	done
	for bad in '1.2.3.4; rm -rf /' '-oProxyCommand=x' '$(id)' 'a b' '$RUNPOD_PUBLIC_IP'; do
		run -1 connect SSHINIT_PUBLIC_HOST="$bad"
		refute_line --regexp '^ssh '
		assert_output --partial 'cannot have that value'
		run -0 --separate-stderr connect SSHINIT_PUBLIC_HOST=1.2.3.4 SSHINIT_JUMP="$bad"
		assert_line --regexp '^ssh +ssh root@1\.2\.3\.4 '
	done
}

@test "each line that a running pod prints works as printed" {
	pod_start --key ed25519 -- sleep infinity
	pod_wait_login
	run -0 --separate-stderr client_ssh sshinit --connect --public-host "$POD_HOST" --public-port "$POD_PORT"
	printed=$output
	as_printed known_hosts >"$DIR/known_hosts"
	ssh-keyscan -t ed25519 -p "$POD_PORT" "$POD_HOST" 2>/dev/null >"$DIR/scanned"
	assert_equal "$(cut -d ' ' -f 2,3 "$DIR/known_hosts")" "$(cut -d ' ' -f 2,3 "$DIR/scanned")"

	# Each program is told nothing but where the known hosts are.
	local told="-F none -o UserKnownHostsFile=$DIR/known_hosts -o StrictHostKeyChecking=yes -o BatchMode=yes" line
	line=$(as_printed ssh)
	run -0 bash -c "ssh $told ${line#ssh} echo in"
	assert_output in
	echo content >"$DIR/FILE"
	line=$(as_printed scp)
	(cd "$DIR" && bash -c "scp $told ${line#scp}/tmp/sent")
	line=$(as_printed sftp)
	bash -c "echo 'get /tmp/sent $DIR/back' | sftp $told ${line#sftp}"
	cmp "$DIR/FILE" "$DIR/back"
	mkdir "$DIR/DIRECTORY" && cp "$DIR/FILE" "$DIR/DIRECTORY/"
	line=$(as_printed rsync)
	(cd "$DIR" && bash -c "${line/ssh/ssh $told}")
	run -0 client_ssh cat DIRECTORY/FILE
	assert_output content

	# The Host block, and the same by --format ssh-config.
	run -0 --separate-stderr client_ssh sshinit --connect --format ssh-config \
		--public-host "$POD_HOST" --public-port "$POD_PORT"
	echo "${output//\~\/.ssh\/id_ed25519/$(key ed25519)}" >"$DIR/config"
	local alias
	alias=$(sed -n 's/^Host //p' "$DIR/config")
	run -0 ssh -F "$DIR/config" -o UserKnownHostsFile="$DIR/known_hosts" -o BatchMode=yes "$alias" echo in
	assert_output in
}

@test "over ssh it serves a laptop: JSON with the host key, the same after a restart" {
	pod_start --key ed25519 -e RUNPOD_POD_ID=abc -e RUNPOD_PUBLIC_IP=203.0.113.7 -e RUNPOD_TCP_PORT_22=17445 -- sleep infinity
	pod_wait_login
	run -0 --separate-stderr client_ssh sshinit --connect --json
	echo "$output" >"$DIR/first"
	run -0 /usr/bin/python3 - "$DIR/first" <<-'END'
		import json, sys
		c = json.load(open(sys.argv[1]))
		assert c["connect"]["host"] == "203.0.113.7" and c["connect"]["port"] == 17445, c
		assert c["connect"]["user"] == "root" and c["connect"]["platform"] == "RunPod", c
		assert c["connect"]["host_keys"][0].startswith("ssh-ed25519 AAAA"), c
		assert any(w["name"] == "ssh" for w in c["ways"]), c
		assert c["known_hosts"].startswith("[203.0.113.7]:17445 ssh-ed25519 "), c
	END
	pod_wait_log 'connect: ssh root@203\.0\.113\.7 -p 17445'
	pod_restart
	pod_wait_login
	run -0 --separate-stderr client_ssh sshinit --connect --json
	assert_equal "$output" "$(cat "$DIR/first")"
}

@test "a host certificate is presented, and its CA is what --connect pins" {
	key ed25519-host >/dev/null && key ed25519-ca >/dev/null
	cp "$(key ed25519-host)" "$DIR/host" && cp "$(key ed25519-host).pub" "$DIR/host.pub"
	pod_start --key ed25519 -- sleep infinity # to learn an address that the certificate can name
	ssh-keygen -q -s "$(key ed25519-ca)" -h -I pod -n "$POD_HOST" -V +1h "$DIR/host.pub"
	pod_stop 0
	pod_start --key ed25519 -e SSHINIT_HOST_KEY="$(cat "$DIR/host")" -e SSHINIT_HOST_CERT="$(cat "$DIR/host-cert.pub")" \
		-e SSHINIT_HOST_CA="$(cat "$(key ed25519-ca).pub")" -- sleep infinity
	poll 10 pod_exec test -e /run/sshinit/listening
	run -0 --separate-stderr pod_exec sshinit --connect --public-host "$POD_HOST" --public-port "$POD_PORT"
	printed=$output
	as_printed known_hosts >"$DIR/known_hosts"
	run -0 cat "$DIR/known_hosts"
	assert_output --regexp '^@cert-authority .* ssh-ed25519 '
	[[ $(ssh-keygen -L -f "$DIR/host-cert.pub") == *"$POD_HOST"* ]] || skip "the second pod has another address"
	run -0 ssh -F none -o UserKnownHostsFile="$DIR/known_hosts" -o StrictHostKeyChecking=yes -o BatchMode=yes \
		-i "$(key ed25519)" -p "$POD_PORT" "root@$POD_HOST" echo in
	assert_output in
}
