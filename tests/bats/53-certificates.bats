# Certificates: sshinit --certify makes them, a pod lets in who holds one, and says why it does not.
#
# shellcheck disable=SC2016 # what stands in single quotes is for the pod's shell

load ../lib/bed
load ../lib/box

setup() {
	need_box
	DIR=$BATS_TEST_TMPDIR
	cd "$DIR" || return 1
	CA=$DIR/ca
	ssh-keygen -q -t ed25519 -N '' -C ca -f "$CA"
	cp "$(key ed25519)" id
	cp "$(key ed25519).pub" id.pub
}

teardown() {
	[[ -n ${BATS_TEST_COMPLETED-} ]] || cat "$DIR/log" 2>/dev/null || true
	[[ -z ${SSH_AGENT_PID-} ]] || kill "$SSH_AGENT_PID" 2>/dev/null || true
	box_stop
	bed_teardown
}

pod_box() {
	box_start env SSHINIT_USER_CA="$(cat "$CA.pub")" "$@" "$SSHINIT" sleep infinity 2>"$DIR/log"
	box_pod
	pod_wait_port
}

certify() {
	"$SSHINIT" --certify --ca "$CA" "$@" </dev/null
}

# sign NAME SSH-KEYGEN-OPTION...: id-NAME and its certificate, with what --certify would refuse.
sign() {
	local name=$1
	shift
	cp id "id-$name"
	cp id.pub "id-$name.pub"
	ssh-keygen -q -s "${SIGNER:-$CA}" -I "$name" "$@" "id-$name.pub"
}

# with NAME [SSH OPTION...] -- COMMAND: log in with that certificate.
with() {
	local name=$1
	shift
	client_ssh -o "CertificateFile=$DIR/id-$name-cert.pub" "$@"
}

in_log() {
	poll 5 grep -q -e "$1" "$DIR/log"
}

@test "six hours: made, shown, logged in with, shown again instead of made again" {
	local line
	pod_box WORD=1
	sed -i "s/ed25519@bed/alice's key/" id.pub
	run -0 certify --identity alice --principal root id.pub
	assert_line --regexp 'Key ID: "alice"'
	assert_line --partial 'Linux, macOS:'
	# As it is to be pasted, whatever stands in the comment.
	line=$(cut -d ' ' -f 1,2 id-cert.pub)
	assert_line --partial "echo '$line' > ~/.ssh/id-cert.pub"
	assert_line --partial 'ssh -i ~/.ssh/id -p PORT root@HOST'
	assert_line --partial 'Windows (PowerShell):'
	assert_line --partial "Set-Content -Path \$env:USERPROFILE\\.ssh\\id-cert.pub -Value '$line'"
	run -0 client_ssh -o "CertificateFile=$DIR/id-cert.pub" -- id -un
	assert_output root
	run -0 "$SSHINIT" --check id-cert.pub
	assert_output --regexp 'valid for (6 hours|5 hours 59 minutes) more, until 20[0-9-]+ [0-9:]+ UTC; identity "alice", serial 1, for root'
	run -0 certify --identity alice --principal root id.pub
	assert_line --regexp '^still valid: '
	[[ $(cat ca.serial) == 1 ]]
	# Another wish is another certificate.
	for wish in '--identity bob --principal root' '--identity bob --principal ann' \
		'--identity bob --principal ann --no-forwarding' '--identity bob --principal ann --no-forwarding --again'; do
		# shellcheck disable=SC2086
		run -0 certify $wish id.pub
		refute_output --partial 'still valid'
	done
	run -0 cut -f 1,3,4 ca.issued
	assert_line --index 0 $'1\talice\troot'
	assert_line --index 4 $'5\tbob\tann'
	# And what the limit forbids.
	run -64 certify --identity alice --principal root --hours 7 id.pub
	assert_output --partial 'from 1 to 6 (the limit is certificate-hours)'
	run -0 certify --identity alice --principal root --hours 1 --again id.pub
	run -0 "$SSHINIT" --certificate-hours=48 --certify --ca ca --identity alice --principal root --hours 48 --again id.pub
	run -64 certify --identity alice id.pub
	run -1 certify --identity alice --principal root "$CA"
	cat id.pub "$CA.pub" >two.pub
	run -1 certify --identity alice --principal root two.pub
	assert_output --partial 'more than one key'
	sed 's/^/no-pty /' id.pub >options.pub
	run -1 certify --identity alice --principal root options.pub
	assert_output --partial 'options in front of the key'
	run -1 "$SSHINIT" --certify --ca not-there --identity alice --principal root id.pub
	assert_output --partial 'not-there: this cannot be done with the CA: no such file'
	assert_not_exists not-there.serial
}

