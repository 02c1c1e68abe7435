using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using EdgeProxy.Audit;
using Xunit;

namespace EdgeProxy.Tests.Audit;

public sealed class ChainTests
{
    [Fact]
    public void Verify_ChainOfThreeSegments_HoldsAndSaysWhatIsSigned()
    {
        var texts = new List<string>();

        ChainReport report = ChainRig.Verify(ChainRig.Sample(), texts);

        Assert.Null(report.Problem);
        Assert.Equal((3, 1UL, 10UL, 7UL, 10L),
            (report.Segments, report.FirstSeq, report.LastSeq, report.SignedSeq, report.Records));
        Assert.True(report.IsBeginningKnown);
        Assert.Equal("abcdefghij", string.Concat(texts));
    }

    [Fact]
    public void Verify_AnyBitOfAnySegmentFlipped_IsFoundInItsFrame()
    {
        MemoryFiles files = ChainRig.Sample();
        foreach (string name in files.List())
        {
            byte[] whole = files[name];
            List<long> frames = Frames(whole);
            for (int bit = 0; bit < 8 * whole.Length; bit++)
            {
                int i = bit / 8;
                byte[] flipped = [.. whole];
                flipped[i] ^= (byte)(1 << (bit % 8));
                files[name] = flipped;

                ChainProblem? problem = ChainRig.Verify(files).Problem;

                Assert.True(problem is not null, $"{name}: byte {i} flipped and not found");
                long frame = frames.Last(offset => offset <= i);
                Assert.True(problem.Segment == name && problem.Offset == frame, $"byte {i} of {name}: {problem}");
            }

            files[name] = whole;
        }
    }

    [Fact]
    public void Verify_SegmentTakenOut_IsFound()
    {
        MemoryFiles files = ChainRig.Sample();
        files.Delete(files.List()[1]);

        ChainReport report = ChainRig.Verify(files);

        ChainProblem problem = Assert.Single(report.Problems);
        Assert.Equal("segment 2 is missing", problem.What);
        Assert.Equal((files.List()[1], 5UL), (problem.Segment, problem.Seq));
        Assert.Equal((4UL, 4UL, 10UL, 7L),
            (report.SignedSeq, report.ChainedSeq, report.LastSeq, report.Records)); // what is behind it is read
    }

    [Fact]
    public void Verify_FooterCutOffAClosedSegment_IsFound()
    {
        MemoryFiles files = ChainRig.Sample();
        string name = files.List()[0];
        files[name] = files[name][..^(ChainFrame.OverheadBytes + SegmentFooter.BodyBytes)];

        Assert.Contains("no footer", ChainRig.Verify(files).Problem!.What, StringComparison.Ordinal);
    }

    [Fact]
    public void Verify_SignedWithAnotherKey_IsFound()
    {
        using SegmentKey other = SegmentKey.Generate();
        MemoryFiles files = ChainRig.Sample();

        ChainReport report = new ChainVerifier([other]).Verify(files.List(), files.OpenRead);

        Assert.Contains("was not given", report.Problem!.What, StringComparison.Ordinal);
    }

    // Whoever can write the files, and make every hash anew, but has not the key: the segment and the record where it
    // begins to be another chain are named.
    [Theory]
    [InlineData("records swapped", 0, 2)]
    [InlineData("records swapped and hashed anew", 0, 2)]
    [InlineData("a record twice, hashed anew", 0, 3)]
    [InlineData("a record left out, hashed anew", 0, 2)]
    [InlineData("a record changed, hashed anew", 0, 5)]
    [InlineData("a record changed, signed by another", 0, 5)]
    [InlineData("segments swapped", 0, 1)]
    [InlineData("a segment twice", 1, 5)]
    [InlineData("a segment empty", 1, 0)]
    [InlineData("the last empty", 2, 0)]
    [InlineData("another's footer", 1, 8)]
    [InlineData("the seam", 1, 5)]
    public void Verify_ForgedWithoutTheKey_IsFoundAndLocated(string how, int segment, int seq)
    {
        MemoryFiles files = ChainRig.Sample();
        string[] names = [.. files.List()];
        List<byte[]> first = ByTheDocument.Bodies(files[names[0]]);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        switch (how)
        {
            case "records swapped":
                List<long> frames = Frames(files[names[0]]);
                byte[] whole = files[names[0]];
                files[names[0]] = [.. whole[..(int)frames[2]], .. whole[(int)frames[3]..(int)frames[4]],
                    .. whole[(int)frames[2]..(int)frames[3]], .. whole[(int)frames[4]..]];
                break;
            case "records swapped and hashed anew":
                files[names[0]] = ByTheDocument.Segment([first[0], first[1], first[3], first[2], .. first[4..]]);
                break;
            case "a record twice, hashed anew":
                files[names[0]] = ByTheDocument.Segment([.. first[..3], first[2], .. first[3..]]);
                break;
            case "a record left out, hashed anew":
                files[names[0]] = ByTheDocument.Segment([.. first[..2], .. first[3..]]);
                break;
            case "a record changed, hashed anew" or "a record changed, signed by another":
                first[3][^1] ^= 1;
                files[names[0]] = ByTheDocument.Segment(first, null, how.Contains("signed") ? other : null);
                break;
            case "segments swapped":
                (files[names[0]], files[names[1]]) = (files[names[1]], files[names[0]]);
                break;
            case "a segment twice":
                files[names[1]] = files[names[0]];
                break;
            case "a segment empty" or "the last empty":
                files[names[segment]] = [];
                break;
            case "another's footer":
                List<byte[]> second = ByTheDocument.Bodies(files[names[1]]);
                files[names[1]] = ByTheDocument.Segment([.. second[..^1], first[^1]]);
                break;
            case "the seam":
                files[names[1]] = ByTheDocument.Segment(ByTheDocument.Bodies(files[names[1]]), new byte[32]);
                break;
        }

        ChainReport report = ChainRig.Verify(files);

        Assert.True(report.Problem is not null, how);
        Assert.Equal((names[segment], (ulong)seq), (report.Problem.Segment, report.Problem.Seq));
    }

