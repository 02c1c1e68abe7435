namespace EdgeProxy.Control;

/// <summary>What came of a halt or a release.</summary>
/// <param name="Status">Of the admin surface's answer.</param>
/// <param name="Text">For people, one line.</param>
internal sealed record HaltOutcome(int Status, string Text);
