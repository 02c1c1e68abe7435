using System;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Processes;

namespace EdgeProxy.LoadBench.Generators;

/// <summary>
/// Connections one after the other, some at a time, each with a TLS 1.3 handshake, one request and its answer. All
/// proxies are offered one cipher and one group, so that the work is the same; whether a handshake is full or resumed
/// is ours to say and checked each time.
/// </summary>
internal static class Handshakes
{
    private const int ReceiveTimeoutMs = 8_000;

    /// <param name="port">Where a proxy speaks TLS.</param>
    /// <param name="request">Must ask for the connection to be closed.</param>
    /// <param name="dialers">Threads, which is connections at a time.</param>
    /// <param name="isResuming">Each but the first of a thread resumes the session of the one before.</param>
    /// <param name="seconds">How long.</param>
    /// <param name="cores">Where.</param>
    public static async Task<HandshakeResult> RunAsync(
        int port, ProbeRequest request, int dialers, bool isResuming, int seconds, ulong cores)
    {
        long beginNs = EventLoop.NowNs;
        long endNs = beginNs + (seconds * 1_000_000_000L);
        Task<Dialer>[] running =
        [
            .. Enumerable.Range(0, dialers).Select(_ => OwnThread.RunAsync(
                () => Dialer.Run(port, request, isResuming, endNs), cores)),
        ];
        Dialer[] done = await Task.WhenAll(running);
        double took = (EventLoop.NowNs - beginNs) / 1e9;
        var latency = new Histogram();
        foreach (Dialer dialer in done)
        {
            latency.Add(dialer.Latency);
        }

        return new HandshakeResult(
            done.Sum(d => d.Answered), done.Sum(d => d.Bytes), done.Sum(d => d.Unlike), done.Sum(d => d.Errors), took,
            latency, done.Select(d => d.FirstError).FirstOrDefault(e => e.Length > 0) ?? "");
    }

    /// <summary>One thread's connections.</summary>
    private sealed unsafe class Dialer
    {
        private readonly byte[] _buffer = new byte[64 * 1024];
        private nint _context;
        private nint _session;

        public long Answered { get; private set; }

        public long Bytes { get; private set; }

        public long Unlike { get; private set; }

        public long Errors { get; private set; }

        public string FirstError { get; private set; } = "";

        public Histogram Latency { get; } = new();

        public static Dialer Run(int port, ProbeRequest request, bool isResuming, long endNs)
        {
            var dialer = new Dialer();
            dialer._context = NewContext();
            try
            {
                while (EventLoop.NowNs < endNs)
                {
                    dialer.DialOnce(port, request, isResuming);
                }
            }
            finally
            {
                LibSsl.FreeSession(dialer._session);
                LibSsl.FreeContext(dialer._context);
            }

            return dialer;
        }

        private static nint NewContext()
        {
            nint context = LibSsl.NewContext(LibSsl.ClientMethod());
            LibSsl.Control(context, LibSsl.ControlVersionMin, LibSsl.Tls13, 0);
            LibSsl.Control(context, LibSsl.ControlVersionMax, LibSsl.Tls13, 0);
            LibSsl.ControlText(context, LibSsl.ControlGroups, 0, "X25519");
            _ = LibSsl.SetCiphers(context, "TLS_AES_128_GCM_SHA256");
            return context;
        }

        private void DialOnce(int port, ProbeRequest request, bool isResuming)
        {
            long beginNs = EventLoop.NowNs;
            nint ssl = LibSsl.New(_context);
            try
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.NoDelay = true;
                socket.ReceiveTimeout = ReceiveTimeoutMs;
                socket.Connect(IPAddress.Loopback, port);
                string error = Talk(ssl, (int)socket.Handle, request, isResuming);
                if (error.Length > 0)
                {
                    Fail(error);
                    return;
                }

                Answered++;
                Latency.Add(EventLoop.NowNs - beginNs);
            }
            catch (SocketException e)
            {
                Fail(e.Message);
            }
            finally
            {
                LibSsl.Free(ssl);
            }
        }

        // "" if the answer was the expected one.
        private string Talk(nint ssl, int fd, ProbeRequest request, bool isResuming)
        {
            _ = LibSsl.SetFd(ssl, fd);
            bool isResumed = _session != 0;
            if (isResumed)
            {
                _ = LibSsl.SetSession(ssl, _session);
            }

            if (LibSsl.Connect(ssl) != 1)
            {
                return "the handshake failed";
            }

            if ((LibSsl.IsResumed(ssl) != 0) != isResumed)
            {
                Unlike++;
            }

            fixed (byte* start = request.Bytes)
            {
                if (LibSsl.Write(ssl, start, request.Bytes.Length) != request.Bytes.Length)
                {
                    return "the request was not taken";
                }
            }

            int have = ReadAnswer(ssl);
            ReadOnlySpan<byte> answer = _buffer.AsSpan(0, have);
            int headEnd = answer.IndexOf("\r\n\r\n"u8);
            if (headEnd < 0 || !answer.StartsWith("HTTP/1.1 200 "u8) || have - headEnd - 4 != request.BodyBytes)
            {
                return $"an answer of {have} bytes that is not the expected one";
            }

            Bytes += have;
            _ = LibSsl.Shutdown(ssl);
            if (isResuming)
            {
                LibSsl.FreeSession(_session);
                _session = LibSsl.TakeSession(ssl);
            }

            return "";
        }

        // To the end of the connection, as asked for; the tickets come on the way.
        private int ReadAnswer(nint ssl)
        {
            int have = 0;
            fixed (byte* start = _buffer)
            {
                while (have < _buffer.Length)
                {
                    int count = LibSsl.Read(ssl, start + have, _buffer.Length - have);
                    if (count <= 0)
                    {
                        break;
                    }

                    have += count;
                }
            }

            return have;
        }

        private void Fail(string error)
        {
            Errors++;
            FirstError = FirstError.Length > 0 ? FirstError : error;
        }
    }
}
