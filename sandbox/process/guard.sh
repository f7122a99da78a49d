# Runs one part and ends it, with everything it started, when its owner is gone.
#
# The owner holds the other end of stdin. A line on it names the signal to stop with; end of file, which
# the kernel delivers even when the owner was killed -9, means the default one. File descriptor 3 tells the owner the
# part's pid and, at the end, its exit status. Run as the leader of its own process group.
#
# arguments: signal for an owner that died, the grace then and the grace when asked, in tenths of a second,
# command, its arguments
death_signal=$1 death_grace=$2 asked_grace=$3
shift 3

exec 9<&0
"$@" </dev/null 3>&- 9<&- &
part=$!
# The shell's own remarks ("Killed") are no words of the part.
exec 2>/dev/null

# Only now, so that the part does not inherit it: an owner that is gone must not end the guard by SIGPIPE.
trap '' PIPE
echo "$part" >&3

(
  if read -r signal <&9; then
    grace=$asked_grace
  else
    signal=$death_signal grace=$death_grace
  fi
  kill -s "$signal" "$part"
  while [ "$grace" -gt 0 ] && kill -0 "$part"; do
    sleep 0.1
    grace=$((grace - 1))
  done
  # A part that has ended is reported below first, and its group killed then: here that could come before the report.
  if kill -0 "$part"; then kill -s KILL -- "-$$"; fi
) >/dev/null &

wait "$part"
echo "$?" >&3
kill -s KILL -- "-$$"
