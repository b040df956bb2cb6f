#!/usr/bin/env bats
# sshinit --config-ssh and the files of the user: what is kept, what is asked, what is refused.

bats_require_minimum_version 1.5.0
load ../lib/bed

setup() {
	need ssh:openssh-client
	export HOME=$BATS_TEST_TMPDIR/home
	mkdir -p "$HOME/.ssh"
	chmod 700 "$HOME/.ssh"
	CONF=$HOME/.ssh/config
	printf 'Host x\n\tUser y\n\nHost *\n\tUser bob\n' >"$CONF"
	cp "$CONF" "$HOME/before"
}

add() {
	"$SSHINIT" --config-ssh mypod --offline --yes --host 1.2.3.4 --user root "$@"
}

# refused STATUS WORDS COMMAND...: fails with that status, says WORDS on standard error, writes nothing
refused() {
	local status_wanted=$1 words=$2 before
	shift 2
	before=$(cd "$HOME/.ssh" && find . -type f -exec md5sum {} + | sort)
	run --separate-stderr "$@"
	assert_equal "$status" "$status_wanted"
	[[ $stderr == *"$words"* ]] || fail "said: $stderr"
	assert_equal "$(cd "$HOME/.ssh" && find . -type f -exec md5sum {} + | sort)" "$before"
}

@test "a fresh home gets ~/.ssh 0700 and the file 0600" {
	rm -rf "$HOME/.ssh"
	umask 0
	run -0 add
	assert_equal "$(stat -c %a "$HOME/.ssh" "$CONF" | xargs)" '700 600'
	run -0 ls -A "$HOME/.ssh"
	assert_output config
}

@test "under sudo, what is new in a user's home is the user's" {
	((!EUID)) || skip 'needs root'
	chown 1234:4321 "$HOME"
	rm -rf "$HOME/.ssh"
	run -0 add
	assert_equal "$(stat -c %u:%g "$HOME/.ssh" "$CONF" | xargs)" '1234:4321 1234:4321'
	rm "$CONF"
	run -0 add
	assert_equal "$(stat -c %u:%g "$CONF")" 1234:4321
}

@test "mode, owner and symbolic link are kept, and the old file stands beside it" {
	mkdir "$HOME/dots"
	mv "$CONF" "$HOME/dots/ssh_config"
	ln -s ../dots/ssh_config "$CONF"
	chmod 640 "$HOME/dots/ssh_config"
	((EUID)) || chown 1234:4321 "$HOME/dots/ssh_config"
	owner=$(stat -c %a:%u:%g "$HOME/dots/ssh_config")
	run -0 add
	assert_link_exists "$CONF"
	assert_equal "$(readlink "$CONF")" ../dots/ssh_config
	assert_equal "$(stat -c %a:%u:%g "$HOME/dots/ssh_config")" "$owner"
	run -0 cmp "$HOME/before" "$CONF.bak"
	assert_equal "$(stat -c %a:%u:%g "$CONF.bak")" "$owner"
	run -0 grep -c 'Host mypod' "$HOME/dots/ssh_config"
}

@test "a symbolic link to a file that is not there yet" {
	rm "$CONF"
	mkdir "$HOME/dots"
	ln -s "$HOME/dots/new" "$CONF"
	run -0 add
	assert_link_exists "$CONF"
	assert_file_exists "$HOME/dots/new"
}

@test "the same again changes nothing" {
	run -0 add
	before=$(stat -c %i:%y "$CONF")
	run -0 add
	assert_output 'No changes to make.'
	run -0 "$SSHINIT" --config-ssh mypod --offline
	assert_output 'No changes to make.'
	assert_equal "$(stat -c %i:%y "$CONF")" "$before"
}

