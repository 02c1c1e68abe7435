using System.Collections.Generic;
using System.Text.Json;

namespace EdgeProxy.Control;

/// <summary>A service as the admin surface shows it.</summary>
/// <param name="Waiting">Requests that wait for room at a server.</param>
internal sealed record ServiceStatus(string Name, string Strategy, int Waiting, IReadOnlyList<ServerStatus> Servers)
{
    /// <summary>Of a composed service, which has no servers; its kind is the strategy.</summary>
    public IReadOnlyList<MemberStatus> Members { get; init; } = [];

    /// <summary>Null if there is none.</summary>
    public BreakerStatus? Breaker { get; init; }

    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("name", Name);
        json.WriteString("strategy", Strategy);
        json.WriteNumber("waiting", Waiting);
        json.WriteStartArray("servers");
        foreach (ServerStatus server in Servers)
        {
            server.WriteTo(json);
        }

        json.WriteEndArray();
        Breaker?.WriteTo(json);
        if (Members.Count > 0)
        {
            json.WriteStartArray("services");
            foreach (MemberStatus member in Members)
            {
                member.WriteTo(json);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }
}

/// <summary>A circuit breaker as the admin surface shows it.</summary>
/// <param name="State">"closed", "recovering" or "open".</param>
/// <param name="OpenMs">How long it is still open; 0 if it is not.</param>
internal sealed record BreakerStatus(string State, string Expression, long OpenMs)
{
    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject("circuit_breaker");
        json.WriteString("state", State);
        json.WriteString("expression", Expression);
        json.WriteNumber("open_ms", OpenMs);
        json.WriteEndObject();
    }
}

/// <summary>A member of a composed service as the admin surface shows it.</summary>
/// <param name="IsUsable">A request would find a server there.</param>
/// <param name="Requests">Requests it was chosen for.</param>
internal sealed record MemberStatus(string Name, int Weight, bool IsUsable, long Requests)
{
    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("name", Name);
        json.WriteNumber("weight", Weight);
        json.WriteBoolean("usable", IsUsable);
        json.WriteNumber("requests", Requests);
        json.WriteEndObject();
    }
}

/// <summary>A server as the admin surface shows it.</summary>
/// <param name="Name">host:port.</param>
/// <param name="Address">Where its name leads; "" while it leads nowhere.</param>
/// <param name="State">"up", "down", "unknown" (not probed yet) or "ejected".</param>
/// <param name="LastProbe">How the last probe ended; "" if there was none.</param>
/// <param name="EjectedMs">How long it is still ejected; 0 if it is not.</param>
/// <param name="InFlight">Exchanges at it now, of all loops.</param>
internal sealed record ServerStatus(
    string Name, string Address, int Weight, string State, string LastProbe, long EjectedMs, int InFlight)
{
    /// <summary>Percent of its share of requests that it gets: under 100 while it starts slowly.</summary>
    public int SharePercent { get; init; } = 100;

    /// <summary>0 is asked first.</summary>
    public int Priority { get; init; }

    /// <summary>It would get requests.</summary>
    public bool IsUp => State == "up" && Address.Length > 0;

    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("name", Name);
        json.WriteString("address", Address);
        json.WriteNumber("weight", Weight);
        json.WriteNumber("priority", Priority);
        json.WriteString("state", State);
        json.WriteNumber("share_percent", SharePercent);
        json.WriteString("last_probe", LastProbe);
        json.WriteNumber("ejected_ms", EjectedMs);
        json.WriteNumber("in_flight", InFlight);
        json.WriteEndObject();
    }
}
