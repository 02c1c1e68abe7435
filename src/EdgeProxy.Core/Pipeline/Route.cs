using EdgeProxy.Services;

namespace EdgeProxy.Pipeline;

/// <summary>A router, compiled: what happens to a request once its rule took it.</summary>
internal sealed record Route(string Name, Service Service, EncodedBytes AllowEncoded);
