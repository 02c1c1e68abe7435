# bash completion for edgeproxy; written by: edgeproxy completion bash
_edgeproxy() {
  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}"
  local verbs='' word i
  case "$prev" in
    -c|--config) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    --format) mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$cur"); return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="${COMP_WORDS[i]}"
    case "$word" in
      -c|--config|--format) ((i++)) ;;
      -*) ;;
      *) verbs="${verbs:+$verbs }$word" ;;
    esac
  done
  local words=''
  case "$verbs" in
    '') words='run validate reload plan history rollback routes explain deploy top tail config audit halt release demo healthcheck hash-password completion version --help --config' ;;
    'run') words='--config --help' ;;
    'validate') words='--format --config --help' ;;
    'reload') words='--format --config --help' ;;
    'plan') words='--format --against --exit-code --config --help' ;;
    'history') words='--format --config --help' ;;
    'rollback') words='--format --config --help' ;;
    'routes') words='--format --config --help' ;;
    'explain') words='--format --header --client --model --entrypoint --config --help' ;;
    'deploy') words='mark list --config --help' ;;
    'deploy mark') words='--service --version --commit --environment --url --status --config --help' ;;
    'deploy list') words='--format --config --help' ;;
    'top') words='--interval --rows --once --config --help' ;;
    'tail') words='--format --router --service --consumer --status --min-duration --count --config --help' ;;
    'config') words='default reference schema --config --help' ;;
    'config default') words='--config --help' ;;
    'config reference') words='--config --help' ;;
    'config schema') words='--config --help' ;;
    'audit') words='verify show export erase key --directory --public-key --config --help' ;;
    'audit verify') words='--format --head --proof --config --help' ;;
    'audit show') words='--proof --payload --private-key --config --help' ;;
    'audit export') words='--kind --router --consumer --since --until --payloads --private-key --config --help' ;;
    'audit erase') words='--consumer --anonymous --request --before --config --help' ;;
    'audit key') words='--config --help' ;;
    'halt') words='--all --router --consumer --model --config --help' ;;
    'release') words='--all --router --consumer --model --config --help' ;;
    'demo') words='--duration --config --help' ;;
    'healthcheck') words='--config --help' ;;
    'hash-password') words='--user --key --config --help' ;;
    'completion') words='--config --help' ;;
    'version') words='--format --config --help' ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _edgeproxy edgeproxy