    // One that is damaged hides none behind it: each is told, and what is right of the others is read.
    [Fact]
    public void Verify_SeveralDamaged_EachIsToldAndTheOthersAreRead()
    {
        using var rig = new ChainRig();
        string[] names = CloseFive(rig);
        foreach (int damaged in (int[])[1, 3])
        {
            Damage(rig.Files, names[damaged], frame: 2);
        }

        var read = new List<string>();
        ChainReport report = ChainRig.Verify(rig.Files, read);

        Assert.Equal([names[1], names[3]], report.Problems.ConvertAll(static problem => problem.Segment));
        Assert.Equal([4UL, 8UL], report.Problems.ConvertAll(static problem => problem.Seq));
        Assert.Equal("aabccdee", string.Concat(read));
        Assert.Equal((2UL, 3UL, 10UL, 3, 6L),
            (report.SignedSeq, report.ChainedSeq, report.LastSeq, report.Segments, report.Records));
    }

    // Behind a damaged one, whose header may be what is damaged, what is missing is told as elsewhere.
    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Verify_MissingBehindADamagedOne_IsTold(int frame)
    {
        using var rig = new ChainRig();
        string[] names = CloseFive(rig);
        Damage(rig.Files, names[1], frame);
        rig.Files.Delete(names[2]);
        rig.Files.Delete(names[3]);
        var read = new List<string>();

        ChainReport report = ChainRig.Verify(rig.Files, read);

        Assert.Equal([names[1], names[4]], report.Problems.ConvertAll(static one => one.Segment));
        Assert.Equal("segments 3 to 4 are missing", report.Problems[1].What);
        Assert.EndsWith("ee", string.Concat(read), StringComparison.Ordinal);
    }

    // Each second one gone: the others are under their own signatures.
    [Fact]
    public void Verify_SeveralMissing_HideNone()
    {
        using var rig = new ChainRig();
        string[] names = CloseFive(rig);
        rig.Files.Delete(names[1]);
        rig.Files.Delete(names[3]);
        var read = new List<string>();

        ChainReport report = ChainRig.Verify(rig.Files, read);

        Assert.Equal(["segment 2 is missing", "segment 4 is missing"],
            report.Problems.ConvertAll(static one => one.What));
        Assert.Equal([3UL, 7UL], report.Problems.ConvertAll(static one => one.Seq));
        Assert.Equal("aaccee", string.Concat(read));
        Assert.Equal((2UL, 10UL, 3), (report.SignedSeq, report.LastSeq, report.Segments));
    }

    // Whatever numbers one that is forged says, and wherever a good one is copied to, those behind it are read.
    [Theory]
    [InlineData("number")]
    [InlineData("first record")]
    [InlineData("a later one")]
    public void Verify_ForgedToHideTheNext_HidesNone(string how)
    {
        using var rig = new ChainRig();
        string[] names = CloseFive(rig);
        List<byte[]> second = ByTheDocument.Bodies(rig.Files[names[1]]);
        second[0][how == "number" ? 15 : 23] = 1;
        rig.Files[names[1]] = how == "a later one" ? rig.Files[names[4]] : ByTheDocument.Segment(second);
        var read = new List<string>();

        ChainReport report = ChainRig.Verify(rig.Files, read);

        Assert.All(report.Problems, one => Assert.Equal(names[1], one.Segment));
        Assert.EndsWith("ccddee", string.Concat(read), StringComparison.Ordinal);
        Assert.Equal((2UL, 10UL, 4, 8L), (report.SignedSeq, report.LastSeq, report.Segments, report.Records));
    }

