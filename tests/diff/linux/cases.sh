# SPDX-License-Identifier: BSD-2-Clause
# The cases: name, then what to run. Sourced by run.sh.

# ---- one applet, files by name ----
bb sort sort words
bb sort-numeric-reverse sort -rn -k1,1 words
bb sort-unique sort -u -k3 words
bb sha256sum sha256sum words big nothing
bb md5sum md5sum words big
bb sha1sum sha1sum big
bb wc wc words big three nothing
bb cut cut -d, -f2 table.csv
bb cut-characters cut -c1-4 words
bb tail tail -n 7 words
bb tail-from tail -n +1990 words
bb head head -n 5 words
bb head-bytes head -c 5000 words
bb cat-big cat big words
bb od od -A d -t x1 three
bb hexdump hexdump -C short
bb grep grep -c apple words
bb grep-extended grep -nE '^[0-9]+ word(7|42|9[0-6]) (apple|pear)$' words
bb grep-missing grep nosuchword words
bb sed sed -e 's/word\([0-9]*\)/<\1>/' -e '3,1990d' words
bb sed-script sed -n '/two/{s/t/T/g;p;=}' three
bb awk awk '{ n[$3]++; s += $1 } END { for (k in n) print k, n[k]; print s }' words
bb awk-float awk 'BEGIN { for (i = 1; i < 20; i++) printf "%.6f %g %e\n", i / 7, i * 1e10, 1 / i }'
bb awk-csv awk -F, 'NR > 1 { t[$1] += $2 } END { for (k in t) print k, t[k] }' table.csv
bb seq seq 1 3 50
bb expr expr 6 '*' 7
bb expr-false expr 1 = 2
bb diff diff three three.other
bb diff-same diff three three
bb cmp cmp three three.other
bb find find tree
bb find-type find tree -type f -name 'w*'
bb find-links find tree -type l
bb ls-names ls tree tree/a
bb tar tar cf - tree
bb tar-one tar cf - -C tree a/b
bb readlink readlink tree/link
bb stat stat -c '%s %f %h %F %n' words tree three.link
bb basename basename /a/b/c.txt .txt
bb printf printf '%05d|%s|%x\n' 42 text 255
bb factor factor 1234567891 600851475143
bb cal cal 2 2024
bb base64 base64 words
bb rev rev three
bb tac tac three
bb nl nl three
bb fold fold -w 20 short
bb paste paste three three.other
bb comm comm three three.other
bb strings strings bin/busybox
bb bzip2 bzip2 -c words
bb xz-missing xz -d nosuch
bb missing-file cat nosuchfile
bb missing-some cat three nosuchfile short
bb missing-applet nosuchapplet
bb usage sort --nosuchoption
bb is-directory cat tree
bb link-chain cat tree/link tree/a/up
bb true true
bb false false
bb test-numbers test 3 -gt 4
bb echo echo -e 'a\tb\nc'
bb dc-like sh -c 'echo $((0x1f * 3 % 7)) $((1 << 40))'

# ---- standard input ----
bbin tr "$root/words" tr a-z A-Z
bbin uniq "$root/three" uniq -c
bbin sort-stdin "$root/words" sort -k2
bbin gzip "$root/big" gzip -9 -n
bbin wc-stdin "$root/big" wc
bbin sh-stdin "$root/script" sh
bbin tee "$root/three" tee /dev/null