@test "--diff and --dry-run write nothing, and patch understands what they say" {
	run -1 --separate-stderr add --diff
	printf '%s\n' "$output" >"$HOME/diff"
	run -0 cmp "$HOME/before" "$CONF"
	if command -v patch >/dev/null; then
		run -0 patch -o "$HOME/patched" "$CONF" "$HOME/diff"
	fi
	run -0 add --dry-run
	assert_output --partial '+Host mypod'
	run -0 cmp "$HOME/before" "$CONF"
	assert_file_not_exists "$CONF.bak"
	run -0 add
	[[ ! -e $HOME/patched ]] || run -0 cmp "$HOME/patched" "$CONF"
	run -0 add --diff
	assert_output ''
}

@test "without a terminal nothing is written unless --yes is said" {
	refused 1 'add --yes' "$SSHINIT" --config-ssh mypod --offline --host h </dev/null
}

@test "on a terminal it asks, showing what it would write" {
	need script:bsdutils
	run script -qec "'$SSHINIT' --config-ssh mypod --offline --host h" /dev/null <<<n
	assert_output --partial '+Host mypod'
	assert_output --partial 'Write this? [y/N]'
	run -0 cmp "$HOME/before" "$CONF"
	run script -qec "'$SSHINIT' --config-ssh mypod --offline --host h" /dev/null <<<y
	run -0 grep -c 'Host mypod' "$CONF"
}

@test "the options of the last run" {
	run -0 add --port 7 --identity '/k/my key' --ssh-option ForwardAgent=yes --ssh-option ServerAliveInterval=
	run -0 grep '^# pod mypod:' "$CONF"
	assert_output "# pod mypod: --host 1.2.3.4 --port 7 --user root --identity '/k/my key' --ssh-option ForwardAgent=yes --ssh-option ServerAliveInterval="
	# a pod that moved: a new address, all else as it was
	run -0 "$SSHINIT" --config-ssh mypod --offline --yes --use-previous-options --from 'ssh root@5.6.7.8 -p 9'
	run -0 ssh -G -F "$CONF" mypod
	assert_line 'hostname 5.6.7.8'
	assert_line 'port 9'
	assert_line 'identityfile /k/my key'
	assert_line 'forwardagent yes'
	assert_line 'serveraliveinterval 0'
	# without, the options given are all there are
	run -0 "$SSHINIT" --config-ssh mypod --offline --yes --from 'ssh root@5.6.7.8 -p 9'
	run -0 ssh -G -F "$CONF" mypod
	assert_line 'forwardagent no'
}

@test "a malformed file is refused with its line numbers" {
	local b='# BEGIN sshinit' e='# END sshinit'
	printf 'a\n%s\n%s\nb\n%s\n%s\n' "$b" "$e" "$b" "$e" >"$CONF"
	refused 1 'from line 2 to line 3, one from line 5' add
	printf 'a\n%s\n' "$e" >"$CONF"
	refused 1 'the end on line 2 has no start' add
	printf 'a\n\n%s\nb\n' "$b" >"$CONF"
	refused 1 'the start on line 3 has no end' add
	printf '%s\nx\n%s\n' "$e" "$b" >"$CONF"
	refused 1 'the end on line 1 has no start' add
	printf '%s\n%s\n%s\n' "$b" "$b" "$e" >"$CONF"
	refused 1 'the start on line 1 has no end: another start follows on line 2' add
	refused 1 'line 1' "$SSHINIT" --config-ssh --remove mypod --yes
	refused 1 'line 1' "$SSHINIT" --config-ssh --list
}

@test "files that cannot be used are refused" {
	rm "$CONF" && mkdir "$CONF"
	refused 1 'a directory' add
	rmdir "$CONF" && mkfifo "$CONF"
	refused 1 'not a regular file' timeout 60 "$SSHINIT" --config-ssh mypod --offline --yes --host h
	rm "$CONF" && printf 'Host a\0b\n' >"$CONF"
	refused 1 'a NUL byte' add
	rm "$CONF" && ln -s config "$CONF"
	refused 1 'symbolic links' add
	rm "$CONF"
	refused 1 'No such file' add --ssh-config-file "$HOME/no/such/directory/config"
}

