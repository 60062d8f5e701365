# SPDX-License-Identifier: BSD-2-Clause
# bash completion for p2msim. Options are read from the command's own help.

_p2msim() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command=${COMP_WORDS[1]} words
	COMPREPLY=()

	if [ "$COMP_CWORD" -eq 1 ]; then
		words=$("${COMP_WORDS[0]}" --help 2>/dev/null |
			sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
		mapfile -t COMPREPLY < <(compgen -W "$words --help --version" -- "$cur")
		return
	fi
	case $prev in
	--machine|-m)
		words=$("${COMP_WORDS[0]}" machine list --json 2>/dev/null |
			sed -n 's/.*"name": "\(.*\)".*/\1/p')
		mapfile -t COMPREPLY < <(compgen -W "$words" -f -- "$cur")
		return ;;
	--core)
		mapfile -t COMPREPLY < <(compgen -f -X '!*.so*' -- "$cur"; compgen -d -- "$cur")
		return ;;
	--progress|--color) words='auto always never' ;;
	--trace-level) words='stimulus costs full' ;;
	--engine) words='local slurm' ;;
	trace) words='info cat validate import generate' ;;
	machine) words='list show check' ;;
	*)
		case $cur in
		-*) words=$("${COMP_WORDS[0]}" "$command" --help 2>/dev/null |
			sed -n 's,^ *\(-[a-z]\, \)\{0\,1\}\(--[a-z0-9-]*\).*,\2,p') ;;
		*)
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return ;;
		esac ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -o filenames -F _p2msim p2msim
