using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace EdgeProxy.Tests.Middlewares.Model;

/// <summary>What an auth server says of a request.</summary>
/// <param name="Status">500: nothing that decides.</param>
/// <param name="User">Whom it lets pass; empty: nobody it knows.</param>
internal sealed record ModelDecision(int Status, string User);

/// <summary>
/// An auth server over a real socket. It decides by the method and the URI it is told, and tells the server, by
/// X-Told, all that it was asked.
/// </summary>
internal sealed class ModelAuth : IDisposable
{
    public const string Refusal = "log in";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();

    public ModelAuth()
    {
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _ = AcceptAsync();
    }

    public int Port { get; }

    public static ModelDecision Decide(string method, string uri) =>
        (method + uri).Sum(static letter => letter) switch
        {
            int sum when sum % 6 < 2 => new(200, "bob"),
            int sum when sum % 6 == 2 => new(200, "alice"),
            int sum when sum % 6 == 3 => new(200, ""),
            int sum when sum % 6 == 4 => new(401, ""),
            _ => new(500, ""),
        };

    /// <summary>What it tells of a question.</summary>
    /// <param name="values">Of X-A, in lines or lists.</param>
    public static string Told(string method, string host, string uri, string client, IEnumerable<string> values) =>
        $"{method} {host} {uri} {client} <{string.Join('|', values.SelectMany(static value =>
            value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))}>";

    public void Dispose()
    {
        _end.Cancel();
        _listener.Dispose();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_end.Token);
                _ = AnswerAsync(client);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }

    // One question a connection: who asks is forgotten with each configuration.
    private static async Task AnswerAsync(TcpClient client)
    {
        using TcpClient own = client;
        try
        {
            using var reader = new StreamReader(client.GetStream(), Encoding.Latin1);
            var fields = new List<(string Name, string Value)>();
            while (await reader.ReadLineAsync() is { Length: > 0 } line)
            {
                int colon = line.IndexOf(':', StringComparison.Ordinal);
                fields.Add((line[..Math.Max(colon, 0)], line[(colon + 1)..].Trim()));
            }

            string method = One("X-Forwarded-Method");
            string uri = One("X-Forwarded-Uri");
            ModelDecision decision = Decide(method, uri);
            string told = Told(method, One("X-Forwarded-Host"), uri, One("X-Forwarded-For"), All("X-A"));
            string rest = decision.Status switch
            {
                200 => $"X-Told: {told}\r\nRemote-User: {decision.User}\r\n",
                401 => "WWW-Authenticate: Form\r\nContent-Type: text/login\r\n",
                _ => "X-Told: nothing\r\n",
            };
            string text = string.Create(CultureInfo.InvariantCulture,
                $"HTTP/1.1 {decision.Status} S\r\nConnection: close\r\n{rest}Content-Length: {Refusal.Length}\r\n\r\n");
            await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(text + Refusal));

            string One(string name) => All(name).FirstOrDefault() ?? "";

            IEnumerable<string> All(string name) => fields
                .Where(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                .Select(static field => field.Value);
        }
        catch (IOException)
        {
            // It did not wait for the answer: the proxy is gone.
        }
    }
}