@test "every refusal is explained: by the log, and by --check of the file" {
	local n=0
	pod_box WORD=1
	# row NAME LOG CHECK SSH-KEYGEN-OPTION...
	row() {
		local name=$1 log=$2 check=$3
		shift 3
		sign "$name" "$@"
		run -255 with "$name" -- true
		in_log "$log"
		run -1 in_box "$SSHINIT" --check "$DIR/id-$name-cert.pub"
		assert_output --partial "$check"
		assert_output --partial 'fix: '
		n=$((n + 1))
	}
	row expired 'certificate does not count here.*is over' 'this certificate is over: no longer valid: it ended at' -n root -V -2h:-1h
	row early 'is not valid yet' 'this certificate does not count yet: not valid yet: from' -n root -V +1h:+2h
	row name 'does not carry the name that root asks for' 'it carries ann, eve, and here root may log in' -n ann,eve -V -1m:+1h
	row nobody 'does not carry the name' 'it carries none' -V -1m:+1h
	SIGNER=$(key ed25519-eve) row ca 'which this pod does not trust' 'the CA that signed this certificate is not trusted here' -n root -V -1m:+1h
	row host "client's key is not among\|certificate" 'this is the certificate of a server' -h -n root -V -1m:+1h
	((n == 6))
	run in_box "$SSHINIT" --check --json "$DIR/id-expired-cert.pub" "$DIR/id-early-cert.pub" "$DIR/id-name-cert.pub" \
		"$DIR/id-ca-cert.pub" "$DIR/id-host-cert.pub"
	for code in cert-expired cert-early cert-principal cert-authority cert-host; do
		assert_output --partial "\"code\": \"$code\""
	done
	sign good -n root -V -1m:+1h
	run -0 with good -- true
	run -0 in_box "$SSHINIT" --check "$DIR/id-good-cert.pub"
}

@test "a certificate where a key or the CA belongs is named, with the right thing to paste" {
	certify --identity alice --principal root id.pub >/dev/null
	run -1 env PUBLIC_KEY="$(cat id-cert.pub)" "$SSHINIT" --check
	assert_output --partial 'this is a certificate, which no key list can hold'
	assert_output --partial 'paste the .pub file without -cert in its name'
	run -1 env SSHINIT_USER_CA="$(cat id-cert.pub)" "$SSHINIT" --check
	assert_output --partial 'this CA key cannot be used: this is a certificate, and not the key of the CA that signed it'
	assert_output --partial "give the CA's public key"
	run -1 env SSHINIT_USER_CA="$(cat "$CA")" "$SSHINIT" --check
	assert_output --partial 'PRIVATE key'
}

