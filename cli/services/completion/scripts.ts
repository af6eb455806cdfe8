import { join } from "node:path";
import { packageRoot } from "../../../package-root.ts";
import { shellWord } from "../../../staging/shell.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/*
 * Each script runs `spawn complete` with the words before the cursor. Its first line is the kind, the others are candidates: a word, a
 * tab, a description. The shell evaluates none of them.
 */

/** The bash 3.2 of macOS has no `compopt`: it completes names of files if nothing matches. */
const bash = (program: string): string => `_spawn_complete() {
  local kind='' line
  COMPREPLY=()
  {
    IFS= read -r kind
    while IFS= read -r line; do COMPREPLY+=("\${line%%$'\\t'*}"); done
  } < <(${program} complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null </dev/null)
  [[ $kind == files ]] || compopt +o default 2>/dev/null
  [[ $kind != list ]] || compopt -o nospace 2>/dev/null
  return 0
}
complete -o default -F _spawn_complete spawn
`;

const zsh = (program: string): string => `#compdef spawn
_spawn() {
  local kind line
  local -a values descriptions
  {
    IFS= read -r kind
    while IFS= read -r line; do
      values+=("\${line%%$'\\t'*}")
      descriptions+=("\${line/$'\\t'/  -- }")
    done
  } < <(${program} complete "\${(@)words[2,CURRENT]}" 2>/dev/null </dev/null)
  case $kind in
    files) _files ;;
    list) compadd -S '' -l -d descriptions -a values ;;
    words) compadd -l -d descriptions -a values ;;
  esac
}
if [[ \${funcstack[1]} == _spawn ]]; then
  _spawn "$@"
else
  (( \${+functions[compdef]} )) || { autoload -Uz compinit && compinit }
  compdef _spawn spawn
fi
`;

const fish = (program: string): string => `function __spawn_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l lines (${program} complete $words[2..-1] 2>/dev/null </dev/null)
    if test "$lines[1]" = files
        __fish_complete_path (commandline -ct)
    else if set -q lines[2]
        printf '%s\\n' $lines[2..-1]
    end
end
complete -c spawn -f -a '(__spawn_complete)'
`;

const SCRIPTS: Readonly<Record<Shell, (program: string) => string>> = { bash, zsh, fish };

/**
 * The script that completes `spawn` in a shell.
 * @param program the path that it runs, whatever PATH and the typed word are
 */
export const completionScript = (shell: Shell, program = join(packageRoot(), "bin", "spawn")): string =>
  SCRIPTS[shell](shellWord(program));
