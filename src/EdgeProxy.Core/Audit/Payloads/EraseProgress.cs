using System.Collections.Generic;

namespace EdgeProxy.Audit.Payloads;

/// <summary>
/// How far an erasure that is begun has come in this process, so that a further try costs what is left: files that
/// could not be read, and what came since. A start goes over all once more. One thread.
/// </summary>
internal sealed class EraseProgress
{
    private readonly Dictionary<ulong, long> _counted = []; // files, and up to where
    private readonly Dictionary<ulong, FileStamp> _done = []; // files that were overwritten, as they were then

    /// <summary>As it was counted last; null until it was.</summary>
    public ErasureOrder? Order { get; set; }

    /// <summary>The chain has it with the count it has now.</summary>
    public bool IsAnnounced { get; set; }

    /// <summary>Up to which byte it was counted; what another process counted, up to where the file now ends.</summary>
    public long CountedOf(ulong file, long length)
    {
        _counted.TryAdd(file, length);
        return _counted[file];
    }

    public void Count(ulong file, long length) => _counted[file] = length;

    /// <summary>It was overwritten, and nothing came since.</summary>
    public bool IsDone(ulong file, FileStamp stamp) => _done.TryGetValue(file, out FileStamp then) && then == stamp;

    public void Done(ulong file, FileStamp stamp) => _done[file] = stamp;
}
