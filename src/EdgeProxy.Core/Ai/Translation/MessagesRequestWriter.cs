using System;

namespace EdgeProxy.Ai.Translation;

/// <summary>Anthropic's Messages.</summary>
internal sealed class MessagesRequestWriter(TranslatedText text) : RequestWriter(text)
{
    private bool _isMessageOpen;
    private bool _isUserOpen;
    private bool _hasMessage;
    private bool _hasBlock;

    public override string? Write(in RequestSource source)
    {
        BeginObject();
        Copy(source, RequestPart.Model, "\"model\":"u8);
        Member("\"max_tokens\":"u8);
        long asked = TokensAsked(source);
        Text.Add(asked > 0 ? asked : source.TokensMax);
        System(source);
        Member("\"messages\":["u8);
        string? fault = Messages(source);
        Text.Add("]"u8);
        Temperature(source);
        Copy(source, RequestPart.TopP, "\"top_p\":"u8);
        Copy(source, RequestPart.TopK, "\"top_k\":"u8);
        Stops(source, "\"stop_sequences\":"u8);
        if (source.Request.IsStream)
        {
            Flag("\"stream\":"u8, true);
        }

        Tools(source);
        Choice(source);
        OutputConfig(source);
        if (source.Request[RequestPart.User] >= 0)
        {
            Member("\"metadata\":{\"user_id\":"u8);
            Text.Add(source.Body, Place.Of(source.Index, source.Request[RequestPart.User]));
            Text.Add("}"u8);
        }

        Text.Add("}"u8);
        return fault;
    }

    // OpenAI's goes to 2, Anthropic's to 1.
    private void Temperature(in RequestSource source)
    {
        int node = source.Request[RequestPart.Temperature];
        if (node >= 0 && IsHigh(source.Body[source.Index[node].Start..source.Index[node].End]))
        {
            Member("\"temperature\":1"u8);
            source.Request.Losses.Add(Loss.HighTemperature);
        }
        else
        {
            Copy(source, RequestPart.Temperature, "\"temperature\":"u8);
        }
    }

    private static bool IsHigh(ReadOnlySpan<byte> number) =>
        global::System.Buffers.Text.Utf8Parser.TryParse(number, out double value, out int length)
        && length == number.Length && value > 1;

    // A schema and how hard to think stand in one place. JSON of no schema cannot be asked for.
    private void OutputConfig(in RequestSource source)
    {
        ChatRequest request = source.Request;
        bool hasSchema = request.Format == AnswerFormat.Schema;
        int effort = request[RequestPart.Effort];
        if (request.Format == AnswerFormat.Json)
        {
            request.Losses.Add(Loss.Format);
        }

        if (!hasSchema && effort < 0)
        {
            return;
        }

        Member("\"output_config\":{"u8);
        if (hasSchema)
        {
            Text.Add("\"format\":{\"type\":\"json_schema\",\"schema\":"u8);
            Text.Add(source.Body, request.Schema);
            Text.Add(effort >= 0 ? "},"u8 : "}"u8);
        }

        if (effort >= 0)
        {
            Text.Add("\"effort\":"u8);
            Text.Add(source.Body, Place.Of(source.Index, effort));
        }

        Text.Add("}"u8);
    }

    // Wherever they stand: here there is one place for them, for texts only.
    private void System(in RequestSource source)
    {
        bool isFirst = true;
        for (int place = 0; place < source.Request.Turns.Count; place++)
        {
            Turn turn = source.Request.Turns[place];
            for (int at = turn.FirstPart; turn.Role == TurnRole.System && at < turn.FirstPart + turn.PartCount; at++)
            {
                ChatPart part = source.Request.Parts[at];
                if (part.Kind != PartKind.Text)
                {
                    source.Request.Losses.Add(LossOf(part.Kind));
                    continue;
                }

                if (part.First.IsEmpty)
                {
                    continue;
                }

                if (isFirst)
                {
                    Member("\"system\":["u8);
                }

                Text.Add(isFirst ? "{\"type\":\"text\",\"text\":"u8 : ",{\"type\":\"text\",\"text\":"u8);
                Text.Add(source.Body, part.First);
                Text.Add("}"u8);
                isFirst = false;
            }
        }

        Text.Add(isFirst ? default : "]"u8);
    }

    // A system message calls no tools: who has it do so says a member that is none of its own.
    private static Loss LossOf(PartKind kind) => kind switch
    {
        PartKind.Document => Loss.File,
        PartKind.ToolCall => Loss.UnknownMember,
        _ => Loss.ImageKind,
    };

    private string? Messages(in RequestSource source)
    {
        _isMessageOpen = _hasMessage = false;
        string? fault = null;
        for (int place = 0; place < source.Request.Turns.Count; place++)
        {
            Turn turn = source.Request.Turns[place];
            if (turn.Role == TurnRole.Tool)
            {
                Result(source, turn);
                continue;
            }

            for (int at = turn.FirstPart; turn.Role != TurnRole.System && at < turn.FirstPart + turn.PartCount; at++)
            {
                ChatPart part = source.Request.Parts[at];
                if (part.Kind == PartKind.Text && part.First.IsEmpty)
                {
                    continue; // a block without text is refused there
                }

                BeginBlock(turn.Role != TurnRole.Assistant);
                fault ??= Block(source, part) ? null : "tool_calls[].function.arguments";
            }
        }

        EndMessage();
        return fault;
    }

