namespace EdgeProxy.LoadBench.Generators;

/// <summary>The size of an answer on the wire.</summary>
internal readonly record struct ProbeAnswer(int Status, int HeadBytes, int BodyBytes)
{
    public int TotalBytes => HeadBytes + BodyBytes;
}
