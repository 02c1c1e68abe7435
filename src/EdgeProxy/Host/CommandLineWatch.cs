using System;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using EdgeProxy.Host.Commands;

namespace EdgeProxy.Host;

/// <content>Verbs that look at the running proxy: top, tail.</content>
internal sealed partial class CommandLine
{
    private const int CountMax = 1_000_000_000;

    private Command TopVerb()
    {
        var interval = new Option<TimeSpan?>("--interval")
        {
            Description = "how long each table tells of [default: 2s]",
            HelpName = "2s",
            CustomParser = ReadDuration,
        };
        var rows = new Option<int?>("--rows")
        {
            Description = $"routers, services and servers shown, the busiest first [default: {TopCommand.RowsDefault}]",
            HelpName = "N",
            CustomParser = ReadCount,
        };
        var once = new Option<bool>("--once") { Description = "one table, then end" };
        Command top = Verb("top", "rates, errors and durations by router, service and server, as they are now",
            parsed => TopCommand.RunAsync(
                _shell, parsed.GetValue(_config), parsed.GetValue(interval) ?? TopCommand.IntervalDefault,
                parsed.GetValue(rows) ?? TopCommand.RowsDefault, parsed.GetValue(once)));
        top.Options.Add(interval);
        top.Options.Add(rows);
        top.Options.Add(once);
        return top;
    }

    private Command TailVerb()
    {
        Option<string> router = Named("--router", "of this router");
        Option<string> service = Named("--service", "of this service");
        Option<string> consumer = Named("--consumer", "of this consumer");
        var status = new Option<string>("--status")
        {
            Description = "with one of these statuses",
            HelpName = "404,500-599",
        };
        var duration = new Option<TimeSpan?>("--min-duration")
        {
            Description = "that took at least this long",
            HelpName = "500ms",
            CustomParser = ReadDuration,
        };
        var count = new Option<int?>("--count")
        {
            Description = "end after so many requests [default: when interrupted]",
            HelpName = "N",
            CustomParser = ReadCount,
        };
        Command tail = AnsweringVerb("tail", "requests as they end, those that all filters let pass",
            (parsed, format) => TailCommand.RunAsync(_shell, parsed.GetValue(_config), new TailArguments
            {
                Router = parsed.GetValue(router),
                Service = parsed.GetValue(service),
                Consumer = parsed.GetValue(consumer),
                Status = parsed.GetValue(status),
                MinDuration = parsed.GetValue(duration),
                Count = parsed.GetValue(count),
            }, format));
        foreach (Option option in (Option[])[router, service, consumer, status, duration, count])
        {
            tail.Options.Add(option);
        }

        return tail;
    }

    private static int? ReadCount(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            && count is > 0 and <= CountMax)
        {
            return count;
        }

        result.AddError($"{NameOf(result)} is a number from 1 to {CountMax}, not '{text}'");
        return null;
    }

    private static string NameOf(ArgumentResult result) =>
        result.Parent is OptionResult option ? option.Option.Name : result.Argument.Name;
}