    // What tools gave and what the user says then is one message.
    private void BeginBlock(bool isUser)
    {
        if (_isMessageOpen && _isUserOpen != isUser)
        {
            EndMessage();
        }

        if (!_isMessageOpen)
        {
            Text.Add(_hasMessage ? ","u8 : default);
            Text.Add(isUser ? "{\"role\":\"user\",\"content\":["u8 : "{\"role\":\"assistant\",\"content\":["u8);
            (_isMessageOpen, _isUserOpen, _hasMessage, _hasBlock) = (true, isUser, true, false);
        }

        Text.Add(_hasBlock ? ","u8 : default);
        _hasBlock = true;
    }

    private void EndMessage()
    {
        Text.Add(_isMessageOpen ? "]}"u8 : default);
        _isMessageOpen = false;
    }

    private bool Block(in RequestSource source, in ChatPart part)
    {
        switch (part.Kind)
        {
            case PartKind.Text:
                Text.Add("{\"type\":\"text\",\"text\":"u8);
                Text.Add(source.Body, part.First);
                Text.Add("}"u8);
                return true;
            case PartKind.ImageUrl:
                Text.Add("{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":"u8);
                Text.Add(source.Body, part.First);
                Text.Add("}}"u8);
                return true;
            case PartKind.ImageData:
                Text.Add("{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\""u8);
                MediaType(source, part);
                Text.Add("\",\"data\":\""u8);
                Text.Add(source.Body, part.Second);
                Text.Add("\"}}"u8);
                return true;
            case PartKind.Document:
                Text.Add("{\"type\":\"document\",\"source\":{\"type\":\"base64\","u8);
                Text.Add("\"media_type\":\"application/pdf\",\"data\":\""u8);
                Text.Add(source.Body, part.Second);
                Text.Add(part.First.IsEmpty ? "\"}"u8 : "\"},\"title\":"u8);
                Text.Add(part.First.IsEmpty ? default : source.Body[part.First.Start..part.First.End]);
                Text.Add("}"u8);
                return true;
            default:
                return Call(source, part);
        }
    }

    private bool Call(in RequestSource source, in ChatPart call)
    {
        Text.Add("{\"type\":\"tool_use\",\"id\":"u8);
        Id(source, call.First, call.Number);
        Text.Add(",\"name\":"u8);
        Text.Add(source.Body, call.Second);
        Text.Add(",\"input\":"u8);
        bool isGood = true;
        if (call.IsText)
        {
            isGood = Text.TryAddObject(source.Body[(call.Third.Start + 1)..(call.Third.End - 1)]);
        }
        else
        {
            Text.Add(source.Body, call.Third);
        }

        Text.Add("}"u8);
        return isGood;
    }

    private void Result(in RequestSource source, in Turn turn)
    {
        BeginBlock(isUser: true);
        Text.Add("{\"type\":\"tool_result\",\"tool_use_id\":"u8);
        Id(source, turn.Call, turn.CallNumber);
        bool hasContent = false;
        for (int at = turn.FirstPart; at < turn.FirstPart + turn.PartCount; at++)
        {
            ChatPart part = source.Request.Parts[at];
            if (part.Kind != PartKind.Text || !part.First.IsEmpty)
            {
                Text.Add(hasContent ? ","u8 : ",\"content\":["u8);
                Block(source, part);
                hasContent = true;
            }
        }

        Text.Add(hasContent ? "]}"u8 : "}"u8);
    }

    private void Tools(in RequestSource source)
    {
        for (int place = 0; place < source.Request.Tools.Count; place++)
        {
            if (place == 0)
            {
                Member("\"tools\":["u8);
            }

            ToolPlaces tool = source.Request.Tools[place];
            Text.Add(place == 0 ? "{\"name\":"u8 : ",{\"name\":"u8);
            Text.Add(source.Body, tool.Name);
            if (tool.Description.IsThere)
            {
                Text.Add(",\"description\":"u8);
                Text.Add(source.Body, tool.Description);
            }

            if (tool.Strict.IsThere)
            {
                Text.Add(",\"strict\":"u8);
                Text.Add(source.Body, tool.Strict);
            }

            Text.Add(",\"input_schema\":"u8);
            Text.Add(tool.Schema.IsEmpty
                ? "{\"type\":\"object\",\"properties\":{}}"u8
                : source.Body[tool.Schema.Start..tool.Schema.End]);
            Text.Add("}"u8);
        }

        Text.Add(source.Request.Tools.Count > 0 ? "]"u8 : default);
    }

    private void Choice(in RequestSource source)
    {
        ChatRequest request = source.Request;
        ChoiceOfTool choice = request.Choice;
        if (request.Tools.Count == 0 || (choice == ChoiceOfTool.Unsaid && !request.IsOneToolAtATime))
        {
            return;
        }

        Member("\"tool_choice\":{\"type\":"u8);
        Text.Add(choice switch
        {
            ChoiceOfTool.None => "\"none\""u8,
            ChoiceOfTool.Any => "\"any\""u8,
            ChoiceOfTool.Named => "\"tool\",\"name\":"u8,
            _ => "\"auto\""u8,
        });
        if (choice == ChoiceOfTool.Named)
        {
            Text.Add(source.Body, request.ChosenTool);
        }

        bool isOne = request.IsOneToolAtATime && choice != ChoiceOfTool.None;
        Text.Add(isOne ? ",\"disable_parallel_tool_use\":true}"u8 : "}"u8);
    }
}
