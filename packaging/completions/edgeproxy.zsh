#compdef edgeproxy
# zsh completion for edgeproxy; written by: edgeproxy completion zsh
_edgeproxy() {
  local verbs='' word i
  case "${words[CURRENT-1]}" in
    -c|--config) _files; return ;;
    --format) compadd text json; return ;;
  esac
  for ((i = 2; i < CURRENT; i++)); do
    word="${words[i]}"
    case "$word" in
      -c|--config|--format) ((i++)) ;;
      -*) ;;
      *) verbs="${verbs:+$verbs }$word" ;;
    esac
  done
  local -a next
  case "$verbs" in
    '')
      next=(
        'run:serve until TERM or INT; HUP reloads'
        'validate:say everything that is wrong with a configuration'
        'reload:have the running proxy read its configuration again'
        'plan:what a file would change, by router, service, middleware; changes nothing'
        'history:the last configurations that were in use; * is, ! was rolled back from'
        'rollback:use a configuration of the history, until the file changes'
        'routes:the routers of each entrypoint, in the order they are asked'
        'explain:which router a request would meet, and why not the others'
        'deploy:deployments, on the time axis of metrics and logs'
        'top:rates, errors and durations by router, service and server, as they are now'
        'tail:requests as they end, those that all filters let pass'
        'config:what a configuration may say\: a default file, a reference, a JSON Schema'
        'audit:check, show and export the audit chain'
        'halt:stop requests of all, a router, a consumer, a model; until released'
        'release:end what halt began'
        'demo:show the proxy at work\: own configuration, servers and traffic'
        'healthcheck:0 if the running proxy takes traffic, else 1'
        'hash-password:read a password from stdin and print the hash to configure'
        'completion:a script that completes verbs and options in a shell'
        'version:version, commit, runtime'
        '--help:Show help and usage information'
        '--config:the configuration file [default\: $EDGEPROXY_CONFIG, else /etc/edgeproxy/edgeproxy.toml]'
      )
      ;;
    'run')
      next=(
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'validate')
      next=(
        '--format:how the answer is written'
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'reload')
      next=(
        '--format:how the answer is written'
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'plan')
      next=(
        '--format:how the answer is written'
        '--against:compare with this file, and ask no proxy'
        '--exit-code:end with 3 if something would change'
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'history')
      next=(
        '--format:how the answer is written'
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'rollback')
      next=(
        '--format:how the answer is written'
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'routes')
      next=(
        '--format:how the answer is written'
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'explain')
      next=(
        '--format:how the answer is written'
        '--header:a header field of the request; may be given more than once'
        '--client:the client`s address [default\: 127.0.0.1]'
        '--model:the model the request`s body names [default\: none]'
        '--entrypoint:one entrypoint [default\: all]'
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'deploy')
      next=(
        'mark:tell the running proxy of a deployment'
        'list:the deployments the running proxy was told of'
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'deploy mark')
      next=(
        '--service:what was deployed'
        '--version:its version'
        '--commit:the commit it was made of'
        '--environment:where it runs'
        '--url:where to read about it'
        '--status:succeeded or failed [default\: succeeded]'
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'deploy list')
      next=(
        '--format:how the answer is written'
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'top')
      next=(
        '--interval:how long each table tells of [default\: 2s]'
        '--rows:routers, services and servers shown, the busiest first [default\: 10]'
        '--once:one table, then end'
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'tail')
      next=(
        '--format:how the answer is written'
        '--router:of this router'
        '--service:of this service'
        '--consumer:of this consumer'
        '--status:with one of these statuses'
        '--min-duration:that took at least this long'
        '--count:end after so many requests [default\: when interrupted]'
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'config')
      next=(
        'default:a file with every key, its default and what it is'
        'reference:every table and key, in Markdown, with examples'
        'schema:JSON Schema 2020-12 for editors'
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'config default')
      next=(
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'config reference')
      next=(
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'config schema')
      next=(
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'audit')
      next=(
        'verify:0 if nothing was changed, else 1 and where the first change is'
        'show:one record, or those of a request or a trace, as JSON'
        'export:records as JSON, a line each'
        'erase:overwrite what is kept of a consumer`s or a request`s bodies; the chain says so'
        'key:the public key, to be kept where the chain is not'
        '--directory:the chain`s folder [default\: audit.directory of the configuration]'
        '--public-key:the key that signed it, PEM; may be given more than once [default\: the folder`s own]'
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'audit verify')
      next=(
        '--format:how the answer is written'
        '--head:a record`s number and hash noted elsewhere\: is it in the chain?'
        '--proof:check the proof of one record, made by audit show --proof, in the place of a chain'
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'audit show')
      next=(
        '--proof:print a proof that the record is in the chain, which needs no chain to be checked'
        '--payload:and what is kept of its bodies'
        '--private-key:the key that opens sealed payloads, PEM'
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'audit export')
      next=(
        '--kind:exchange, config, gap, ...'
        '--router:of this router'
        '--consumer:of this consumer'
        '--since:from this time on'
        '--until:before this time'
        '--payloads:with what is kept of bodies'
        '--private-key:the key that opens sealed payloads, PEM'
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'audit erase')
      next=(
        '--consumer:whose payloads go'
        '--anonymous:those of exchanges nobody was known in'
        '--request:those of one request, whoever made it'
        '--before:of exchanges before this time [default\: now]'
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'audit key')
      next=(
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'halt')
      next=(
        '--all:every request'
        '--router:of a router'
        '--consumer:of a consumer'
        '--model:for a model, by the name asked for or the provider`s; * at its end\: all that begin so'
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'release')
      next=(
        '--all:every request'
        '--router:of a router'
        '--consumer:of a consumer'
        '--model:for a model, by the name asked for or the provider`s; * at its end\: all that begin so'
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'demo')
      next=(
        '--duration:end after this long [default\: until Ctrl-C on a terminal, else 5s]'
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'healthcheck')
      next=(
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'hash-password')
      next=(
        '--user:write a line of a users file'
        '--key:hash an API key, for keys of a consumer'
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'completion')
      next=(
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
    'version')
      next=(
        '--format:how the answer is written'
        '--config:the configuration file'
        '--help:what this verb does'
      )
      ;;
  esac
  _describe 'edgeproxy' next
}
_edgeproxy "$@"
