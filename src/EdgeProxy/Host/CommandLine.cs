using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Threading.Tasks;
using EdgeProxy.Host.Commands;

namespace EdgeProxy.Host;

/// <summary>The verbs and their options. Parsing only: what a verb does is in Commands.</summary>
internal sealed partial class CommandLine
{
    private const double DurationMsMax = int.MaxValue; // what a timer takes

    private readonly Shell _shell;

    private readonly Option<string> _config = new("--config", "-c")
    {
        Description = $"the configuration file [default: ${Shell.ConfigVariable}, else {Shell.ConfigPathDefault}]",
        HelpName = "FILE",
        Recursive = true,
    };

    private readonly Option<AnswerFormat> _format = new("--format")
    {
        Description = "how the answer is written",
        HelpName = "text|json",
        CustomParser = ReadFormat,
    };

    private CommandLine(Shell shell) => _shell = shell;

    /// <summary>Runs the verb the arguments name; the exit code.</summary>
    public static Task<int> InvokeAsync(IReadOnlyList<string> args, Shell shell)
    {
        if (IsPlainRun(args))
        {
            return RunCommand.RunAsync(shell, args.Count > 1 ? args[2] : null);
        }

        RootCommand root = new CommandLine(shell).Build();
        ParseResult parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0 && parsed.Action is not HelpAction)
        {
            return Task.FromResult(RefuseUsage(parsed, shell));
        }