@test "revoked: by serial, range and file; refused and explained; 10,000 cost a login nothing" {
	local i none many pids=()
	pod_box SSHINIT_REVOKED_KEYS="$CA.krl"
	run -0 cat log
	assert_output --partial 'the list of revoked keys cannot be read'
	certify --revoke 999999 >/dev/null
	certify --identity alice --principal root id.pub >/dev/null
	cp id-cert.pub id-one-cert.pub
	poll 5 with one -- true
	# median: of a few logins, in microseconds.
	median() {
		local i start
		for i in {1..7}; do
			start=${EPOCHREALTIME/./}
			with one -- true
			echo $((${EPOCHREALTIME/./} - start))
		done | sort -n | sed -n 4p
	}
	cp ca.krl few.krl
	run -0 certify --revoke 1000-10999
	for i in {20000..20400..2}; do echo "serial: $i"; done >serials
	ssh-keygen -q -k -u -f ca.krl -s ca.pub serials
	cp ca.krl many.krl
	# Compared again where the machine was busy with something else meanwhile.
	costs_nothing() {
		cp few.krl ca.krl
		none=$(median)
		cp many.krl ca.krl
		many=$(median)
		echo "a login: $none us with nothing revoked, $many us with 10,000" >cost
		((many < none * 2))
	}
	poll 10 costs_nothing
	echo "# $(cat cost)" >&3
	run -0 certify --revoke 1
	assert_output --partial "revoked   1 in $CA.krl"
	run -255 with one -- true
	in_log 'has been revoked'
	run -1 in_box "$SSHINIT" --check "$DIR/id-one-cert.pub"
	assert_output --partial 'this certificate has been revoked'
	# --certify does not show a revoked one as still valid.
	run -0 certify --identity alice --principal root id.pub
	refute_output --partial 'still valid'
	run -0 client_ssh -o "CertificateFile=$DIR/id-cert.pub" -- true
	certify --revoke id-cert.pub
	run -255 client_ssh -o "CertificateFile=$DIR/id-cert.pub" -- true
	run -1 certify --revoke nonsense
	assert_output --partial 'neither a file nor a serial number'
	# Eight at once, and none is lost.
	for i in {31..38}; do
		certify --revoke "$i" >/dev/null &
		pids+=($!)
	done
	wait "${pids[@]}"
	for i in {31..38}; do
		ssh-keygen -q -s ca -I x -n root -z "$i" -V +1h id.pub
		run -1 ssh-keygen -Q -f ca.krl id-cert.pub
	done
}

@test "serials rise, also with eight at once" {
	local i pids=()
	for i in {1..8}; do
		cp id.pub "key$i.pub"
		certify --identity alice --principal root "key$i.pub" >/dev/null &
		pids+=($!)
	done
	wait "${pids[@]}"
	run -0 cat ca.serial
	assert_output 8
	[[ $(cut -f 1 ca.issued | sort -n | tr '\n' ' ') == '1 2 3 4 5 6 7 8 ' ]]
}

@test "a certificate that is there is shown again only where it is what was asked for, and serves" {
	alice() { run -0 certify --identity alice --principal root "$@"; }
	made_anew() {
		alice "$@" id.pub
		refute_output --partial 'still valid: '
	}
	alice id.pub
	alice id.pub
	assert_line --regexp '^still valid: id-cert.pub'
	# Of another CA, of another key, one that is over, for more than was asked, of a host.
	ssh-keygen -q -t ed25519 -N '' -f other
	ssh-keygen -q -s other -I alice -n root -V -1m:+1h id.pub
	made_anew
	cp id-cert.pub other-cert.pub
	alice other.pub
	refute_output --partial 'still valid: '
	ssh-keygen -q -s "$CA" -I alice -n root -V -2h:-1h id.pub
	made_anew
	ssh-keygen -q -s "$CA" -I alice -n root,ann -V -1m:+1h id.pub
	made_anew
	ssh-keygen -q -s "$CA" -h -I alice -n root -V -1m:+1h id.pub
	made_anew --no-forwarding
}

@test "the lines to paste hold whatever the key's file is called" {
	local name="my \$(id) key's"
	mkdir .ssh
	mv id.pub "$name.pub"
	run -0 certify --identity alice --principal root "$name.pub"
	HOME=$DIR bash -c "$(grep '^  echo ' <<<"$output")"
	assert_equal "$(cat ".ssh/$name-cert.pub")" "$(cut -d ' ' -f 1,2 "$name-cert.pub")"
	assert_line --partial "-Path \"\$env:USERPROFILE\\.ssh\\my \`\$(id) key's-cert.pub\" -Value"
}

@test "what cannot be signed or revoked is refused, and no serial is used up" {
	local name
	for name in -root 'root,ann' 'two words' 'a"b' ''; do
		run -64 certify --identity alice --principal "$name" id.pub
		run -64 certify --identity "$name" --principal root id.pub
	done
	run -64 certify --identity alice --principal root --hours 0 id.pub
	run -64 certify --identity alice --principal root id.pub id.pub
	assert_not_exists ca.serial
	for name in '1x' -1 ''; do
		run -1 certify --revoke "$name"
		assert_output --partial 'neither a file nor a serial number'
	done
	assert_not_exists ca.krl
	# While another takes a number, nobody takes one.
	exec 9>>ca.serial
	flock 9
	run -124 timeout 2 "$SSHINIT" --certify --ca "$CA" --identity alice --principal root id.pub </dev/null
	exec 9>&-
	assert_not_exists id-cert.pub
	certify --identity alice --principal root id.pub >/dev/null
	run -0 cat ca.serial
	assert_output 1
}

