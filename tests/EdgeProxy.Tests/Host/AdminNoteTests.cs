using System;
using System.IO;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Config;
using EdgeProxy.Control;
using EdgeProxy.Host;
using EdgeProxy.Transport;
using Xunit;

namespace EdgeProxy.Tests.Host;

public sealed class AdminNoteTests : IAsyncDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly IPEndPoint s_address = new(IPAddress.Loopback, 9090);
    private readonly string _folder = Directory.CreateTempSubdirectory("edgeproxy-note-").FullName;
    private readonly FakeDataPath _dataPath = new() { Status = new DataPathStatus { Admin = s_address } };

    private string Note => Path.Combine(_folder, "admin-address");

    [Theory]
    [InlineData("127.0.0.1:9090\n", "127.0.0.1:9090")]
    [InlineData("[::]:1\n", "[::]:1")]
    [InlineData("unix:/run/a.sock\n", "unix:/run/a.sock")]
    [InlineData("127.0.0.1:90", null)]
    [InlineData("127.0.0.1\n", null)]
    [InlineData("unix:a.sock\n", null)]
    public void Parse_ALineThatIsWhole_IsAnAddress(string text, string? address) =>
        Assert.Equal(address, AdminNote.Parse(text)?.ToString());

    [Theory]
    [InlineData(UnixFileMode.None, true)]
    [InlineData(UnixFileMode.GroupRead, true)]
    [InlineData(UnixFileMode.GroupWrite, false)]
    [InlineData(UnixFileMode.OtherWrite, false)]
    public void Read_OthersMayWriteIt_IsNotBelieved(UnixFileMode more, bool isBelieved)
    {
        Assert.Null(AdminNote.Write(_folder, s_address));
        File.SetUnixFileMode(Note, OwnerOnly | more);

        Assert.Equal(isBelieved ? s_address : null, AdminNote.Read(_folder));
    }

    [Fact]
    public void Read_ALink_IsNotBelieved()
    {
        Assert.Null(AdminNote.Write(_folder, s_address));
        File.Move(Note, $"{Note}.b");
        File.CreateSymbolicLink(Note, $"{Note}.b");

        Assert.Null(AdminNote.Read(_folder));
    }

    [Fact]
    public void Read_AnotherUsers_IsBelievedOnlyOfTheFoldersOwner()
    {
        const uint another = 65_534;
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can give a file away");
        Assert.Null(AdminNote.Write(_folder, s_address));
        Assert.Equal(0, LibC.ChangeOwner(Note, another, LibC.Unchanged));
        Assert.Null(AdminNote.Read(_folder));

        Assert.Equal(0, LibC.ChangeOwner(_folder, another, LibC.Unchanged));
        Assert.Equal(s_address, AdminNote.Read(_folder));
    }

    [Fact]
    public void Read_NoneOrTooLong_IsNone()
    {
        Assert.Null(AdminNote.Read(_folder));
        Assert.Null(AdminNote.Read(Path.Combine(_folder, "none")));

        File.WriteAllText(Note, $"{s_address}{new string(' ', 300)}\n");
        File.SetUnixFileMode(Note, OwnerOnly);
        Assert.Null(AdminNote.Read(_folder));
    }

    /// <summary>Who may write in the folder must not have us write over another file.</summary>
    [Fact]
    public void Write_ALinkInTheWay_IsReplacedAndNotFollowed()
    {
        string others = Path.Combine(_folder, "others");
        File.WriteAllText(others, "theirs");
        File.CreateSymbolicLink($"{Note}.new", others);

        Assert.Null(AdminNote.Write(_folder, s_address));

        Assert.Equal("theirs", File.ReadAllText(others));
        Assert.Equal(s_address, AdminNote.Read(_folder));
    }

    /// <summary>A process that was killed leaves its note; the next has no admin API.</summary>
    [Fact]
    public void KeepFirst_NoAdminApi_RemovesTheNoteOfAnEarlierProcess()
    {
        Assert.Null(AdminNote.Write(_folder, s_address));
        _dataPath.Status = new DataPathStatus();
        Reloader reloader = Started();

        reloader.KeepFirst();

        Assert.False(File.Exists(Note));
    }

    /// <summary>The start of a second process fails at an address that is taken: the note is the first one's.</summary>
    [Fact]
    public void LeaveAdmin_StartFailed_LeavesTheNoteOfWhoRuns()
    {
        Assert.Null(AdminNote.Write(_folder, s_address));
        _dataPath.RefuseWith = "address in use";
        Reloader reloader = Make();
        Assert.False(reloader.Reload("start").Ok);

        reloader.LeaveAdmin();

        Assert.Equal(s_address, AdminNote.Read(_folder));
    }

    [Fact]
    public async Task LeaveAdmin_WhileAReloadIsInProgress_DoesNotWaitAndIsTheLastWord()
    {
        Reloader reloader = Started();
        reloader.KeepFirst();
        Assert.Equal(s_address, AdminNote.Read(_folder));
        using var inApply = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        _dataPath.Status = new DataPathStatus { Admin = new IPEndPoint(IPAddress.Loopback, 9091) };
        _dataPath.OnApply = () =>
        {
            inApply.Set();
            goOn.Wait();
        };
        Task<ReloadOutcome> reload = Task.Run(() => reloader.Reload("again"), TestContext.Current.CancellationToken);
        try
        {
            inApply.Wait(TestContext.Current.CancellationToken);
            await Task.Run(reloader.LeaveAdmin, TestContext.Current.CancellationToken)
                .WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
            Assert.False(File.Exists(Note));
        }
        finally
        {
            goOn.Set();
        }

        Assert.True((await reload).Ok);
        Assert.False(File.Exists(Note));
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return _dataPath.DisposeAsync();
    }

    private Reloader Started()
    {
        Reloader reloader = Make();
        Assert.True(reloader.Reload("start").Ok);
        return reloader;
    }

    private Reloader Make()
    {
        string path = Path.Combine(_folder, "edgeproxy.toml");
        File.WriteAllText(
            path, $"[node]\nstate_dir = \"{_folder}\"\n[entrypoints.web]\naddress = \"127.0.0.1:8080\"\n");
        return new Reloader(
            ConfigSource.OfFile(path, ConfigEnvironment.OfProcess), _dataPath, new ManualTime(), new MemoryLog());
    }
}
