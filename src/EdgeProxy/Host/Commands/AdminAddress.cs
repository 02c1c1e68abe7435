using System;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using EdgeProxy.Config;
using EdgeProxy.Transport;

namespace EdgeProxy.Host.Commands;

/// <summary>Where the commands that talk to a running proxy find it.</summary>
internal static class AdminAddress
{
    /// <summary>The field that shows admin.token; "" where there is none, or the file does not say.</summary>
    public static string FieldsOf(LoadedConfig loaded) =>
        AdminOf(loaded)?.Token is { } token ? $"Authorization: Bearer {token}\r\n" : "";

    /// <summary>
    /// The address the file names. A faulty file does not hide a running proxy (it serves its last good one): if its
    /// [admin] can be read that counts, else the default address. Null, with the reason, when the admin surface is off.
    /// </summary>
    public static IPEndPoint? Find(LoadedConfig loaded, out string reason)
    {
        reason = "";
        AdminSettings admin = AdminOf(loaded) ?? new AdminSettings();
        if (admin.Address is null)
        {
            reason = "admin.address is \"off\"; send SIGHUP to reload, and ask an entrypoint for health";
        }

        return admin.Address;
    }

    /// <summary>
    /// Asks the running proxy where the file says that it is, and if nobody is there, or it says "off", where the
    /// proxy noted that it is: the file may have changed since. Who was reached is the only one that is asked.
    /// </summary>
    /// <param name="withToken">False for what is told without: the token goes nowhere that it need not.</param>
    /// <param name="limit">As of <see cref="OneRequest.SendAsync"/>.</param>
    public static async Task<AskOutcome> AskAsync(
        LoadedConfig loaded,
        string method,
        string path,
        string? body = null,
        bool withToken = true,
        TimeSpan? limit = null)
    {
        IPEndPoint? address = Find(loaded, out string reason);
        string fields = withToken ? FieldsOf(loaded) : "";
        if (address is not null)
        {
            AskOutcome outcome = await OneRequest
                .SendAsync(address, method, path, fields: fields, body: body, limit: limit).ConfigureAwait(false);
            if (outcome.IsReached)
            {
                return outcome;
            }

            reason = outcome.Reason;
        }

        string? folder = loaded.Settings?.Node.StateFolder ?? loaded.Seen?.StateFolder;
        if (folder is null || AdminNote.Read(folder) is not { } noted || noted.Equals(address))
        {
            return new AskOutcome(null, reason, IsReached: false);
        }

        if (NearOf(noted, address) is not { } near)
        {
            reason += $"; the running proxy is at {noted}, which is asked only where the file names its host";
            return new AskOutcome(null, reason, IsReached: false);
        }

        AskOutcome second = await OneRequest
            .SendAsync(near, method, path, fields: fields, body: body, limit: limit).ConfigureAwait(false);
        return second.Answer is not null ? second : second with { Reason = $"{reason}; {second.Reason}" };
    }

    // The token goes in clear text: to this machine, or to the host that the file names. Null for others.
    private static IPEndPoint? NearOf(IPEndPoint noted, IPEndPoint? named)
    {
        if (noted is UnixEndPoint || IPAddress.IsLoopback(noted.Address))
        {
            return noted;
        }

        if (noted.Address.Equals(IPAddress.Any) || noted.Address.Equals(IPAddress.IPv6Any))
        {
            bool isIPv4 = noted.AddressFamily == AddressFamily.InterNetwork;
            return new IPEndPoint(isIPv4 ? IPAddress.Loopback : IPAddress.IPv6Loopback, noted.Port);
        }

        return named is not null and not UnixEndPoint && named.Address.Equals(noted.Address) ? noted : null;
    }

    private static AdminSettings? AdminOf(LoadedConfig loaded) => loaded.Settings?.Admin ?? loaded.Seen?.Admin;
}