@test "a CA that only an agent holds" {
	eval "$(ssh-agent -s)" >/dev/null 3>&-
	ssh-add -q "$CA"
	rm "$CA"
	pod_box WORD=1
	run -0 certify --identity alice --principal root id.pub
	run -0 client_ssh -o "CertificateFile=$DIR/id-cert.pub" -- true
	run -0 "$SSHINIT" --certify --ca "$CA.pub" --identity eve --principal root id.pub
	assert_output --partial 'Serial: 2'
	ssh-add -q -D
	run -1 certify --identity bob --principal root id.pub
	assert_output --partial 'ssh-keygen did not sign'
}

@test "--ca-init makes a CA that others cannot read, and offers a passphrase" {
	run -0 "$SSHINIT" --certify --ca-init --ca "$DIR/new" </dev/null
	assert_output --partial 'SSHINIT_USER_CA="$(cat'
	run -0 stat -c %a new
	assert_output 400
	run -1 "$SSHINIT" --certify --ca-init --ca "$DIR/new" </dev/null
	assert_output --partial 'it exists already'
	# On a terminal it asks, and then asks for it at each signature.
	cat >terminal <<-'END'
		import os, pty, sys
		answers = sys.argv[1].split(",")
		said = b""
		def read(fd):
		    global said
		    data = os.read(fd, 1024)
		    said += data
		    if b"passphrase" in said.lower() and said.rstrip().endswith(b":") and answers:
		        os.write(fd, answers.pop(0).encode() + b"\n")
		        said = b""
		    return data
		sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[2:], read)))
	END
	run -0 /usr/bin/python3 terminal secret1,secret1 "$SSHINIT" --certify --ca-init --ca "$DIR/locked" </dev/null
	assert_output --partial 'passphrase'
	run ! ssh-keygen -y -P '' -f locked
	run -0 /usr/bin/python3 terminal secret1 "$SSHINIT" --certify --ca "$DIR/locked" --identity a --principal root id.pub </dev/null
	run -0 ssh-keygen -L -f id-cert.pub
	assert_output --partial "$(ssh-keygen -lf locked.pub | cut -d ' ' -f 2)"
}

@test "principals: the user's own name, those of a setting, those of a user's section" {
	need_engine
	local image
	image=$(image_from bookworm-ssh <<-'END'
		RUN useradd -m -s /bin/bash ann && useradd -m -s /bin/bash ben && printf '[user ben]\nprincipals = developers,ops\n' >/etc/sshinit.ini
	END
	)
	pod_start --image "$image" -e SSHINIT_USER=root,ann,ben -e SSHINIT_USER_CA="$(cat ca.pub)" -- sleep infinity
	pod_wait_port
	sign root -n root -V -1m:+1h
	sign ann -n ann -V -1m:+1h
	sign ben -n ben -V -1m:+1h
	sign dev -n developers -V -1m:+1h
	local name user
	for name in root:root ann:ann dev:ben; do
		run -0 with "${name%:*}" --user "${name#*:}" -- id -un
		assert_output "${name#*:}"
	done
	for name in root:ann ann:root ben:ben dev:root dev:ann; do
		run -255 with "${name%:*}" --user "${name#*:}" -- true
	done
	pod_start -e SSHINIT_PRINCIPALS=everybody -e SSHINIT_USER_CA="$(cat ca.pub)" -- sleep infinity
	pod_wait_port
	sign all -n everybody -V -1m:+1h
	run -0 with all -- true
	run -255 with root -- true
}

