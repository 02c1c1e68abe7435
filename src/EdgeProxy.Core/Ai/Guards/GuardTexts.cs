namespace EdgeProxy.Ai.Guards;

/// <summary>What refusals of guards say: names of the configuration, nothing of what was found.</summary>
internal static class GuardTexts
{
    public const string Code = "content_filter";

    public static string OfPrompt(string reason) =>
        $"The request was refused by a guard of this gateway: {reason}.";

    public static string Undecided(string reason) =>
        $"A guard of this gateway could not decide about the request: {reason}. Try again soon.";

    public static string UndecidedAnswer(string reason) =>
        $"A guard of this gateway could not decide about the answer: {reason}. Try again soon.";

    public static string OfAnswer(string reason) =>
        $"The answer was withheld by a guard of this gateway: {reason}.";
}
