using System;
using System.Collections.Concurrent;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace EdgeProxy.Middlewares.Identity;

/// <summary>A key set that is fetched.</summary>
internal sealed record IssuerSettings
{
    /// <summary>http or https, without a query.</summary>
    public required Uri Address { get; init; }

    /// <summary>Who signs the certificate of where the keys are; empty: whom the system trusts.</summary>
    public string CaPem { get; init; } = "";

    /// <summary>How old keys may be before they are fetched again; less if their max-age says so.</summary>
    public TimeSpan Refresh { get; init; } = RefreshDefault;

    /// <summary>Where what was good last is kept over a restart; empty: nowhere.</summary>
    public string Folder { get; init; } = "";

    public static TimeSpan RefreshDefault { get; } = TimeSpan.FromMinutes(10);
}

/// <summary>
/// The keys of an issuer, fetched when they are asked for and old, or when a token names a key that is not among them.
/// What was good last stays until something better comes: an issuer that cannot be reached, or talks nonsense, changes
/// nothing. Shared by all middlewares with the same settings, over reloads. Any thread.
/// </summary>
internal sealed class IssuerKeys(IssuerSettings settings, HttpMessageInvoker http, TimeProvider time)
{
    /// <summary>Bytes of a key set.</summary>
    public const int BytesMax = 256 * 1024;

    /// <summary>Requests that may wait for a fetch.</summary>
    public const int WaitingMax = 64;

    // Issuers known over reloads.
    private const int SharedMax = 256;

    /// <summary>Connect, ask and read, all together.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>Between two fetches, whatever asks for one: made-up keys come as fast as one can type.</summary>
    public static readonly TimeSpan IntervalMin = TimeSpan.FromSeconds(10);

    private static readonly ConcurrentDictionary<IssuerSettings, IssuerKeys> Shared = new();

    private readonly Lock _lock = new();
    private readonly KeptKeys _kept = new(settings.Folder, settings.Address, settings.CaPem);
    private TokenKeys? _current = new KeptKeys(settings.Folder, settings.Address, settings.CaPem).Read();
    private Task? _fetch;
    private long _fetchedAt;
    private TimeSpan _age = TimeSpan.MinValue;
    private int _waiting;
    private int _failures;

    /// <summary>Null: never fetched yet, and none kept.</summary>
    public TokenKeys? Current => Volatile.Read(ref _current);

    /// <summary>Called when a configuration is read.</summary>
    public static IssuerKeys Of(IssuerSettings settings)
    {
        if (Shared.Count >= SharedMax && !Shared.ContainsKey(settings))
        {
            Shared.Clear(); // whoever uses one has it
        }

        return Shared.GetOrAdd(settings, static settings =>
            new IssuerKeys(settings, OutboundHttp.Create(settings.CaPem, Timeout), TimeProvider.System));
    }

    /// <summary>Begins a fetch if the keys are old, and waits for nothing.</summary>
    public void Poke()
    {
        if (IsDue(settings.Refresh))
        {
            _ = RefreshAsync(settings.Refresh);
        }
    }

    /// <summary>
    /// A key is missing: waits for a fetch that may bring it. False: none may begin now, or too many wait already.
    /// </summary>
    public async Task<bool> TryWaitAsync()
    {
        if (Interlocked.Increment(ref _waiting) > WaitingMax)
        {
            Interlocked.Decrement(ref _waiting);
            return false;
        }

        try
        {
            return await RefreshAsync(IntervalMin).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>Fetches that failed since this was last asked.</summary>
    public int TakeFailures() => Volatile.Read(ref _failures) == 0 ? 0 : Interlocked.Exchange(ref _failures, 0);

    // An age below the interval is a max-age of the issuer's, or a failure that is tried again.
    private bool IsDue(TimeSpan ageMax)
    {
        long fetchedAt = Volatile.Read(ref _fetchedAt);
        if (fetchedAt == 0)
        {
            return true;
        }

        TimeSpan elapsed = time.GetElapsedTime(fetchedAt);
        return elapsed >= IntervalMin && elapsed >= (_age < ageMax ? _age : ageMax);
    }

    private async Task<bool> RefreshAsync(TimeSpan ageMax)
    {
        Task fetch;
        lock (_lock)
        {
            if (_fetch is null && !IsDue(ageMax))
            {
                return false;
            }

            fetch = _fetch ??= Task.Run(FetchAsync);
        }

        await fetch.ConfigureAwait(false);
        return true;
    }

    private async Task FetchAsync()
    {
        TokenKeys? keys = null;
        TimeSpan age = IntervalMin;
        try
        {
            (keys, string json, age) = await ReadAsync().ConfigureAwait(false);
            if (keys is not null && !keys.Equals(Current))
            {
                _kept.Write(json);
            }
        }
        finally
        {
            // Whatever came of it: a fetch that is never over would be the last one.
            End(keys, age);
        }
    }

    private void End(TokenKeys? keys, TimeSpan age)
    {
        lock (_lock)
        {
            if (keys is null)
            {
                Interlocked.Increment(ref _failures);
            }
            else if (!keys.Equals(_current))
            {
                Volatile.Write(ref _current, keys);
            }

            _age = age;
            Volatile.Write(ref _fetchedAt, Math.Max(1, time.GetTimestamp()));
            _fetch = null;
        }
    }

    private async Task<(TokenKeys? Keys, string Json, TimeSpan Age)> ReadAsync()
    {
        using var deadline = new CancellationTokenSource(Timeout, time);
        using var request = new HttpRequestMessage(HttpMethod.Get, settings.Address);
        request.Headers.TryAddWithoutValidation("Accept", "application/jwk-set+json, application/json");
        try
        {
            using HttpResponseMessage response = await http.SendAsync(request, deadline.Token).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                return (null, "", IntervalMin);
            }

            byte[] room = new byte[BytesMax + 1];
            Stream body = await response.Content.ReadAsStreamAsync(deadline.Token).ConfigureAwait(false);
            int length = await body.ReadAtLeastAsync(room, room.Length, false, deadline.Token).ConfigureAwait(false);
            string json = Encoding.UTF8.GetString(room, 0, length);
            if (length == room.Length || TokenKeys.OfJwks(json, out TokenKeys? keys) is not null)
            {
                return (null, "", IntervalMin);
            }

            return (keys, json, response.Headers.CacheControl?.MaxAge ?? settings.Refresh);
        }
#pragma warning disable CA1031 // Whatever an issuer can make of a client: no keys, and it is asked again.
        catch (Exception)
#pragma warning restore CA1031
        {
            return (null, "", IntervalMin);
        }
    }
}
