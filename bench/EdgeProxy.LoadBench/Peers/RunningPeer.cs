using System;
using System.IO;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Generators;
using EdgeProxy.LoadBench.Processes;

namespace EdgeProxy.LoadBench.Peers;

/// <summary>A proxy that runs and answers.</summary>
internal sealed class RunningPeer : IDisposable
{
    private static readonly TimeSpan ReadyMax = TimeSpan.FromSeconds(30);

    private readonly ChildProcess _process;

    private RunningPeer(ChildProcess process, int port, ProbeAnswer answer, TimeSpan start)
    {
        _process = process;
        Port = port;
        Answer = answer;
        Start = start;
        Tree = new ProcessTree(process.Id);
    }

    public int Port { get; }

    /// <summary>What it answered first: all later answers have this size.</summary>
    public ProbeAnswer Answer { get; }

    /// <summary>From the start of its process to the last byte of its first answer.</summary>
    public TimeSpan Start { get; }

    public ProcessTree Tree { get; }

    public bool HasExited => _process.HasExited;

    public string Errors => _process.Errors;

    /// <summary>Starts it and asks until it answers 200 with the expected body.</summary>
    /// <exception cref="PeerException">It ended, or gave no such answer in time.</exception>
    public static async Task<RunningPeer> StartAsync(IPeer peer, PeerSetup setup, ProbeRequest request, ulong cores)
    {
        Command command = peer.Prepare(setup);
        long begin = EventLoop.NowNs;
        ChildProcess process = ChildProcess.Start(command, cores);
        try
        {
            ProbeAnswer answer = await FirstAnswerAsync(process, setup, request, begin);
            var start = TimeSpan.FromMicroseconds((EventLoop.NowNs - begin) / 1000.0);
            return new RunningPeer(process, setup.Port, answer, start);
        }
        catch
        {
            process.Dispose();
            throw;
        }
    }

    public void Dispose() => _process.Dispose();

    private static async Task<ProbeAnswer> FirstAnswerAsync(
        ChildProcess process, PeerSetup setup, ProbeRequest request, long begin)
    {
        string last = "no connection";
        while (EventLoop.NowNs - begin < ReadyMax.Ticks * 100)
        {
            if (process.HasExited)
            {
                break;
            }

            try
            {
                ProbeAnswer answer = Probe.Ask(setup.Port, request, isTls: setup.Tls is not null);
                if (request.FlawOf(answer) is not { } flaw)
                {
                    return answer;
                }

                last = flaw;
            }
            catch (Exception e) when (e is SocketException or IOException or AuthenticationException)
            {
                last = e.Message;
            }

            await Task.Yield();
        }

        throw new PeerException($"{(process.HasExited ? "it ended" : "no good answer")}: {last}\n{process.Errors}");
    }
}
