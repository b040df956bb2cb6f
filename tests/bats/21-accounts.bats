# Accounts: who can log in, with the embedded sshd and with the image's, one container for each row.

# shellcheck disable=SC2034 # PLACE_IMAGE is for places.bash

load ../lib/bed
load ../lib/places

setup() {
	need_engine
	need jq:jq perl:perl
	((EUID == 0)) || skip 'looks into containers, as root only'
	PLACE_IMAGE=$(image_from bookworm-ssh <<-'END'
		RUN useradd -m -s /bin/bash -p '*' alice && useradd -m -s /bin/bash bob \
		&& useradd -m -s /usr/sbin/nologin -p '*' carol && useradd -m -s /bin/fish -p '*' dave \
		&& useradd -M -d /home/gone -s /bin/bash -p '*' erin && useradd -m -s /bin/false -p '*' frank \
		&& useradd -m -s /bin/bash -p '*' -e 2020-01-01 gina && mkdir -m 0775 /home/app
	END
	)
}

@test "the embedded sshd: every account works or says what is wrong" {
	places accounts <<-'END'
		root | | root | ssh pty sftp | -
		`user = alice`, from a root start | -e SSHINIT_USER=alice | alice | ssh pty sftp | -
		several users | -e SSHINIT_USER=root,alice,bob | bob | ssh pty sftp | -
		a password locked by useradd | -e SSHINIT_USER=bob | bob | ssh pty sftp | -
		an account that has expired | -e SSHINIT_USER=gina | gina | - | account-expired
		a file /etc/nologin | -v /etc/hostname:/etc/nologin -e SSHINIT_USER=alice | alice | - | nologin
		a shell that refuses (nologin) | -e SSHINIT_USER=carol | carol | sftp | shell-refuses
		a shell that refuses (false) | -e SSHINIT_USER=frank | frank | sftp | shell-refuses
		a shell that is missing | -e SSHINIT_USER=dave | dave | plain pty sftp | shell-missing
		a home that is missing | -e SSHINIT_USER=erin | erin | ssh pty sftp | home-missing home-unfit
		a user the image does not have | -e SSHINIT_USER=nemo | nemo | - | account-unknown
	END
}

@test "the embedded sshd in a start that is not root's" {
	places accounts-user <<-'END'
		a start as alice | --user alice | alice | ssh pty sftp | path-reset
		a start as alice, `user = bob` | --user alice -e SSHINIT_USER=bob | bob | - | account-other path-reset
		a uid without an entry | --user 12345 | user | ssh pty sftp | account-synthetic home-unfit path-reset
		the same, group 0, HOME group-writable (OpenShift) | --user 12345:0 -e HOME=/home/app | user | ssh pty sftp | account-synthetic home-unfit path-reset
		the same, with a name of its own | --user 12345:0 -e HOME=/home/app -e SSHINIT_USER=dev | dev | ssh pty sftp | account-synthetic home-unfit path-reset
		the same, read-only, without capabilities | --user 12345:0 --read-only --cap-drop ALL --security-opt no-new-privileges | user | ssh pty sftp | account-synthetic home-unfit path-reset
	END
}

@test "the image's sshd: every account works or says what is wrong" {
	places accounts-system <<-'END'
		root | -e SSHINIT_SSHD=system | root | ssh pty sftp | -
		`user = alice`, from a root start | -e SSHINIT_SSHD=system -e SSHINIT_USER=alice | alice | ssh pty sftp | -
		a password locked by useradd | -e SSHINIT_SSHD=system -e SSHINIT_USER=bob | bob | - | account-locked
		a shell that refuses (nologin) | -e SSHINIT_SSHD=system -e SSHINIT_USER=carol | carol | sftp | shell-refuses
		a shell that is missing | -e SSHINIT_SSHD=system -e SSHINIT_USER=dave | dave | - | shell-missing system-shell
		a home that is missing | -e SSHINIT_SSHD=system -e SSHINIT_USER=erin | erin | ssh pty sftp | home-missing home-unfit
		a start as alice | --user alice -e SSHINIT_SSHD=system | alice | ssh pty sftp | path-reset
		a uid without an entry | --user 12345 -e SSHINIT_SSHD=system | user | - | account-synthetic home-unfit path-reset system-no-entry
	END
}

@test "an image without any file about users, and one without anything at all" {
	PLACE_IMAGE=$(image_from busybox <<<'RUN rm /etc/passwd /etc/group')
	places accounts-none <<-'END'
		no /etc/passwd, no /etc/group, as root | | root | ssh pty sftp | account-synthetic
		the same, as 12345 | --user 12345 | user | ssh pty sftp | account-synthetic home-unfit
	END
	PLACE_IMAGE=scratch PLACE_WORKLOAD=(/probe sleep) PLACE_STATUS=0
	places accounts-scratch <<-'END'
		one static program and sshinit (scratch), as root | --probe | root | plain sftp | account-synthetic shell-missing
		the same, as 12345 | --probe --user 12345 | user | plain sftp | account-synthetic home-unfit shell-missing
	END
}
