# The fast half of make lint, so that nobody lands what the next one has to clean up.

load ../lib/bed

@test "a room includes only the rooms it may know; no file is too long" {
	run -0 "$TOP/tests/lint" rooms length
}

@test "the code stands as make format writes it" {
	need clang-format
	[[ $(clang-format --version) == *' 14.'* ]] || skip "another clang-format than 14 writes it otherwise"
	run -0 "$TOP/tests/lint" format
}

@test "shellcheck has nothing against any script" {
	need shellcheck
	run -0 "$TOP/tests/lint" shell
}
