using System;
using System.Collections.Generic;
using EdgeProxy.Config;
using EdgeProxy.EntryPoints;
using EdgeProxy.Primitives;
using EdgeProxy.Services;
using EdgeProxy.Transport.Tls;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Host;

/// <content>TLS of entrypoints, and what is to be said of it.</content>
internal sealed partial class DataPath
{
    private TicketKeys? _tickets;

    // By settings, which are compared by reference here: each entrypoint has its own.
    private Dictionary<EntryPointSettings, TlsServerContext> PrepareTls(ProxySettings settings, out string? problem)
    {
        problem = null;
        var contexts = new Dictionary<EntryPointSettings, TlsServerContext>(ReferenceEqualityComparer.Instance);
        foreach (EntryPointSettings wanted in settings.EntryPoints)
        {
            if (wanted.Tls is null || problem is not null)
            {
                continue;
            }

            // Unchanged, it goes on as it is.
            EntryPoint? running = _entryPoints.Find(known => known.Tls?.Settings.Equals(wanted.Tls) == true);
            _tickets ??= new TicketKeys(_parts.Time);
            string why = "";
            TlsServerContext? context = running?.Tls ?? TlsServerContext.Build(wanted.Tls, _tickets, out why);
            if (context is null)
            {
                problem = $"entrypoint {wanted.Name}: {why}";
            }
            else
            {
                contexts.Add(wanted, context);
            }
        }

        return contexts;
    }

    private void WarnOfTls(ProxySettings settings, Dictionary<EntryPointSettings, TlsServerContext> contexts)
    {
        foreach ((EntryPointSettings entryPoint, TlsServerContext context) in contexts)
        {
            foreach ((string file, int daysLeft) in context.Expiring())
            {
                if (daysLeft < 0)
                {
                    Log.CertificateExpired(_logger, entryPoint.Name, file, null);
                }
                else
                {
                    Log.CertificateExpires(_logger, entryPoint.Name, file, daysLeft, null);
                }
            }
        }

        foreach (ServiceSettings service in settings.Services)
        {
            if (service.Tls?.SkipVerify == true)
            {
                Log.NotVerified(_logger, service.Name, null);
            }
        }
    }

    private static partial class Log
    {
        public static readonly Action<ILogger, string, string, Exception?> CertificateExpired =
            LoggerMessage.Define<string, string>(LogLevel.Warning, EventIds.CertificateExpired,
                "entrypoint {Name}: certificate {File} HAS EXPIRED; clients will refuse it");

        public static readonly Action<ILogger, string, string, int, Exception?> CertificateExpires =
            LoggerMessage.Define<string, string, int>(LogLevel.Warning, EventIds.CertificateExpires,
                "entrypoint {Name}: certificate {File} expires in {Days} days");

        public static readonly Action<ILogger, string, Exception?> NotVerified =
            LoggerMessage.Define<string>(LogLevel.Warning, EventIds.ServerNotVerified,
                "service {Name}: insecure_skip_verify = true: ITS SERVERS' CERTIFICATES ARE NOT VERIFIED; anybody on "
                + "the way can read and change everything");
    }
}