# as COMMAND...: as an ordinary user, whom permissions bind
as() {
	local program=("$@")
	((EUID)) && { "$@"; return; }
	cp "$SSHINIT" "$HOME/sshinit"
	chmod 755 "$BATS_TEST_TMPDIR" "$HOME" "$HOME/sshinit"
	program[0]=$HOME/sshinit
	setpriv --reuid 12345 --regid 12345 --clear-groups "${program[@]}"
}

@test "permissions that forbid it are refused" {
	((EUID)) || {
		[[ $(stat -c %A "${BATS_TEST_TMPDIR%/*/*/*}") == *x ]] || chmod a+x "${BATS_TEST_TMPDIR%/*/*/*}"
		chmod a+x "${BATS_TEST_TMPDIR%/*/*}" "${BATS_TEST_TMPDIR%/*}"
		chown -R 12345:12345 "$HOME/.ssh"
	}
	chmod 0 "$CONF"
	run as "$SSHINIT" --config-ssh mypod --offline --yes --host h
	assert_equal "$status" 1
	assert_output --partial 'Permission denied'
	chmod 400 "$CONF"
	run as "$SSHINIT" --config-ssh mypod --offline --yes --host h
	assert_equal "$status" 1
	assert_output --partial 'cannot be written'
	chmod 600 "$CONF"
	chmod 500 "$HOME/.ssh"
	run as "$SSHINIT" --config-ssh mypod --offline --yes --host h
	assert_equal "$status" 1
	assert_output --partial 'nothing can be written in'
	chmod 700 "$HOME/.ssh"
	run -0 cmp "$CONF" "$HOME/before"
	run -0 as "$SSHINIT" --config-ssh mypod --offline --yes --host h
}

@test "names that are no names are refused" {
	local name
	for name in 'my pod' 'my*' 'a?' '!a' '' '.a' 'a/b' $'a\nb' 'a"b' "a'b" 'a#b' 'a,b' 'ä' '%h' '$(id)'; do
		refused 64 name "$SSHINIT" --config-ssh "$name" --offline --yes --host h
	done
	refused 64 '' "$SSHINIT" --config-ssh --offline --yes --host h -pod
	refused 64 "cannot begin with '-'" "$SSHINIT" --config-ssh --offline --yes --host h -- -pod
	refused 64 'name of the pod is missing' "$SSHINIT" --config-ssh --yes --host h
	refused 64 'one name is enough' "$SSHINIT" --config-ssh a b --yes --host h
}

@test "ports, hosts, users, jumps and options that cannot be are refused" {
	local each
	for each in 0 65536 -1 22x '' ' 22' 1e3 99999999999999999999 0x16; do
		refused 64 'a port is a number' add --port "$each"
	done
	for each in '-oProxyCommand=id' 'a b' 'a;b' $'a\nb' '' '$(id)' '%h' 'h/x'; do
		refused 64 '' add --host "$each"
	done
	for each in -l 'a b' 'a;b' '$(id)' $'x\ny' '' '`id`' '"'; do
		refused 64 '' add --user "$each"
		refused 64 '' add --jump "$each@gate"
	done
	for each in '-oProxyCommand=id' 'gate:0' 'gate:70000' 'a b' '' 'gate,' 'gate,-x' $'gate\nHost *'; do
		refused 64 '' add --jump "$each"
	done
	for each in $'/k\nProxyCommand id' $'/k\r' '-k' ''; do
		refused 64 '' add --identity "$each"
	done
	for each in NoValue =x 'Proxy Command=id' $'A=b\nProxyCommand id' Host=x Match=all Include=/etc/passwd \
		'host=x'; do
		refused 64 '' add --ssh-option "$each"
	done
	refused 64 'no such option' add --no-such-option
	refused 64 'did you mean --identity?' add --identiy=/k
	refused 64 'it takes no value' add --dry-run=yes
	refused 64 'value is missing' add --ssh-option
	refused 64 '' add --dry-run=yes
}

