using System;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Threading.Tasks;
using EdgeProxy.Audit.Payloads;
using EdgeProxy.Host.Commands;

namespace EdgeProxy.Host;

/// <content>The verbs of the audit chain: they read it where it lies, and need no running proxy.</content>
internal sealed partial class CommandLine
{
    private Command HaltVerb(string name, string description)
    {
        var all = new Option<bool>("--all") { Description = "every request" };
        var router = new Option<string?>("--router") { Description = "of a router", HelpName = "NAME" };
        var consumer = new Option<string?>("--consumer") { Description = "of a consumer", HelpName = "NAME" };
        var model = new Option<string?>("--model")
        {
            Description = "for a model, by the name asked for or the provider's; * at its end: all that begin so",
            HelpName = "NAME",
        };
        Command verb = Verb(name, description, parsed => HaltCommand.RunAsync(
            _shell,
            parsed.GetValue(_config),
            isHalt: name == "halt",
            parsed.GetValue(router),
            parsed.GetValue(consumer),
            parsed.GetValue(model),
            parsed.GetValue(all)));
        foreach (Option option in (Option[])[all, router, consumer, model])
        {
            verb.Options.Add(option);
        }

        return verb;
    }

    private Command AuditVerb()
    {
        var folder = new Option<string?>("--directory")
        {
            Description = "the chain's folder [default: audit.directory of the configuration]",
            HelpName = "DIR",
            Recursive = true,
        };
        var keys = new Option<string[]>("--public-key")
        {
            Description = "the key that signed it, PEM; may be given more than once [default: the folder's own]",
            HelpName = "FILE",
            Recursive = true,
        };
        var audit = new Command("audit", "check, show and export the audit chain");
        audit.Options.Add(folder);
        audit.Options.Add(keys);
        audit.Subcommands.Add(AuditVerifyVerb(folder, keys));
        audit.Subcommands.Add(AuditShowVerb(folder, keys));
        audit.Subcommands.Add(AuditExportVerb(folder, keys));
        audit.Subcommands.Add(AuditEraseVerb());
        audit.Subcommands.Add(Verb("key", "the public key, to be kept where the chain is not",
            parsed => Task.FromResult(
                AuditReadCommands.Key(_shell, parsed.GetValue(_config), parsed.GetValue(folder)))));
        return audit;
    }

    private Command AuditVerifyVerb(Option<string?> folder, Option<string[]> keys)
    {
        var head = new Option<(ulong Seq, byte[] Hash)?>("--head")
        {
            Description = "a record's number and hash noted elsewhere: is it in the chain?",
            HelpName = "SEQ:HASH",
            CustomParser = ReadHead,
        };
        var proof = new Option<string?>("--proof")
        {
            Description = "check the proof of one record, made by audit show --proof, in the place of a chain",
            HelpName = "FILE",
        };
        Command verify = AnsweringVerb("verify", "0 if nothing was changed, else 1 and where the first change is",
            (parsed, format) => AuditVerifyCommand.RunAsync(
                _shell,
                parsed.GetValue(_config),
                new AuditVerifyArguments
                {
                    Folder = parsed.GetValue(folder),
                    KeyFiles = parsed.GetValue(keys) ?? [],
                    Head = parsed.GetValue(head),
                    ProofFile = parsed.GetValue(proof),
                },
                format));
        verify.Options.Add(head);
        verify.Options.Add(proof);
        return verify;
    }

