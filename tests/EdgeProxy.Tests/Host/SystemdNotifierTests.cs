using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Text;
using EdgeProxy.Host;
using Xunit;

namespace EdgeProxy.Tests.Host;

public sealed class SystemdNotifierTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"edgeproxy-notify-{Guid.NewGuid():N}");
    private readonly ManualTime _time = new();

    [Fact]
    public void Ready_SocketPath_ArrivesAsOneDatagram()
    {
        using Socket systemd = Bind(_path);

        new SystemdNotifier(Variables(("NOTIFY_SOCKET", _path)), _time).Ready("2 entrypoints");

        Assert.Equal("READY=1\nSTATUS=2 entrypoints", Receive(systemd));
    }

    [Fact]
    public void Stopping_AbstractName_Arrives()
    {
        string name = $"edgeproxy-{Guid.NewGuid():N}";
        using Socket systemd = Bind("\0" + name);

        new SystemdNotifier(Variables(("NOTIFY_SOCKET", "@" + name)), _time).Stopping("draining");

        Assert.Equal("STOPPING=1\nSTATUS=draining", Receive(systemd));
    }

    [Fact]
    public void Reloading_CarriesTheMonotonicClockInMicroseconds()
    {
        using Socket systemd = Bind(_path);

        new SystemdNotifier(Variables(("NOTIFY_SOCKET", _path)), _time).Reloading();

        Assert.Equal($"RELOADING=1\nMONOTONIC_USEC={_time.GetTimestamp() / 10}", Receive(systemd));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("relative/path")]
    [InlineData("/nowhere/at/all")]
    [InlineData("@")]
    public void Ready_NoSuchSocket_DoesNothing(string? socket)
    {
        Exception? thrown = Record.Exception(
            () => new SystemdNotifier(Variables(("NOTIFY_SOCKET", socket)), _time).Ready("x"));

        Assert.Null(thrown);
    }

    [Fact]
    public void Send_NobodyReads_GivesUpInsteadOfWaiting()
    {
        const int moreThanAnyQueueHolds = 100_000;
        using Socket systemd = Bind(_path);
        byte[] address = UnixDatagram.Address(_path);

        int sent = 0;
        while (sent < moreThanAnyQueueHolds && UnixDatagram.Send(address, "WATCHDOG=1"u8))
        {
            sent++;
        }

        Assert.InRange(sent, 1, moreThanAnyQueueHolds - 1);
    }

    [Fact]
    public void Address_LongerThanTheKernelTakes_IsNone()
    {
        Assert.Empty(UnixDatagram.Address("/" + new string('a', 107)));
        Assert.NotEmpty(UnixDatagram.Address("/" + new string('a', 106)));
    }

    [Fact]
    public void WatchdogInterval_IsHalfOfWhatSystemdWaits()
    {
        var notifier = new SystemdNotifier(Variables(("WATCHDOG_USEC", "30000000")), _time);

        Assert.Equal(TimeSpan.FromSeconds(15), notifier.WatchdogInterval);
    }

    [Theory]
    [InlineData("30000000", "1")]
    [InlineData("0", null)]
    [InlineData("soon", null)]
    [InlineData(null, null)]
    public void WatchdogInterval_NotForUs_IsNull(string? microseconds, string? pid)
    {
        Func<string, string?> variables = Variables(("WATCHDOG_USEC", microseconds), ("WATCHDOG_PID", pid));

        Assert.Null(new SystemdNotifier(variables, _time).WatchdogInterval);
    }

    public void Dispose() => File.Delete(_path);

    private static Func<string, string?> Variables(params (string Name, string? Value)[] pairs)
    {
        var map = new Dictionary<string, string?>();
        foreach ((string name, string? value) in pairs)
        {
            map[name] = value;
        }

        return name => map.GetValueOrDefault(name);
    }

    private static Socket Bind(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.ReceiveTimeout = 5000;
        socket.Bind(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    private static string Receive(Socket socket)
    {
        byte[] buffer = new byte[4096];
        return Encoding.UTF8.GetString(buffer, 0, socket.Receive(buffer));
    }
}