        return parsed.InvokeAsync(new InvocationConfiguration
        {
            Output = shell.Output,
            Error = shell.Error,
            EnableDefaultExceptionHandler = false, // Program has the barrier
            ProcessTerminationTimeout = null, // signals are ours
        });
    }

    // What a service manager starts us with: read without building the tree of all verbs, which would be a fifth of the
    // time from start to the first answer.
    private static bool IsPlainRun(IReadOnlyList<string> args) =>
        args is ["run"] or ["run", "-c" or "--config", [not '-', ..]];

    private static int RefuseUsage(ParseResult parsed, Shell shell)
    {
        bool hasVerb = parsed.CommandResult.Command is not RootCommand;
        if (!hasVerb && parsed.UnmatchedTokens.Count > 0)
        {
            shell.Error.WriteLine($"edgeproxy: no such verb or option: {parsed.UnmatchedTokens[0]}");
        }
        else
        {
            foreach (ParseError error in parsed.Errors)
            {
                shell.Error.WriteLine($"edgeproxy: {error.Message}");
            }
        }

        string verb = "";
        SymbolResult? at = parsed.CommandResult;
        while (at is CommandResult { Command: not RootCommand } named)
        {
            verb = $"{named.Command.Name} {verb}";
            at = at.Parent;
        }

        shell.Error.WriteLine($"edgeproxy: try: edgeproxy {verb}--help");
        return ExitCodes.Usage;
    }

    private static AnswerFormat ReadFormat(ArgumentResult result)
    {
        switch (result.Tokens[0].Value)
        {
            case "text":
                return AnswerFormat.Text;
            case "json":
                return AnswerFormat.Json;
            default:
                result.AddError($"--format is text or json, not '{result.Tokens[0].Value}'");
                return AnswerFormat.Text;
        }
    }

    // As in the configuration: a number and ms, s or m.
    private static TimeSpan? ReadDuration(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        (int unitLength, double unitMs) = text switch
        {
            [.., 'm', 's'] => (2, 1),
            [.., 's'] => (1, 1000),
            [.., 'm'] => (1, 60_000),
            _ => (0, 0),
        };
        bool isNumber = uint.TryParse(
            text.AsSpan(0, text.Length - unitLength), NumberStyles.None, CultureInfo.InvariantCulture, out uint count);
        double milliseconds = count * unitMs;
        if (!isNumber || milliseconds is 0 or > DurationMsMax)
        {
            result.AddError($"{NameOf(result)} is 500ms, 5s, 2m and the like (at most 24 days), not '{text}'");
            return null;
        }

        return TimeSpan.FromMilliseconds(milliseconds);
    }

    private RootCommand Build()
    {
        var root = new RootCommand("EdgeProxy: HTTP reverse proxy and API gateway for edge appliances");
        for (int i = root.Options.Count - 1; i >= 0; i--)
        {
            if (root.Options[i] is VersionOption)
            {
                root.Options.RemoveAt(i); // "version" is a verb here, and says more
            }
        }

        root.Options.Add(_config);
        root.Subcommands.Add(Verb("run", "serve until TERM or INT; HUP reloads",
            parsed => RunCommand.RunAsync(_shell, parsed.GetValue(_config))));
        root.Subcommands.Add(AnsweringVerb("validate", "say everything that is wrong with a configuration",
            (parsed, format) => Task.FromResult(ValidateCommand.Run(_shell, parsed.GetValue(_config), format))));
        root.Subcommands.Add(AnsweringVerb("reload", "have the running proxy read its configuration again",
            (parsed, format) =>
                ReloadCommand.RunAsync(_shell, parsed.GetValue(_config), format)));
        AddHistoryVerbs(root);
        root.Subcommands.Add(AnsweringVerb("routes", "the routers of each entrypoint, in the order they are asked",
            (parsed, format) => Task.FromResult(RoutesCommand.Run(_shell, parsed.GetValue(_config), format))));
        root.Subcommands.Add(ExplainVerb());
        root.Subcommands.Add(DeployVerb());
        root.Subcommands.Add(TopVerb());
        root.Subcommands.Add(TailVerb());
        root.Subcommands.Add(ConfigVerb());
        root.Subcommands.Add(AuditVerb());
        root.Subcommands.Add(HaltVerb("halt", "stop requests of all, a router, a consumer, a model; until released"));
        root.Subcommands.Add(HaltVerb("release", "end what halt began"));
        root.Subcommands.Add(DemoVerb());
        root.Subcommands.Add(Verb("healthcheck", "0 if the running proxy takes traffic, else 1",
            parsed => HealthCheckCommand.RunAsync(_shell, parsed.GetValue(_config))));
        root.Subcommands.Add(HashPasswordVerb());
        root.Subcommands.Add(CompletionVerb(root));
        root.Subcommands.Add(AnsweringVerb("version", "version, commit, runtime",
            (_, format) => Task.FromResult(VersionCommand.Run(_shell, format))));
        return root;
    }

    private Command ExplainVerb()
    {
        var method = new Argument<string>("METHOD") { Description = "GET, POST, ..." };
        var url = new Argument<string>("URL") { Description = "http://host/path?query, or /path" };
        var fields = new Option<string[]>("--header")
        {
            Description = "a header field of the request; may be given more than once",
            HelpName = "name: value",
        };
        var client = new Option<string?>("--client")
        {
            Description = "the client's address [default: 127.0.0.1]",
            HelpName = "IP",
        };
        var model = new Option<string?>("--model")
        {
            Description = "the model the request's body names [default: none]",
            HelpName = "NAME",
        };
        var entryPoint = new Option<string?>("--entrypoint")
        {
            Description = "one entrypoint [default: all]",
            HelpName = "NAME",
        };
        Command explain = AnsweringVerb("explain", "which router a request would meet, and why not the others",
            (parsed, format) =>
            {
                var arguments = new ExplainArguments
                {
                    Method = parsed.GetRequiredValue(method),
                    Url = parsed.GetRequiredValue(url),
                    Fields = parsed.GetValue(fields) ?? [],
                    Client = parsed.GetValue(client),
                    Model = parsed.GetValue(model),
                    EntryPoint = parsed.GetValue(entryPoint),
                };
                return Task.FromResult(ExplainCommand.Run(_shell, parsed.GetValue(_config), arguments, format));
            });
        explain.Arguments.Add(method);
        explain.Arguments.Add(url);
        explain.Options.Add(fields);
        explain.Options.Add(client);
        explain.Options.Add(model);
        explain.Options.Add(entryPoint);
        return explain;
    }

    private Command DeployVerb()
    {
        Option<string> service = Named("--service", "what was deployed", isRequired: true);
        Option<string> version = Named("--version", "its version", isRequired: true);
        Option<string> commit = Named("--commit", "the commit it was made of");
        Option<string> environment = Named("--environment", "where it runs");
        Option<string> url = Named("--url", "where to read about it");
        Option<string> status = Named("--status", "succeeded or failed [default: succeeded]");
        Command mark = Verb("mark", "tell the running proxy of a deployment",
            parsed => DeployCommand.MarkAsync(_shell, parsed.GetValue(_config), new DeployArguments(
                parsed.GetRequiredValue(service), parsed.GetRequiredValue(version), parsed.GetValue(commit),
                parsed.GetValue(environment), parsed.GetValue(url), parsed.GetValue(status))));
        foreach (Option<string> option in (Option<string>[])[service, version, commit, environment, url, status])
        {
            mark.Options.Add(option);
        }

        var deploy = new Command("deploy", "deployments, on the time axis of metrics and logs");
        deploy.Subcommands.Add(mark);
        deploy.Subcommands.Add(AnsweringVerb("list", "the deployments the running proxy was told of",
            (parsed, format) => DeployCommand.ListAsync(_shell, parsed.GetValue(_config), format)));
        return deploy;
    }

    private static Option<string> Named(string name, string description, bool isRequired = false) => new(name)
    {
        Description = description,
        HelpName = "TEXT",
        Required = isRequired,
    };

    private Command ConfigVerb()
    {
        var config = new Command("config", "what a configuration may say: a default file, a reference, a JSON Schema");
        config.Subcommands.Add(Verb("default", "a file with every key, its default and what it is",
            _ => Task.FromResult(ConfigCommand.Default(_shell))));
        config.Subcommands.Add(Verb("reference", "every table and key, in Markdown, with examples",
            _ => Task.FromResult(ConfigCommand.Reference(_shell))));
        config.Subcommands.Add(Verb("schema", "JSON Schema 2020-12 for editors",
            _ => Task.FromResult(ConfigCommand.Schema(_shell))));
        return config;
    }

    private Command HashPasswordVerb()
    {
        var user = new Option<string?>("--user")
        {
            Description = "write a line of a users file",
            HelpName = "NAME",
        };
        var key = new Option<bool>("--key")
        {
            Description = "hash an API key, for keys of a consumer",
        };
        Command hash = Verb("hash-password", "read a password from stdin and print the hash to configure",
            parsed => Task.FromResult(HashPasswordCommand.Run(_shell, parsed.GetValue(user), parsed.GetValue(key))));
        hash.Options.Add(user);
        hash.Options.Add(key);
        return hash;
    }

    private Command CompletionVerb(RootCommand root)
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong(CompletionCommand.Shells);
        Command completion = Verb("completion", "a script that completes verbs and options in a shell",
            parsed => Task.FromResult(CompletionCommand.Run(_shell, root, parsed.GetRequiredValue(shell))));
        completion.Arguments.Add(shell);
        return completion;
    }

    private Command DemoVerb()
    {
        var duration = new Option<TimeSpan?>("--duration")
        {
            Description = "end after this long [default: until Ctrl-C on a terminal, else 5s]",
            HelpName = "5s",
            CustomParser = ReadDuration,
        };
        Command demo = Verb("demo", "show the proxy at work: own configuration, servers and traffic",
            parsed => DemoCommand.RunAsync(_shell, parsed.GetValue(duration)));
        demo.Options.Add(duration);
        return demo;
    }

    private static Command Verb(string name, string description, Func<ParseResult, Task<int>> run)
    {
        var verb = new Command(name, description);
        verb.SetAction((parsed, _) => run(parsed));
        return verb;
    }

    private Command AnsweringVerb(string name, string description, Func<ParseResult, AnswerFormat, Task<int>> run)
    {
        Command verb = Verb(name, description, parsed => run(parsed, parsed.GetValue(_format)));
        verb.Options.Add(_format);
        return verb;
    }
}