    private Command AuditShowVerb(Option<string?> folder, Option<string[]> keys)
    {
        var which = new Argument<string>("RECORD") { Description = "a record's number, a request id or a trace id" };
        var proof = new Option<bool>("--proof")
        {
            Description = "print a proof that the record is in the chain, which needs no chain to be checked",
        };
        var payload = new Option<bool>("--payload") { Description = "and what is kept of its bodies" };
        Option<string?> privateKey = PrivateKey();
        Command show = Verb("show", "one record, or those of a request or a trace, as JSON", parsed =>
        {
            string asked = parsed.GetRequiredValue(which);
            string? config = parsed.GetValue(_config);
            string[] keyFiles = parsed.GetValue(keys) ?? [];
            if (parsed.GetValue(payload))
            {
                return Task.FromResult(AuditReadCommands.ShowPayload(_shell, config, parsed.GetValue(folder), keyFiles,
                    asked, new PayloadArguments(parsed.GetValue(privateKey))));
            }

            if (!parsed.GetValue(proof))
            {
                return Task.FromResult(
                    AuditReadCommands.Show(_shell, config, parsed.GetValue(folder), keyFiles, asked));
            }

            if (!ulong.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out ulong seq))
            {
                _shell.Error.WriteLine("edgeproxy: a proof is for a record's number, not a request id");
                return Task.FromResult(ExitCodes.Usage);
            }

            return Task.FromResult(AuditReadCommands.Prove(_shell, config, parsed.GetValue(folder), keyFiles, seq));
        });
        show.Arguments.Add(which);
        show.Options.Add(proof);
        show.Options.Add(payload);
        show.Options.Add(privateKey);
        return show;
    }

    private Command AuditExportVerb(Option<string?> folder, Option<string[]> keys)
    {
        var kind = new Option<string?>("--kind")
        {
            Description = "exchange, config, gap, ...",
            HelpName = "KIND",
        };
        var router = new Option<string?>("--router") { Description = "of this router", HelpName = "NAME" };
        var consumer = new Option<string?>("--consumer") { Description = "of this consumer", HelpName = "NAME" };
        var since = new Option<DateTimeOffset?>("--since")
        {
            Description = "from this time on",
            HelpName = "2026-01-31T12:00:00Z",
            CustomParser = ReadTime,
        };
        var until = new Option<DateTimeOffset?>("--until")
        {
            Description = "before this time",
            HelpName = "2026-02-01",
            CustomParser = ReadTime,
        };
        var payloads = new Option<bool>("--payloads") { Description = "with what is kept of bodies" };
        Option<string?> privateKey = PrivateKey();
        Command export = Verb("export", "records as JSON, a line each", parsed => Task.FromResult(
            AuditReadCommands.Export(
                _shell,
                parsed.GetValue(_config),
                parsed.GetValue(folder),
                parsed.GetValue(keys) ?? [],
                new AuditFilter
                {
                    Kind = parsed.GetValue(kind),
                    Router = parsed.GetValue(router),
                    Consumer = parsed.GetValue(consumer),
                    Since = parsed.GetValue(since),
                    Until = parsed.GetValue(until),
                },
                parsed.GetValue(payloads) ? new PayloadArguments(parsed.GetValue(privateKey)) : null)));
        foreach (Option option in (Option[])[kind, router, consumer, since, until, payloads, privateKey])
        {
            export.Options.Add(option);
        }

        return export;
    }

    private Command AuditEraseVerb()
    {
        var consumer = new Option<string>("--consumer")
        {
            Description = "whose payloads go",
            HelpName = "NAME",
        };
        var anonymous = new Option<bool>("--anonymous")
        {
            Description = "those of exchanges nobody was known in",
        };
        var request = new Option<string>("--request")
        {
            Description = "those of one request, whoever made it",
            HelpName = "ID",
        };
        var before = new Option<DateTimeOffset?>("--before")
        {
            Description = "of exchanges before this time [default: now]",
            HelpName = "2026-01-31T12:00:00Z",
            CustomParser = ReadTime,
        };
        Command erase = Verb("erase", "overwrite what is kept of a consumer's or a request's bodies; the chain says so",
            parsed => EraseCommand.RunAsync(
                _shell,
                parsed.GetValue(_config),
                parsed.GetValue(consumer) ?? PayloadEraser.Anonymous,
                parsed.GetValue(request) ?? "",
                parsed.GetValue(before)));
        erase.Validators.Add(result =>
        {
            string? id = result.GetValue(request);
            int given = (result.GetValue(anonymous) ? 1 : 0) + (result.GetValue(consumer) is null ? 0 : 1)
                + (id is null ? 0 : 1);
            if (given != 1)
            {
                result.AddError("audit erase takes --consumer, --anonymous or --request, one of them.");
            }
            else if (id is not null && EraseAsk.ProblemOfRequest(id) is { } problem)
            {
                result.AddError($"--request '{id}' {problem}.");
            }
            else if (id is not null && result.GetValue(before) is not null)
            {
                result.AddError("--before goes with --consumer and --anonymous: a request is erased whole.");
            }
            else if (result.GetValue(consumer) is "")
            {
                result.AddError("--consumer is empty; what is kept of nobody's is erased by --anonymous.");
            }
        });
        erase.Options.Add(consumer);
        erase.Options.Add(anonymous);
        erase.Options.Add(request);
        erase.Options.Add(before);
        return erase;
    }

    private static Option<string?> PrivateKey() => new("--private-key")
    {
        Description = "the key that opens sealed payloads, PEM",
        HelpName = "FILE",
    };

    private static (ulong Seq, byte[] Hash)? ReadHead(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        string[] parts = text.Split(':');
        if (parts.Length == 2 && parts[1].Length is > 0 and <= 64 && parts[1].Length % 2 == 0
            && ulong.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out ulong seq))
        {
            try
            {
                return (seq, Convert.FromHexString(parts[1]));
            }
            catch (FormatException)
            {
                // Reported below.
            }
        }

        result.AddError($"--head is a record's number, a colon and hex digits of its hash, not '{text}'");
        return null;
    }

    private static DateTimeOffset? ReadTime(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        const DateTimeStyles Styles = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (DateTimeOffset.TryParseExact(text, ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.fffK"],
            CultureInfo.InvariantCulture, Styles, out DateTimeOffset time))
        {
            return time;
        }

        result.AddError($"a time is 2026-01-31 or 2026-01-31T12:00:00Z, not '{text}'");
        return null;
    }
}
