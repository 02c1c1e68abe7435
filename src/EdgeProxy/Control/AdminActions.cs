using System;
using System.Threading.Tasks;
using EdgeProxy.Pipeline;
using EdgeProxy.Transport;

namespace EdgeProxy.Control;

/// <summary>What somebody had the admin surface do.</summary>
/// <param name="Status">Of the answer.</param>
/// <param name="What">The query.</param>
internal sealed record AdminAction(string Path, int Status, string What, string By);

/// <summary>Which requests of the admin surface are records of the audit chain, and who asked.</summary>
internal static class AdminActions
{
    private const int QueryCharsMax = 512;

    /// <summary>It is to be a record, whatever came of it.</summary>
    public static bool Has(LocalRequest request) => request.Method == "POST" && request.Path is "/api/v1/reload"
        or "/api/v1/plan" or "/api/v1/rollback" or "/api/v1/halt" or "/api/v1/release" or "/api/v1/deployments"
        or EraseApi.Path;

    /// <summary>The answer, once the record is on the disk; a disk that is full is not waited for long.</summary>
    public static async ValueTask<LocalAnswer> RecordAsync(
        LocalRequest request, ValueTask<LocalAnswer> answer, AdminParts parts)
    {
        LocalAnswer known = await answer.ConfigureAwait(false);
        string what = request.Query[..Math.Min(request.Query.Length, QueryCharsMax)];
        await parts.RecordAsync(new AdminAction(request.Path, known.Status, what, WhoOf(request, parts)))
            .ConfigureAwait(false);
        return known;
    }

    /// <summary>
    /// The address it came from, or the Unix socket it came by; whether it showed the token. Only of requests the gate
    /// let through.
    /// </summary>
    public static string WhoOf(LocalRequest request, AdminParts parts) =>
        (request.At is UnixEndPoint unix ? unix.ToString() : request.Client)
        + (parts.Settings()?.Admin.Token is not null ? " with admin.token" : "");
}
