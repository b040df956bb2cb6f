# Releases: the same commit gives the same bytes, wherever it is built; and what they hold works.

load ../lib/bed

setup_file() {
	# Twice from nothing, but for the libraries.
	export BATS_TEST_TIMEOUT=${SSHINIT_TEST_TIMEOUT:-600}
}

setup() {
	DEPS=${DEPS:-$TOP/build/deps}
	[[ -d $DEPS/src ]] || skip "no libraries in $DEPS: run make"
	unset MAKEFLAGS MAKELEVEL MFLAGS
}

# copy DIR: the sources, without anything that was built
copy() {
	mkdir -p "$1"
	(cd "$TOP" && tar --exclude=./build --exclude=./.git -cf - .) | tar -xf - -C "$1"
}

@test "make dist twice, in two directories and at two times: the same bytes" {
	local one=$BATS_TEST_TMPDIR/one two=$BATS_TEST_TMPDIR/a/much/longer/place version
	copy "$one"
	copy "$two"
	find "$two" -exec touch -d '2001-02-03' {} +
	export SOURCE_DATE_EPOCH=1700000000
	make -s -C "$one" -j2 DEPS="$DEPS" dist
	(umask 077 && make -s -C "$two" DEPS="$DEPS" dist)
	diff -r "$one/build/dist" "$two/build/dist"

	cd "$one/build/dist" || return
	sha256sum -c SHA256SUMS
	version=$("$one/build/sshinit" --version | sed -n '1s/^sshinit \([0-9.]*\).*/\1/p')
	local name
	name=sshinit-$version-linux-$(uname -m)
	assert_equal "$(printf '%s ' *)" "SHA256SUMS $name $name.tar.xz start-command "
	run -0 tar -tvf "$name.tar.xz"
	refute_output --regexp ' (20(0[0-9]|1[0-9]|2[0-24-9])|19)[0-9-]+ '
	assert_line --regexp "^-rwxr-xr-x 0/0 .* $name/sshinit\$"
	local file
	for file in README.md LICENSE licenses.txt sshinit.1 templates/sshinit.ini templates/sshd_config; do
		assert_line --regexp "^-rw-r--r-- 0/0 .* $name/$file\$"
	done
	tar -xf "$name.tar.xz"
	cmp "$name/sshinit" ../sshinit
	grep -q "sum_$(uname -m)=$(sha256sum <../sshinit | cut -c 1-64);" start-command
	grep -q "sshinit-$version-linux-;" start-command
}

@test "make install, into a package's root" {
	[[ -x $BUILD/full/sshinit ]] || skip "no build with the sshd: run make"
	make -s -C "$TOP" DEPS="$DEPS" DESTDIR="$BATS_TEST_TMPDIR/root" PREFIX=/usr install
	cd "$BATS_TEST_TMPDIR/root/usr" || return
	assert_equal "$(stat -c %a bin/sshinit share/man/man1/sshinit.1 | tr '\n' ' ')" '755 644 '
	assert_exists share/doc/sshinit/licenses.txt
	assert_exists share/sshinit/sshinit.ini
	run -0 bin/sshinit --version
}

@test "a second make does nothing, and says nothing" {
	[[ -x $BUILD/full/sshinit ]] || skip "no build with the sshd: run make"
	make -s -C "$TOP" DEPS="$DEPS"
	local before
	before=$(stat -c '%i %Y' "$BUILD/sshinit" "$BUILD/full/sshinit")
	run -0 make --no-print-directory -C "$TOP" DEPS="$DEPS"
	assert_output ''
	assert_equal "$(stat -c '%i %Y' "$BUILD/sshinit" "$BUILD/full/sshinit")" "$before"
}

@test "what is built for another machine stands beside this one's, under its name" {
	local other=aarch64
	[[ $(uname -m) != aarch64 ]] || other=x86_64
	run -0 make -n -C "$TOP" DEPS="$DEPS" ARCH="$other"
	assert_output --partial "build/sshinit-$other"
	assert_output --partial "link    build/full-$other/sshinit"
	refute_output --partial build/full/
}
