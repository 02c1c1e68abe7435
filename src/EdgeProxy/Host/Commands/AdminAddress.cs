using System.Net;
using System.Threading.Tasks;
using EdgeProxy.Config;

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
    /// Asks the running proxy where the file says that it is, and if nobody answers there, or it says "off", where the
    /// proxy noted that it is: the file may have changed since. The answer, else why there is none.
    /// </summary>
    public static async Task<(RawAnswer? Answer, string Reason)> AskAsync(
        LoadedConfig loaded, string method, string path, string? body = null)
    {
        IPEndPoint? address = Find(loaded, out string reason);
        string fields = FieldsOf(loaded);
        if (address is not null)
        {
            (RawAnswer? answer, string? why) =
                await OneRequest.SendAsync(address, method, path, fields: fields, body: body).ConfigureAwait(false);
            if (answer is not null)
            {
                return (answer, "");
            }

            reason = why ?? "";
        }

        string? folder = loaded.Settings?.Node.StateFolder ?? loaded.Seen?.StateFolder;
        if (folder is not null && AdminNote.Read(folder) is { } noted && !noted.Equals(address))
        {
            (RawAnswer? answer, string? why) =
                await OneRequest.SendAsync(noted, method, path, fields: fields, body: body).ConfigureAwait(false);
            return answer is not null ? (answer, "") : (null, $"{reason}; {why}");
        }

        return (null, reason);
    }

    private static AdminSettings? AdminOf(LoadedConfig loaded) => loaded.Settings?.Admin ?? loaded.Seen?.Admin;
}
