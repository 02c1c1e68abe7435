# fish completion for edgeproxy; written by: edgeproxy completion fish
function __edgeproxy_verbs
    set -l verbs
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip -eq 1
            set skip 0
        else if contains -- $word -c --config --format
            set skip 1
        else if not string match -q -- '-*' $word
            set -a verbs $word
        end
    end
    test "$verbs" = "$argv[1]"
end
complete -c edgeproxy -f
complete -c edgeproxy -s c -l config -r -F -d 'the configuration file'
complete -c edgeproxy -n '__edgeproxy_verbs ""' -a run -d 'serve until TERM or INT; HUP reloads'
complete -c edgeproxy -n '__edgeproxy_verbs ""' -a validate -d 'say everything that is wrong with a configuration'
complete -c edgeproxy -n '__edgeproxy_verbs ""' -a reload -d 'have the running proxy read its configuration again'
complete -c edgeproxy -n '__edgeproxy_verbs ""' -a routes -d 'the routers of each entrypoint, in the order they are asked'
complete -c edgeproxy -n '__edgeproxy_verbs ""' -a explain -d 'which router a request would meet, and why not the others'
complete -c edgeproxy -n '__edgeproxy_verbs ""' -a config -d 'what a configuration may say: a default file, a reference, a JSON Schema'
complete -c edgeproxy -n '__edgeproxy_verbs ""' -a demo -d 'show the proxy at work: own configuration, servers and traffic'
complete -c edgeproxy -n '__edgeproxy_verbs ""' -a healthcheck -d '0 if the running proxy takes traffic, else 1'
complete -c edgeproxy -n '__edgeproxy_verbs ""' -a hash-password -d 'read a password from stdin and print the hash to configure'
complete -c edgeproxy -n '__edgeproxy_verbs ""' -a completion -d 'a script that completes verbs and options in a shell'
complete -c edgeproxy -n '__edgeproxy_verbs ""' -a version -d 'version, commit, runtime'
complete -c edgeproxy -n '__edgeproxy_verbs ""' -l help -d 'Show help and usage information'
complete -c edgeproxy -n '__edgeproxy_verbs ""' -l config -d 'the configuration file [default: $EDGEPROXY_CONFIG, else /etc/edgeproxy/edgeproxy.toml]'
complete -c edgeproxy -n '__edgeproxy_verbs "run"' -l config -d 'the configuration file'
complete -c edgeproxy -n '__edgeproxy_verbs "run"' -l help -d 'what this verb does'
complete -c edgeproxy -n '__edgeproxy_verbs "validate"' -l format -x -a 'text json' -d 'how the answer is written'
complete -c edgeproxy -n '__edgeproxy_verbs "validate"' -l config -d 'the configuration file'
complete -c edgeproxy -n '__edgeproxy_verbs "validate"' -l help -d 'what this verb does'
complete -c edgeproxy -n '__edgeproxy_verbs "reload"' -l format -x -a 'text json' -d 'how the answer is written'
complete -c edgeproxy -n '__edgeproxy_verbs "reload"' -l config -d 'the configuration file'
complete -c edgeproxy -n '__edgeproxy_verbs "reload"' -l help -d 'what this verb does'
complete -c edgeproxy -n '__edgeproxy_verbs "routes"' -l format -x -a 'text json' -d 'how the answer is written'
complete -c edgeproxy -n '__edgeproxy_verbs "routes"' -l config -d 'the configuration file'
complete -c edgeproxy -n '__edgeproxy_verbs "routes"' -l help -d 'what this verb does'
complete -c edgeproxy -n '__edgeproxy_verbs "explain"' -l format -x -a 'text json' -d 'how the answer is written'
complete -c edgeproxy -n '__edgeproxy_verbs "explain"' -l header -d 'a header field of the request; may be given more than once'
complete -c edgeproxy -n '__edgeproxy_verbs "explain"' -l client -d 'the client`s address [default: 127.0.0.1]'
complete -c edgeproxy -n '__edgeproxy_verbs "explain"' -l entrypoint -d 'one entrypoint [default: all]'
complete -c edgeproxy -n '__edgeproxy_verbs "explain"' -l config -d 'the configuration file'
complete -c edgeproxy -n '__edgeproxy_verbs "explain"' -l help -d 'what this verb does'
complete -c edgeproxy -n '__edgeproxy_verbs "config"' -a default -d 'a file with every key, its default and what it is'
complete -c edgeproxy -n '__edgeproxy_verbs "config"' -a reference -d 'every table and key, in Markdown, with examples'
complete -c edgeproxy -n '__edgeproxy_verbs "config"' -a schema -d 'JSON Schema 2020-12 for editors'
complete -c edgeproxy -n '__edgeproxy_verbs "config"' -l config -d 'the configuration file'
complete -c edgeproxy -n '__edgeproxy_verbs "config"' -l help -d 'what this verb does'
complete -c edgeproxy -n '__edgeproxy_verbs "config default"' -l config -d 'the configuration file'
complete -c edgeproxy -n '__edgeproxy_verbs "config default"' -l help -d 'what this verb does'
complete -c edgeproxy -n '__edgeproxy_verbs "config reference"' -l config -d 'the configuration file'
complete -c edgeproxy -n '__edgeproxy_verbs "config reference"' -l help -d 'what this verb does'
complete -c edgeproxy -n '__edgeproxy_verbs "config schema"' -l config -d 'the configuration file'
complete -c edgeproxy -n '__edgeproxy_verbs "config schema"' -l help -d 'what this verb does'
complete -c edgeproxy -n '__edgeproxy_verbs "demo"' -l duration -d 'end after this long [default: until Ctrl-C on a terminal, else 5s]'
complete -c edgeproxy -n '__edgeproxy_verbs "demo"' -l config -d 'the configuration file'
complete -c edgeproxy -n '__edgeproxy_verbs "demo"' -l help -d 'what this verb does'
complete -c edgeproxy -n '__edgeproxy_verbs "healthcheck"' -l config -d 'the configuration file'
complete -c edgeproxy -n '__edgeproxy_verbs "healthcheck"' -l help -d 'what this verb does'
complete -c edgeproxy -n '__edgeproxy_verbs "hash-password"' -l user -d 'write a line of a users file'
complete -c edgeproxy -n '__edgeproxy_verbs "hash-password"' -l key -d 'hash an API key, for keys of a consumer'
complete -c edgeproxy -n '__edgeproxy_verbs "hash-password"' -l config -d 'the configuration file'
complete -c edgeproxy -n '__edgeproxy_verbs "hash-password"' -l help -d 'what this verb does'
complete -c edgeproxy -n '__edgeproxy_verbs "completion"' -l config -d 'the configuration file'
complete -c edgeproxy -n '__edgeproxy_verbs "completion"' -l help -d 'what this verb does'
complete -c edgeproxy -n '__edgeproxy_verbs "version"' -l format -x -a 'text json' -d 'how the answer is written'
complete -c edgeproxy -n '__edgeproxy_verbs "version"' -l config -d 'the configuration file'
complete -c edgeproxy -n '__edgeproxy_verbs "version"' -l help -d 'what this verb does'
