using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using EdgeProxy.Config;
using EdgeProxy.Config.History;
using Xunit;

namespace EdgeProxy.Tests.Config.History;

public sealed class ConfigHistoryTests : IDisposable
{
    private static readonly DateTimeOffset s_start = new(2026, 11, 29, 0, 0, 0, TimeSpan.Zero);
    private readonly string _folder = Path.Combine(Directory.CreateTempSubdirectory("edgeproxy-history-").FullName, "history");

    private string[] Files => [.. Directory.GetFiles(_folder).Order(StringComparer.Ordinal)];

    private ConfigHistory History => new(_folder);

    [Fact]
    public void Add_IsThereAgainAsItWas()
    {
        KeptConfig config = Config(7, "a = 1\n", "b = 2\n");

        Assert.Null(History.Add(config));

        KeptConfig kept = Assert.Single(History.All(out IReadOnlyList<string> damaged));
        Assert.Empty(damaged);
        Assert.Equal((config.Hash, config.At, "SIGHUP", "router a: changed"), (kept.Hash, kept.At, kept.Origin, kept.Changes));
        Assert.Equal(["/etc/0.toml", "/etc/1.toml"], kept.Written.Files.Select(file => file.Path));
        Assert.Equal(["a = 1\n", "b = 2\n"], kept.Written.Files.Select(file => Encoding.UTF8.GetString(file.Bytes)));
        Assert.Equal(config.Written.Digest, kept.Written.Digest);
    }

    [Fact]
    public void Add_NobodyElseMayReadIt()
    {
        Assert.Null(History.Add(Config(1)));

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Assert.Single(Files)));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder));
    }

    [Fact]
    public void Add_TheLatestAgain_WritesNothing()
    {
        Assert.Null(History.Add(Config(1)));
        File.SetLastWriteTimeUtc(Files[0], DateTime.UnixEpoch);

        Assert.Null(History.Add(Config(1) with { At = s_start.AddDays(1) }));

        Assert.Equal(DateTime.UnixEpoch, File.GetLastWriteTimeUtc(Assert.Single(Files)));
    }

    [Fact]
    public void Add_AnOlderOneAgain_BecomesTheLatest()
    {
        foreach (int number in (int[])[1, 2, 1])
        {
            Assert.Null(History.Add(Config(number)));
        }

        Assert.Equal([Hash(2), Hash(1)], History.All(out _).Select(kept => kept.Hash));
    }

    [Fact]
    public void Add_OverTheLimit_LetsGoOfTheOldest()
    {
        for (int i = 1; i <= HistoryLimits.ConfigsMax + 3; i++)
        {
            Assert.Null(History.Add(Config(i)));
        }

        IReadOnlyList<KeptConfig> all = History.All(out _);
        Assert.Equal(HistoryLimits.ConfigsMax, all.Count);
        Assert.Equal(Hash(4), all[0].Hash);
        Assert.Equal(Hash(HistoryLimits.ConfigsMax + 3), all[^1].Hash);
    }

    [Fact]
    public void Add_OverTheBytes_LetsGoOfTheOldestAndNeverOfTheLatest()
    {
        string large = "# " + new string('x', 7 * 1024 * 1024);
        for (int i = 1; i <= 4; i++)
        {
            Assert.Null(History.Add(Config(i, large)));
        }

        Assert.Equal([Hash(3), Hash(4)], History.All(out _).Select(kept => kept.Hash));
        Assert.True(Files.Sum(file => new FileInfo(file).Length) <= HistoryLimits.BytesMax);
    }

    [Fact]
    public void Add_TooLarge_SaysSoAndKeepsTheRest()
    {
        Assert.Null(History.Add(Config(1)));

        string? problem = History.Add(Config(2, new string('x', HistoryLimits.ConfigBytesMax)));

        Assert.Contains($"{HistoryLimits.ConfigBytesMax} are the most", problem, StringComparison.Ordinal);
        Assert.Equal(Hash(1), Assert.Single(History.All(out _)).Hash);
    }

    [Fact]
    public void File_TornAnywhere_IsNoneAndTheOthersAre()
    {
        Assert.Null(History.Add(Config(1)));
        Assert.Null(History.Add(Config(2)));
        byte[] whole = File.ReadAllBytes(Files[1]);
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(Files[1], whole[..length]);

            Assert.Equal(Hash(1), Assert.Single(History.All(out IReadOnlyList<string> damaged)).Hash);
            Assert.Equal([Files[1]], damaged);
            Assert.Null(History.Find(Hash(2)));
        }
    }

    [Fact]
    public void File_AnyBitFlipped_IsNone()
    {
        byte[] whole = KeptFormat.Write(Config(1, "a = 1\n"));
        for (int bit = 0; bit < whole.Length * 8; bit++)
        {
            byte[] flipped = [.. whole];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Null(KeptFormat.Read(flipped));
        }

        Assert.NotNull(KeptFormat.Read(whole));
    }

    [Fact]
    public void File_OfALatestThatIsTorn_IsWrittenAnew()
    {
        Assert.Null(History.Add(Config(1)));
        File.WriteAllBytes(Files[0], []);

        Assert.Null(History.Add(Config(1)));

        Assert.Equal(Hash(1), Assert.Single(History.All(out IReadOnlyList<string> damaged)).Hash);
        Assert.Empty(damaged);
    }

    [Fact]
    public void Folder_WithOtherFiles_LeavesThemAlone()
    {
        Directory.CreateDirectory(_folder);
        string[] others = ["rollback", "0000000001-abc", "0000000002-" + Hash(2) + ".new", "x-" + Hash(1)];
        foreach (string name in others)
        {
            File.WriteAllText(Path.Combine(_folder, name), "");
        }

        Assert.Null(History.Add(Config(1)));

        Assert.Equal(Hash(1), Assert.Single(History.All(out IReadOnlyList<string> damaged)).Hash);
        Assert.Empty(damaged);
        Assert.Equal(others.Length + 1, Files.Length);
    }

    [Fact]
    public void Folder_ThatIsAFile_IsAReasonNotAnException()
    {
        File.WriteAllText(_folder, "");

        Assert.NotNull(History.Add(Config(1)));
        Assert.Empty(History.All(out _));
        Assert.Null(History.Find(Hash(1)));
    }

    [Fact]
    public void Note_TornAnywhere_IsDamagedNotAnotherRollback()
    {
        string path = Path.Combine(Path.GetDirectoryName(_folder)!, "rollback");
        var note = new RollbackNote(Hash(1), new string('a', 64), "");
        Assert.Null(note.Keep(path));
        Assert.Equal(note, RollbackNote.Read(path, out bool isDamaged));
        Assert.False(isDamaged);

        byte[] whole = File.ReadAllBytes(path);
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.Null(RollbackNote.Read(path, out isDamaged));
            Assert.True(isDamaged);
        }

        Assert.Null(RollbackNote.Remove(path));
        Assert.Null(RollbackNote.Read(path, out isDamaged));
        Assert.False(isDamaged);
        Assert.Null(RollbackNote.Remove(Path.Combine(_folder, "nowhere", "rollback")));
    }

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_folder)!, recursive: true);

    private static string Hash(int number) => $"{number:x16}";

    private static KeptConfig Config(int number, params string[] texts) => new()
    {
        Hash = Hash(number),
        At = s_start.AddMinutes(number),
        Origin = "SIGHUP",
        Changes = "router a: changed",
        Written = new WrittenFiles(
            [.. (texts.Length > 0 ? texts : [$"# {number}\n"]).Select(
                (text, i) => new WrittenFile($"/etc/{i}.toml", Encoding.UTF8.GetBytes(text)))]),
    };
}