@test "forced options are honoured: a command, an address, no terminal, no forwarding" {
	pod_box WORD=1
	sign command -n root -V -1m:+1h -O force-command='echo forced'
	run -0 with command -- id
	assert_output forced
	sign here -n root -V -1m:+1h -O source-address=127.0.0.0/8
	run -0 with here -- true
	sign there -n root -V -1m:+1h -O source-address=10.9.8.7
	run -255 with there -- true
	sign pty -n root -V -1m:+1h -O no-pty
	run with pty -tt -- tty
	refute_output --partial /dev/pts
	certify --identity alice --principal root --no-forwarding id.pub >/dev/null
	cp id-cert.pub id-plain-cert.pub
	run -0 with plain -tt -- tty
	assert_output --partial /dev/pts
	run -255 with plain -W 127.0.0.1:22 --
	assert_output --regexp 'administratively prohibited|forwarding failed'
	poll 10 grep -q 'forward to "127.0.0.1 port 22": a port forward was refused: .*; fix: sign' "$DIR/log"
	check_tells() { in_box "$SSHINIT" --check --json | grep -q '"code": "refused-forward"'; }
	poll 5 check_tells
	run -0 in_box "$SSHINIT" --check "$DIR/id-plain-cert.pub"
	assert_output --partial 'no port forwarding, no agent forwarding, no X11'
	assert_output --partial 'this certificate forbids port forwarding'
	run in_box "$SSHINIT" --check --json "$DIR/id-plain-cert.pub"
	assert_output --partial '"code": "cert-forwarding"'
	certify --revoke 1
	run -1 "$SSHINIT" --user-ca "$(cat ca.pub)" --revoked-keys "$DIR/ca.krl" --check --json "$DIR/id-plain-cert.pub"
	assert_output --partial '"code": "cert-revoked"'
}

@test "a host certificate is presented, and a client that trusts the CA asks nothing" {
	ssh-keygen -q -t ed25519 -N '' -f host
	ssh-keygen -q -s "$CA" -h -I pod -n pod.example -V -1m:+52w host.pub
	pod_box SSHINIT_HOST_KEY="$DIR/host" SSHINIT_HOST_CERT="$DIR/host-cert.pub" PUBLIC_KEY="$(key_pub ed25519)"
	printf '@cert-authority * %s\n' "$(cat ca.pub)" >known
	# The bed's own client pins keys, so ssh is called by hand.
	trusting() {
		nsenter -t "$BOX" -n ssh -F none -i id -o IdentitiesOnly=yes -o IdentityAgent=none -o BatchMode=yes \
			-o UserKnownHostsFile="$DIR/known" -o GlobalKnownHostsFile=none -o StrictHostKeyChecking=yes \
			-o HostKeyAlias="$1" root@127.0.0.1 id -un 3>&-
	}
	run -0 trusting pod.example
	assert_output root
	run -255 trusting other.example
}

@test "a host certificate that sshd would not present is named, and the pod starts" {
	ssh-keygen -q -t ed25519 -N '' -f host
	ssh-keygen -q -s "$CA" -h -I pod -n pod.example -V -1m:+52w host.pub
	cp id.pub other.pub
	ssh-keygen -q -s "$CA" -h -I pod -n pod.example -V -1m:+52w other.pub
	sign user -n root -V -1m:+1h
	cp host.pub old.pub
	ssh-keygen -q -s "$CA" -h -I pod -n pod.example -V -2h:-1h old.pub
	local file words
	while IFS='|' read -r file words; do
		pod_box SSHINIT_HOST_KEY="$DIR/host" SSHINIT_HOST_CERT="$DIR/$file" PUBLIC_KEY="$(key_pub ed25519)"
		pod_wait_login
		in_log "error: SSHINIT_HOST_CERT: the given host certificate cannot be used: $words"
		[[ $(grep -c 'host certificate cannot be used' "$DIR/log") == 1 ]]
		run -1 in_box env SSHINIT_HOST_KEY="$DIR/host" SSHINIT_HOST_CERT="$DIR/$file" "$SSHINIT" --check
		assert_output --partial "$words"
		box_stop
	done <<-'END'
		nowhere|No such file
		host.pub|there is no certificate in it
		id-user-cert.pub|it is a user's, not a host's
		other-cert.pub|it is for another key
		old-cert.pub|no longer valid
	END
	run -1 env SSHINIT_HOST_CERT="$DIR/host-cert.pub" PUBLIC_KEY="$(key_pub ed25519)" "$SSHINIT" --check
	assert_output --partial 'there is no host-key beside it'
}

