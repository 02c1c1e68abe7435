using System;
using System.Globalization;
using System.Text;

namespace EdgeProxy.Host;

/// <summary>
/// Tells systemd how we fare (sd_notify(3)): one datagram per message to $NOTIFY_SOCKET. Without that variable, or once
/// the socket is gone, it does nothing: a service manager that does not listen is no reason to stop serving.
/// </summary>
internal sealed class SystemdNotifier
{
    private readonly byte[] _address;
    private readonly TimeProvider _time;

    public SystemdNotifier(Func<string, string?> variable, TimeProvider time)
    {
        _time = time;
        _address = UnixDatagram.Address(variable("NOTIFY_SOCKET"));
        WatchdogInterval = ReadWatchdogInterval(variable);
    }

    /// <summary>Half of what systemd waits for; null if it watches nobody, or another process.</summary>
    public TimeSpan? WatchdogInterval { get; }

    public void Ready(string status) => Send($"READY=1\nSTATUS={status}");

    // MONOTONIC_USEC pairs the message with the reload it belongs to (Type=notify-reload, systemd 253 and later).
    public void Reloading() => Send(string.Create(
        CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={MonotonicMicroseconds()}"));

    public void Stopping(string status) => Send($"STOPPING=1\nSTATUS={status}");

    public void Watchdog() => Send("WATCHDOG=1");

    /// <summary>
    /// Has systemd hold a descriptor open and hand it to the next process (FDSTORE in sd_notify(3)).
    /// </summary>
    public void StoreDescriptor(int descriptor, string name)
    {
        if (_address.Length > 0)
        {
            UnixDatagram.Send(_address, Encoding.UTF8.GetBytes($"FDSTORE=1\nFDNAME={name}"), descriptor);
        }
    }

    /// <summary>Has systemd close what it holds under that name.</summary>
    public void ForgetDescriptor(string name) => Send($"FDSTOREREMOVE=1\nFDNAME={name}");

    private static TimeSpan? ReadWatchdogInterval(Func<string, string?> variable)
    {
        if (!long.TryParse(variable("WATCHDOG_USEC"), CultureInfo.InvariantCulture, out long microseconds)
            || microseconds <= 0)
        {
            return null;
        }

        // sd_watchdog_enabled(3): the variables may have been inherited from a parent that is the one watched.
        string? pid = variable("WATCHDOG_PID");
        bool isOurs = string.IsNullOrEmpty(pid)
            || pid == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        return isOurs ? TimeSpan.FromMicroseconds(microseconds / 2.0) : null;
    }

    // The timestamp of TimeProvider.System is CLOCK_MONOTONIC, the clock systemd compares with.
    private long MonotonicMicroseconds() =>
        (long)((Int128)_time.GetTimestamp() * 1_000_000 / _time.TimestampFrequency);

    private void Send(string message)
    {
        if (_address.Length > 0)
        {
            UnixDatagram.Send(_address, Encoding.UTF8.GetBytes(message));
        }
    }
}