@test "an option that ssh does not know is refused, for it would stop every ssh" {
	refused 1 'ssh does not accept the configuration: Bad configuration option: nosuchoption' add --ssh-option NoSuchOption=1
	refused 1 'ssh does not accept' add --ssh-option ServerAliveInterval=soon
	refused 1 'ssh does not accept' add --ssh-option 'SetEnv="A=1'
}

@test "a configuration that ssh refuses already: its line is named, and ours is judged alone" {
	printf 'Host *\n\tUseKeychain yes\n' >"$CONF"
	refused 1 'Bad configuration option: nosuchoption' add --ssh-option NoSuchOption=1
	run -0 --separate-stderr "$SSHINIT" --config-ssh mypod --yes --host 127.0.0.1 --port 1
	[[ $stderr == *"$CONF: ssh does not accept the configuration: line 2: Bad configuration option: usekeychain"* ]]
	[[ $stderr != */proc/* ]]
	run -0 grep -c 'Host mypod' "$CONF"
}

@test "an identity file named as seen from here is named as seen from everywhere" {
	mkdir "$HOME/keys"
	ssh-keygen -q -t ed25519 -N '' -f "$HOME/keys/key.pem"
	cd "$HOME/keys"
	run -0 --separate-stderr "$SSHINIT" --config-ssh mypod --offline --yes --from 'ssh -i "key.pem" ubuntu@ec2.example'
	assert_equal "$stderr" ''
	assert_equal "$(ssh -G -F "$CONF" mypod | sed -n 's/^identityfile //p')" "$HOME/keys/key.pem"
	add --identity ./key.pem
	assert_equal "$(ssh -G -F "$CONF" mypod | sed -n 's/^identityfile //p')" "$HOME/keys/key.pem"
}

@test "injections in a pasted line are refused" {
	local line
	for line in \
		'ssh -oProxyCommand=id root@h' \
		'me@host:~$ ssh -oProxyCommand=id root@h' \
		$'ssh root@h \\\n-oProxyCommand=id' \
		$'ssh root@h \u2013oProxyCommand=id' \
		$'ssh root@h\nProxyCommand id' \
		'"ssh root@h; id"' \
		'id; $ ssh root@h' \
		'ssh -o ProxyCommand=id root@h' \
		"ssh -o 'proxycommand id' root@h" \
		'ssh -o LocalCommand=id -o PermitLocalCommand=yes root@h' \
		'ssh -o KnownHostsCommand=/bin/id root@h' \
		'ssh -o PKCS11Provider=/tmp/x.so root@h' \
		'ssh -o SecurityKeyProvider=/tmp/x.so root@h' \
		'ssh -o RemoteCommand=id root@h' \
		'ssh -o Include=/tmp/x root@h' \
		'ssh -F /tmp/x root@h' \
		'ssh -I /tmp/x.so root@h' \
		'ssh -E /tmp/log root@h' \
		'ssh -S /tmp/s root@h' \
		'ssh -R 22:localhost:22 root@h' \
		'ssh -W a:1 root@h' \
		'ssh -w 0:0 root@h' \
		'ssh -- -oProxyCommand=id' \
		'ssh root@-oProxyCommand=id' \
		'ssh -l -oProxyCommand=id h' \
		'ssh -J -oProxyCommand=id root@h' \
		'ssh root@h; id' 'ssh root@h | id' 'ssh root@h && id' 'ssh root@h & id' 'ssh root@h > /tmp/x' \
		'ssh root@h $(id)' 'ssh root@h `id`' 'ssh -i "$(id)" root@h' 'ssh -i $KEY root@h' \
		$'ssh root@h\nHost *' $'ssh root@h\rid' $'ssh root@h -i "/k\nProxyCommand id"' $'ssh root@h \e[2J' \
		'ssh root@h id' 'ssh root@h other@h' 'ssh' '' '   ' 'ssh -p' 'ssh -p 0 root@h' 'ssh -p x root@h' \
		"ssh 'root@h" 'rm -rf /' 'curl https://example.org' 'https://example.org/' 'ssh -i -x root@h' \
		"rsync -e 'sh -c id' a root@h:/b" "rsync -e 'ssh -oProxyCommand=id' a root@h:/b" \
		'scp -S /tmp/x a root@h:/b' 'ssh -L /tmp/s:/tmp/t root@h' 'ssh -p 22 -o' 'ssh --proxy root@h'; do
		refused 64 'sshinit: ' "$SSHINIT" --config-ssh mypod --offline --yes --from "$line"
	done
}

@test "what is wrong with an identity file is said" {
	ssh-keygen -q -t ed25519 -N '' -f "$HOME/key"
	run -0 --separate-stderr add --identity "$HOME/key.pub" --dry-run
	[[ $stderr == *'that is the public key'* ]]
	chmod 644 "$HOME/key"
	run -0 --separate-stderr add --identity '~/key' --dry-run
	[[ $stderr == *'others may read it'*'chmod 600'* ]]
	run -0 --separate-stderr add --identity '~/nokey' --dry-run
	[[ $stderr == *'No such file'* ]]
	run -0 --separate-stderr add --identity 'C:\k' --dry-run
	[[ $stderr == *'a path of Windows'* ]]
	run -0 --separate-stderr add --identity "$HOME" --dry-run
	[[ $stderr == *'it is a directory'* && $stderr != *chmod* ]]
	cp "$HOME/key" "$HOME/my key" && chmod 644 "$HOME/my key"
	run -0 --separate-stderr add --identity "$HOME/my key" --dry-run
	[[ $stderr == *"chmod 600 '$HOME/my key'"* ]]
	chmod 600 "$HOME/key"
	run -0 --separate-stderr add --identity "$HOME/key" --dry-run
	assert_equal "$stderr" ''
}

@test "another part of the configuration that speaks of the name is pointed out" {
	printf 'Host mypod\n\tUser bob\n' >>"$CONF"
	run -0 --separate-stderr add
	[[ $stderr == *'line 6 has a Host mypod of its own'* ]]
}

@test "--remove of a name that is not there" {
	refused 1 'no such pod' "$SSHINIT" --config-ssh --remove other --yes
	refused 1 'address is not known' "$SSHINIT" --config-ssh mypod --yes
}

@test "a file that changed while the question stood is not overwritten" {
	need script:bsdutils
	mkfifo "$HOME/answer"
	script -qec "'$SSHINIT' --config-ssh mypod --offline --host h" /dev/null <"$HOME/answer" >"$HOME/said" 3>&- &
	exec 9>"$HOME/answer"
	poll 10 grep -q 'Write this' "$HOME/said"
	echo '# mine' >>"$CONF"
	echo y >&9
	exec 9>&-
	wait $! || true
	run -0 grep -q 'changed meanwhile' "$HOME/said"
	run ! grep -q 'Host mypod' "$CONF"
	run -0 grep -q '# mine' "$CONF"
}

@test "ten at once: every pod is in the file, or its run said that the file changed" {
	local i pids=() lost=0
	for i in {0..9}; do
		"$SSHINIT" --config-ssh "pod$i" --offline --yes --host h 2>"$HOME/said$i" >/dev/null 3>&- &
		pids+=($!)
	done
	for i in {0..9}; do
		if wait "${pids[i]}"; then
			run -0 grep -q "^Host pod$i\$" "$CONF"
		else
			run -0 grep -q 'changed meanwhile' "$HOME/said$i"
			lost=$((lost + 1))
		fi
	done
	((lost < 10))
	run -0 ssh -G -F "$CONF" x
}
