using System.Net;
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

    private static AdminSettings? AdminOf(LoadedConfig loaded) => loaded.Settings?.Admin ?? loaded.Seen?.Admin;
}
