using System.Threading;

namespace EdgeProxy.Pipeline.Bodies;

/// <summary>Memory for bodies that are read whole, one amount for the process: all loops, all services.</summary>
internal sealed class BodyBudget
{
    public const int BytesDefault = 64 * 1024 * 1024;

    private long _bytesMax = BytesDefault;
    private long _taken;

    /// <summary>May change while bodies are held; those that are stay.</summary>
    public long BytesMax
    {
        get => Volatile.Read(ref _bytesMax);
        set => Volatile.Write(ref _bytesMax, value);
    }

    /// <summary>Bytes of the bodies held now.</summary>
    public long Taken => Volatile.Read(ref _taken);

    /// <summary>False, and nothing taken, if there are not so many left.</summary>
    public bool TryTake(int bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= BytesMax)
        {
            return true;
        }

        Give(bytes);
        return false;
    }

    public void Give(int bytes) => Interlocked.Add(ref _taken, -bytes);
}
