using System.CommandLine;
using EdgeProxy.Host.Commands;

namespace EdgeProxy.Host;

/// <content>The verbs of configurations that may be and that were.</content>
internal sealed partial class CommandLine
{
    private void AddHistoryVerbs(RootCommand root)
    {
        root.Subcommands.Add(PlanVerb());
        root.Subcommands.Add(AnsweringVerb(
            "history",
            "the last configurations that were in use; * is, ! was rolled back from",
            (parsed, format) => HistoryCommand.RunAsync(_shell, parsed.GetValue(_config), format)));
        var hash = new Argument<string?>("HASH")
        {
            Description = "of a configuration that history lists [default: the one before that in use]",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Command rollback = AnsweringVerb("rollback", "use a configuration of the history, until the file changes",
            (parsed, format) =>
                RollbackCommand.RunAsync(_shell, parsed.GetValue(_config), parsed.GetValue(hash), format));
        rollback.Arguments.Add(hash);
        root.Subcommands.Add(rollback);
    }

    private Command PlanVerb()
    {
        var file = new Argument<string>("FILE") { Description = "the configuration that may be" };
        var against = new Option<string?>("--against")
        {
            Description = "compare with this file, and ask no proxy",
            HelpName = "FILE",
        };
        var exitCode = new Option<bool>("--exit-code")
        {
            Description = "end with 3 if something would change",
        };
        Command plan = AnsweringVerb(
            "plan",
            "what a file would change, by router, service, middleware; changes nothing",
            (parsed, format) => PlanCommand.RunAsync(
                _shell,
                parsed.GetValue(_config),
                parsed.GetRequiredValue(file),
                parsed.GetValue(against),
                parsed.GetValue(exitCode),
                format));
        plan.Arguments.Add(file);
        plan.Options.Add(against);
        plan.Options.Add(exitCode);
        return plan;
    }
}