# ---- the shell ----
sh_ sh-loop 'i=0; s=0; while [ $i -lt 500 ]; do s=$((s + i * i)); i=$((i + 1)); done; echo $s'
sh_ sh-for 'for f in a b c; do for n in 1 2 3; do echo $f$n; done; done'
sh_ sh-pipe 'cat words | sort | head -n 3'
sh_ sh-pipe-gzip 'gzip -9 <big | gunzip | sha256sum'
sh_ sh-pipe-gzip-words 'cat words | gzip -9 -n | gzip -d | md5sum'
sh_ sh-pipe-big 'cat big big big | wc -c'
sh_ sh-pipe-four 'cat words | cut -d" " -f2 | sort | uniq -c | sort -rn | head -n 5'
sh_ sh-pipe-early-end 'cat big big big | head -n 2; echo status $?'
sh_ sh-pipe-float 'seq 1 300 | awk "{ s += \$1 / 7; print s }" | awk "{ t += \$1 * 1.5 } END { printf \"%.3f\\n\", t }"'
sh_ sh-yes-head 'yes | head -n 5'
sh_ sh-tar-tar 'tar cf - tree | tar tf -'
sh_ sh-function 'f() { echo "f $1 $#"; return 3; }; f x y; echo $?'
sh_ sh-recursion 'fact() { if [ $1 -le 1 ]; then echo 1; else echo $(($1 * $(fact $(($1 - 1))))); fi; }; fact 10'
sh_ sh-case 'for x in apple 17 "" -n; do case $x in a*) echo word;; [0-9]*) echo number;; "") echo empty;; *) echo other;; esac; done'
sh_ sh-here 'cat <<END
here $((1 + 1))
$(echo substituted)
END'
sh_ sh-here-quoted 'cat <<"END"
no $expansion `here`
END'
sh_ sh-substitution 'x=$(cat three | tr a-z A-Z); echo "$x"; echo "$(echo nested $(echo twice))"'
sh_ sh-status 'false; echo $?; true; echo $?; (exit 42); echo $?; sh -c "exit 7"; echo $?'
sh_ sh-exit 'exit 93'
sh_ sh-and-or 'true && echo a || echo b; false && echo c || echo d'
sh_ sh-subshell 'x=1; (x=2; echo $x); echo $x'
sh_ sh-redirect 'echo hidden >/dev/null; echo to-stderr >&2; ls nosuch 2>/dev/null; echo $?'
sh_ sh-tmp 'echo text >/tmp/p2msim-f; echo more >>/tmp/p2msim-f; cat /tmp/p2msim-f; wc -c </tmp/p2msim-f; rm /tmp/p2msim-f; cat /tmp/p2msim-f 2>/dev/null; echo $?'
sh_ sh-tmp-dir 'd=/tmp/p2msim-case; rm -rf $d; mkdir -p $d/x/y; echo 1 >$d/x/y/z; mv $d/x/y/z $d/x/w; find $d | sort; rm -rf $d; ls $d 2>/dev/null; echo $?'
sh_ sh-sed-i 'd=/tmp/p2msim-sedi; sed s/o/0/g <three >$d; sed -i s/t/T/ $d; cat $d; rm $d'
sh_ sh-background 'sleep 0 & wait; echo done $?'
sh_ sh-background-output '(echo from the background) & wait; echo after'
sh_ sh-trap 'trap "echo caught" USR1; kill -USR1 $$; echo went on'
sh_ sh-trap-exit 'trap "echo bye" EXIT; echo hi'
sh_ sh-killed 'sh -c "kill -9 \$\$"; echo $?'
sh_ sh-killed-term '(kill -TERM $(sh -c "echo \$PPID")) ; echo $?'
sh_ sh-not-found 'nosuchcommand; echo $?'
sh_ sh-read 'while read a b c; do echo "$b:$a"; done <three; cut -d, -f1 table.csv | while read x; do echo "<$x>"; done'
sh_ sh-string 'x=abcdef.tar.gz; echo ${x%.*} ${x%%.*} ${x#*c} ${#x} ${y:-default}'
sh_ sh-glob 'echo t*; echo tree/*; cd tree; echo *'
sh_ sh-cd 'cd tree/a/b; cat three; cd ../..; cat link; cat a/up'
sh_ sh-set 'set -- a b c; shift; echo $# "$@"; set -e; false; echo never'
sh_ sh-syntax 'if then'
sh_ sh-xargs 'find tree -type f | sort | xargs md5sum'
sh_ sh-find-exec 'find tree -name "three" -exec /bin/cat {} \;'
sh_ sh-exec 'exec cat three'
sh_ sh-time-loop 'i=0; for w in $(cut -d" " -f2 words | head -n 300); do i=$((i + ${#w})); done; echo $i'
sh_ sh-printf 'printf "%s-%d\n" a 1 b 2; printf "%08.3f\n" 3.14159'
sh_ sh-dev 'cat </dev/null; head -c 3 /dev/zero | od -An -tx1; [ -c /dev/null ] && echo character'
sh_ sh-fd 'exec 3<three; read a <&3; read b <&3; echo $a $b; exec 3<&-; echo x | cat /dev/fd/0'
sh_ sh-umask 'umask; umask 077; umask'
sh_ sh-sort-big 'sort big | tail -n 3'
sh_ sh-segv 'sh -c "kill -SEGV \$\$" 2>/dev/null; echo $?'

