using System;
using System.Text;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Primitives.Http2;

/// <summary>
/// Makes an HTTP/1.1 head of a request's fields (RFC 9113 section 8.3.1), so that whoever reads heads reads these as
/// strictly. Refused here is what cannot be told in a head, or would be read there as something else. All fields have
/// to be given, or the tables of the two sides differ.
/// </summary>
internal ref struct RequestText
{
    private readonly ReadOnlySpan<byte> _webSocketKey;
    private TextRoom _room;
    private TextRoom _stash;
    private ByteRange _method;
    private ByteRange _scheme;
    private ByteRange _path;
    private ByteRange _authority;
    private ByteRange _protocol;
    private int _cookieStart;
    private Pseudo _seen;
    private bool _hasRegular;
    private bool _hasHost;
    private bool _isMalformed;

    /// <param name="room">
    /// For the head; as large as heads may be. A head that does not fit fills it and has no end.
    /// </param>
    /// <param name="stash">For pseudo-headers and cookies.</param>
    /// <param name="webSocketKey">What a WebSocket handshake of HTTP/1.1 asks with (RFC 6455 section 4.1).</param>
    public RequestText(Span<byte> room, Span<byte> stash, ReadOnlySpan<byte> webSocketKey)
    {
        _room = new TextRoom(room);
        _stash = new TextRoom(stash);
        _webSocketKey = webSocketKey;
    }

    [Flags]
    private enum Pseudo : byte
    {
        None = 0,
        Method = 1,
        Scheme = 2,
        Path = 4,
        Authority = 8,
        Protocol = 16,
    }

    /// <summary>The head, once it is finished.</summary>
    public readonly ReadOnlySpan<byte> Text => _room.Text;

    /// <summary>-1 if none was told.</summary>
    public long ContentLength { get; private set; } = -1;

    public bool IsHead { get; private set; }

    /// <summary>An extended CONNECT: what follows the head are the bytes of a tunnel (RFC 8441 section 4).</summary>
    public readonly bool IsTunnel => (_seen & Pseudo.Protocol) != 0;

    /// <summary>The body is told in chunks.</summary>
    public bool IsChunked { get; private set; }

    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        _isMalformed = _isMalformed || !FieldRules.IsValue(value)
            || !(name is [(byte)':', ..] ? TryPseudo(name, value) : TryRegular(name, value));
    }

    /// <summary>After the last field; false if the request is malformed.</summary>
    /// <param name="isEnd">Nothing follows the head.</param>
    public bool Finish(bool isEnd)
    {
        _isMalformed = _isMalformed || (!_hasRegular && !TryStart());
        if (_isMalformed || (isEnd && ContentLength > 0))
        {
            return false;
        }

        if (_cookieStart > 0)
        {
            _room.WriteField("cookie"u8, _stash.Text[_cookieStart..]);
        }

        if (!isEnd && ContentLength < 0 && !IsTunnel)
        {
            IsChunked = true;
            _room.Write("transfer-encoding: chunked\r\n"u8);
        }

        if (_room.IsOver || _stash.IsOver)
        {
            _room.Fill();
            return true;
        }

        _room.Write("\r\n"u8);
        if (_room.IsOver)
        {
            _room.Fill();
        }

        return true;
    }

    private bool TryPseudo(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (_hasRegular)
        {
            return false;
        }

        switch (name.Length)
        {
            case 7 when name.SequenceEqual(":method"u8):
                return TryKeep(Pseudo.Method, value, ref _method);
            case 7 when name.SequenceEqual(":scheme"u8):
                return TryKeep(Pseudo.Scheme, value, ref _scheme);
            case 5 when name.SequenceEqual(":path"u8):
                return TryKeep(Pseudo.Path, value, ref _path);
            case 10 when name.SequenceEqual(":authority"u8):
                return TryKeep(Pseudo.Authority, value, ref _authority);
            case 9 when name.SequenceEqual(":protocol"u8):
                return TryKeep(Pseudo.Protocol, value, ref _protocol);
            default:
                return false;
        }
    }

    private bool TryKeep(Pseudo which, ReadOnlySpan<byte> value, ref ByteRange range)
    {
        bool isFirst = (_seen & which) == 0;
        _seen |= which;
        int start = _stash.Length;
        _stash.Write(value);
        range = new ByteRange(start, _stash.Length - start);
        return isFirst && !value.IsEmpty;
    }

    private bool TryRegular(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (!_hasRegular)
        {
            _hasRegular = true;
            if (!TryStart())
            {
                return false;
            }
        }

        if (!FieldRules.IsName(name) || FieldRules.IsOfConnection(name))
        {
            return false;
        }

        switch (name.Length)
        {
            case 2 when name.SequenceEqual("te"u8):
                if (!Ascii.EqualsIgnoreCase(value, "trailers"u8))
                {
                    return false;
                }

                break;
            case 4 when name.SequenceEqual("host"u8):
                return TryHost(value);
            case 6 when name.SequenceEqual("cookie"u8):
                AddCookie(value);
                return true;
            case 17 when IsTunnel && name.SequenceEqual("sec-websocket-key"u8):
                return true; // RFC 8441 section 5: not a CONNECT's; the server is told ours
            case 14 when name.SequenceEqual("content-length"u8):
                if (ContentLength >= 0 || !FieldRules.TryReadLength(value, out long length))
                {
                    return false;
                }

                ContentLength = length;
                break;
        }

        _room.WriteField(name, value);
        return true;
    }

    // RFC 9113 section 8.3.1: a Host that names another authority makes the request malformed.
    private bool TryHost(ReadOnlySpan<byte> value)
    {
        if (_hasHost)
        {
            return false;
        }

        _hasHost = true;
        if (!_authority.IsEmpty)
        {
            return Ascii.EqualsIgnoreCase(value, _authority.Of(_stash.Text));
        }

        _room.WriteField("host"u8, value);
        return true;
    }

    // RFC 9113 section 8.2.3.
    private void AddCookie(ReadOnlySpan<byte> value)
    {
        if (_cookieStart == 0)
        {
            _cookieStart = _stash.Length; // behind the pseudo-headers, so never 0
        }
        else
        {
            _stash.Write("; "u8);
        }

        _stash.Write(value);
    }

    private bool TryStart()
    {
        if (_stash.IsOver)
        {
            return true; // it will be too large, whatever it says
        }

        ReadOnlySpan<byte> stash = _stash.Text;
        ReadOnlySpan<byte> method = _method.Of(stash);
        ReadOnlySpan<byte> path = _path.Of(stash);
        IsHead = method.SequenceEqual("HEAD"u8);
        if (method.IsEmpty || !AsciiSet.Token.ContainsAll(method))
        {
            return false;
        }

        if (method.SequenceEqual("CONNECT"u8))
        {
            return IsTunnel ? TryStartTunnel(path) : TryStartConnect();
        }

        return !IsTunnel && IsScheme(_scheme.Of(stash)) && IsPath(method, path) && Start(method, path);
    }

    private bool Start(ReadOnlySpan<byte> method, ReadOnlySpan<byte> target)
    {
        _room.Write(method);
        _room.Write(" "u8);
        _room.Write(target);
        _room.Write(" HTTP/1.1\r\n"u8);
        if (!_authority.IsEmpty)
        {
            _room.WriteField("host"u8, _authority.Of(_stash.Text));
        }

        return true;
    }

    // RFC 9113 section 8.5. Whoever reads the head refuses it.
    private bool TryStartConnect()
    {
        ReadOnlySpan<byte> authority = _authority.Of(_stash.Text);
        return _seen == (Pseudo.Method | Pseudo.Authority) && AsciiSet.Target.ContainsAll(authority)
            && Start("CONNECT"u8, authority);
    }

    private bool TryStartTunnel(ReadOnlySpan<byte> path)
    {
        ReadOnlySpan<byte> protocol = _protocol.Of(_stash.Text);
        bool isWhole = !_authority.IsEmpty && IsScheme(_scheme.Of(_stash.Text)) && IsPath("GET"u8, path)
            && AsciiSet.Token.ContainsAll(protocol);
        if (!isWhole)
        {
            return false;
        }

        Start("GET"u8, path);
        _room.Write("connection: upgrade\r\n"u8);
        _room.WriteField("upgrade"u8, protocol);
        _room.WriteField("sec-websocket-key"u8, _webSocketKey);
        return true;
    }

    private static bool IsScheme(ReadOnlySpan<byte> scheme) =>
        Ascii.EqualsIgnoreCase(scheme, "https"u8) || Ascii.EqualsIgnoreCase(scheme, "http"u8);

    private static bool IsPath(ReadOnlySpan<byte> method, ReadOnlySpan<byte> path) =>
        path is [(byte)'/', ..]
            ? AsciiSet.Target.ContainsAll(path)
            : path is [(byte)'*'] && method.SequenceEqual("OPTIONS"u8);
}
