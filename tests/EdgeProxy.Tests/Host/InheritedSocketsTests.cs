using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using EdgeProxy.Host;
using EdgeProxy.Transport;
using Xunit;

namespace EdgeProxy.Tests.Host;

public sealed unsafe partial class InheritedSocketsTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"edgeproxy-store-{Guid.NewGuid():N}");
    private readonly Socket _systemd = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

    public InheritedSocketsTests() => _systemd.Bind(new UnixDomainSocketEndPoint(_path));

    public void Dispose()
    {
        _systemd.Dispose();
        File.Delete(_path);
    }

    [Fact]
    public void Take_ByName_WhateverTheAddress()
    {
        (int fd, int port) = Listening();
        InheritedSockets sockets = Of(fd, "web");

        Assert.Null(sockets.Take("other", new IPEndPoint(IPAddress.Loopback, 1)));
        ListenSocket? taken = sockets.Take("web", new IPEndPoint(IPAddress.Any, 80));

        Assert.Equal(new IPEndPoint(IPAddress.Loopback, port), taken!.Address);
        Assert.Null(sockets.Take("web", new IPEndPoint(IPAddress.Any, 80)));
        taken.StopAcceptingAsync();
    }

    [Fact]
    public void Take_ByAddress_OfWhatWasKept()
    {
        (int fd, int port) = Listening();
        InheritedSockets sockets = Of(fd, "kept-127.0.0.1_1");

        ListenSocket? taken = sockets.Take("web", new IPEndPoint(IPAddress.Loopback, port));

        Assert.Equal(fd, taken!.Fd);
        taken.StopAcceptingAsync();
    }

    [Theory]
    [InlineData("LISTEN_PID", "1")]
    [InlineData("LISTEN_PID", null)]
    [InlineData("LISTEN_FDS", null)]
    [InlineData("LISTEN_FDS", "-1")]
    [InlineData("LISTEN_FDS", "many")]
    public void Take_NotMeantForUs_IsNothing(string name, string? value)
    {
        (int fd, int port) = Listening();
        InheritedSockets sockets = Of(fd, "web", (name, value));

        Assert.Null(sockets.Take("web", new IPEndPoint(IPAddress.Loopback, port)));
        _ = LibC.Close(fd);
    }

    [Fact]
    public void Take_DescriptorThatDoesNotListen_IsNothing()
    {
        using var pipe = new System.IO.Pipes.AnonymousPipeServerStream();
        int copy = Duplicate((int)pipe.SafePipeHandle.DangerousGetHandle());

        Assert.Null(Of(copy, "web").Take("web", new IPEndPoint(IPAddress.Loopback, 80)));
    }

    [Fact]
    public void Take_KeptDescriptorThatDoesNotListen_IsNotHandedOverAgain()
    {
        using var pipe = new System.IO.Pipes.AnonymousPipeServerStream();
        int copy = Duplicate((int)pipe.SafePipeHandle.DangerousGetHandle());
        _systemd.ReceiveTimeout = 10_000;

        _ = Of(copy, "kept-127.0.0.1_80");

        Assert.Equal("FDSTOREREMOVE=1\nFDNAME=kept-127.0.0.1_80", Receive().Message);
    }

    [Fact]
    public void Keep_SystemdGetsACopyThatListens_AndItsName()
    {
        InheritedSockets sockets = Of(0, "", ("LISTEN_FDS", null));
        ListenSocket socket = ListenSocket.TryBind(new IPEndPoint(IPAddress.Loopback, 0), 16, out _)!;

        sockets.Keep(socket);
        (string message, int copy) = Receive();

        Assert.Equal($"FDSTORE=1\nFDNAME=kept-127.0.0.1_{socket.Port}", message);
        ListenSocket? again = ListenSocket.TryAdopt(copy, 16);
        Assert.Equal(socket.Address, again!.Address);
        Assert.NotEqual(socket.Fd, copy);
        socket.StopAcceptingAsync();
        again.StopAcceptingAsync();
    }

    [Fact]
    public void Drop_AndCloseRest_AreTold()
    {
        (int fd, int port) = Listening();
        InheritedSockets sockets = Of(fd, $"kept-127.0.0.1_{port}");

        sockets.CloseRest();
        Assert.Equal($"FDSTOREREMOVE=1\nFDNAME=kept-127.0.0.1_{port}", Receive().Message);
        Assert.Null(sockets.Take("web", new IPEndPoint(IPAddress.Loopback, port)));

        sockets.Drop(new IPEndPoint(IPAddress.IPv6Any, 8443));
        Assert.Equal("FDSTOREREMOVE=1\nFDNAME=kept-[__]_8443", Receive().Message);
    }

    private InheritedSockets Of(int fd, string names, (string Name, string? Value)? instead = null)
    {
        var variables = new Dictionary<string, string?>
        {
            ["LISTEN_PID"] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
            ["LISTEN_FDS"] = "1",
            ["LISTEN_FDNAMES"] = names,
            ["NOTIFY_SOCKET"] = _path,
        };
        if (instead is { } other)
        {
            variables[other.Name] = other.Value;
        }

        string? Variable(string name) => variables.GetValueOrDefault(name);
        return new InheritedSockets(Variable, new SystemdNotifier(Variable, TimeProvider.System), fd);
    }

    // A descriptor of its own, as a service manager leaves it: it blocks.
    private static (int Fd, int Port) Listening()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        return (Duplicate((int)socket.Handle), ((IPEndPoint)socket.LocalEndPoint!).Port);
    }

    private (string Message, int Descriptor) Receive()
    {
        byte* text = stackalloc byte[256];
        byte* control = stackalloc byte[24];
        var vector = new IoVector { Memory = text, Length = 256 };
        var head = new MessageHead { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = 24 };
        nint length = ReceiveMessage((int)_systemd.Handle, &head, 0);
        Assert.True(length > 0);
        return (Encoding.UTF8.GetString(text, (int)length), head.ControlLength == 24 ? *(int*)(control + 16) : -1);
    }

    [LibraryImport("libc", EntryPoint = "recvmsg")]
    private static partial nint ReceiveMessage(int socket, MessageHead* message, int flags);

    [LibraryImport("libc", EntryPoint = "dup")]
    private static partial int Duplicate(int descriptor);
}
