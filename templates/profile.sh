# Made by sshinit; it holds no value. /etc/profile sets PATH anew in every login shell. In an SSH
# session, and only there, this gives back the container's.
if [ -n "${SSHINIT_PATH-}" ]; then
	PATH=$SSHINIT_PATH
	export PATH
fi