@test "a list of revoked keys, or a file of CAs, that is a directory is named" {
	mkdir list
	run -1 env SSHINIT_REVOKED_KEYS="$DIR/list" PUBLIC_KEY="$(key_pub ed25519)" "$SSHINIT" --check
	assert_output --partial 'the list of revoked keys cannot be read, so sshd lets nobody in: Is a directory'
	run -1 env SSHINIT_USER_CA_FILE="$DIR/list" PUBLIC_KEY="$(key_pub ed25519)" "$SSHINIT" --check
	assert_output --partial 'cannot be read: Is a directory'
	refute_output --partial 'this CA key cannot be used'
}

@test "a CA in a file is followed; taken out of it, its certificates are out" {
	pod_box SSHINIT_USER_CA= SSHINIT_USER_CA_FILE="$CA.pub" PUBLIC_KEY="$(key_pub ed25519-key)"
	sign good -n root -V -1m:+1h
	run -0 with good -- true
	# By accident nobody is shut out.
	cp ca.pub saved.pub
	: >ca.pub
	in_log 'ca.pub: this source has gone bad, so the keys it had stay in force: no usable CA in it'
	run -0 with good -- true
	rm ca.pub
	in_log 'ca.pub: this source has gone bad.*No such file'
	run -0 with good -- true
	cp saved.pub ca.pub
	key_pub ed25519-eve >new.pub
	mv new.pub ca.pub
	refused() { ! with good -- true; }
	poll 3 refused
	SIGNER=$(key ed25519-eve) sign eve -n root -V -1m:+1h
	run -0 with eve -- true
	echo '# none' >ca.pub
	gone() { ! with eve -- true; }
	poll 3 gone
}

@test "with a certificate, directly and through a jump host: scp, sftp, forwards, an agent, what VS Code does" {
	need_engine
	local a way
	local -a jump
	certify --identity alice --principal root id.pub >/dev/null
	cp id-cert.pub id-all-cert.pub
	pod_start -e SSHINIT_USER_CA="$(cat ca.pub)" -- sleep infinity
	pod_wait_port
	a=$POD_HOST
	pod_start -e SSHINIT_USER_CA="$(cat ca.pub)" -- sleep infinity
	pod_wait_port
	head -c 3000000 /dev/urandom >file
	for way in direct jump; do
		jump=(-o "CertificateFile=$DIR/id-all-cert.pub")
		if [[ $way == jump ]]; then
			printf 'Host *\nUser root\nIdentityFile %s\nCertificateFile %s\nIdentitiesOnly yes\nStrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\n' \
				"$DIR/id" "$DIR/id-all-cert.pub" >config
			jump+=(-o "ProxyCommand=ssh -F $DIR/config -W %h:%p $a")
		fi
		run -0 client_ssh "${jump[@]}" -- id -un
		assert_output root
		client_scp "${jump[@]}" -- file pod:/tmp/there
		client_sftp "${jump[@]}" <<<"get /tmp/there back"
		cmp file back
		client_scp -O "${jump[@]}" -- pod:/tmp/there back-by-rcp
		cmp file back-by-rcp
		# A local forward, by the pod's own sshd at its other end.
		client_ssh "${jump[@]}" -o ExitOnForwardFailure=yes -L "$DIR/sock-$way:127.0.0.1:22" -- 'sleep 200' &
		local forward=$!
		poll 10 test -S "$DIR/sock-$way"
		run -0 /usr/bin/python3 -c 'import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print(s.recv(8).decode())' "$DIR/sock-$way"
		assert_output SSH-2.0-
		kill "$forward"
		run -0 client_ssh "${jump[@]}" -R 127.0.0.1:7000:127.0.0.1:1 -o ExitOnForwardFailure=yes -- true
		# VS Code: a shell on standard input, then a dynamic forward to a server on loopback.
		run -0 client_ssh "${jump[@]}" -T -D "$DIR/socks-$way" -- bash <<-'END'
			mkdir -p ~/.vscode-server && cd ~/.vscode-server && uname -sm && echo "listening:$PWD"
		END
		assert_output --partial 'listening:/root/.vscode-server'
	done
}
