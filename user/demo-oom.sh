# SPDX-License-Identifier: MIT
# Two hogs hold memory, a third that may not die takes the rest: the court (/proc/oom) says beforehand who will be
# killed, the kernel's log who was.
holds() { until [ "$(cut -d' ' -f2 "/proc/$1/statm")" -ge "$2" ]; do sleep 0.1; done; } # PID PAGES

hog --mib 32 --adj 200 --report 0 --hold 100000 &
holds $! 8192
hog --mib 64 --report 0 --hold 100000 &
holds $! 16384
printf '\n--- the court, before ---\n\n'
cat /proc/oom
expected=$(sed -n 's/^verdict: \([0-9]*\) .*/\1/p' /proc/oom)

printf '\n--- a hog that may not die takes 170 MiB ---\n\n'
hog --adj -1000 --mib 170 --report 0
dmesg | grep -E 'invoked oom-killer|Out of memory|Killed process'

printf '\n--- the court, after ---\n\n'
cat /proc/oom
kill %1 %2 2>/dev/null
dmesg | grep -q "Killed process $expected " || exit 1
echo "The one named before is the one that died: $expected."
