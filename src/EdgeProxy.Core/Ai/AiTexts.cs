using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai;

/// <summary>What refusals say. Nothing a client sent is in them.</summary>
internal static class AiTexts
{
    public const string ModelCode = "model_not_found";
    public const string NoModel = "The model does not exist, or you do not have access to it.";
    public const string ModelMissing = "The body needs a model, a string.";
    public const string OddName = "The request body has a name that is to be spelled in lower case.";
    public const string NotSpoken = "This model is not served by this API.";
    public const string NoTool = "The request has a tool that is not allowed here.";
    public const string TooManyChoices = "The request asks for more than the tokens allowed can be shared by.";
    public const string TooLong = "The request body is longer than this service takes.";
    public const string NoRoom = "The proxy holds as many request bodies as it has memory for. Try again soon.";

    public static string ParameterRejected(string path) => $"The parameter {path} is not allowed here.";

    public static string ParameterMalformed(string path) => $"The parameter {path} has a value that does not fit.";

    public static string Untranslatable(string member) =>
        $"The request cannot be translated for its model's provider: {member} is not what this API has there.";

    public static string Unsupported(string members) =>
        $"The model's provider has nothing for: {members}.";

    public static string Of(JsonFault fault) => fault switch
    {
        JsonFault.NotUtf8 => "The request body is not UTF-8.",
        JsonFault.DuplicateName => "The request body has a name twice in one object.",
        JsonFault.NoObject => "The request body is not a JSON object.",
        JsonFault.TooManyValues => "The request body has too many values.",
        _ => "The request body is not one JSON text, or nested too deeply.",
    };
}
