using System;
using System.Collections.Generic;
using System.Globalization;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Values;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Services;
using EdgeProxy.Services.Choosing;

namespace EdgeProxy.Config.Tables;

/// <summary>[services.NAME.retry]</summary>
internal static class RetryTable
{
    private static readonly IntegerKey Attempts = Number("attempts", 1, TriedServers.Max, RetryLimits.AttemptsDefault,
        "tries", "Tries in all, each on another server as long as there is one.");

    private static readonly DurationKey PerTryTimeout = new("per_try_timeout", TimeSpan.FromMilliseconds(10),
        ServiceLimits.TimeoutMax,
        "Longest wait of one try, for its connection and again for its answer. It holds for requests that may be "
            + "repeated.")
    {
        DefaultToml = "\"0\"",
        ZeroMeans = "no limit of its own",
    };

    private static readonly CausesKey On = new("on",
        "What is tried again: connect, no connection came about; reset, the server closed before it answered; timeout; "
            + "and statuses. All but connect only for requests that may be repeated (GET, HEAD, OPTIONS, PUT, DELETE).")
    {
        DefaultToml = "[\"connect\", \"reset\"]",
    };

    private static readonly GrpcCodesKey GrpcCodes = new("grpc_codes",
        "gRPC calls that were answered with one of these codes and no message are tried again, too, as long as what "
            + "was sent of them fits into body_bytes_max. A server that sends grpc-retry-pushback-ms is left alone.")
    {
        ExampleToml = "[\"unavailable\"]",
        IsAlternative = true,
    };

    private static readonly BooleanKey IdempotencyKey = new("idempotency_key",
        "Requests with an Idempotency-Key may be repeated, too: the servers must know what it means.")
    {
        DefaultToml = "false",
    };

    private static readonly SizeKey BodyBytes = new("body_bytes_max", 0, RetryLimits.BodyBytesMax,
        "The longest body kept for another try. With a longer one, or without memory for it (ai.buffer_bytes_max), a "
            + "request is tried once.")
    {
        Default = RetryLimits.BodyBytesDefault,
        DefaultToml = $"\"{SizeText.Format(RetryLimits.BodyBytesDefault)}\"",
    };

    private static readonly IntegerKey BudgetShare = Number("budget_share", 0, 100, RetryLimits.BudgetShareDefault,
        "percent", "Share of the requests in flight to the service (per loop) that may be in a further try at a time.");

    private static readonly IntegerKey BudgetMin = Number("budget_min", 0, RetryLimits.BudgetMinMax,
        RetryLimits.BudgetMinDefault, "requests", "So many may be in a further try in any case, per loop.");

    private static readonly DurationKey BudgetWindow = new("budget_window", RetryLimits.BudgetWindowMin,
        RetryLimits.BudgetWindowMax,
        "When more fail at once, as when a server dies, budget_share of the requests that went well at the first try "
            + "within this time may be tried again, too. An outage of all servers spends that once.")
    {
        Default = RetryLimits.BudgetWindowDefault,
        DefaultToml = "\"10s\"",
        ZeroMeans = "nothing beyond the others",
    };

    public static TableDeclaration Declaration { get; } = new("retry", IsNamed: false,
        "Sends a request again when a server failed it and nothing of an answer has left. Without it, another server "
            + "(up to 3) is tried when no connection comes about.",
        [Attempts, PerTryTimeout, On, GrpcCodes, IdempotencyKey, BodyBytes, BudgetShare, BudgetMin,
            BudgetWindow])
    {
        ExampleToml = """
            [services.app.retry]
            attempts = 2
            per_try_timeout = "5s"
            on = ["connect", "reset", "502-504"]
            """,
    };

    /// <summary>Null if there is none, or it is no table.</summary>
    public static RetrySettings? Parse(TableScope parent)
    {
        if (parent.Below(Declaration) is not { } scope)
        {
            return null;
        }

        (RetryCauses on, StatusSet statuses) = On.ReadCauses(scope);
        uint codes = GrpcCodes.ReadCodes(scope);
        return new RetrySettings
        {
            GrpcCodes = codes,
            Attempts = Attempts.ReadValue(scope),
            PerTryTimeout = PerTryTimeout.Read(scope),
            On = codes == 0 ? on : on | RetryCauses.Grpc,
            Statuses = statuses,
            IdempotencyKey = IdempotencyKey.Read(scope),
            BodyBytesMax = BodyBytes.Read(scope),
            BudgetShare = BudgetShare.ReadValue(scope),
            BudgetMin = BudgetMin.ReadValue(scope),
            BudgetWindow = BudgetWindow.Read(scope),
        };
    }

    private static IntegerKey Number(string name, int min, int max, int standard, string unit, string doc) =>
        new(name, min, max, unit, doc)
        {
            Default = standard,
            DefaultToml = standard.ToString(CultureInfo.InvariantCulture),
        };

    /// <summary>A cause by its word, or statuses.</summary>
    private readonly record struct Cause(RetryCauses Word, StatusRange Statuses);

    private sealed class CausesKey(string name, string doc) : ListKey<Cause>(name, doc)
    {
        public override string TypeText => "list of words and statuses";

        public override string Accepts => "write a list of " + Range;

        public override string Range => "connect, reset, timeout, \"503\" or \"502-504\"";

        protected override bool IsRequiredToHaveItems => true;

        public (RetryCauses On, StatusSet Statuses) ReadCauses(TableScope scope)
        {
            if (!scope.TryFind(Name, out _))
            {
                var standard = new RetrySettings();
                return (standard.On, standard.Statuses);
            }

            RetryCauses on = RetryCauses.None;
            var ranges = new List<StatusRange>();
            foreach (Placed<Cause> cause in Read(scope) ?? [])
            {
                on |= cause.Value.Word;
                if (cause.Value.Word == RetryCauses.Status)
                {
                    ranges.Add(cause.Value.Statuses);
                }
            }

            return (on, new StatusSet(ranges));
        }

        protected override string? ParseItem(string text, out Cause item)
        {
            RetryCauses word = text switch
            {
                "connect" => RetryCauses.Connect,
                "reset" => RetryCauses.Reset,
                "timeout" => RetryCauses.Timeout,
                _ => RetryCauses.None,
            };
            item = new Cause(word, default);
            if (word != RetryCauses.None)
            {
                return null;
            }

            bool isRange = StatusRange.TryParse(text, out StatusRange range) && range.First >= 200;
            item = new Cause(RetryCauses.Status, range);
            return isRange ? null : "is no cause to try again";
        }
    }

    private sealed class GrpcCodesKey(string name, string doc) : ListKey<int>(name, doc)
    {
        // In the order of their numbers, from 1 (google.rpc.Code).
        private static readonly string[] s_words =
        [
            "cancelled", "unknown", "invalid_argument", "deadline_exceeded", "not_found", "already_exists",
            "permission_denied", "resource_exhausted", "failed_precondition", "aborted", "out_of_range",
            "unimplemented", "internal", "unavailable", "data_loss", "unauthenticated",
        ];

        public override string TypeText => "list of words";

        public override string Accepts => "write a list of " + Range;

        public override string Range => "codes of gRPC, \"unavailable\" or \"resource_exhausted\"";

        protected override bool IsRequiredToHaveItems => true;

        public uint ReadCodes(TableScope scope)
        {
            uint codes = 0;
            foreach (Placed<int> code in Read(scope) ?? [])
            {
                codes |= 1u << code.Value;
            }

            return codes;
        }

        protected override string? ParseItem(string text, out int item)
        {
            item = Array.IndexOf(s_words, text) + 1;
            return item > 0 ? null : "is no code of gRPC";
        }
    }
}
