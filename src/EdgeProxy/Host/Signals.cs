using System;
using System.Runtime.InteropServices;

namespace EdgeProxy.Host;

/// <summary>
/// What the process does on POSIX signals. QUIT keeps its default. Handlers run on a pool thread, one at a time.
/// </summary>
internal sealed class Signals : IDisposable
{
    private const PosixSignal User1 = (PosixSignal)10; // SIGUSR1 on x64 and arm64; the enumeration does not name it

    private readonly PosixSignalRegistration[] _registrations;

    public Signals(Action reload, Action stop, Action reopenLogs)
    {
        _registrations =
        [
            On(PosixSignal.SIGHUP, reload),
            On(PosixSignal.SIGTERM, stop),
            On(PosixSignal.SIGINT, stop),
            On(User1, reopenLogs),
        ];
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }
    }

    private static PosixSignalRegistration On(PosixSignal signal, Action action) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true; // or the default action would end the process
            action();
        });
}
