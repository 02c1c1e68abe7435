using System.Collections.Generic;
using System.Text.Json;
using EdgeProxy.Config;
using EdgeProxy.EntryPoints;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Host.Commands;

/// <summary>
/// <c>explain</c>: which router a request would meet, and why the others let it pass. Nothing is sent.
/// </summary>
internal static class ExplainCommand
{
    public static int Run(Shell shell, string? configPath, ExplainArguments arguments, AnswerFormat format)
    {
        if (arguments.ToRequest(out string reason) is not { } request)
        {
            shell.Error.WriteLine($"edgeproxy: {reason}");
            return ExitCodes.Usage;
        }

        LoadedConfig loaded = ConfigSource.OfFile(shell.ConfigPath(configPath), ConfigEnvironment.OfProcess).Load();
        if (loaded.Settings is not { } settings)
        {
            return ValidateCommand.Refuse(shell, loaded);
        }

        var explanations = new List<Explanation>();
        foreach (EntryPointSettings entryPoint in settings.EntryPoints)
        {
            if (arguments.EntryPoint is null || arguments.EntryPoint == entryPoint.Name)
            {
                explanations.Add(new RouteExplainer(settings, entryPoint).Explain(request));
            }
        }

        if (explanations.Count == 0)
        {
            shell.Error.WriteLine($"edgeproxy: no entrypoint is called '{arguments.EntryPoint}'");
            return ExitCodes.Usage;
        }

        if (format == AnswerFormat.Json)
        {
            WriteJson(shell, request, explanations);
        }
        else
        {
            WriteText(shell, request, explanations);
        }

        return ExitCodes.Ok;
    }

    private static void WriteText(Shell shell, in ExplainedRequest request, List<Explanation> explanations)
    {
        shell.Output.WriteLine($"{request.Method} {request.Target} at {request.Authority}");
        foreach (Explanation explanation in explanations)
        {
            shell.Output.WriteLine();
            shell.Output.WriteLine($"entrypoint {explanation.EntryPoint}");
            if (explanation.CanonicalPath.Length > 0)
            {
                shell.Output.WriteLine($"  path     {explanation.CanonicalPath}");
            }

            shell.Output.WriteLine($"  answer   {Outcome(explanation)}");
            foreach (ExplainedRouter router in explanation.Routers)
            {
                shell.Output.WriteLine($"  {Mark(explanation, router),-7}  {router.Router.Name}: {Why(router)}");
            }
        }
    }

    private static string Outcome(Explanation explanation) => explanation switch
    {
        { Rejected: not RejectReason.None } =>
            $"{RejectReasons.StatusCode(explanation.Rejected)}: {RejectReasons.Text(explanation.Rejected)}",
        { Winner: { } winner } => $"router {winner.Name}, service {winner.Service}",
        _ => "404: no router takes it",
    };

    private static string Mark(Explanation explanation, in ExplainedRouter router) =>
        router.Router == explanation.Winner ? "takes" : router.Matches ? "behind" : "no";

    private static string Why(in ExplainedRouter router) =>
        router.Matches ? $"{router.Reason} holds" : $"{router.Reason} does not hold";

    private static void WriteJson(Shell shell, ExplainedRequest request, List<Explanation> explanations) =>
        JsonAnswer.Write(shell.Output, json =>
        {
            json.WriteStartObject();
            json.WriteString("method"u8, request.Method);
            json.WriteString("authority"u8, request.Authority);
            json.WriteString("target"u8, request.Target);
            json.WriteStartArray("entrypoints"u8);
            foreach (Explanation explanation in explanations)
            {
                WriteEntryPoint(json, explanation);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });

    private static void WriteEntryPoint(Utf8JsonWriter json, Explanation explanation)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, explanation.EntryPoint);
        json.WriteString("path"u8, explanation.CanonicalPath);
        if (explanation.Rejected != RejectReason.None)
        {
            json.WriteNumber("status"u8, RejectReasons.StatusCode(explanation.Rejected));
            json.WriteString("rejected"u8, RejectReasons.Name(explanation.Rejected));
        }

        json.WriteString("router"u8, explanation.Winner?.Name);
        json.WriteString("service"u8, explanation.Winner?.Service);
        json.WriteStartArray("routers"u8);
        foreach (ExplainedRouter router in explanation.Routers)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, router.Router.Name);
            json.WriteBoolean("matches"u8, router.Matches);
            json.WriteString("reason"u8, router.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