    // What a signature does not hold is not shown at all, however right its hashes are; what has none yet is.
    [Fact]
    public void Verify_GoodRecords_AreThoseOfSegmentsRightToTheirEnd()
    {
        MemoryFiles files = ChainRig.Sample();
        string[] names = [.. files.List()];
        List<byte[]> first = ByTheDocument.Bodies(files[names[0]]);
        first[3][^1] ^= 1;
        files[names[0]] = ByTheDocument.Segment(first);
        files[names[2]] = files[names[2]][..^1];
        var read = new List<string>();

        ChainReport report = new ChainVerifier([ChainRig.PublicKey])
        {
            OnGoodRecord = (_, _, record) => read.Add(ChainRig.Text(record)),
        }.Verify(names, files.OpenRead);

        Assert.Equal("efghi", string.Concat(read));
        Assert.Equal((8UL, 9UL), (report.OpenSeq, report.LastSeq));
    }

    // Between the two looks at a segment it may be changed: that is told, too.
    [Fact]
    public void Verify_ChangedBetweenTheLooks_IsTold()
    {
        MemoryFiles files = ChainRig.Sample();
        string name = files.List()[0];
        List<byte[]> bodies = ByTheDocument.Bodies(files[name]);
        bodies[3][^1] ^= 1;
        byte[] forged = ByTheDocument.Segment(bodies);

        ChainReport report = new ChainVerifier([ChainRig.PublicKey]) { OnGoodRecord = static (_, _, _) => { } }
            .Verify(files.List(), each => each == name ? new TwoFaces(files[name], forged) : files.OpenRead(each));

        Assert.Equal((name, "was changed while it was read"),
            (Assert.Single(report.Problems).Segment, report.Problem!.What));
    }

    // Another's bytes once it is read again.
    private sealed class TwoFaces(byte[] bytes, byte[] then) : MemoryStream(bytes)
    {
        private readonly byte[] _bytes = bytes;

        public override long Seek(long offset, SeekOrigin loc)
        {
            then.CopyTo(_bytes, 0);
            return base.Seek(offset, loc);
        }
    }

    private static string[] CloseFive(ChainRig rig)
    {
        foreach (string text in (string[])["a", "b", "c", "d", "e"])
        {
            rig.Append(text, text);
            rig.Chain.Close(ChainRig.NowMs);
        }

        return [.. rig.Files.List()];
    }

    private static void Damage(MemoryFiles files, string name, int frame)
    {
        byte[] bytes = files[name];
        bytes[Frames(bytes)[frame] + 10] ^= 1;
        files[name] = bytes;
    }

    // What is left verifies, and its end is not where who kept the head saw it.
    [Fact]
    public void Verify_OlderCopyOfTheFolder_OnlyANotedHeadTells()
    {
        MemoryFiles older = ChainRig.Sample();
        older.Delete(older.List()[2]);
        ChainReport whole = ChainRig.Verify(ChainRig.Sample());

        ChainReport report = ChainRig.Verify(older, noted: (whole.LastSeq, whole.HeadHash));

        Assert.Null(report.Problem);
        Assert.False(report.HasNoted);
        older.Delete(older.List()[0]);
        Assert.False(ChainRig.Verify(older).IsBeginningKnown);
    }

    [Fact]
    public void Verify_TailCutOffAtAFrame_OnlyANotedHeadTells()
    {
        MemoryFiles files = ChainRig.Sample();
        ChainReport whole = ChainRig.Verify(files);
        (ulong, byte[]) noted = (whole.LastSeq, whole.HeadHash[..8]);
        string name = files.List()[2];
        files[name] = files[name][..(int)Frames(files[name])[^2]];

        Assert.True(ChainRig.Verify(ChainRig.Sample(), noted: null).HasNoted is null);
        ChainReport cut = ChainRig.Verify(files, noted: noted);
        Assert.Null(cut.Problem);
        Assert.Equal(9UL, cut.LastSeq);
        Assert.False(cut.HasNoted);
    }

    [Fact]
    public void Verify_HeadNotedBeforeMoreCame_IsInTheChain()
    {
        using var rig = new ChainRig();
        rig.Append("a", "b");
        rig.Chain.Sync();
        byte[] hash = [.. rig.Chain.Durable.Hash];
        rig.Append("c");
        rig.Chain.Close(ChainRig.NowMs);

        Assert.True(ChainRig.Verify(rig.Files, noted: (2, hash[..8])).HasNoted);
        Assert.False(ChainRig.Verify(rig.Files, noted: (3, hash[..8])).HasNoted);
        Assert.True(ChainRig.Verify(rig.Files, noted: (3, rig.Chain.Durable.Hash[..8])).HasNoted);
    }

