using System;
using System.Threading.Tasks;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>No wait of a test is without an end; what it waited for is in the message.</summary>
internal static class Deadline
{
    /// <summary>Far longer than anything takes; a busy build machine gets more.</summary>
    public static TimeSpan Default { get; } =
        External.IsContinuousIntegration ? TimeSpan.FromSeconds(60) : TimeSpan.FromSeconds(30);

    public static async Task<T> Within<T>(this Task<T> task, string what, TimeSpan? limit = null)
    {
        try
        {
            return await task.WaitAsync(limit ?? Default);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"waited {(limit ?? Default).TotalSeconds:0.#} s for {what}");
        }
    }

    public static async Task Within(this Task task, string what, TimeSpan? limit = null)
    {
        try
        {
            await task.WaitAsync(limit ?? Default);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"waited {(limit ?? Default).TotalSeconds:0.#} s for {what}");
        }
    }
}
