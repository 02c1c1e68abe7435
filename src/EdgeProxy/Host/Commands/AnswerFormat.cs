namespace EdgeProxy.Host.Commands;

/// <summary>--format: how a command writes its answer.</summary>
internal enum AnswerFormat : byte
{
    Text,
    Json,
}
