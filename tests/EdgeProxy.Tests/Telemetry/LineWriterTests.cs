using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using EdgeProxy.Telemetry;
using EdgeProxy.Tests.Host;
using Xunit;

namespace EdgeProxy.Tests.Telemetry;

public sealed class LineWriterTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgeproxy-lines-");
    private readonly ManualTime _time = new();
    private readonly List<string> _failures = [];

    private string FileName => Path.Combine(_folder.FullName, "access.log");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void StalledTarget_CostsLines_CountedExactly()
    {
        using var gate = new ManualResetEventSlim();
        using var entered = new ManualResetEventSlim();
        var target = new GatedTarget(gate, entered);
        var writer = new LineWriter(target);
        byte[] lines = Encoding.ASCII.GetBytes(new string('x', LineWriter.WaitingBytesMax / 4 - 1) + "\n");

        writer.Put("first\n"u8, 1);
        entered.Wait(TestContext.Current.CancellationToken);
        for (int i = 0; i < 6; i++)
        {
            writer.Put(lines, 10);
        }

        Assert.Equal(20, writer.Dropped);
        gate.Set();
        writer.Dispose();
        Assert.Equal(6 + (4 * lines.Length), target.Bytes);
        writer.Put("late\n"u8, 1);
        Assert.Equal(21, writer.Dropped);
    }

    [Fact]
    public void File_GrowsTooLarge_IsMovedAside_AndTheOldestAreDeleted()
    {
        using RotatingFile file = Open(new AccessLogSettings { RotateBytes = 10, FilesKept = 2 });
        for (int i = 0; i < 6; i++)
        {
            Assert.True(file.TryWrite(Encoding.ASCII.GetBytes($"line {i}\n")));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal("line 5\n", File.ReadAllText(FileName));
        string[] aside = [.. Directory.GetFiles(_folder.FullName, "access.log.2*").Order()];
        Assert.Equal(["line 3\n", "line 4\n"], aside.Select(File.ReadAllText));
    }

    [Fact]
    public void File_TwiceInASecond_NothingIsOverwritten()
    {
        using RotatingFile file = Open(new AccessLogSettings { RotateBytes = 2, FilesKept = 9 });
        for (int i = 0; i < 4; i++)
        {
            file.TryWrite(Encoding.ASCII.GetBytes($"{i}\n"));
        }

        Assert.Equal(["0\n", "1\n", "2\n"],
            Directory.GetFiles(_folder.FullName, "access.log.2*").Order(StringComparer.Ordinal).Select(File.ReadAllText));
    }

    [Fact]
    public void File_GrowsOld_IsMovedAside()
    {
        using RotatingFile file = Open(new AccessLogSettings { RotateAfter = TimeSpan.FromHours(1), FilesKept = 1 });
        file.TryWrite("a\n"u8);
        _time.Advance(TimeSpan.FromMinutes(59));
        file.TryWrite("b\n"u8);
        _time.Advance(TimeSpan.FromMinutes(1));
        file.TryWrite("c\n"u8);

        Assert.Equal("c\n", File.ReadAllText(FileName));
        Assert.Equal("a\nb\n", File.ReadAllText(Assert.Single(Directory.GetFiles(_folder.FullName, "access.log.2*"))));
    }

    [Fact]
    public void File_MovedByAnother_IsOpenedAgainWhenAsked()
    {
        using RotatingFile file = Open(new AccessLogSettings());
        file.TryWrite("a\n"u8);
        File.Move(FileName, FileName + ".1");
        file.TryWrite("b\n"u8);
        file.Reopen();
        file.TryWrite("c\n"u8);

        Assert.Equal("a\nb\n", File.ReadAllText(FileName + ".1"));
        Assert.Equal("c\n", File.ReadAllText(FileName));
    }

    [Fact]
    public void File_CannotBeWritten_CostsLines_IsToldOnce_AndTriedAgain()
    {
        using RotatingFile file = Open(new AccessLogSettings());
        file.Reopen();
        Directory.Delete(_folder.FullName, recursive: true);
        Assert.False(file.TryWrite("a\n"u8));
        Assert.False(file.TryWrite("b\n"u8));
        Assert.Single(_failures);

        Directory.CreateDirectory(_folder.FullName);
        Assert.True(file.TryWrite("c\n"u8));

        Assert.Equal("c\n", File.ReadAllText(FileName));
    }

    private RotatingFile Open(AccessLogSettings settings)
    {
        var file = new RotatingFile(
            settings with { Output = AccessLogOutput.File, File = FileName }, _time, _failures.Add);
        Assert.Null(file.TryOpen());
        return file;
    }

    private sealed class GatedTarget(ManualResetEventSlim gate, ManualResetEventSlim entered) : ILineTarget
    {
        public int Bytes { get; private set; }

        public bool TryWrite(ReadOnlySpan<byte> lines)
        {
            entered.Set();
            gate.Wait();
            Bytes += lines.Length;
            return true;
        }

        public void Reopen()
        {
        }

        public void Dispose()
        {
        }
    }
}