# ---- bash ----
bash_ bash-echo 'echo $((6 * 7)) ${BASH_VERSION%%.*}'
bash_ bash-functions 'f() { local x=$1; echo "f $x"; g $((x + 1)); }; g() { echo "g $1"; return $1; }; f 4; echo $?'
bash_ bash-arrays 'a=(one two three); a+=(four); echo ${a[1]} ${#a[@]} "${a[@]:1:2}"; for i in "${!a[@]}"; do echo $i=${a[i]}; done; unset "a[1]"; echo "${a[*]}"'
bash_ bash-hash 'declare -A m=([x]=1 [y]=2); m[z]=3; for k in x y z; do echo $k ${m[$k]}; done; echo ${#m[@]}'
bash_ bash-substitution 'x=$(echo a; echo b); echo "$x"; y=$(f() { echo in; }; f); echo $y; echo "$(echo $(echo $(echo deep)))"'
bash_ bash-pipe 'printf "%s\n" c a b | while read l; do echo "<$l>"; done; echo ${PIPESTATUS[@]}'
bash_ bash-here 'while read -r l; do echo "[$l]"; done <<END
one $((1 + 1))
two $(echo sub)
END
read x <<<"a string"; echo $x'
bash_ bash-loop 's=0; for ((i = 0; i < 500; i++)); do ((s += i * i)); done; echo $s'
bash_ bash-regex '[[ abc123 =~ ^([a-z]+)([0-9]+)$ ]] && echo ${BASH_REMATCH[1]} ${BASH_REMATCH[2]}; [[ x == y ]]; echo $?'
bash_ bash-case 'x=Hello; echo ${x^^} ${x,,} ${x/l/L} ${x//l/L}; case $x in H*o) echo yes;; esac'
bash_ bash-subshell 'x=1; (x=2; echo $x; exit 5); echo $? $x; { x=3; }; echo $x'
bash_ bash-trap 'trap "echo caught" USR1; kill -USR1 $$; echo on; trap "echo bye" EXIT'
bash_ bash-process-substitution 'while read l; do echo "$l"; done < <(echo one; echo two)'
bash_ bash-printf 'printf "%5d|%-5s|%x|%q\n" 42 ab 255 "a b"; printf -v v "%03d" 7; echo $v'
bash_ bash-background 'for i in 1 2 3; do (exit $i) & p[$i]=$!; done; for i in 1 2 3; do wait ${p[$i]}; echo $?; done'
bash_ bash-coproc 'coproc { while read l; do echo "got $l"; done; }; echo hi >&${COPROC[1]}; read r <&${COPROC[0]}; echo $r'
bash_ bash-error 'nosuchcommand; echo $?; cd /nosuchdir; echo $?'
bash_ bash-exit 'exit 17'
bash_ bash-set-e 'set -e; false; echo never'
bash_ bash-read-file 'mapfile -t l <three; echo ${#l[@]} "${l[2]}"; while IFS=, read -r n v; do echo "$n=$v"; done <table.csv'
bash_ bash-tmp 'f=/tmp/p2msim-bash; echo one >$f; echo two >>$f; while read l; do echo "$l"; done <$f; [[ -s $f ]] && echo some; : >$f; [[ -s $f ]] || echo none'
bash_ bash-recursion 'fib() { if (($1 < 2)); then echo $1; else echo $(($(fib $(($1 - 1))) + $(fib $(($1 - 2))))); fi; }; fib 7'
bash_ bash-string-loop 's=; for i in {1..300}; do s+=$i,; done; echo ${#s} ${s:100:20}'

# ---- our own ----
case_ probe /dev/null "$work/probe"
case_ probe-pie /dev/null "$work/probe-pie"
case_ tags /dev/null "$work/tags"
