namespace EdgeProxy.Tests.Middlewares.Model;

/// <summary>cors for https://app.test, or for all, as the Fetch standard has it.</summary>
internal static class ModelCors
{
    private const string Name = "Access-Control-";

    public static ModelAnswer? In(ModelExchange exchange, bool isAny, bool hasCredentials)
    {
        foreach (string name in new[] { "Allow-Origin", "Allow-Credentials", "Expose-Headers" })
        {
            exchange.Change(fields => ModelExchange.Remove(fields, Name + name));
        }

        string? origin = exchange.Received("Origin");
        bool isPreflight = origin is not null && exchange.Request.Method == "OPTIONS"
            && exchange.Received("Access-Control-Request-Method") is not null;
        if (isPreflight || !isAny)
        {
            exchange.Change(fields => fields.Add(("Vary", isPreflight
                ? "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
                : "Origin")));
        }

        bool isAllowed = origin is not null && (isAny || origin == "https://app.test");
        if (isAllowed)
        {
            exchange.Change(fields => fields.Add((Name + "Allow-Origin", isAny ? "*" : origin!)));
            if (hasCredentials)
            {
                exchange.Change(fields => fields.Add((Name + "Allow-Credentials", "true")));
            }

            (string, string)[] more = isPreflight
                ?
                [
                    (Name + "Allow-Methods", "GET, HEAD, POST"), (Name + "Allow-Headers", "X-A"),
                    (Name + "Max-Age", "10"),
                ]
                : [(Name + "Expose-Headers", "X-B")];
            exchange.Change(fields => fields.AddRange(more));
        }

        return !isPreflight ? null : ModelAnswer.Own(isAllowed ? 204 : 403);
    }
}
