using System;
using System.Globalization;
using System.IO;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Generators;
using EdgeProxy.LoadBench.Peers;
using EdgeProxy.LoadBench.Processes;

namespace EdgeProxy.LoadBench.Origin;

/// <summary>
/// A <see cref="LoopOrigin"/> in a process of its own, which can be killed, stopped and made slow. It answers
/// <c>/slow</c> at once until it is.
/// </summary>
internal sealed class OriginProcess : IDisposable
{
    /// <summary>The first argument of this program when it is one.</summary>
    public const string Verb = "--serve";

    private readonly ChildProcess _process;

    private OriginProcess(ChildProcess process, int port)
    {
        _process = process;
        Port = port;
    }

    public int Port { get; }

    public static async Task<OriginProcess> StartAsync(ulong cores)
    {
        int port = Ports.Free();
        string self = Path.Combine(AppContext.BaseDirectory, "EdgeProxy.LoadBench");
        ChildProcess process = ChildProcess.Start(
            new Command(self, [Verb, port.ToString(CultureInfo.InvariantCulture)]), cores);
        var origin = new OriginProcess(process, port);
        while (!process.HasExited)
        {
            try
            {
                Probe.Ask(port, ProbeRequest.Get("/slow", LoopOrigin.SlowBodyBytes));
                return origin;
            }
            catch (SocketException)
            {
                await Task.Yield();
            }
        }

        throw new PeerException($"a server ended: {process.Errors}");
    }

    /// <summary>What runs in the process: until it is told to end.</summary>
    public static int Serve(string port)
    {
        using var end = new ManualResetEventSlim();
        using var origin = new LoopOrigin(ulong.MaxValue, int.Parse(port, CultureInfo.InvariantCulture));
        origin.Slowness = TimeSpan.Zero;
        using PosixSignalRegistration slow = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            origin.Slowness = TimeSpan.FromMilliseconds(60);
        });
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            end.Set();
        });
        end.Wait();
        return 0;
    }

    /// <summary>It is gone, and its connections are reset.</summary>
    public void Kill() => LibC.Kill(_process.Id, LibC.SignalKill);

    /// <summary>It takes connections, in its queue, and answers nothing.</summary>
    public void Stop() => LibC.Kill(_process.Id, LibC.SignalStop);

    /// <summary>Each answer takes 60 ms from now on.</summary>
    public void Slow() => LibC.Kill(_process.Id, LibC.SignalHangup);

    public void Dispose()
    {
        LibC.Kill(_process.Id, LibC.SignalContinue);
        _process.Dispose();
    }
}
