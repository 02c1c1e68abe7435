using EdgeProxy.Primitives.Http;
using EdgeProxy.Routing;

namespace EdgeProxy.Pipeline;

/// <summary>
/// Of a request for which a Model() decides between routers: which may take it, and how far it goes before the model is
/// known. Belongs to its exchange.
/// </summary>
internal sealed class ModelChoice
{
    /// <summary>The routers; the exchange's route is the first of them until one is chosen.</summary>
    public OpenRoutes Routes { get; } = new();

    /// <summary>No router is chosen yet.</summary>
    public bool IsOpen => Routes.IsOpen;

    /// <summary>Middlewares that all of them begin with: those have their say before the body is read.</summary>
    public int SharedSteps { get; set; }

    /// <summary>Of the path as it came: each router says for itself what it allows.</summary>
    public PathTraits Traits { get; set; }

    /// <summary>The body is read, for the model in it.</summary>
    public bool IsReading { get; set; }

    public void Reset()
    {
        Routes.Reset();
        SharedSteps = 0;
        Traits = PathTraits.None;
        IsReading = false;
    }
}
