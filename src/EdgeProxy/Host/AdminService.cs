using System.Text;
using System.Threading.Tasks;
using EdgeProxy.Control;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Host;

/// <summary>Puts the admin surface behind the engine's own HTTP: every request of the admin entrypoint comes here.</summary>
internal sealed class AdminService(AdminApi api) : ILocalService
{
    public ValueTask<LocalAnswer> AnswerAsync(LocalRequest request)
    {
        ValueTask<AdminAnswer> answer = api.AnswerAsync(new AdminRequest
        {
            Method = Encoding.ASCII.GetBytes(request.Method),
            Path = Encoding.ASCII.GetBytes(request.Path),
            Authority = Encoding.ASCII.GetBytes(request.Host),
            HasOrigin = request.HasOrigin,
        });
        return answer.IsCompletedSuccessfully
            ? ValueTask.FromResult(Of(answer.GetAwaiter().GetResult()))
            : AwaitAsync(answer);
    }

    private static async ValueTask<LocalAnswer> AwaitAsync(ValueTask<AdminAnswer> answer) =>
        Of(await answer.ConfigureAwait(false));

    private static LocalAnswer Of(AdminAnswer answer) =>
        new(answer.Status, answer.ContentType, answer.Body, answer.Allow ?? "");
}
