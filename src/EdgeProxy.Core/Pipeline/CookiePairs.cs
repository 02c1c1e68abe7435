using System;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Pipeline;

/// <summary>
/// The cookies of a request, one after the other, over all its Cookie fields (RFC 6265 section 4.2.1: cookie-pair
/// *( ";" SP cookie-pair )). What is no pair is passed over.
/// </summary>
internal ref struct CookiePairs(RequestHead request, ReadOnlySpan<byte> head)
{
    private readonly RequestHead _request = request;
    private readonly ReadOnlySpan<byte> _head = head;
    private ReadOnlySpan<byte> _rest;
    private int _field;

    public ReadOnlySpan<byte> Name { get; private set; }

    public ReadOnlySpan<byte> Value { get; private set; }

    public bool Next()
    {
        while (true)
        {
            while (!_rest.IsEmpty)
            {
                int end = _rest.IndexOf((byte)';');
                ReadOnlySpan<byte> pair = (end < 0 ? _rest : _rest[..end]).Trim((byte)' ');
                _rest = end < 0 ? default : _rest[(end + 1)..];
                int equals = pair.IndexOf((byte)'=');
                if (equals > 0)
                {
                    Name = pair[..equals];
                    Value = pair[(equals + 1)..];
                    return true;
                }
            }

            if (!NextField())
            {
                return false;
            }
        }
    }

    private bool NextField()
    {
        ReadOnlySpan<HeaderField> fields = _request.Fields;
        while (_field < fields.Length)
        {
            ref readonly HeaderField field = ref fields[_field++];
            if (field.Known == KnownHeader.Cookie && (field.Traits & FieldTraits.Alias) == 0)
            {
                _rest = field.Value.Of(_head);
                return true;
            }
        }

        return false;
    }
}