    [Fact]
    public void Find_LastSegmentCutAtAnyByte_KeepsWholeRecordsAndGoesOn()
    {
        MemoryFiles sample = ChainRig.Sample();
        string name = sample.List()[2];
        byte[] whole = sample[name];
        List<long> frames = Frames(whole);
        for (int length = 0; length < whole.Length; length++)
        {
            var files = new MemoryFiles();
            foreach (string each in sample.List())
            {
                files[each] = sample[each];
            }

            files[name] = whole[..length];
            using var rig = new ChainRig(files);
            rig.Append("next");
            rig.Chain.Close(ChainRig.NowMs);
            var texts = new List<string>();

            ChainReport report = ChainRig.Verify(files, texts);

            Assert.True(report.Problem is null, $"cut at {length}: {report.Problem}");
            long left = frames.Last(offset => offset <= length);
            int records = Math.Max(0, frames.IndexOf(left) - 1);
            Assert.Equal("abcdefg" + "hij"[..records] + "next", string.Concat(texts));
            Assert.Equal(length - left, rig.End.CutBytes);
            Assert.Equal(report.LastSeq, report.SignedSeq);
            if (length > left)
            {
                Assert.Equal(whole[(int)left..length], files.Kept[name]);
            }
        }
    }

    [Fact]
    public void Append_DiskFullInTheMiddle_RollsBackToWhatWasSynced()
    {
        using var rig = new ChainRig();
        rig.Append("a", "b");
        rig.Chain.Sync();
        rig.Files.Capacity = rig.Files.Bytes + 10;

        rig.Append("c");
        Assert.Throws<IOException>(rig.Chain.Sync);
        rig.Chain.Rollback();
        rig.Files.Capacity = long.MaxValue;
        rig.Append("d");
        rig.Chain.Close(ChainRig.NowMs);

        var texts = new List<string>();
        ChainReport report = ChainRig.Verify(rig.Files, texts);
        Assert.Null(report.Problem);
        Assert.Equal(["a", "b", "d"], texts);
    }

    [Fact]
    public void Sync_Fails_NothingSinceTheLastOneCounts()
    {
        using var rig = new ChainRig();
        rig.Append("a");
        rig.Chain.Sync();
        rig.Append("b");
        rig.Files.FailingSyncs = 1;

        Assert.Throws<IOException>(rig.Chain.Sync);
        rig.Chain.Rollback();
        rig.Append("b");
        rig.Chain.Sync();
        rig.Files.CutPower();

        var texts = new List<string>();
        Assert.Null(ChainRig.Verify(rig.Files, texts).Problem);
        Assert.Equal(["a", "b"], texts);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Close_Fails_IsDoneAgain(bool isSync)
    {
        using var rig = new ChainRig();
        rig.Append("a");
        rig.Chain.Sync();
        rig.Files.FailingSyncs = isSync ? 1 : 0;
        rig.Files.FailingAppends = isSync ? 0 : 1;

        Assert.Throws<IOException>(() => rig.Chain.Close(ChainRig.NowMs));
        rig.Chain.Rollback();
        rig.Append("b");
        rig.Chain.Close(ChainRig.NowMs);

        ChainReport report = ChainRig.Verify(rig.Files);
        Assert.Null(report.Problem);
        Assert.Equal((1, 2UL), (report.Segments, report.SignedSeq));
    }

    [Fact]
    public void Append_NewSegmentFails_IsBegunAgain()
    {
        using var rig = new ChainRig();
        rig.Append("a");
        rig.Chain.Close(ChainRig.NowMs);
        rig.Files.Capacity = rig.Files.Bytes + 20;
        rig.Append("b");
        Assert.Throws<IOException>(rig.Chain.Sync);
        rig.Chain.Rollback();
        rig.Files.Capacity = long.MaxValue;

        rig.Append("b");
        rig.Chain.Close(ChainRig.NowMs);

        ChainReport report = ChainRig.Verify(rig.Files);
        Assert.Null(report.Problem);
        Assert.Equal((2, 2UL), (report.Segments, report.SignedSeq));
    }

    [Fact]
    public void Append_ManyRecords_EqualsOneByOne()
    {
        using var rig = new ChainRig();
        string[] texts = [.. Enumerable.Range(0, 5_000).Select(static i => $"{i}:{new string('x', i % 200)}")];
        rig.Append(texts);
        rig.Chain.Close(ChainRig.NowMs);

        var read = new List<string>();
        Assert.Null(ChainRig.Verify(rig.Files, read).Problem);
        Assert.Equal(texts, read);
    }

    // Where the frames of a segment begin.
    private static List<long> Frames(byte[] segment)
    {
        var offsets = new List<long>();
        using var reader = new SegmentReader(new MemoryStream(segment));
        while (reader.Read() == FrameStatus.Whole)
        {
            offsets.Add(reader.Offset);
        }

        offsets.Add(segment.Length);
        return offsets;
    }
}
