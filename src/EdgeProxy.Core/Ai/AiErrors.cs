using System.Buffers;
using System.Text.Json;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Ai;

/// <summary>Refusals and failures in the words of each dialect, as its clients expect them.</summary>
internal static class AiErrors
{
    private const string Json = "application/json";

    /// <param name="code">OpenAI's code; "" for none.</param>
    public static LocalAnswer Answer(Dialect dialect, int status, string code, string message, string allow = "")
    {
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            switch (dialect)
            {
                case Dialect.Anthropic:
                    json.WriteString("type"u8, "error"u8);
                    json.WriteStartObject("error"u8);
                    json.WriteString("type"u8, AnthropicType(status));
                    json.WriteString("message"u8, message);
                    json.WriteEndObject();
                    break;
                case Dialect.Ollama:
                    json.WriteString("error"u8, message);
                    break;
                default:
                    json.WriteStartObject("error"u8);
                    json.WriteString("message"u8, message);
                    json.WriteString("type"u8, OpenAiType(status));
                    json.WriteNull("param"u8);
                    json.WriteString("code"u8, code.Length > 0 ? code : null);
                    json.WriteEndObject();
                    break;
            }

            json.WriteEndObject();
        }

        return new LocalAnswer(status, Json, body.WrittenMemory, allow);
    }

    public static string OpenAiType(int status) => status switch
    {
        429 => "rate_limit_error",
        401 => "authentication_error",
        403 => "permission_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };

    public static string AnthropicType(int status) => status switch
    {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        503 or 529 => "overloaded_error",
        504 => "timeout_error",
        >= 500 => "api_error",
        _ => "invalid_request_error",
    };
}
