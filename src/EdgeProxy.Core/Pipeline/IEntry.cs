using System.Net;

namespace EdgeProxy.Pipeline;

/// <summary>What the pipeline knows of the entrypoint an exchange came in by, whatever protocol it speaks.</summary>
internal interface IEntry
{
    string Name { get; }

    /// <summary>Its place in <see cref="Snapshot.Tables"/>.</summary>
    int Slot { get; }

    /// <summary>Where it accepts, port resolved.</summary>
    IPEndPoint Address { get; }

    /// <summary>The port clients connect to, for X-Forwarded-Port.</summary>
    int Port { get; }

    ClientTerms Terms { get; }

    /// <summary>The configuration an entrypoint that left the current one ends with; null while it is in use.</summary>
    Snapshot? Frozen { get; }

    /// <summary>Every answer that begins from now on is its connection's last.</summary>
    bool IsDraining { get; }

    /// <summary>Answers every request itself if there is one: the admin API.</summary>
    ILocalService? LocalService { get; }
}
