using System;
using System.Text;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;
using Xunit;

namespace EdgeProxy.Tests.Pipeline;

public class HeaderEditsTests
{
    private static readonly FieldName s_user = FieldName.Of("X-User");
    private static readonly FieldName s_users = FieldName.Of("X-Users");

    private readonly HeaderEdits _edits = new();

    private string Added => Encoding.Latin1.GetString(_edits.Added);

    [Fact]
    public void Set_AfterOtherEdits_IsTheOnlyLineOfItsName()
    {
        _edits.Append(s_user, "a"u8);
        _edits.Append(s_users, "b"u8);
        _edits.Append(s_user, "c"u8);

        _edits.Set(s_user, "d"u8);

        Assert.Equal("X-Users: b\r\nX-User: d\r\n", Added);
    }

    [Fact]
    public void TakeBack_AfterSet_TheFieldPassesAsItCame()
    {
        _edits.Set(s_user, "a"u8);
        _edits.Set(s_users, "b"u8);

        _edits.TakeBack(s_user);

        Assert.Equal("X-Users: b\r\n", Added);
        Assert.False(_edits.Drops("X-User"u8));
        Assert.True(_edits.Drops("X-Users"u8));
    }

    [Theory]
    [InlineData("X-User", true)]
    [InlineData("x-user", true)]
    [InlineData("X_User", true)]
    [InlineData("x.user", true)]
    [InlineData("X-Users", false)]
    [InlineData("XXUser", false)]
    public void Drops_EverySpelling_OfARemovedName(string received, bool isDropped)
    {
        _edits.Remove(s_user);

        Assert.Equal(isDropped, _edits.Drops(Encoding.ASCII.GetBytes(received)));
    }

    [Theory]
    [InlineData("a\r\nX-Admin: 1")]
    [InlineData("a\nb")]
    [InlineData("a\0")]
    [InlineData("\x7f")]
    public void Append_ControlByte_IsRefused(string value)
    {
        Assert.False(_edits.Append(s_user, Encoding.Latin1.GetBytes(value)));
        Assert.True(_edits.IsEmpty);
    }

    [Fact]
    public void Append_PastItsLimit_IsRefusedAndTheRestStays()
    {
        byte[] value = new byte[HeaderEdits.AddedBytesMax - 20];
        value.AsSpan().Fill((byte)'v');

        Assert.True(_edits.Append(s_user, value));
        Assert.False(_edits.Append(s_user, "0123456789"u8));
        Assert.Equal(value.Length + "X-User: \r\n".Length, _edits.Added.Length);
    }

    [Fact]
    public void Reset_LeavesNothing()
    {
        _edits.Set(FieldName.Of("X-Real-Ip"), "192.0.2.1"u8);
        Assert.True(_edits.Owns(KnownHeader.XRealIp));

        _edits.Reset();

        Assert.True(_edits.IsEmpty);
        Assert.False(_edits.Owns(KnownHeader.XRealIp));
        Assert.False(_edits.Drops("X-Real-Ip"u8));
    }

    [Fact]
    public void SetRemoveReset_Warm_AllocatesNothing() => Allocations.AssertNone(() =>
    {
        for (int i = 0; i < 1_000; i++)
        {
            _edits.Set(s_user, "alice"u8);
            _edits.Remove(s_users);
            _edits.Reset();
        }
    });
}
