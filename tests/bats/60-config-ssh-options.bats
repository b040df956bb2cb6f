#!/usr/bin/env bats
# sshinit --config-ssh, judged by the client it writes for: every row says which ssh configuration a
# user had and what was asked for, and then `ssh -G` has to show exactly the intended host, port,
# user, identity and known hosts; taking the pod out has to give the old file back, byte for byte.

bats_require_minimum_version 1.5.0
load ../lib/bed

setup() {
	need ssh:openssh-client
	export HOME=$BATS_TEST_TMPDIR/home
	mkdir -p "$HOME"
	CONF=$HOME/.ssh/config
	KNOWN=$HOME/.ssh/sshinit_known_hosts
}

# had TEXT: the configuration before, in printf's notation
had() {
	rm -rf "$HOME/.ssh"
	mkdir -m 700 "$HOME/.ssh"
	printf "$1" >"$CONF"
	cp "$CONF" "$HOME/before"
}

# add ARGUMENTS: --config-ssh mypod, without asking the pod
add() {
	run -0 "$SSHINIT" --config-ssh mypod --offline --yes "$@"
}

# is KEY VALUE ...: what ssh makes of it; then mypod is taken out again
is() {
	local shown
	shown=$(ssh -G -F "$CONF" mypod 2>/dev/null) || fail "ssh refuses: $(cat "$CONF")"
	while (($#)); do
		assert_equal "$1 $(sed -n "s/^$1 //p" <<<"$shown" | head -n 1)" "$1 $2"
		shift 2
	done
	assert_equal "$(sed -n 's/^hostkeyalias //p' <<<"$shown")" mypod
	assert_equal "$(sed -n 's/^userknownhostsfile //p' <<<"$shown")" "$KNOWN"
	gives_back
}

gives_back() {
	run -0 "$SSHINIT" --config-ssh --remove mypod --yes
	# Only where the section had to stand behind a line without an end does that end stay.
	if [[ -s $HOME/before && $(tail -c 1 "$HOME/before" | od -An -c) != *'\n'* ]] \
		&& ! cmp -s "$HOME/before" "$CONF"; then
		tail -n 1 "$HOME/before" | grep -q $'\r' && printf '\r' >>"$HOME/before"
		head -n 1 "$HOME/before" | grep -q $'\r' && printf '\r' >>"$HOME/before"
		printf '\n' >>"$HOME/before"
	fi
	run -0 cmp "$HOME/before" "$CONF"
}

# from LINE KEY VALUE ...: a pasted line, on a machine without a configuration
from() {
	local line=$1
	shift
	had ''
	add --from "$line"
	is "$@"
}

@test "lines as RunPod prints them" {
	from 'ssh root@1.2.3.4 -p 17445 -i ~/.ssh/id_ed25519' \
		hostname 1.2.3.4 port 17445 user root identityfile '~/.ssh/id_ed25519' identitiesonly yes
	from 'ssh b8x2k1-64410a2b@ssh.runpod.io -i ~/.ssh/id_ed25519' \
		hostname ssh.runpod.io port 22 user b8x2k1-64410a2b identityfile '~/.ssh/id_ed25519'
	from '213.173.109.39:13007 -> :22' hostname 213.173.109.39 port 13007
	from '213.173.109.39:13007 → :22' hostname 213.173.109.39 port 13007
	from 'ssh root@1.2.3.4 -p 17445 -i C:\users\me\.ssh\id_ed25519' \
		hostname 1.2.3.4 port 17445 identityfile 'C:\users\me\.ssh\id_ed25519'
}

@test "lines as Vast prints them" {
	from 'ssh -p 17445 root@ssh4.vast.ai -L 8080:localhost:8080' \
		hostname ssh4.vast.ai port 17445 user root localforward '8080 [localhost]:8080'
	from 'ssh://root@ssh4.vast.ai:17445' hostname ssh4.vast.ai port 17445 user root
	from 'ssh -p 17445 root@1.2.3.4 -L 127.0.0.1:8080:localhost:8081 -L 9000:[::1]:9000' \
		localforward '[127.0.0.1]:8080 [localhost]:8081' hostname 1.2.3.4
	from 'ssh -p17445 -oStrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null root@h.example' \
		hostname h.example port 17445 user root
}

@test "lines as --connect and other tools print them" {
	from 'scp -P 17445 -i ~/.ssh/k root@1.2.3.4:/workspace/file .' \
		hostname 1.2.3.4 port 17445 user root identityfile '~/.ssh/k'
	from 'scp -P 17445 file root@[2001:db8::7]:' hostname 2001:db8::7 port 17445 user root
	from 'sftp -P 17445 root@1.2.3.4' hostname 1.2.3.4 port 17445 user root
	from "rsync -avzP -e 'ssh -p 17445 -i ~/.ssh/k' ./dir root@1.2.3.4:/workspace/" \
		hostname 1.2.3.4 port 17445 user root identityfile '~/.ssh/k'
	from 'sshfs -p 17445 -o IdentityFile=~/.ssh/k root@1.2.3.4:/workspace mnt' \
		hostname 1.2.3.4 port 17445 user root identityfile '~/.ssh/k'
	from 'vscode://vscode-remote/ssh-remote+root@1.2.3.4:17445/workspace' \
		hostname 1.2.3.4 port 17445 user root
	from 'jetbrains-gateway://connect#type=ssh&host=1.2.3.4&port=17445&user=root&deploy=true' \
		hostname 1.2.3.4 port 17445 user root
	from 'ssh -J jump@gate.example:2222 root@workspace' \
		hostname workspace user root proxyjump 'jump@gate.example:2222'
	from '$ ssh -l root -p 17445 -A -N -q 1.2.3.4 # the pod' \
		hostname 1.2.3.4 port 17445 user root forwardagent yes
	from 'ssh.exe root@1.2.3.4 -p 17445' hostname 1.2.3.4 port 17445
	from 'root@1.2.3.4:17445' hostname 1.2.3.4 port 17445 user root
}

@test "what copying adds to a line is not in its way" {
	local each plain='ssh root@1.2.3.4 -p 17445 -i ~/.ssh/my\ key'
	local wanted=(hostname 1.2.3.4 port 17445 user root identityfile '~/.ssh/my key')
	for each in '$ ' '# ' '% ' '> ' 'me@laptop:~$ ' 'root@0a1b2c:/workspace# ' 'me@MacBook-Pro ~ % ' '[me@host dir]$ ' \
		'(venv) me@host:~/x$ ' 'PS C:\Users\me> ' 'C:\Users\me>' $'\xef\xbb\xbf'; do
		from "$each$plain" "${wanted[@]}"
	done
	from "  $plain "$'\r\n' "${wanted[@]}"
	from '"ssh root@1.2.3.4 -p 17445"' hostname 1.2.3.4 port 17445 user root
	from "'ssh root@1.2.3.4 -p 17445'" hostname 1.2.3.4 port 17445 user root
	from '`ssh root@1.2.3.4 -p 17445`' hostname 1.2.3.4 port 17445 user root
	from $'ssh root@1.2.3.4 \\\n    -p 17445 \\\r\n    -i ~/.ssh/my\\ key\n' "${wanted[@]}"
	from $'ssh\u00a0root@1.2.3.4 \u2013p 17445 \u2014i \u201c~/.ssh/my key\u201d\u200b' "${wanted[@]}"
	# A dash within a word is the word's own.
	from $'ssh root@1.2.3.4 -i /k/a\u2013b' identityfile $'/k/a\u2013b'
}

@test "IPv6 addresses" {
	from 'ssh root@2001:db8::1 -p 17445' hostname 2001:db8::1 port 17445
	from 'ssh://root@[2001:db8::1]:17445' hostname 2001:db8::1 port 17445
	from '[2001:db8::1]:17445' hostname 2001:db8::1 port 17445
	from 'ssh root@fe80::1%eth0' hostname fe80::1%eth0 port 22
	had '' && add --host ::1 --port 65535 && is hostname ::1 port 65535
	from 'ssh -J [2001:db8::9]:2222 root@::1' hostname ::1 proxyjump '[2001:db8::9]:2222'
}

@test "paths with spaces, quotes, percent signs and other characters" {
	local path
	for path in '/tmp/my keys/id' "/tmp/it's/id" '/tmp/50%/id' '/tmp/a#b/id' '/tmp/#x' \
		'/tmp/ü/id' '/tmp/a=b' '/tmp/a"b' '/tmp/a\b' '/tmp/a\\b' '/tmp/two  spaces' '/tmp/end\'; do
		had '' && add --host h --identity "$path" && is identityfile "${path//'%'/%%}"
	done
	from "ssh root@h -i '/tmp/my keys/id'" identityfile '/tmp/my keys/id'
	from 'ssh root@h -i "/tmp/my keys/id"' identityfile '/tmp/my keys/id'
	from 'ssh root@h -i /tmp/my\ keys/id' identityfile '/tmp/my keys/id'
	from 'ssh root@h -i $HOME/.ssh/id' identityfile '~/.ssh/id'
	from 'ssh root@h -i "C:\Users\My Name\.ssh\id"' identityfile 'C:\Users\My Name\.ssh\id'
}

@test "configurations that were there before" {
	had 'Host *\n\tUser bob\n\tPort 2222\n\tIdentityFile ~/.ssh/bob\n'
	add --from 'ssh root@1.2.3.4 -p 17445 -i ~/.ssh/k'
	is hostname 1.2.3.4 port 17445 user root identityfile '~/.ssh/k'
	had 'Host other\n\tUser x\n\n# for all\nHost *\n\tUser bob\n'
	add --from 'ssh root@1.2.3.4 -p 17445'
	is hostname 1.2.3.4 port 17445 user root
	had 'Host a b *\n\tUser bob\n' && add --host h --user root && is hostname h user root
	had 'host = *\n user bob\n' && add --host h --user root && is hostname h user root
	had 'Host "*"\n user bob\n' && add --host h --user root && is hostname h user root
	had 'Match all\n user bob\n' && add --host h --user root && is hostname h user root
	had 'Match host my*\n user bob\n' && add --host h --user root && is hostname h user root
	had 'Host my*\n user bob\nHost *\n' && add --host h --user root && is hostname h user root
	had 'Host ????d !x\n user bob\n' && add --host h --user root && is hostname h user root
	had 'Host mypod\n user bob\n port 9\n' && add --host h --user root && is user root port 22
	had 'User bob\nPort 7\n\nHost x\n User y\n' && add --host h --user root && is user root port 22
	had '# a comment\n\nStrictHostKeyChecking no\n' && add --host h && is stricthostkeychecking accept-new
	had 'Host !mypod *\n user bob\n' && add --host h --user root && is user root
}

@test "what follows the section still holds for all hosts" {
	had 'User bob\n\nHost x\n User y\n'
	add --host h --user root
	assert_equal "$(ssh -G -F "$CONF" another | sed -n 's/^user //p')" bob
	assert_equal "$(ssh -G -F "$CONF" x | sed -n 's/^user //p')" bob
	is user root
	had 'Host x\n User y\n\nHost z\n User w\n'
	add --host h --user root
	assert_equal "$(ssh -G -F "$CONF" z | sed -n 's/^user //p')" w
	is user root
}

@test "line ends, last lines and sizes" {
	had 'Host *\r\n\tUser bob\r\n'
	add --host h --user root
	run ! grep -qv $'\r$' "$CONF"
	is hostname h user root
	had 'Host x\r\n\tUser bob' && add --host h --user root && is hostname h user root
	had 'Host x\n\tUser bob' && add --host h --user root && is hostname h user root
	had 'Host *\n\tUser bob' && add --host h --user root && is hostname h user root
	had '# only a comment' && add --host h --user root && is hostname h user root
	had '\n' && add --host h --user root && is hostname h user root
	had '\n\n\n' && add --host h --user root && is hostname h user root
	had '\xef\xbb\xbf# BOM\n' && add --host h && gives_back
	had '' && for i in {1..30000}; do
		printf 'Host machine%d\n\tHostName 10.0.0.1\n\tUser u%d\n\n' $i $i
	done >"$CONF"
	printf 'Host *\n\tUser bob\n' >>"$CONF"
	cp "$CONF" "$HOME/before"
	(($(stat -c %s "$CONF") > 1000000))
	add --host h --user root
	is hostname h user root port 22
}

@test "options: the user's first, then ours; Key= leaves out one of ours" {
	had '' && add --host h --ssh-option ServerAliveInterval=5 && is serveraliveinterval 5
	had '' && add --host h --ssh-option serveraliveinterval= && is serveraliveinterval 0
	had '' && add --host h --ssh-option Port=7 --port 9 && is port 7
	had '' && add --host h --ssh-option 'SetEnv=A=1 B=2' && is setenv 'A=1'
	had '' && add --host h --ssh-option 'SendEnv=LC_* FOO' && is hostname h
	had '' && add --host h --identity /k --ssh-option IdentitiesOnly=no && is identitiesonly no
	had '' && add --host h --ssh-option 'RemoteForward=9 localhost:10' && is remoteforward '9 [localhost]:10'
	add --host h --ssh-option ServerAliveInterval=5
	run -0 sed -n '/^Host/{n;p}' "$CONF"
	assert_output $'\tServerAliveInterval 5'
}

@test "several pods, and one of them again" {
	had 'Host *\n\tUser bob\n'
	add --host h1 --user root
	run -0 "$SSHINIT" --config-ssh other --offline --yes --host h2 --port 2 --user me
	run -0 "$SSHINIT" --config-ssh third.pod_3 --offline --yes --host h3
	add --host h4 --port 4 --user root
	assert_equal "$(grep -c 'BEGIN sshinit' "$CONF")" 1
	assert_equal "$(ssh -G -F "$CONF" other | sed -n 's/^\(hostname\|port\|user\) //p' | xargs)" 'me h2 2'
	assert_equal "$(ssh -G -F "$CONF" mypod | sed -n 's/^\(hostname\|port\|user\) //p' | xargs)" 'root h4 4'
	run -0 "$SSHINIT" --config-ssh --list
	assert_line --partial 'third.pod_3'
	assert_equal "${#lines[@]}" 3
	run -0 "$SSHINIT" --config-ssh --remove third.pod_3 --yes
	run -0 "$SSHINIT" --config-ssh --remove other --yes
	is hostname h4 port 4
}

@test "the section moves up when a pattern that matches came in above it" {
	had 'Host x\n\tUser y\n'
	add --host h --user root
	printf 'Host my*\n\tUser bob\n' | cat - "$CONF" >"$HOME/new" && cat "$HOME/new" >"$CONF"
	printf 'Host my*\n\tUser bob\nHost x\n\tUser y\n' >"$HOME/before"
	add
	is hostname h user root
}

@test "--include: a file of their own" {
	had 'Host x\n\tUser y\nHost *\n\tUser bob\n'
	add --include --host h --user root
	run -0 grep -c Include "$CONF"
	assert_output 1
	run -0 grep -c 'Host mypod' "$HOME/.ssh/sshinit_config"
	run -0 "$SSHINIT" --config-ssh other --offline --yes --host h2 --user me
	assert_equal "$(ssh -G -F "$CONF" other | sed -n 's/^user //p')" me
	assert_equal "$(ssh -G -F "$CONF" x | sed -n 's/^user //p')" y
	run -0 "$SSHINIT" --config-ssh --remove other --yes
	add --inline
	assert_file_not_exists "$HOME/.ssh/sshinit_config"
	add --include
	run -0 "$SSHINIT" --config-ssh --list
	assert_output --partial mypod
	is hostname h user root
	assert_file_not_exists "$HOME/.ssh/sshinit_config"
}

@test "every line that --connect prints is taken, and means the same" {
	local host jump name line shown
	for host in 1.2.3.4 2001:db8::7 pod.example.org; do
		for jump in '' gate@jump.example:2222; do
			run -0 --separate-stderr env SSHINIT_PUBLIC_HOST=$host SSHINIT_PUBLIC_PORT=17445 SSHINIT_JUMP=$jump \
				PUBLIC_KEY="$(key_pub ed25519)" "$SSHINIT" --connect
			shown=$output
			for name in ssh 'ssh on Windows' scp sftp rsync sshfs 'VS Code' Cursor JetBrains; do
				# An editor's link cannot name a jump host; then it names an alias.
				[[ -z $jump || $name != @('VS Code'|Cursor) ]] || continue
				line=$(grep "^$name  *[a-z]*[ :]" <<<"$shown" | grep -v '^ssh on Windows' || grep "^$name " <<<"$shown")
				line=${line#"$name"}
				line=${line#"${line%%[! ]*}"}
				had ''
				add --from "$line"
				case $name in
				*Code | Cursor | JetBrains) is hostname $host port 17445 user root ;;
				*Windows) is hostname $host port 17445 user root identityfile '%%USERPROFILE%%\.ssh\id_ed25519' ;;
				*) is hostname $host port 17445 user root identityfile '~/.ssh/id_ed25519' proxyjump "$jump" ;;
				esac
			done
		done
	done
}
