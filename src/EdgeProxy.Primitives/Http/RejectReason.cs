namespace EdgeProxy.Primitives.Http;

/// <summary>Why a head, a chunk or a path was refused. RejectReasons gives each its status.</summary>
internal enum RejectReason : byte
{
    None,
}
